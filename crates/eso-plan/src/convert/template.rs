//! `spec.target.template`: what a target is made of.

use eso_core::api::{
    external_secret::{Template as Asked, TemplateFrom, TemplateMergePolicy, TemplateRef, TemplateScope},
    refusals,
};

use super::{Malformed, entries};
use crate::{
    fields::FieldPath,
    observed::Kind,
    template::{From, Part, Scope, SourceKind, SourceName, Template, Text},
};

/// A Secret of this type is a token of the service account that an annotation names: who may make one may be anybody
/// (GHSA-fq7h-9x26-6j22).
const TOKEN_TYPE: &str = "kubernetes.io/service-account-token";
const TOKEN_ANNOTATION: &str = "kubernetes.io/service-account.name";

/// A Secret of this type lets nodes join a cluster.
const BOOTSTRAP_TYPE: &str = "bootstrap.kubernetes.io/token";

/// What a template asks for.
///
/// Fails where the original's webhook would refuse it, in the words of that.
pub(super) fn template(asked: &Asked, target: Kind) -> Result<Template, Malformed> {
    let Asked { secret_type, engine_version: _, metadata, merge_policy, data, template_from } = asked;
    let from: Vec<From> = template_from
        .iter()
        .enumerate()
        .map(|(index, from)| read(index, from, target))
        .collect::<Result<Vec<_>, _>>()?
        .into_iter()
        .flatten()
        .collect();
    let metadata = metadata.clone().unwrap_or_default();
    check_type(secret_type.as_deref(), &from, metadata.annotations.contains_key(TOKEN_ANNOTATION))?;
    let keeps_values = match merge_policy {
        Some(TemplateMergePolicy::Merge) => true,
        None | Some(TemplateMergePolicy::Replace) => data.is_empty() && template_from.is_empty(),
    };
    Ok(Template {
        keeps_values,
        from,
        data: data.clone(),
        labels: metadata.labels,
        annotations: metadata.annotations,
    })
}

fn check_type(kind: Option<&str>, from: &[From], annotated: bool) -> Result<(), Malformed> {
    let makes_annotations = from.iter().any(|from| from.into == Part::Annotations);
    let problem = match kind {
        Some(TOKEN_TYPE) if annotated => refusals::TOKEN_OF_ANNOTATION,
        Some(TOKEN_TYPE) if makes_annotations => refusals::TOKEN_OF_ANNOTATIONS,
        Some(BOOTSTRAP_TYPE) => refusals::BOOTSTRAP_TOKEN,
        Some(_) | None => return Ok(()),
    };
    Err(Malformed(problem.to_owned()))
}

/// As in the original, an entry may hold several sources at once: first the ConfigMap, then the Secret, then the text.
fn read(index: usize, from: &TemplateFrom, kind: Kind) -> Result<Vec<From>, Malformed> {
    let TemplateFrom { config_map, secret, target, literal, values_decoding_strategy } = from;
    let into = part(target.as_deref().unwrap_or_default(), kind)?;
    let texts = [
        config_map.as_ref().map(|reference| source(SourceKind::ConfigMap, reference)),
        secret.as_ref().map(|reference| source(SourceKind::Secret, reference)),
        literal.clone().map(Text::Literal),
    ];
    let decoding = entries::decoding(*values_decoding_strategy);
    let texts = texts.into_iter().flatten();
    let read: Vec<From> = texts.map(|text| From { text, into: into.clone(), decoding }).collect();
    if read.is_empty() {
        return Err(Malformed(format!(
            "spec.target.template.templateFrom[{index}] names no template: set configMap, secret or literal"
        )));
    }
    Ok(read)
}

fn part(target: &str, kind: Kind) -> Result<Part, Malformed> {
    // The original compares without regard to case.
    match (target.to_ascii_lowercase().as_str(), kind) {
        ("" | "data", _) => Ok(Part::Data),
        ("labels", _) | ("metadata.labels", Kind::Resource) => Ok(Part::Labels),
        ("annotations", _) | ("metadata.annotations", Kind::Resource) => Ok(Part::Annotations),
        (_, Kind::Resource) => FieldPath::parse(target).map(Part::Field).map_err(Malformed),
        (_, Kind::Secret) => Err(Malformed(format!(
            "templateFrom target={target:?} is not allowed when targeting a Secret, must be one of \"Data\", \
             \"Annotations\" or \"Labels\""
        ))),
    }
}

fn source(kind: SourceKind, reference: &TemplateRef) -> Text {
    let items = reference.items.iter().map(|item| {
        let scope = match item.template_as {
            None | Some(TemplateScope::Values) => Scope::Value,
            Some(TemplateScope::KeysAndValues) => Scope::Map,
        };
        (item.key.clone(), scope)
    });
    Text::Source { source: SourceName { kind, name: reference.name.clone() }, items: items.collect() }
}

#[cfg(test)]
mod tests;
