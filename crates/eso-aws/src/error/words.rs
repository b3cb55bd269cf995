//! What a failure says to people: what is wrong, and what to do.

use super::{Call, Meaning, Service, Sort, WEB_IDENTITY};

impl Call<'_> {
    pub(super) fn advice(&self, meaning: Meaning) -> String {
        let Self { operation, region, service, sort, .. } = self;
        let name = service.name();
        match meaning {
            Meaning::Absent => self.absent_in_words().to_owned(),
            Meaning::Unknown => "an answer that is not understood".to_owned(),
            Meaning::Changed => "somebody else wrote it in between".to_owned(),
            Meaning::Denied => self.denied_in_words(),
            Meaning::KeyDenied if *sort == Sort::Write => "the KMS key cannot be used: allow kms:GenerateDataKey and \
                                                           kms:Decrypt on it, and see that it is there and enabled"
                .to_owned(),
            Meaning::KeyDenied => format!(
                "the KMS key of the {} cannot be used: allow kms:Decrypt on it, and see that it is enabled",
                service.thing()
            ),
            Meaning::Rejected if *operation == WEB_IDENTITY => {
                "AWS does not accept the service account's token: check that IAM has the cluster's OIDC provider, and \
                 that this knows the token's audience"
                    .to_owned()
            }
            Meaning::Rejected => "AWS does not accept the credentials: check that the keys are active, belong together \
                                  and have not expired"
                .to_owned(),
            Meaning::NoCredentials => "no AWS credentials were found: give the store auth.secretRef, or the operator's \
                                       service account a role"
                .to_owned(),
            Meaning::Full if *sort == Sort::Write => {
                format!("{name} in {region} has no room for it: a quota of the account or of the {} is used up", service.thing())
            }
            Meaning::Throttled | Meaning::Full => format!("{name} in {region} asks to be called less often"),
            Meaning::Down => format!("{name} in {region} cannot answer now"),
            Meaning::Late => format!("{name} in {region} did not answer in time"),
            Meaning::Cut => format!("{name} in {region} cut its answer short"),
            Meaning::OutOfReach => {
                format!("{name} in {region} cannot be reached: check the region, the endpoint and the network")
            }
            Meaning::ChainBroken => "the operator's own credentials cannot be had: check its web identity token, or the \
                                     agent or metadata service that gives them"
                .to_owned(),
            Meaning::Malformed => format!("AWS does not accept the request{}", self.malformed_in_words(operation)),
        }
    }

    fn absent_in_words(&self) -> &'static str {
        match (self.sort, self.service) {
            (Sort::Read, Service::SecretsManager) => "there is no such secret, or no such version of it",
            (Sort::Read, Service::ParameterStore) => "there is no such parameter, or no such version of it",
            (Sort::Write, _) => "somebody else deleted it in between",
            (Sort::Read, Service::Sts) | (Sort::Search | Sort::Login, _) => {
                "an answer that is not understood"
            }
        }
    }

    fn denied_in_words(&self) -> String {
        let Self { operation, service, sort, .. } = self;
        // AWS lists nothing under a policy that names some.
        let on = match (service, sort, *operation) {
            (_, Sort::Search, "ListSecrets" | "DescribeParameters") => "*".to_owned(),
            (_, Sort::Search, _) => "the path".to_owned(),
            (_, Sort::Read | Sort::Write | Sort::Login, _) => format!("the {}", service.thing()),
        };
        match service {
            Service::SecretsManager => {
                format!("access denied: allow secretsmanager:{operation} on {on} to the store's identity")
            }
            Service::ParameterStore => {
                format!("access denied: allow ssm:{operation} on {on} to the store's identity")
            }
            Service::Sts if *operation == WEB_IDENTITY => {
                "access denied: let the role's trust policy allow sts:AssumeRoleWithWebIdentity to the cluster's OIDC \
                 provider, for this service account and the audience of its token"
                    .to_owned()
            }
            Service::Sts => {
                "access denied: allow sts:AssumeRole, and with tags sts:TagSession, on the role to the store's \
                 identity, and let the role's trust policy name that identity and the externalID"
                    .to_owned()
            }
        }
    }

    fn malformed_in_words(&self, operation: &str) -> &'static str {
        match (self.service, self.sort) {
            (Service::Sts, _) => ": check the role, the externalID and the session tags",
            (_, Sort::Write) if operation.starts_with("Delete") => ": check the key",
            (Service::SecretsManager, Sort::Write) if operation == "PutResourcePolicy" => {
                ": check that the policy is one, has 20 KiB at the most and, where public ones are blocked, does not let \
                 everybody in"
            }
            (Service::SecretsManager, Sort::Write) => {
                ": check the key, the metadata, and that the value has 64 KiB at the most"
            }
            (Service::ParameterStore, Sort::Write) => {
                ": check the key, the metadata, and that the value is not empty and has 4 KiB at the most, 8 KiB in the \
                 tier Advanced"
            }
            (_, Sort::Search) => ": check the path and the tags",
            (_, Sort::Read | Sort::Login) => ": check the key and the version",
        }
    }
}

impl Service {
    fn name(self) -> &'static str {
        match self {
            Self::SecretsManager => "AWS Secrets Manager",
            Self::ParameterStore => "AWS Parameter Store",
            Self::Sts => "AWS STS",
        }
    }

    /// What it keeps.
    fn thing(self) -> &'static str {
        match self {
            Self::SecretsManager => "secret",
            Self::ParameterStore => "parameter",
            Self::Sts => "role",
        }
    }
}
