//! What the guides to admission tell to do is done, as it stands there.

use std::fs;

use serde_json::json;

use crate::harness::{Kind, Setup, aws};

/// The first block of this language in a guide.
fn block(guide: &str, language: &str) -> String {
    let path = format!("{}/../docs/guides/{guide}", env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(path).unwrap();
    let (_, block) = text.split_once(&format!("```{language}\n")).unwrap();
    block.split_once("```").unwrap().0.to_owned()
}

#[tokio::test]
async fn what_the_guides_say_works_as_it_is_written() {
    let double = aws();
    let world = Setup::new("admission-guides").webhooks().aws(&double.url()).start().await;
    world.aws_store().await;
    let put = |name: &str| {
        let password = world.canary(name);
        double.put("team/db", &json!({ "password": password }).to_string()).unwrap();
        password
    };
    let file = |name: &str, text: &str| {
        let path = world.kubeconfig().with_file_name(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let holds = async |password: &str| {
        let url = format!("postgres://app:{password}@db:5432/app");
        world.holds("app", &[("password", password), ("url", &url)]).await
    };
    let first = put("first");
    let manifest = file("secret.yaml", &block("admission.md", "yaml"));
    world.kubectl(&["apply", "-f", &manifest]).await;
    holds(&first).await;
    let is_in_step =
        |secret: &serde_json::Value| secret["metadata"]["annotations"].to_string().contains("SecretSynced");
    world.until(Kind::Secret, "app", "is in step", is_in_step).await;
    // Nothing but the command has it read again within the hour.
    let second = put("second");
    world.script(&file("refresh.sh", &block("admission-refresh.md", "sh"))).await;
    holds(&second).await;
    world.end().await;
}
