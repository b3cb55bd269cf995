//! Rendering: a tree is walked over data, as Go's `text/template` executes it.

mod arguments;
mod call;
mod fields;

pub(crate) use fields::zero;

use crate::{
    Fault, MissingKey, RenderError, Scope, Text, Value, format,
    template::Template,
    tree::{self, Choice, Command, Loop, Node, Operand, Pipeline},
    value::truth,
};

/// What an operand is: nothing where Go has no value at all, which is not the same as an interface that holds nil.
type Found = Option<Value>;

/// Renders a template.
pub(crate) fn render(template: &Template, data: &Value, scope: &mut Scope<'_>) -> Result<Text, RenderError> {
    let mut evaluator = Evaluator {
        template,
        scope,
        output: Vec::new(),
        variables: vec![("$", Some(data.clone()))],
        frame: 0,
        depth: 0,
        name: &template.name,
        at: 0,
    };
    let nodes = template.tree(&template.name).map_or(&[][..], |nodes| nodes);
    match evaluator.nodes(&Some(data.clone()), nodes) {
        Ok(_) => Ok(evaluator.output.into()),
        Err(fault) => {
            wipe(evaluator.output);
            let (line, column) = template.position(evaluator.at);
            Err(RenderError { name: evaluator.name.to_owned(), line, column, fault })
        }
    }
}

/// What was rendered before something failed is somebody's password too.
fn wipe(output: Vec<u8>) {
    drop(Text::from(output));
}

struct Evaluator<'t, 'a, 'b> {
    template: &'t Template,
    scope: &'a mut Scope<'b>,
    output: Vec<u8>,
    variables: Vec<(&'t str, Found)>,
    /// Where the variables of this template begin: it does not see those of its caller.
    frame: usize,
    /// How deep blocks, parentheses and templates nest.
    depth: usize,
    /// The template that is rendered, and the byte at which it is, for errors.
    name: &'t str,
    at: u32,
}

/// How a loop goes on after nodes were rendered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flow {
    On,
    Break,
    Continue,
}

impl<'t> Evaluator<'t, '_, '_> {
    fn nodes(&mut self, dot: &Found, nodes: &'t [Node]) -> Result<Flow, Fault> {
        for node in nodes {
            match self.node(dot, node)? {
                Flow::On => {}
                flow @ (Flow::Break | Flow::Continue) => return Ok(flow),
            }
        }
        Ok(Flow::On)
    }

    fn node(&mut self, dot: &Found, node: &'t Node) -> Result<Flow, Fault> {
        self.scope.spend(1)?;
        match node {
            Node::Text(text) => self.write(text)?,
            Node::Action(pipeline) => {
                let value = self.pipeline(dot, pipeline)?;
                if pipeline.variables.is_empty() {
                    self.at = pipeline.at;
                    self.print(value.as_ref())?;
                }
            }
            Node::If(choice) => return self.choice(dot, choice, |_, dot| dot.clone()),
            Node::With(choice) => return self.choice(dot, choice, |value, _| value),
            Node::Range(range) => return self.deeper(|evaluator| evaluator.range(dot, range)),
            Node::Template(call) => self.call_template(dot, call)?,
            Node::Break => return Ok(Flow::Break),
            Node::Continue => return Ok(Flow::Continue),
        }
        Ok(Flow::On)
    }

    fn print(&mut self, value: Option<&Value>) -> Result<(), Fault> {
        match value {
            None => self.write(b"<no value>"),
            Some(Value::String(text)) => self.write(text),
            Some(value) => {
                let shown = Text::from(format::show(self.scope, value)?);
                self.write(&shown)
            }
        }
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        self.scope.write(bytes.len())?;
        // Grown by hand: the buffer that is left behind held somebody's password.
        if self.output.capacity() - self.output.len() < bytes.len() {
            let mut larger =
                Vec::with_capacity((2 * self.output.capacity()).max(self.output.len() + bytes.len()));
            larger.extend_from_slice(&self.output);
            wipe(std::mem::replace(&mut self.output, larger));
        }
        self.output.extend_from_slice(bytes);
        Ok(())
    }

    /// Renders the first branch whose pipeline is true, with the dot that `body_dot` chooses.
    fn choice(
        &mut self,
        dot: &Found,
        choice: &'t Choice,
        body_dot: fn(Found, &Found) -> Found,
    ) -> Result<Flow, Fault> {
        let known = self.variables.len();
        let flow = self.deeper(|evaluator| {
            for (pipeline, body) in &choice.branches {
                let value = evaluator.pipeline(dot, pipeline)?;
                if value.as_ref().is_some_and(truth) {
                    return evaluator.nodes(&body_dot(value, dot), body);
                }
            }
            evaluator.nodes(dot, &choice.otherwise)
        })?;
        self.variables.truncate(known);
        Ok(flow)
    }

    fn range(&mut self, dot: &Found, range: &'t Loop) -> Result<Flow, Fault> {
        let known = self.variables.len();
        let over = self.pipeline(dot, &range.over)?;
        self.at = range.over.at;
        let done = match over {
            None => false,
            Some(Value::List(list)) => {
                let items = (0..).zip(list.items().iter().cloned());
                self.iterate(range, items.map(|(place, item)| (Some(Value::Int(place)), item)))?
            }
            Some(Value::Map(map)) => {
                // The body may change the map; it is walked as it was.
                let length = map.entries().len();
                self.scope.hold(2 * size_of::<Value>() * length)?;
                let entries: Vec<_> =
                    map.entries().iter().map(|(name, value)| (name.clone(), value.clone())).collect();
                let named = |(name, value)| (Some(Value::String(name)), value);
                self.iterate(range, entries.into_iter().map(named))?
            }
            Some(value) => self.count(range, &value)?,
        };
        let flow = if done { Flow::On } else { self.nodes(dot, &range.otherwise)? };
        self.variables.truncate(known);
        // A `break` in its `else` ends this loop, as in Go, and not the one around it.
        Ok(if flow == Flow::Break { Flow::On } else { flow })
    }

    /// Ranges over the numbers below an integer.
    fn count(&mut self, range: &'t Loop, value: &Value) -> Result<bool, Fault> {
        let cannot = || Fault::wrong(format!("range can't iterate over {}", value.type_name()));
        let (end, of): (i64, fn(i64) -> Value) = match value {
            Value::Int(end) => (*end, Value::Int),
            Value::Int64(end) => (*end, Value::Int64),
            Value::Uint8(end) => {
                (i64::from(*end), |place| Value::Uint8(u8::try_from(place).unwrap_or(u8::MAX)))
            }
            Value::Uint64(end) => {
                (i64::try_from(*end).unwrap_or(i64::MAX), |place| Value::Uint64(place.unsigned_abs()))
            }
            Value::Object(object) => (object.integer().ok_or_else(cannot)?, Value::Int64),
            _ => return Err(cannot()),
        };
        match range.over.variables.len() > 1 {
            true => Err(Fault::wrong("an integer can't iterate over more than one variable")),
            false => self.iterate(range, (0..end).map(|place| (None, of(place)))),
        }
    }

    /// Renders the body for each item, and says whether there was one.
    fn iterate(
        &mut self,
        range: &'t Loop,
        items: impl Iterator<Item = (Found, Value)>,
    ) -> Result<bool, Fault> {
        let known = self.variables.len();
        let mut any = false;
        for (key, item) in items {
            any = true;
            self.scope.spend(1)?;
            let item = Some(item);
            self.set_loop_variables(&range.over, key, &item)?;
            let flow = self.nodes(&item, &range.body)?;
            self.variables.truncate(known);
            if flow == Flow::Break {
                break;
            }
        }
        Ok(any)
    }

    /// Of two variables the first is the key; a single one is the item.
    fn set_loop_variables(&mut self, over: &'t Pipeline, key: Found, item: &Found) -> Result<(), Fault> {
        let known = self.variables.len();
        match (over.variables.as_slice(), over.assigns) {
            ([], _) => {}
            ([one], true) => self.assign(one, item.clone())?,
            ([first, second], true) => {
                self.assign(first, key)?;
                self.assign(second, item.clone())?;
            }
            // They are the last that were declared.
            ([_], false) => self.variables[known - 1].1.clone_from(item),
            (_, false) => {
                self.variables[known - 1].1.clone_from(item);
                self.variables[known - 2].1 = key;
            }
            (_, true) => unreachable!("a range must have two variables at most"),
        }
        Ok(())
    }

    fn call_template(&mut self, dot: &Found, call: &'t tree::Call) -> Result<(), Fault> {
        self.at = call.at;
        let nodes = self.template.tree(&call.name);
        let nodes = nodes.ok_or_else(|| Fault::wrong(format!("template {:?} not defined", call.name)))?;
        let dot = match &call.data {
            Some(pipeline) => self.pipeline(dot, pipeline)?,
            None => None,
        };
        let frame = std::mem::replace(&mut self.frame, self.variables.len());
        let name = std::mem::replace(&mut self.name, &call.name);
        self.variables.push(("$", dot.clone()));
        self.deeper(|evaluator| evaluator.nodes(&dot, nodes))?;
        self.variables.truncate(self.frame);
        (self.frame, self.name) = (frame, name);
        Ok(())
    }

    /// What a pipeline's last command gives. An interface is what it holds, and nothing where it holds nil.
    fn pipeline(&mut self, dot: &Found, pipeline: &'t Pipeline) -> Result<Found, Fault> {
        self.at = pipeline.at;
        let mut value = None;
        let mut last = None;
        for command in &pipeline.commands {
            value = self.command(dot, command, last.take())?.filter(|value| !matches!(value, Value::Nil));
            last = Some(value.clone());
        }
        for variable in &pipeline.variables {
            match pipeline.assigns {
                true => self.assign(variable, value.clone())?,
                false => self.declare(variable, value.clone())?,
            }
        }
        Ok(value)
    }

    /// What a command gives. `last` is what the one before it gave, where there is one.
    fn command(&mut self, dot: &Found, command: &'t Command, last: Option<Found>) -> Result<Found, Fault> {
        self.scope.spend(1)?;
        self.at = command.at;
        let arguments = call::Arguments { operands: &command.arguments, last };
        match &command.operand {
            Operand::Field(names) => self.fields(dot, dot.clone(), names, arguments),
            Operand::Chain(operand, names) => self.chain(dot, operand, names, arguments),
            Operand::Function(callee) => self.function(dot, *callee, arguments),
            Operand::Variable(name, names) => {
                let value = self.variable(name)?;
                match names.is_empty() {
                    true => arguments.must_be_none().map(|()| value),
                    false => self.fields(dot, value, names, arguments),
                }
            }
            constant => {
                arguments.must_be_none()?;
                self.constant(dot, constant)
            }
        }
    }

    /// What is no call.
    fn constant(&mut self, dot: &Found, operand: &'t Operand) -> Result<Found, Fault> {
        match operand {
            Operand::Pipeline(pipeline) => self.deeper(|evaluator| evaluator.pipeline(dot, pipeline)),
            Operand::Dot => Ok(dot.clone()),
            Operand::Nil => Err(Fault::wrong("nil is not a command")),
            Operand::Bool(truth) => Ok(Some(Value::Bool(*truth))),
            Operand::Number(number) => arguments::ideal(*number).map(Some),
            Operand::String(text) => self.text(text).map(Some),
            Operand::Field(_) | Operand::Variable(..) | Operand::Chain(..) | Operand::Function(_) => {
                unreachable!("what is called must have been called")
            }
        }
    }

    fn text(&mut self, text: &[u8]) -> Result<Value, Fault> {
        self.scope.hold(text.len())?;
        Ok(Value::String(text.into()))
    }

    fn variable(&self, name: &str) -> Result<Found, Fault> {
        let known = self.variables[self.frame..].iter().rev().find(|(known, _)| *known == name);
        known.map(|(_, value)| value.clone()).ok_or_else(|| undefined(name))
    }

    fn declare(&mut self, name: &'t str, value: Found) -> Result<(), Fault> {
        self.scope.hold(size_of::<(&str, Found)>())?;
        self.variables.push((name, value));
        Ok(())
    }

    fn assign(&mut self, name: &str, value: Found) -> Result<(), Fault> {
        let known = self.variables[self.frame..].iter_mut().rev().find(|(known, _)| *known == name);
        known.ok_or_else(|| undefined(name))?.1 = value;
        Ok(())
    }

    /// Does what lies one level deeper: it calls itself, and the stack has an end.
    fn deeper<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T, Fault>) -> Result<T, Fault> {
        if self.depth >= self.scope.nesting() {
            return Err(Fault::Limit("nesting"));
        }
        self.depth += 1;
        let done = work(self)?;
        self.depth -= 1;
        Ok(done)
    }

    fn missing_key(&self) -> MissingKey {
        self.template.options.missing_key
    }
}

fn undefined(name: &str) -> Fault {
    Fault::wrong(format!("undefined variable: {name}"))
}

#[cfg(test)]
mod tests;
