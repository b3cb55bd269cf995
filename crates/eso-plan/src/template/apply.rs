//! Renders a target's templates over the values that the stores gave.

use std::collections::BTreeMap;

use eso_core::value::SecretBytes;
use eso_template::{Fault, Limits, MissingKey, Options, Value, yaml};

use super::{Delimiters, From, Part, Scope, SourceName, Surroundings, Template, Text};
use crate::{
    decoding::Decoding,
    desired::{Content, Dress, Entries},
    fields::{FieldPath, MOST_GROWN},
    names,
};

/// How many bytes of templates one target may be made of: each is read anew each time.
const LARGEST: usize = 8 << 20;

/// How many bytes the fields of one target may take as JSON: the API server takes no larger object, and a few words of
/// YAML can make very many.
const LARGEST_FIELDS: usize = 2 << 20;

/// Why a target could not be rendered: in words that begin with the original's. They name keys and lines, and hold no
/// value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("could not apply template: {problem}")]
pub struct TemplateError {
    /// What is wrong.
    #[source]
    pub problem: TemplateProblem,
}

/// What is wrong with a template.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateProblem {
    /// The object that holds it is not there.
    #[error("error fetching templateFrom data: {0} not found")]
    NoSource(SourceName),
    /// The object that holds it has no such key.
    #[error("error fetching templateFrom data: error in {from}: missing key {key}")]
    NoKey {
        /// The object.
        from: SourceName,
        /// The key.
        key: String,
    },
    /// It is no template.
    #[error("unable to parse template at key {key}: {problem}")]
    Parse {
        /// What it would make, or where it stands.
        key: String,
        /// Where, and what is wrong.
        problem: String,
    },
    /// It cannot be rendered.
    #[error("unable to execute template at key {key}: {problem}")]
    Execute {
        /// What it would make, or where it stands.
        key: String,
        /// Where, and what is wrong.
        problem: String,
    },
    /// It, or all of them together, need more than is allowed. With more it may be rendered.
    #[error("unable to execute template at key {key}: {problem}")]
    Limit {
        /// The one that was cut.
        key: String,
        /// Where, and what was used up.
        problem: String,
    },
    /// What it makes is not what is needed there.
    #[error("template at key {key}: {problem}")]
    Made {
        /// What it makes, or where it stands.
        key: String,
        /// What is wrong.
        problem: String,
    },
}

/// What the target must hold, and carry beside that, out of what the stores gave.
///
/// As in the original, `data` wins over `from`, later ones of `from` over earlier ones, and all over the values.
/// What a stranger writes cannot keep this busy for longer than `surroundings.limits` allow, all templates together.
///
/// # Errors
/// The first template that fails, and why.
pub fn apply(
    template: &Template,
    values: &Entries,
    surroundings: &mut Surroundings<'_>,
) -> Result<Content, TemplateError> {
    let making = Making::new(template, values, surroundings);
    making.whole(template).map_err(|problem| TemplateError { problem })
}

/// What is wrong with the templates that stand in the object itself, as far as it can be seen without rendering them.
pub fn check(template: &Template, delimiters: &Delimiters) -> Vec<TemplateError> {
    let Template { keeps_values: _, from, data, labels, annotations } = template;
    let literals = from.iter().enumerate().filter_map(|(index, from)| match &from.text {
        Text::Literal(text) => Some((literal_key(index), text)),
        Text::Source { .. } => None,
    });
    let named = [data, labels, annotations].into_iter().flatten().map(|(key, text)| (key.clone(), text));
    let options = options(delimiters, Limits::default());
    let problems =
        literals.chain(named).filter_map(|(key, text)| parse(&Named { key: &key, text }, &options).err());
    problems.map(|problem| TemplateError { problem }).collect()
}

fn options(delimiters: &Delimiters, limits: Limits) -> Options {
    let delimiters = (delimiters.left.clone(), delimiters.right.clone());
    Options { delimiters, missing_key: MissingKey::Error, limits }
}

fn parse(named: &Named<'_>, options: &Options) -> Result<eso_template::Template, TemplateProblem> {
    let Named { key, text } = *named;
    eso_template::Template::parse(key, text, options)
        .map_err(|error| TemplateProblem::Parse { key: key.to_owned(), problem: error.to_string() })
}

/// What a literal of `templateFrom` is called.
fn literal_key(index: usize) -> String {
    format!("spec.target.template.templateFrom[{index}].literal")
}

/// What was made so far.
struct Making<'a, 's> {
    surroundings: &'a mut Surroundings<'s>,
    options: Options,
    data: Value,
    left: Limits,
    /// How many bytes of templates may still be read.
    unread: usize,
    /// How many bytes of fields may still be made.
    unmade: usize,
    /// How many items the lists of fields may still grow by.
    room: usize,
    entries: Entries,
    dress: Dress,
}

/// A template by name.
struct Named<'a> {
    key: &'a str,
    text: &'a str,
}

impl<'a, 's> Making<'a, 's> {
    fn new(template: &Template, values: &Entries, surroundings: &'a mut Surroundings<'s>) -> Self {
        Self {
            options: options(surroundings.delimiters, surroundings.limits),
            left: surroundings.limits,
            unread: LARGEST,
            unmade: LARGEST_FIELDS,
            room: MOST_GROWN,
            data: Value::strings(values.iter().map(|(name, value)| (name.as_str(), value.expose()))),
            entries: if template.keeps_values { values.clone() } else { Entries::new() },
            dress: Dress::default(),
            surroundings,
        }
    }

    fn whole(mut self, template: &Template) -> Result<Content, TemplateProblem> {
        let Template { keeps_values: _, from, data, labels, annotations } = template;
        for (index, from) in from.iter().enumerate() {
            self.from(index, from)?;
        }
        for (part, templates) in
            [(Part::Data, data), (Part::Labels, labels), (Part::Annotations, annotations)]
        {
            for (key, text) in templates {
                self.value(Named { key, text }, &part, Decoding::None)?;
            }
        }
        Ok(Content { entries: self.entries, dress: Some(self.dress) })
    }

    fn from(&mut self, index: usize, from: &From) -> Result<(), TemplateProblem> {
        match &from.text {
            Text::Literal(text) => {
                let key = literal_key(index);
                self.map(Named { key: &key, text }, from)
            }
            Text::Source { source, items } => {
                let sources = self.surroundings.sources;
                let held = sources.get(source).and_then(Option::as_ref);
                let held = held.ok_or_else(|| TemplateProblem::NoSource(source.clone()))?;
                items.iter().try_for_each(|(key, scope)| {
                    let text = text_of(source, held, key)?;
                    match scope {
                        Scope::Value => self.value(Named { key, text }, &from.into, from.decoding),
                        Scope::Map => self.map(Named { key, text }, from),
                    }
                })
            }
        }
    }

    fn value(&mut self, named: Named<'_>, part: &Part, decoding: Decoding) -> Result<(), TemplateProblem> {
        let value = self.render(&named)?;
        self.put(named.key, named.key.to_owned(), value, part, decoding)
    }

    fn map(&mut self, named: Named<'_>, from: &From) -> Result<(), TemplateProblem> {
        let text = self.render(&named)?;
        if let Part::Field(path) = &from.into {
            return self.put_field(named.key, path, &text, from.decoding);
        }
        let map = yaml::string_map(text.expose(), &mut self.left)
            .map_err(|error| unread(named.key, "it makes no YAML map of names and values", &error))?;
        let values: Vec<(String, SecretBytes)> =
            map.into_iter().map(|(name, value)| (name, SecretBytes::new(value))).collect();
        values
            .into_iter()
            .try_for_each(|(name, value)| self.put(named.key, name, value, &from.into, from.decoding))
    }

    fn render(&mut self, named: &Named<'_>) -> Result<SecretBytes, TemplateProblem> {
        let Named { key, text } = *named;
        self.unread = self.unread.checked_sub(text.len()).ok_or_else(|| TemplateProblem::Made {
            key: key.to_owned(),
            problem: "the templates of one target take more than 8 MiB".to_owned(),
        })?;
        let template = parse(named, &self.options)?;
        let mut random = |buffer: &mut [u8]| (self.surroundings.random)(buffer);
        let surroundings = eso_template::Surroundings { now: self.surroundings.now, random: &mut random };
        let rendered = template.render_sharing(&self.data, surroundings, &mut self.left);
        let rendered = rendered.map_err(|error| {
            let (key, problem) = (key.to_owned(), error.to_string());
            match error.fault {
                Fault::Wrong(_) => TemplateProblem::Execute { key, problem },
                Fault::Limit(_) => TemplateProblem::Limit { key, problem },
            }
        })?;
        Ok(SecretBytes::new(&rendered[..]))
    }

    fn put(
        &mut self,
        key: &str,
        name: String,
        value: SecretBytes,
        part: &Part,
        decoding: Decoding,
    ) -> Result<(), TemplateProblem> {
        match part {
            Part::Data => {
                let value = decoded(key, &name, &value, decoding)?;
                names::check(&name).map_err(|error| made(key, error.to_string()))?;
                self.entries.insert(name, value);
            }
            Part::Labels => {
                let value = decoded(key, &name, &value, decoding)?;
                insert(&mut self.dress.labels, name, &value);
            }
            Part::Annotations => {
                let value = decoded(key, &name, &value, decoding)?;
                insert(&mut self.dress.annotations, name, &value);
            }
            Part::Field(path) => self.put_field(key, &path.child(&name), &value, decoding)?,
        }
        Ok(())
    }
}

impl Making<'_, '_> {
    /// Puts a value, which is YAML, to a field.
    fn put_field(
        &mut self,
        key: &str,
        path: &FieldPath,
        value: &SecretBytes,
        decoding: Decoding,
    ) -> Result<(), TemplateProblem> {
        let value = decoded(key, &path.to_string(), value, decoding)?;
        let json = yaml::to_json(value.expose(), &mut self.left)
            .map_err(|error| unread(key, &format!("it makes no YAML for {path}"), &error))?;
        self.unmade = self
            .unmade
            .checked_sub(json.len())
            .ok_or_else(|| made(key, "the fields of one target take more than 2 MiB".to_owned()))?;
        let json = serde_json::from_slice(&json)
            .map_err(|_error| made(key, format!("it makes no JSON for {path}")))?;
        self.dress.fields.put(path, json, &mut self.room).map_err(|problem| made(key, problem))
    }
}

fn unread(key: &str, what: &str, error: &yaml::YamlError) -> TemplateProblem {
    let (key, problem) = (key.to_owned(), format!("{what}: {error}"));
    match error.is_limit {
        true => TemplateProblem::Limit { key, problem },
        false => TemplateProblem::Made { key, problem },
    }
}

fn made(key: &str, problem: String) -> TemplateProblem {
    TemplateProblem::Made { key: key.to_owned(), problem }
}

fn decoded(
    key: &str,
    name: &str,
    value: &SecretBytes,
    decoding: Decoding,
) -> Result<SecretBytes, TemplateProblem> {
    decoding.decode(value).map_err(|error| made(key, format!("failure decoding key {name}: {error}")))
}

fn insert(map: &mut BTreeMap<String, String>, name: String, value: &SecretBytes) {
    map.insert(name, String::from_utf8_lossy(value.expose()).into_owned());
}

fn text_of<'a>(
    source: &SourceName,
    held: &'a BTreeMap<String, SecretBytes>,
    key: &str,
) -> Result<&'a str, TemplateProblem> {
    let text =
        held.get(key).ok_or_else(|| TemplateProblem::NoKey { from: source.clone(), key: key.to_owned() })?;
    std::str::from_utf8(text.expose()).map_err(|_error| TemplateProblem::Parse {
        key: key.to_owned(),
        problem: "it is no UTF-8 text".to_owned(),
    })
}

#[cfg(test)]
mod tests;
