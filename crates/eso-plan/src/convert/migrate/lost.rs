//! What stores of older versions could say, and those of `v1` cannot.

use serde_json::Value;

use super::Remarks;

/// The providers that `v1` has no more.
const PROVIDERS: [&str; 2] = ["alibaba", "device42"];

/// Remarks on what of a store's spec `v1` does not have; whether the store can be said all the same.
pub(super) fn is_none(spec: &Value, remarks: &mut Remarks) -> bool {
    let before = remarks.remarks.len();
    let provider = &spec["provider"];
    for name in PROVIDERS.iter().filter(|name| !provider[**name].is_null()) {
        remarks.on(format!("spec.provider.{name}"), "v1 has no such provider");
    }
    for (index, data) in provider["fake"]["data"].as_array().into_iter().flatten().enumerate() {
        if !data["valueMap"].is_null() {
            let what = "v1 has no such field: write value as a JSON object in a text";
            remarks.on(format!("spec.provider.fake.data[{index}].valueMap"), what);
        }
    }
    before == remarks.remarks.len()
}
