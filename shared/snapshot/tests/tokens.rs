//! Only what the origin made, for this shop and this moment, says anything.

#![expect(clippy::unwrap_used, reason = "a failed test is meant to panic")]

use proptest::prelude::*;
use snapshot::{Claims, EdgeKey, Label, MAX_BODY, MAX_TOKEN, NONCE, NotMade, OriginKey, Refused, open, seal};

const NOW: i64 = 1_795_000_000;

fn origin(number: u32, signing: u8, sealing: u8) -> OriginKey {
    OriginKey::new(number, [signing; 32], [sealing; 32])
}

fn edge() -> [EdgeKey; 1] {
    [origin(1, 1, 2).for_edge()]
}

fn claims(body: Vec<u8>) -> Claims {
    Claims { issued: NOW - 60, expires: NOW + 900, body }
}

fn token(body: &[u8]) -> String {
    seal("acme", &claims(body.to_vec()), &origin(1, 1, 2), [3; NONCE]).unwrap()
}

#[test]
fn a_token_opens_for_its_shop_in_its_time() {
    let (token, claims) = (token(b"what is offered"), claims(b"what is offered".to_vec()));
    let on = |shop, now| open(&token, &edge(), shop, now);
    assert_eq!((on("acme", NOW), on("acme", NOW + 899)), (Ok(claims.clone()), Ok(claims.clone())));
    assert_eq!(on("acme", NOW + 900), Err(Refused::Expired(Box::new(claims.clone()))));
    assert_eq!(on("acm", NOW), Err(Refused::OtherShop));
    assert_eq!(on("acme", NOW - 120), Ok(claims), "clocks may differ by a minute");
    assert_eq!(on("acme", NOW - 121), Err(Refused::NotYet));
    let edge = EdgeKey::new(1, &edge()[0].public(), [2; 32]).unwrap();
    assert!(open(&token, &[edge], "acme", NOW).is_ok(), "the public key and the shared key are enough");
}

#[test]
fn a_key_is_changed_without_an_end_of_tokens() {
    let (old, new) = (token(b"old"), seal("acme", &claims(b"new".to_vec()), &origin(2, 4, 5), [6; NONCE]).unwrap());
    let both = [origin(1, 1, 2).for_edge(), origin(2, 4, 5).for_edge()];
    for (token, body) in [(&old, b"old"), (&new, b"new")] {
        assert_eq!(open(token, &both, "acme", NOW).unwrap().body, body);
    }
    assert_eq!(open(&new, &both[..1], "acme", NOW), Err(Refused::OtherKey));
    assert_eq!(open(&new, &[origin(2, 1, 2).for_edge()], "acme", NOW), Err(Refused::NotSealedByUs));
}

#[test]
fn a_label_is_read_without_a_key_and_proves_nothing() {
    let token = token(b"what is offered");
    let label = Label::of(&token).unwrap();
    assert_eq!((label.shop, label.key), ("acme", 1));
    for (from, to) in
        [("acme.1", "other.1"), ("acme.1", "acme.2"), ("ts1", "ts2"), ("acme.1", "acme.01"), ("acme", "ac.me")]
    {
        let changed = token.replacen(from, to, 1);
        let keys = [edge()[0].clone(), origin(2, 1, 2).for_edge()];
        for shop in ["acme", "other"] {
            assert!(open(&changed, &keys, shop, NOW).is_err(), "{changed} for {shop}");
        }
    }
    for none in ["", "ts1", "ts1.acme", "ts1.acme.1", "ts1.ACME.1.x", "ts1..1.x", "ts1.acme.x.x", "ts1.acme.-1.x"] {
        assert_eq!(Label::of(none), None, "{none}");
    }
}

#[test]
fn who_has_the_edges_keys_makes_no_token() {
    // An edge that was broken into has the shared key, and signs with a key of its own.
    let forged = seal("acme", &claims(b"90 % off".to_vec()), &origin(1, 9, 2), [3; NONCE]).unwrap();
    assert_eq!(open(&forged, &edge(), "acme", NOW), Err(Refused::NotSigned));
    let other = seal("acme", &claims(b"90 % off".to_vec()), &origin(1, 1, 9), [3; NONCE]).unwrap();
    assert_eq!(open(&other, &edge(), "acme", NOW), Err(Refused::NotSealedByUs));
}

#[test]
fn what_no_token_can_say_makes_none_and_the_largest_fits_a_cookie() {
    let key = origin(u32::MAX, 1, 2);
    let made = |shop: &str, body: usize, expires: i64| {
        let claims = Claims { issued: NOW - 60, expires, body: vec![0; body] };
        seal(shop, &claims, &key, [3; NONCE])
    };
    assert_eq!(made("acme", MAX_BODY + 1, NOW), Err(NotMade::TooLarge(MAX_BODY + 1)));
    for shop in ["", "Acme", "ac.me", &"a".repeat(41)] {
        assert_eq!(made(shop, 0, NOW), Err(NotMade::Shop), "{shop}");
    }
    assert_eq!(made("acme", 0, NOW - 60), Err(NotMade::Times));
    let largest = made(&"a".repeat(40), MAX_BODY, NOW + 1).unwrap();
    assert!(largest.len() <= MAX_TOKEN, "{}", largest.len());
    assert!(open(&largest, &[key.for_edge()], &"a".repeat(40), NOW).is_ok());
}

proptest! {
    #[test]
    fn what_was_sealed_is_what_opens(body in proptest::collection::vec(any::<u8>(), 0..=MAX_BODY), nonce in any::<[u8; NONCE]>()) {
        let token = seal("acme", &claims(body.clone()), &origin(1, 1, 2), nonce).unwrap();
        prop_assert_eq!(open(&token, &edge(), "acme", NOW).unwrap().body, body);
    }

    #[test]
    fn a_changed_token_never_opens(at in any::<prop::sample::Index>(), to in "[A-Za-z0-9_.~-]", body in "[a-z]{0,200}") {
        let genuine = token(body.as_bytes());
        let at = at.index(genuine.len());
        let mut changed = genuine.clone();
        changed.replace_range(at..=at, &to);
        prop_assume!(changed != genuine);
        let told = open(&changed, &edge(), "acme", NOW);
        let named = [Refused::Form, Refused::OtherShop, Refused::OtherKey, Refused::NotSealedByUs];
        prop_assert!(told.as_ref().is_err_and(|why| named.contains(why)), "{told:?}");
    }

    #[test]
    fn a_token_that_was_cut_or_lengthened_never_opens(keep in 0_usize..150, more in "[A-Za-z0-9_-]{0,8}") {
        let genuine = token(b"what is offered");
        let changed = format!("{}{more}", &genuine[..keep.min(genuine.len())]);
        prop_assume!(changed != genuine);
        prop_assert!(open(&changed, &edge(), "acme", NOW).is_err());
    }
}
