//! Which texts are asked about as wrapping tokens, where they may be from, and for how many stores they are remembered.

use std::sync::Arc;

use eso_core::key::{StoreKind, StoreReference};

use super::{MOST_STORES, SecretIds, is_of_secret_ids, looks_like_a_token};

#[test]
fn a_text_looks_like_a_token_by_its_beginning_and_its_length() {
    for (text, looks) in [
        ("s.dQw4w9WgXcQdQw4w9WgXcQ12", true),
        ("s.dQw4w9WgXcQdQw4w9WgXcQ12.nsid1", true),
        ("hvs.CAESIHHiPSBDnG75y4hN_a-bcd", true),
        ("hvb.AAAAAQJnG75y4hNdQw4w9WgXcQ", false),
        ("b.dQw4w9WgXcQdQw4w9WgXcQ12", false),
        ("s.short", false),
        ("s.dQw4w9WgXcQdQw4w9WgX/Q12", false),
        ("84896a0c-1347-aa90-a4f6-aca8b7558780", false),
        ("", false),
    ] {
        assert_eq!(looks_like_a_token(text), looks, "{text:?}");
    }
}

#[test]
fn only_the_method_of_the_store_gives_its_secret_ids() {
    for (path, mount, is_of) in [
        ("auth/approle/role/app/secret-id", "approle", true),
        ("auth/approle/role/app/custom-secret-id", "approle", true),
        ("auth/team/approle/role/app/secret-id", "team/approle", true),
        ("auth/other/role/app/secret-id", "approle", false),
        ("auth/approle-2/role/app/secret-id", "approle", false),
        ("auth/approle/role//secret-id", "approle", false),
        ("auth/approle/role/app/role-id", "approle", false),
        ("auth/approle/role/app/secret-id/lookup", "approle", false),
        ("auth/token/create", "approle", false),
        ("sys/wrapping/wrap", "approle", false),
        ("cubbyhole/auth/approle/role/app/secret-id", "approle", false),
    ] {
        assert_eq!(is_of_secret_ids(path, mount), is_of, "{path}");
    }
}

fn store(number: usize) -> StoreReference {
    StoreReference {
        kind: StoreKind::SecretStore,
        namespace: "team".to_owned(),
        name: format!("store-{number}"),
    }
}

#[test]
fn stores_that_log_in_just_now_are_never_forgotten_and_others_not_kept_without_end() {
    let ids = SecretIds::default();
    let used = ids.of(&store(0));
    for number in 1..2 * MOST_STORES {
        drop(ids.of(&store(number)));
    }
    assert!(Arc::ptr_eq(&used, &ids.of(&store(0))));
    assert!(ids.0.lock().len() <= MOST_STORES);
}
