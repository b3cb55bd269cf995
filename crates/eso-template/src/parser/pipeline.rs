//! Pipelines: variables, commands, operands.

use super::{Parser, Result, constant, error, offset, unexpected};
use crate::{
    funcs,
    lexer::{Kind, Token},
    tree::{Callee, Command, Operand, Pipeline},
};

impl<'a> Parser<'a> {
    /// A pipeline up to the word that ends it.
    pub(super) fn pipeline(&mut self, context: &str, end: Kind) -> Result<Pipeline> {
        let at = self.peek_word()?.at;
        let mut pipeline =
            Pipeline { at: offset(at), variables: Vec::new(), assigns: false, commands: Vec::new() };
        self.declarations(context, &mut pipeline)?;
        loop {
            let token = self.next_word()?;
            if token.kind == end {
                return match pipeline.commands.is_empty() {
                    true => Err(error(token.at, format!("missing value for {context}"))),
                    false => Ok(pipeline),
                };
            }
            if !begins_operand(token.kind) {
                return Err(unexpected(token, context));
            }
            self.back(token);
            let command = self.command()?;
            if !pipeline.commands.is_empty() && !is_executable(&command.operand) {
                return Err(error(token.at, "a constant in a pipeline must stand first"));
            }
            pipeline.commands.push(command);
        }
    }

    /// `$x :=`, `$x =`, and for `range` two variables. A variable that nothing of this follows is given back.
    fn declarations(&mut self, context: &str, pipeline: &mut Pipeline) -> Result<()> {
        loop {
            let variable = self.peek_word()?;
            if variable.kind != Kind::Variable {
                return Ok(());
            }
            self.next()?;
            let after = self.next()?;
            let sign = match after.kind {
                Kind::Space => self.next_word()?,
                _ => after,
            };
            let ends = matches!(sign.kind, Kind::Assign | Kind::Declare);
            let goes_on = sign.kind == Kind::Mark && sign.text == ",";
            if !ends && !goes_on {
                self.back(sign);
                if after.kind == Kind::Space {
                    self.back(after);
                }
                self.back(variable);
                return Ok(());
            }
            pipeline.variables.push(variable.text.to_owned());
            self.variables.push(variable.text.to_owned());
            if ends {
                pipeline.assigns = sign.kind == Kind::Assign;
                return Ok(());
            }
            if context != "range" || pipeline.variables.len() > 1 {
                return Err(error(sign.at, format!("too many declarations in {context}")));
            }
            let next = self.peek_word()?;
            if !matches!(next.kind, Kind::Variable | Kind::RightDelimiter | Kind::RightParenthesis) {
                return Err(error(next.at, "range can only initialize variables"));
            }
        }
    }

    /// Operands up to a pipe, or to what ends the pipeline.
    fn command(&mut self) -> Result<Command> {
        let at = self.peek_word()?.at;
        let mut operands = Vec::new();
        loop {
            self.peek_word()?;
            operands.extend(self.operand()?);
            let token = self.next()?;
            match token.kind {
                Kind::Space => {}
                Kind::Pipe => break,
                Kind::RightDelimiter | Kind::RightParenthesis => {
                    self.back(token);
                    break;
                }
                _ => return Err(unexpected(token, "operand")),
            }
        }
        let mut operands = operands.into_iter();
        let operand = operands.next().ok_or_else(|| error(at, "empty command"))?;
        Ok(Command { at: offset(at), operand, arguments: operands.collect() })
    }

    /// A term, and the fields after it; nothing where the next word begins none.
    fn operand(&mut self) -> Result<Option<Operand>> {
        self.count()?;
        let Some(term) = self.term()? else { return Ok(None) };
        let mut fields = Vec::new();
        let mut next = self.peek()?;
        while next.kind == Kind::Field {
            fields.push(next.text[1..].to_owned());
            self.next()?;
            self.count()?;
            next = self.peek()?;
        }
        if fields.is_empty() {
            return Ok(Some(term));
        }
        let operand = match term {
            Operand::Field(mut before) => {
                before.append(&mut fields);
                Operand::Field(before)
            }
            Operand::Variable(name, _) => Operand::Variable(name, fields),
            Operand::Chain(..) | Operand::Function(_) | Operand::Pipeline(_) => {
                Operand::Chain(Box::new(term), fields)
            }
            Operand::Dot | Operand::Nil | Operand::Bool(_) | Operand::Number(_) | Operand::String(_) => {
                return Err(error(next.at, format!("unexpected . after {}", term.describe())));
            }
        };
        Ok(Some(operand))
    }

    fn term(&mut self) -> Result<Option<Operand>> {
        let token = self.next_word()?;
        let wrong = |reason: &'static str| error(token.at, reason);
        let term = match token.kind {
            Kind::Identifier => Operand::Function(function(token)?),
            Kind::Dot => Operand::Dot,
            Kind::Nil => Operand::Nil,
            Kind::Variable => self.variable(token)?,
            Kind::Field => Operand::Field(vec![token.text[1..].to_owned()]),
            Kind::Bool => Operand::Bool(token.text == "true"),
            Kind::Character => Operand::Number(constant::character(token.text).map_err(wrong)?),
            Kind::Complex => Operand::Number(constant::complex(token.text).map_err(wrong)?),
            Kind::Number => Operand::Number(constant::number(token.text).map_err(wrong)?),
            Kind::String | Kind::RawString => Operand::String(constant::string(token.text).map_err(wrong)?),
            Kind::LeftParenthesis => {
                let inner =
                    |parser: &mut Self| parser.pipeline("parenthesized pipeline", Kind::RightParenthesis);
                Operand::Pipeline(Box::new(self.deeper(inner)?))
            }
            _ => {
                self.back(token);
                return Ok(None);
            }
        };
        Ok(Some(term))
    }

    fn variable(&self, token: Token<'a>) -> Result<Operand> {
        match self.variables.iter().any(|known| known == token.text) {
            true => Ok(Operand::Variable(token.text.to_owned(), Vec::new())),
            false => Err(error(token.at, format!("undefined variable {:?}", token.text))),
        }
    }
}

fn function(token: Token<'_>) -> Result<Callee> {
    let known = funcs::ALL.get(token.text).map(Callee);
    known.ok_or_else(|| error(token.at, format!("function {:?} not defined", token.text)))
}

/// Whether a command that begins so takes the value of the one before it.
fn is_executable(operand: &Operand) -> bool {
    match operand {
        Operand::Bool(_) | Operand::Dot | Operand::Nil | Operand::Number(_) | Operand::String(_) => false,
        Operand::Field(_)
        | Operand::Variable(..)
        | Operand::Chain(..)
        | Operand::Function(_)
        | Operand::Pipeline(_) => true,
    }
}

fn begins_operand(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Bool
            | Kind::Character
            | Kind::Complex
            | Kind::Dot
            | Kind::Field
            | Kind::Identifier
            | Kind::Number
            | Kind::Nil
            | Kind::RawString
            | Kind::String
            | Kind::Variable
            | Kind::LeftParenthesis
    )
}
