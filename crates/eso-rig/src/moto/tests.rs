//! Tests of `moto`.

use super::*;

#[tokio::test]
async fn a_secret_is_kept_and_read_back() {
    let moto = Moto::start().await.unwrap();
    moto.secrets().create("app", "one").await.unwrap();
    moto.secrets().put("app", "two").await.unwrap();
    let read = moto.secrets().call("GetSecretValue", &serde_json::json!({"SecretId": "app"})).await.unwrap();
    assert_eq!(read.success().unwrap()["SecretString"], "two");
}
