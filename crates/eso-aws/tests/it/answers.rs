//! Each code that AWS documents, at each call that a store makes but the reads of single values, which have tables of
//! their own.

use eso_core::{
    error::{
        ErrorKind::{
            self, Conflict, Denied, Invalid, NotFound, Throttled, Unauthenticated, Unavailable, Unexpected,
        },
        ProviderError,
    },
    provider::{Delete, DocumentTexts, Expected, Fetch, Inspect, Put, Query, SecretProvider},
};
use serde_json::{Value as Json, json};

use crate::fixture::{Fixture, document, kind, policy_documents, policy_of_map};

/// What is asked of a store so that it makes the one call that fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    LookAtSecret,
    DescribeSecret,
    ListSecrets,
    CreateSecret,
    PutSecretValue,
    TagResource,
    UntagResource,
    ReplicateSecretToRegions,
    RemoveRegionsFromReplication,
    RestoreSecret,
    DeleteSecret,
    GetResourcePolicy,
    PutResourcePolicy,
    DeleteResourcePolicy,
    GetParametersByPath,
    DescribeParameters,
    ListTagsForResource,
    CreateParameter,
    PutParameter,
    AddTagsToResource,
    RemoveTagsFromResource,
    DeleteParameter,
    AssumeRole,
    AssumeRoleWithWebIdentity,
}

use Step::*;

const OF_SECRETS: [Step; 14] = [
    LookAtSecret,
    DescribeSecret,
    ListSecrets,
    CreateSecret,
    PutSecretValue,
    TagResource,
    UntagResource,
    ReplicateSecretToRegions,
    RemoveRegionsFromReplication,
    RestoreSecret,
    DeleteSecret,
    GetResourcePolicy,
    PutResourcePolicy,
    DeleteResourcePolicy,
];

const WRITES_OF_SECRETS: [Step; 10] = [
    CreateSecret,
    PutSecretValue,
    TagResource,
    UntagResource,
    ReplicateSecretToRegions,
    RemoveRegionsFromReplication,
    RestoreSecret,
    DeleteSecret,
    PutResourcePolicy,
    DeleteResourcePolicy,
];

const OF_PARAMETERS: [Step; 8] = [
    GetParametersByPath,
    DescribeParameters,
    ListTagsForResource,
    CreateParameter,
    PutParameter,
    AddTagsToResource,
    RemoveTagsFromResource,
    DeleteParameter,
];

const WRITES_OF_PARAMETERS: [Step; 5] =
    [CreateParameter, PutParameter, AddTagsToResource, RemoveTagsFromResource, DeleteParameter];

const LOGINS: [Step; 2] = [AssumeRole, AssumeRoleWithWebIdentity];

/// A value of ours with the tag `old`, in another region too where it is a secret.
const THERE: &str = "/there";

impl Step {
    fn operation(self) -> String {
        match self {
            LookAtSecret => "DescribeSecret".to_owned(),
            CreateParameter => "PutParameter".to_owned(),
            step => format!("{step:?}"),
        }
    }

    /// What the store says of itself beside keys and region.
    fn fields(self) -> Json {
        match self {
            AssumeRole => json!({"role": "arn:aws:iam::111122223333:role/reader"}),
            step if OF_PARAMETERS.contains(&step) => json!({"service": "ParameterStore"}),
            _ => json!({}),
        }
    }

    /// What is wanted beside the value that is put.
    fn wish(self) -> Json {
        match self {
            TagResource | AddTagsToResource => json!({"tags": {"old": "1", "new": "2"}}),
            UntagResource | RemoveTagsFromResource => json!({"tags": {"new": "2"}}),
            ReplicateSecretToRegions => json!({"replicationLocations": ["eu-west-1", "eu-west-2"]}),
            RemoveRegionsFromReplication => json!({"replicationLocations": []}),
            GetResourcePolicy | PutResourcePolicy | DeleteResourcePolicy => policy_of_map(),
            _ => json!({}),
        }
    }

    /// The policy that is wanted.
    fn documents(self) -> DocumentTexts {
        match self {
            GetResourcePolicy | PutResourcePolicy => policy_documents(r#"{"Statement": []}"#),
            DeleteResourcePolicy => policy_documents(""),
            _ => DocumentTexts::new(),
        }
    }

    async fn ask(self, store: &dyn SecretProvider) -> Result<(), ProviderError> {
        let (finder, writer) = (store.finder().expect("it finds"), store.writer().expect("it writes"));
        match self {
            AssumeRole | AssumeRoleWithWebIdentity => store.check().await,
            DescribeSecret | ListTagsForResource => {
                store.fetch(&Fetch::new(THERE).of_metadata()).await.map(drop)
            }
            ListSecrets | GetParametersByPath => finder.find(&Query::default()).await.map(drop),
            DescribeParameters => {
                let tags = [("old".to_owned(), "1".to_owned())].into();
                finder.find(&Query { tags, ..Query::default() }).await.map(drop)
            }
            LookAtSecret => writer.inspect(&Inspect::new(THERE)).await.map(drop),
            CreateSecret | CreateParameter => {
                let expected = Expected::Nothing;
                let value = Some("canary-body-77aa".into());
                writer.put(&Put::new("/new", value, expected)).await.map(drop)
            }
            DeleteSecret | DeleteParameter => {
                writer.delete(&Delete { key: THERE.into(), version: None }).await
            }
            PutSecretValue
            | TagResource
            | UntagResource
            | ReplicateSecretToRegions
            | RemoveRegionsFromReplication
            | RestoreSecret
            | PutResourcePolicy
            | DeleteResourcePolicy
            | PutParameter
            | AddTagsToResource
            | RemoveTagsFromResource => {
                let held = writer.inspect(&Inspect::new(THERE)).await?;
                let expected = Expected::Ours(held.expect("it must be there").version);
                let value = Some("canary-body-77aa".into());
                let (metadata, documents) = (document(self.wish()), self.documents());
                writer.put(&Put { metadata, documents, ..Put::new(THERE, value, expected) }).await.map(drop)
            }
            GetResourcePolicy => {
                let (metadata, documents) = (document(self.wish()), self.documents());
                writer.inspect(&Inspect { metadata, documents, ..Inspect::new(THERE) }).await.map(drop)
            }
        }
    }
}

/// A store for which the step succeeds.
async fn prepared(step: Step) -> (Fixture, std::sync::Arc<dyn SecretProvider>) {
    let fixture = Fixture::new();
    fixture.trust_account();
    let store = match step {
        AssumeRoleWithWebIdentity => fixture.account_store(json!({})).await,
        step => fixture.connect(step.fields()).await,
    };
    if !LOGINS.contains(&step) {
        let mut spec = json!({"tags": {"old": "1"}});
        if OF_SECRETS.contains(&step) {
            spec["replicationLocations"] = json!(["eu-west-1"]);
        }
        let made = Put::new(THERE, Some("value".into()), Expected::Nothing);
        let mut put = Put { metadata: document(spec), ..made };
        if step == DeleteResourcePolicy {
            put.metadata = document(policy_of_map());
            put.documents = policy_documents(r#"{"Statement": []}"#);
        }
        store.writer().expect("it writes").put(&put).await.expect("it must be made");
    }
    if step == RestoreSecret {
        DeleteSecret.ask(&*store).await.expect("it must be deleted");
    }
    (fixture, store)
}

/// The step with its call refused so; `None` where it comes to what it comes to all the same.
async fn check(step: Step, status: u16, code: &str, expected: impl Into<Option<ErrorKind>>) {
    let (fixture, store) = prepared(step).await;
    let operation = step.operation();
    fixture.refuse(&operation, status, code);
    let outcome = step.ask(&*store).await;
    assert!(fixture.server.count(&operation) > 0, "{step:?} must make its call");
    let expected = expected.into();
    match outcome {
        Ok(()) => assert_eq!(expected, None, "{step:?}: {status} {code}"),
        Err(error) => {
            let is_of = NotFound == error.kind() || error.operation() == operation;
            assert!(is_of, "{step:?}: {status} {code}: {error:?}");
            let shown = error.to_string();
            assert_eq!(Some(kind(Err::<(), _>(error))), expected, "{step:?}: {status} {code}: {shown}");
        }
    }
}

#[tokio::test]
async fn each_step_makes_its_call_and_succeeds() {
    for step in OF_SECRETS.into_iter().chain(OF_PARAMETERS).chain(LOGINS) {
        let (fixture, store) = prepared(step).await;
        let before = fixture.server.count(&step.operation());
        assert_eq!(step.ask(&*store).await, Ok(()), "{step:?}");
        assert_eq!(fixture.server.count(&step.operation()), before + 1, "{step:?}");
    }
}

#[tokio::test]
async fn every_code_that_all_services_know_has_one_meaning_at_every_call() {
    for step in OF_SECRETS.into_iter().chain(OF_PARAMETERS).chain(LOGINS) {
        // Whoever may not ask for values below a path asks for names.
        let denied = (step != GetParametersByPath).then_some(Denied);
        check(step, 400, "AccessDeniedException", denied).await;
        for (status, code, kind) in [
            (400, "ExpiredTokenException", Unauthenticated),
            (403, "SignatureDoesNotMatch", Unauthenticated),
            (400, "ThrottlingException", Throttled),
            (500, "InternalFailure", Unavailable),
            (503, "ServiceUnavailable", Unavailable),
            (400, "ValidationException", Invalid),
            (400, "SomethingNew", Unexpected),
            (502, "SomethingNew", Unavailable),
        ] {
            check(step, status, code, kind).await;
        }
    }
}

#[tokio::test]
async fn each_documented_code_of_secrets_manager_has_its_meaning_at_every_call() {
    for step in OF_SECRETS {
        check(step, 500, "InternalServiceError", Unavailable).await;
        check(step, 400, "InvalidParameterException", Invalid).await;
        check(step, 400, "InvalidRequestException", Invalid).await;
    }
    check(ListSecrets, 400, "InvalidNextTokenException", Invalid).await;
    for step in [CreateSecret, PutSecretValue] {
        check(step, 400, "DecryptionFailure", Denied).await;
        check(step, 400, "EncryptionFailure", Denied).await;
        check(step, 400, "LimitExceededException", Invalid).await;
        check(step, 400, "ResourceExistsException", Conflict).await;
    }
    check(CreateSecret, 400, "MalformedPolicyDocumentException", Invalid).await;
    check(PutResourcePolicy, 400, "MalformedPolicyDocumentException", Invalid).await;
    check(PutResourcePolicy, 400, "PublicPolicyException", Invalid).await;
    check(CreateSecret, 400, "PreconditionNotMetException", Invalid).await;
}

#[tokio::test]
async fn each_documented_code_of_the_parameter_store_has_its_meaning_at_every_call() {
    for step in OF_PARAMETERS {
        check(step, 500, "InternalServerError", Unavailable).await;
    }
    for step in [GetParametersByPath, DescribeParameters] {
        for code in ["InvalidFilterKey", "InvalidFilterOption", "InvalidFilterValue", "InvalidNextToken"] {
            check(step, 400, code, Invalid).await;
        }
    }
    check(GetParametersByPath, 400, "InvalidKeyId", Denied).await;
    check(ListTagsForResource, 400, "InvalidResourceType", Invalid).await;
    for step in [AddTagsToResource, RemoveTagsFromResource] {
        check(step, 400, "InvalidResourceId", Invalid).await;
        check(step, 400, "InvalidResourceType", Invalid).await;
        check(step, 400, "TooManyUpdates", Conflict).await;
    }
    check(AddTagsToResource, 400, "TooManyTagsError", Invalid).await;
    for step in [CreateParameter, PutParameter] {
        for code in [
            "HierarchyLevelLimitExceededException",
            "HierarchyTypeMismatchException",
            "IncompatiblePolicyException",
            "InvalidAllowedPatternException",
            "InvalidPolicyAttributeException",
            "InvalidPolicyTypeException",
            "ParameterLimitExceeded",
            "ParameterMaxVersionLimitExceeded",
            "ParameterPatternMismatchException",
            "PoliciesLimitExceededException",
            "UnsupportedParameterType",
        ] {
            check(step, 400, code, Invalid).await;
        }
        check(step, 400, "InvalidKeyId", Denied).await;
        check(step, 400, "ParameterAlreadyExists", Conflict).await;
        check(step, 400, "TooManyUpdates", Conflict).await;
    }
}

#[tokio::test]
async fn each_documented_code_of_sts_has_its_meaning_at_every_login() {
    for step in LOGINS {
        check(step, 403, "AccessDenied", Denied).await;
        check(step, 400, "MalformedPolicyDocument", Invalid).await;
        check(step, 400, "PackedPolicyTooLarge", Invalid).await;
        check(step, 403, "RegionDisabledException", Invalid).await;
        check(step, 400, "Throttling", Throttled).await;
    }
    check(AssumeRoleWithWebIdentity, 403, "IDPRejectedClaim", Unauthenticated).await;
    check(AssumeRoleWithWebIdentity, 400, "InvalidIdentityToken", Unauthenticated).await;
    check(AssumeRoleWithWebIdentity, 400, "IDPCommunicationError", Unavailable).await;
}

#[tokio::test]
async fn only_a_look_finds_nothing_and_only_where_aws_says_that_nothing_is_there() {
    let (of_secrets, of_parameters) = ("ResourceNotFoundException", "ParameterNotFound");
    check(LookAtSecret, 400, of_secrets, None).await;
    check(GetResourcePolicy, 400, of_secrets, None).await;
    check(DescribeSecret, 400, of_secrets, NotFound).await;
    check(ListTagsForResource, 400, "InvalidResourceId", Invalid).await;
    check(ListSecrets, 400, of_secrets, Unexpected).await;
    check(GetParametersByPath, 400, of_parameters, Unexpected).await;
    check(DescribeParameters, 400, of_parameters, Unexpected).await;
    for step in WRITES_OF_SECRETS {
        check(step, 400, of_secrets, Conflict).await;
    }
    for step in WRITES_OF_PARAMETERS {
        check(step, 400, of_parameters, Conflict).await;
    }
    for step in LOGINS {
        check(step, 400, of_secrets, Unexpected).await;
        check(step, 404, "SomethingNew", Unexpected).await;
    }
}
