//! Rules of the definitions: what the original's webhook refuses, the API server refuses by itself.
//!
//! A rule stands at the field that it is about. An object that is older than the rule keeps its labels, its finalizers
//! and its status changeable, for the API server passes over the rules of what a change leaves alone.
//! Where the API server does not grant what a rule may cost, there is none, and the operator refuses the object in its
//! condition: `secretKey` that stands twice, `target` of `templateFrom` in any spelling, regular expressions.
//! A ClusterExternalSecret has no rules, as it has no webhook in the original. A PushSecret has none there either, but
//! rules in its definition, which its own have too, in the same words, and those of a ClusterPushSecret.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, JSONSchemaProps, JSONSchemaPropsOrArray, ValidationRule,
};

use crate::api::refusals;

/// A rule, as it stands in a schema.
struct Rule {
    /// The field that it is about: names with dots between, and `[]` for the items of a list; empty for the object.
    path: &'static str,
    /// What holds for an object that is taken.
    holds: &'static str,
    /// What is said of the others.
    message: &'static str,
    /// What is said of them where it can be worked out.
    worked_out: Option<&'static str>,
    /// Whether the rule takes what holds a value of a wrong type.
    takes_wrong_types: bool,
}

impl Rule {
    /// A rule about which fields are there.
    const fn of_fields(path: &'static str, holds: &'static str, message: &'static str) -> Self {
        Self { path, holds, message, worked_out: None, takes_wrong_types: false }
    }

    /// A rule about what the fields hold.
    const fn of_values(path: &'static str, holds: &'static str, message: &'static str) -> Self {
        Self { takes_wrong_types: true, ..Self::of_fields(path, holds, message) }
    }
}

/// Holds where something holds a value of a wrong type, which is not even equal to itself.
///
/// Such a value is refused for its type. In an object of a looser schema it is left as it is, and then a rule that reads
/// it must hold: one that fails to be worked out refuses each change, also that of a label.
const HAS_WRONG_TYPE: &str = "!(self in [self])";

/// Of an object without a spec. Each change of an object changes it as a whole, so that nothing is passed over here.
const SPEC_IS_THERE: &str = "has(self.spec) || (oldSelf.hasValue() && !has(oldSelf.value().spec))";

const OF_EXTERNAL_SECRETS: [Rule; 10] = [
    Rule::of_fields("", SPEC_IS_THERE, refusals::NO_ENTRIES),
    Rule::of_values(
        "spec",
        "(has(self.data) && self.data.size() > 0) || (has(self.dataFrom) && self.dataFrom.size() > 0)",
        refusals::NO_ENTRIES,
    ),
    Rule::of_fields(
        "spec.dataFrom[]",
        "!(has(self.find) && has(self.extract)) && !(has(self.sourceRef) && has(self.sourceRef.generatorRef) && \
         (has(self.find) || has(self.extract)))",
        refusals::SOURCES_AT_ONCE,
    ),
    Rule::of_fields(
        "spec.dataFrom[]",
        "has(self.find) || has(self.extract) || has(self.sourceRef)",
        refusals::NO_SOURCE,
    ),
    Rule::of_fields(
        "spec.dataFrom[].sourceRef",
        "has(self.generatorRef) || has(self.storeRef)",
        refusals::EMPTY_SOURCE,
    ),
    Rule::of_values(
        "spec.target",
        "!(has(self.deletionPolicy) && self.deletionPolicy == 'Delete' && has(self.creationPolicy) && \
         self.creationPolicy in ['Merge', 'None', 'CreateOrMerge'])",
        refusals::DELETE_UNOWNED,
    ),
    Rule::of_values(
        "spec.target",
        "!(has(self.deletionPolicy) && self.deletionPolicy == 'Merge' && has(self.creationPolicy) && \
         self.creationPolicy == 'None')",
        refusals::MERGE_INTO_NOTHING,
    ),
    Rule::of_values(
        "spec.target.template",
        "!(has(self.type) && self.type == 'kubernetes.io/service-account-token' && has(self.metadata) && \
         has(self.metadata.annotations) && 'kubernetes.io/service-account.name' in self.metadata.annotations)",
        refusals::TOKEN_OF_ANNOTATION,
    ),
    // The original compares without regard to case, which would cost too much here: the operator does so.
    Rule::of_values(
        "spec.target.template",
        "!(has(self.type) && self.type == 'kubernetes.io/service-account-token' && has(self.templateFrom) && \
         self.templateFrom.exists(from, has(from.target) && from.target == 'Annotations'))",
        refusals::TOKEN_OF_ANNOTATIONS,
    ),
    Rule::of_values(
        "spec.target.template",
        "!(has(self.type) && self.type == 'bootstrap.kubernetes.io/token')",
        refusals::BOOTSTRAP_TOKEN,
    ),
];

const OF_STORES: [Rule; 6] = [
    Rule {
        path: "spec.refreshInterval",
        holds: "type(self) == string ? !self.matches('^-.*[1-9]') : self >= 0",
        message: "invalid refreshInterval: must not be negative",
        worked_out: Some(
            "type(self) == string ? 'invalid refreshInterval \"' + self + '\": must not be negative' : \
             'invalid refreshInterval ' + string(self) + ': must not be negative'",
        ),
        takes_wrong_types: false,
    },
    Rule::of_values(
        "spec.provider.vault.auth.appRole",
        "(has(self.roleId) && self.roleId != '') || has(self.roleRef)",
        refusals::NO_ROLE_ID,
    ),
    Rule::of_fields(
        "spec.provider.vault.auth.jwt",
        "has(self.secretRef) || has(self.kubernetesServiceAccountToken)",
        refusals::NO_TOKEN_OF_JWT,
    ),
    // It stands in the original's own definition.
    Rule::of_fields(
        "spec.provider.aws.customSessionTags",
        "!('esoNamespace' in self) && !('esoStoreName' in self) && !('esoStoreKind' in self)",
        refusals::RESERVED_SESSION_TAGS,
    ),
    Rule::of_values(
        "spec.provider.aws.secretsManager",
        "!has(self.recoveryWindowInDays) || self.recoveryWindowInDays == 0 || (self.recoveryWindowInDays >= 7 && \
         self.recoveryWindowInDays <= 30)",
        refusals::RECOVERY_WINDOW,
    ),
    Rule::of_values(
        "spec.provider.aws.secretsManager",
        "!(has(self.recoveryWindowInDays) && self.recoveryWindowInDays != 0 && \
         has(self.forceDeleteWithoutRecovery) && self.forceDeleteWithoutRecovery)",
        refusals::RECOVERY_AND_FORCE,
    ),
];

const OF_PUSH_SECRETS: [Rule; 3] = [
    Rule::of_fields(
        "spec.dataTo[]",
        "has(self.storeRef) && (has(self.storeRef.name) || has(self.storeRef.labelSelector))",
        refusals::NO_STORE_OF_DATA_TO,
    ),
    Rule::of_fields(
        "spec.dataTo[]",
        "!has(self.remoteKey) || !has(self.rewrite) || size(self.rewrite) == 0",
        refusals::REWRITE_OF_BUNDLE,
    ),
    Rule::of_fields(
        "spec.dataTo[].rewrite[]",
        "(has(self.regexp) && !has(self.transform)) || (!has(self.regexp) && has(self.transform))",
        refusals::NO_ONE_REWRITE,
    ),
];

/// Where the spec of a PushSecret stands in that of a ClusterPushSecret.
const IN_EACH_NAMESPACE: &str = "spec.pushSecretSpec";

/// Puts the rules of a kind into each version of its definition.
pub(super) fn put(definition: &mut CustomResourceDefinition) {
    let kind = &definition.spec.names.kind;
    let (rules, spec) = (of(kind), if kind == "ClusterPushSecret" { IN_EACH_NAMESPACE } else { "spec" });
    let schemas = definition.spec.versions.iter_mut().filter_map(|version| version.schema.as_mut());
    for schema in schemas.filter_map(|schema| schema.open_api_v3_schema.as_mut()) {
        for rule in rules {
            let path = rule.path.replacen("spec", spec, 1);
            let place = fields(&path).try_fold(&mut *schema, below);
            if let Some(place) = place {
                place.x_kubernetes_validations.get_or_insert_default().push(validation(rule));
            }
        }
    }
}

fn of(kind: &str) -> &'static [Rule] {
    match kind {
        "ExternalSecret" => &OF_EXTERNAL_SECRETS,
        "SecretStore" | "ClusterSecretStore" => &OF_STORES,
        "PushSecret" | "ClusterPushSecret" => &OF_PUSH_SECRETS,
        _ => &[],
    }
}

fn fields(path: &str) -> impl Iterator<Item = &str> {
    path.split('.').filter(|field| !field.is_empty())
}

/// The schema of a field, or with `[]` that of its items.
fn below<'s>(schema: &'s mut JSONSchemaProps, field: &str) -> Option<&'s mut JSONSchemaProps> {
    let (name, is_list) = field.strip_suffix("[]").map_or((field, false), |name| (name, true));
    let schema = schema.properties.as_mut()?.get_mut(name)?;
    match (is_list, schema) {
        (false, schema) => Some(schema),
        (true, JSONSchemaProps { items: Some(JSONSchemaPropsOrArray::Schema(item)), .. }) => Some(item),
        (true, _) => None,
    }
}

fn validation(rule: &Rule) -> ValidationRule {
    let Rule { path, holds, message, worked_out, takes_wrong_types } = rule;
    ValidationRule {
        rule: match takes_wrong_types {
            true => format!("{HAS_WRONG_TYPE} || ({holds})"),
            false => (*holds).to_owned(),
        },
        message: Some((*message).to_owned()),
        message_expression: worked_out.map(str::to_owned),
        // A rule of the whole object is about its spec: an error names a field, and the object has no name of one.
        field_path: path.is_empty().then(|| ".spec".to_owned()),
        // Without it the API server passes over a rule of the old object, where there is none.
        optional_old_self: holds.contains("oldSelf").then_some(true),
        ..ValidationRule::default()
    }
}

#[cfg(test)]
mod tests;
