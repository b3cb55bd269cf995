//! How much may be pushed for one object: its status names each value, and must stay one that can be written.

use super::{
    Data,
    expand::{Asked, ExpandError},
};

/// How large that part of a status may be, in bytes: a third of what etcd takes for a whole object, in which the spec may
/// name each value too, and the API server writes down who wrote each field of the status.
pub const LARGEST: usize = 512 << 10;

/// What stands around the names of one value, in bytes: the names of the fields, and the longest conversion.
const AROUND: usize = 125;

/// What is asked for, where a status can name it.
pub fn bounded(asked: Asked) -> Result<Asked, ExpandError> {
    let sizes = asked.values().flatten().map(|pushed| size(&pushed.data));
    match sizes.sum::<usize>() <= LARGEST {
        true => Ok(asked),
        false => Err(ExpandError::Unnameable { most: LARGEST >> 10 }),
    }
}

/// How much of a status one value is, within some bytes.
fn size(data: &Data) -> usize {
    let Data { secret_key, place, metadata, conversion: _ } = data;
    let property = place.property.as_ref().map_or(0, String::len);
    let name = place.key.as_str().len() + property;
    let key = secret_key.as_ref().map_or(0, String::len);
    let metadata = metadata.as_ref().map_or(0, |metadata| metadata.to_string().len());
    AROUND + 2 * name + key + metadata
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;
    use crate::{
        convert::push::written,
        push::{
            Conversion,
            content::Content,
            expand::Pushed,
            fixtures::{data, store},
            goals,
        },
    };

    fn asked(all: impl IntoIterator<Item = Data>) -> Asked {
        let content = || Content::Value("v".into());
        let pushed = all.into_iter().map(|data| Pushed { data, content: content() }).collect();
        BTreeMap::from([(store("main"), pushed)])
    }

    #[test]
    fn what_a_status_can_name_is_asked_for_and_more_is_not() {
        let of = |count: usize| asked((0..count).map(|number| data("a", &format!("{number:06}"))));
        let most = LARGEST / (AROUND + 2 * 6 + 1);
        assert_eq!(bounded(of(most)), Ok(of(most)));
        assert_eq!(bounded(of(most + 1)), Err(ExpandError::Unnameable { most: 512 }));
    }

    #[test]
    fn the_stores_and_all_that_is_said_of_a_value_count() {
        let mut long = data("a", "x");
        long.metadata = Some(json!({ "a": "m".repeat(300 << 10) }));
        let once = asked([long]);
        assert!(bounded(once.clone()).is_ok());
        let twice = once.clone().into_iter().chain([(store("other"), once[&store("main")].clone())]);
        assert!(bounded(twice.collect()).is_err());
    }

    #[track_caller]
    fn check(data: Data) {
        let status = written(&goals::named(&asked([data.clone()])));
        let text = serde_json::to_string(&status["SecretStore/main"]).unwrap();
        assert!(text.len() <= size(&data) + 2, "{} of {}: {text}", size(&data), text.len());
        assert!(text.len() + 60 > size(&data), "{} of {}: {text}", size(&data), text.len());
    }

    #[test]
    fn the_size_is_that_of_the_status() {
        check(data("key", "remote"));
        check(data("key", "remote/and.a.property"));
        check(Data { conversion: Conversion::ReverseUnicode, ..data("key", "remote/property") });
        check(Data { metadata: Some(json!({ "kind": "PushSecretMetadata" })), ..data("key", "remote/p") });
    }
}
