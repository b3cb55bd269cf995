//! What the sources of a crate may not name: the invariants of `docs/architecture.md` that no dependency keeps.

use super::{none, source::Source, sources};

/// Names that are not to stand below a folder, but for the files that are excepted, and why.
struct Rule {
    below: &'static str,
    names: &'static [&'static str],
    except: &'static [&'static str],
    reason: &'static str,
}

const IO: &[&str] = &["std::fs", "std::net", "std::env", "std::process", "std::os", "std::thread"];

/// All of that but the addresses of `std::net`, which are values.
const SIGHT: &[&str] = &[
    "std::fs",
    "std::net::TcpListener",
    "std::net::TcpStream",
    "std::net::ToSocketAddrs",
    "std::net::UdpSocket",
    "std::env",
    "std::process",
    "std::os",
    "std::thread",
    "std::time",
];

/// The parameters of every request of kube that writes.
const WRITES: &[&str] =
    &["kube::api::DeleteParams", "kube::api::Patch", "kube::api::PatchParams", "kube::api::PostParams"];

const RULES: &[Rule] = &[
    Rule { below: "crates/eso-core/src/", names: IO, except: &[], reason: "words do no IO" },
    Rule {
        below: "crates/eso-core/src/",
        names: &["std::time::Instant", "std::time::SystemTime", "tokio::time"],
        except: &[],
        reason: "words read no clock",
    },
    Rule { below: "crates/eso-plan/src/", names: IO, except: &[], reason: "what decides does no IO" },
    Rule {
        below: "crates/eso-plan/src/",
        names: &["eso_core::api"],
        except: &["crates/eso-plan/src/convert.rs", "crates/eso-plan/src/convert/"],
        reason: "only `convert` knows the CRDs",
    },
    Rule {
        below: "crates/eso-template/src/",
        names: SIGHT,
        except: &[],
        reason: "a template looks at nothing but its data",
    },
    Rule { below: "crates/eso-sync/src/", names: IO, except: &[], reason: "IO is done behind the ports" },
    Rule {
        below: "crates/eso-sync/src/",
        names: &["eso_core::api"],
        except: &[],
        reason: "the engine serves any kind of object",
    },
    Rule { below: "crates/eso-admission/src/", names: IO, except: &[], reason: "who serves it does its IO" },
    Rule {
        below: "crates/eso-kube/src/",
        names: WRITES,
        except: &[
            "crates/eso-kube/src/apply.rs",
            "crates/eso-kube/src/apply/",
            "crates/eso-kube/src/certificates/configurations.rs",
            "crates/eso-kube/src/credentials.rs",
            "crates/eso-kube/src/events.rs",
            "crates/eso-kube/src/lease/elector.rs",
            "crates/eso-kube/src/own.rs",
        ],
        reason: "targets and statuses are written in `apply`, tokens are asked for in `credentials`, events are sent \
                 in `events`, the lease is held in `lease`, and what webhooks are served with is kept in `own` and \
                 `certificates`",
    },
];

#[test]
fn no_source_names_what_its_place_forbids() {
    let sources = sources();
    for rule in RULES {
        let broken = sources.iter().filter(|source| source.path.starts_with(rule.below)).flat_map(|source| {
            let names = forbidden(rule, source);
            names.into_iter().map(|name| format!("{} names {name}", source.path))
        });
        none(&format!("({})", rule.reason), broken);
    }
}

#[test]
fn what_is_excepted_would_be_found_otherwise() {
    for rule in RULES.iter().filter(|rule| !rule.except.is_empty()) {
        let strict = Rule { except: &[], ..*rule };
        let found = sources().iter().any(|source| {
            rule.except.iter().any(|place| source.path.starts_with(place))
                && !forbidden(&strict, source).is_empty()
        });
        assert!(found, "nobody needs the exceptions below {}", rule.below);
    }
}

fn forbidden(rule: &Rule, source: &Source) -> Vec<String> {
    if rule.except.iter().any(|place| source.path.starts_with(place)) {
        return Vec::new();
    }
    let stands_for = |name: &str, rule: &str| name == rule || name.starts_with(&format!("{rule}::"));
    let names =
        source.names.iter().filter(|name| rule.names.iter().any(|forbidden| stands_for(name, forbidden)));
    names.cloned().collect()
}
