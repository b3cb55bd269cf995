//! Secret bytes print nothing, and are shared.

use super::SecretBytes;

#[test]
fn debug_shows_neither_content_nor_length() {
    let short = format!("{:?}", SecretBytes::from("canary"));
    let long = format!("{:?}", SecretBytes::from("canary canary canary"));
    assert!(!short.contains("canary"));
    assert_eq!(short, long);
}

#[test]
fn a_clone_shares_the_memory() {
    let value = SecretBytes::from("canary");
    assert!(std::ptr::eq(value.expose(), value.clone().expose()));
}

#[test]
fn bytes_that_are_no_text_are_kept() {
    let value = SecretBytes::from(vec![0xff, 0, 1]);
    assert_eq!(value.expose(), [0xff, 0, 1]);
    assert_eq!(value.expose_str(), None);
    assert_eq!(SecretBytes::from("plain").expose_str(), Some("plain"));
}

#[test]
fn what_holds_the_bytes_wipes_them_when_the_last_clone_goes() {
    fn wipes<T: zeroize::ZeroizeOnDrop>(_: &std::sync::Arc<T>) {}
    wipes(&SecretBytes::from("canary").0);
}
