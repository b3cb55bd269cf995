//! Pools are shared by what makes them differ, and by nothing else.

use std::sync::Arc;

use eso_core::value::SecretBytes;

use super::{
    ClientIdentity,
    Nearness::{Far, Here},
    Pool, Pools, Route, Trust,
};

fn roots() -> Vec<u8> {
    let made = rcgen::generate_simple_self_signed(["vault.example".to_owned()]);
    made.expect("a certificate must be made").cert.pem().into_bytes()
}

#[test]
fn a_pool_is_built_while_nothing_is_locked_and_two_that_build_at_once_share_it() {
    let pools = Pools::default();
    let route = Route { trust: Trust::Plain, identity: None, direct: true, led_from: None };
    let other = Route { trust: Trust::Plain, identity: None, direct: false, led_from: None };
    let mut faster = None;
    let slower = pools.get_or_build(&route, |route| {
        assert!(pools.0.try_lock().is_some(), "another store must not wait");
        assert!(pools.get(&other).is_ok());
        faster = pools.get(route).ok();
        super::build(route)
    });
    let (slower, faster) = (slower.unwrap(), faster.unwrap());
    let again = pools.get_or_build(&route, |_| panic!("it must not be built again")).unwrap();
    assert!(Arc::ptr_eq(&slower, &faster) && Arc::ptr_eq(&slower, &again));
}

#[test]
fn a_pool_is_shared_by_those_who_reach_servers_in_the_same_way() {
    let pools = Pools::default();
    let (one, other) = (Trust::Only(roots()), Trust::Only(roots()));
    let get = |trust: &Trust, direct| {
        pools
            .get(&Route { trust: trust.clone(), identity: None, direct, led_from: None })
            .expect("a pool must be made")
    };
    let first = get(&one, false);
    assert!(Arc::ptr_eq(&first, &get(&one, false)));
    for different in [get(&one, true), get(&other, false), get(&Trust::Plain, false)] {
        assert!(!Arc::ptr_eq(&first, &different));
    }
}

fn identity() -> ClientIdentity {
    let made = rcgen::generate_simple_self_signed(["client.example".to_owned()]);
    let rcgen::CertifiedKey { cert, signing_key } = made.expect("a certificate must be made");
    let (certificate, key) = (SecretBytes::from(cert.pem()), SecretBytes::from(signing_key.serialize_pem()));
    ClientIdentity::new(&certificate, &key).expect("they must belong together")
}

#[test]
fn a_pool_is_shared_by_those_who_show_the_same_certificate_and_by_nobody_else() {
    let pools = Pools::default();
    let get = |identity: Option<&ClientIdentity>| {
        let route =
            Route { trust: Trust::System, identity: identity.cloned(), direct: false, led_from: None };
        pools.get(&route).expect("a pool must be made")
    };
    let (one, other) = (identity(), identity());
    let first = get(Some(&one));
    assert!(Arc::ptr_eq(&first, &get(Some(&one))));
    for different in [get(Some(&other)), get(None)] {
        assert!(!Arc::ptr_eq(&first, &different));
    }
}

#[test]
fn connections_of_another_identity_serve_all_later_calls() {
    let pools = Arc::new(Pools::default());
    let route = Route { trust: Trust::System, identity: None, direct: true, led_from: None };
    let pool = Pool::new(Arc::clone(&pools), route.clone()).expect("connections must be made");
    let (server, active) = (pool.to_server(), pool.to_active(Far, Far).expect("connections must be made"));
    let identity = identity();
    pool.show(identity.clone()).expect("connections must be made");
    let shown = pools.get(&Route { identity: Some(identity.clone()), ..route.clone() }).unwrap();
    assert!(!Arc::ptr_eq(&server, &pool.to_server()) && Arc::ptr_eq(&shown, &pool.to_server()));
    let away = Route { identity: Some(identity), direct: false, led_from: Some(Far), ..route };
    let later = pool.to_active(Far, Far).expect("connections must be made");
    assert!(!Arc::ptr_eq(&active, &later) && Arc::ptr_eq(&pools.get(&away).unwrap(), &later));
}

#[test]
fn connections_that_were_made_as_somebody_else_meanwhile_are_not_kept() {
    let route = Route { trust: Trust::System, identity: None, direct: true, led_from: None };
    let pool = Pool::new(Arc::default(), route.clone()).expect("connections must be made");
    let late = pool.to_active(Far, Far).expect("connections must be made");
    pool.show(identity()).expect("connections must be made");
    pool.keep_active(&route, &late);
    assert!(!Arc::ptr_eq(&late, &pool.to_active(Far, Far).expect("connections must be made")));
}

#[test]
fn an_active_node_is_reached_by_connections_of_its_own_unless_it_is_on_this_machine() {
    let route = Route { trust: Trust::Plain, identity: None, direct: true, led_from: None };
    let pool = Pool::new(Arc::default(), route).expect("connections must be made");
    let active = |node, server| pool.to_active(node, server).expect("connections must be made");
    assert!(Arc::ptr_eq(&active(Here, Here), &pool.to_server()));
    let far = active(Far, Here);
    assert!(!Arc::ptr_eq(&far, &pool.to_server()) && Arc::ptr_eq(&far, &active(Far, Here)));
}

#[test]
fn a_pool_that_nobody_uses_is_forgotten() {
    let pools = Pools::default();
    for _ in 0..3 {
        let route = Route { trust: Trust::Only(roots()), identity: None, direct: false, led_from: None };
        drop(pools.get(&route).expect("a pool must be made"));
    }
    assert_eq!(pools.0.lock().len(), 1);
}

#[test]
fn roots_that_are_no_certificates_make_no_pool() {
    let garbage = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_vec();
    let route = Route { trust: Trust::Only(garbage), identity: None, direct: false, led_from: None };
    assert!(Pools::default().get(&route).is_err());
}
