//! ARNs as keys: which of a store's own values one names.

use crate::error::Service;

/// How many random characters Secrets Manager puts behind a name, after a hyphen.
/// <https://docs.aws.amazon.com/secretsmanager/latest/userguide/troubleshoot.html#ARN_secretnamehyphen>
const SUFFIX: usize = 6;

/// Whose values a store reads.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Owner<'a> {
    pub(crate) service: Service,
    pub(crate) region: &'a str,
    pub(crate) account: &'a str,
}

impl Owner<'_> {
    /// The key without an ARN that leads to the same value; `None` where the value is not this owner's, or cannot be told.
    pub(crate) fn name<'k>(&self, arn: &'k str) -> Option<&'k str> {
        let mut parts = arn.splitn(6, ':');
        let [start, _partition, service, region, account] = std::array::from_fn(|_| parts.next());
        let resource = parts.next()?;
        let is_ours = start == Some("arn") && region == Some(self.region) && account == Some(self.account);
        let (expected, name) = match self.service {
            Service::SecretsManager => ("secretsmanager", of_secret(resource.strip_prefix("secret:")?)),
            Service::ParameterStore => ("ssm", of_parameter(resource.strip_prefix("parameter")?)?),
            Service::Sts => return None,
        };
        let is_name = !name.is_empty() && name.bytes().all(|byte| is_of_name(self.service, byte));
        (is_ours && service == Some(expected) && is_name).then_some(name)
    }
}

/// With the random characters or without. A text that ends like them is a whole ARN to AWS, whatever the secrets are called.
fn of_secret(text: &str) -> &str {
    match text.rsplit_once('-') {
        Some((name, end)) if end.len() == SUFFIX && end.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
            name
        }
        Some(_) | None => text,
    }
}

/// AWS leaves the slash out of an ARN where a name does not begin with one. One that has no other slash is the same
/// parameter to AWS with it and without.
fn of_parameter(text: &str) -> Option<&str> {
    let name = text.strip_prefix('/')?;
    Some(if name.contains('/') { text } else { name })
}

fn is_of_name(service: Service, byte: u8) -> bool {
    let others: &[u8] = match service {
        Service::SecretsManager => b"/_+=.@-",
        Service::ParameterStore | Service::Sts => b"/_.-",
    };
    byte.is_ascii_alphanumeric() || others.contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::Owner;
    use crate::error::Service;

    #[track_caller]
    fn check(service: Service, arn: &str, name: Option<&str>) {
        let owner = Owner { service, region: "us-east-1", account: "111122223333" };
        assert_eq!(owner.name(arn), name, "{arn}");
    }

    #[track_caller]
    fn secret(rest: &str, name: Option<&str>) {
        let arn = format!("arn:aws:secretsmanager:us-east-1:111122223333:{rest}");
        check(Service::SecretsManager, &arn, name);
    }

    #[track_caller]
    fn parameter(rest: &str, name: Option<&str>) {
        check(Service::ParameterStore, &format!("arn:aws:ssm:us-east-1:111122223333:{rest}"), name);
    }

    #[test]
    fn the_arn_of_a_secret_names_it_with_its_random_end_and_without() {
        secret("secret:team-a/db-AbC1eF", Some("team-a/db"));
        secret("secret:team-a/db", Some("team-a/db"));
        secret("secret:db-AbCdEf-AbCdEf", Some("db-AbCdEf"));
        secret("secret:app-db", Some("app-db"));
        secret("secret:app-secret", Some("app"));
        secret("secret:a+b=c@d.e_f-AbCdEf", Some("a+b=c@d.e_f"));
    }

    #[test]
    fn the_arn_of_a_parameter_names_it_with_the_slash_that_its_name_has() {
        parameter("parameter/team-a/db", Some("/team-a/db"));
        parameter("parameter/db", Some("db"));
        parameter("parameter/team-a/db-AbCdEf", Some("/team-a/db-AbCdEf"));
    }

    #[test]
    fn what_cannot_be_told_has_no_name() {
        for rest in
            ["secret:", "secret:-AbCdEf", "secret:db-AbCdEf:password::", "secret:a b", "secret/db", "db", ""]
        {
            secret(rest, None);
        }
        for rest in [
            "parameter",
            "parameter/",
            "parameter/db:3",
            "parameter/team-a/db:label",
            "parameterdb",
            "secret:db",
        ] {
            parameter(rest, None);
        }
        for arn in [
            "",
            "arn",
            "arn:aws:secretsmanager:us-east-1:111122223333",
            "team-a/db",
            "x:a:secretsmanager:us-east-1:111122223333:secret:db",
        ] {
            check(Service::SecretsManager, arn, None);
        }
    }

    #[test]
    fn what_belongs_to_another_account_region_or_service_has_no_name() {
        for arn in [
            "arn:aws:secretsmanager:us-east-1:444455556666:secret:db-AbCdEf",
            "arn:aws:secretsmanager:us-east-1::secret:db-AbCdEf",
            "arn:aws:secretsmanager:us-east-2:111122223333:secret:db-AbCdEf",
            "arn:aws:secretsmanager::111122223333:secret:db-AbCdEf",
            "arn:aws:ssm:us-east-1:111122223333:secret:db-AbCdEf",
            "ARN:aws:secretsmanager:us-east-1:111122223333:secret:db-AbCdEf",
        ] {
            check(Service::SecretsManager, arn, None);
        }
        check(Service::ParameterStore, "arn:aws:ssm:us-east-1:444455556666:parameter/db", None);
        check(Service::ParameterStore, "arn:aws:secretsmanager:us-east-1:111122223333:parameter/db", None);
    }
}
