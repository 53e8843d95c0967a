//! Only what the origin made, for this shop and this moment, says anything.

#![expect(clippy::unwrap_used, reason = "a failed test is meant to panic")]

use proptest::prelude::*;
use snapshot::{Claims, EdgeKeys, MAX_BODY, MAX_TOKEN, NONCE, NotMade, OriginKeys, Refused, Sealing, open, seal};

const NOW: i64 = 1_795_000_000;

fn origin(signing: u8, sealing: u8) -> OriginKeys {
    OriginKeys::new([signing; 32], None, Sealing::new([sealing; 32], None))
}

fn claims(body: Vec<u8>) -> Claims {
    Claims { shop: "acme".to_owned(), issued: NOW - 60, expires: NOW + 900, body }
}

fn token(body: &[u8]) -> String {
    seal(&claims(body.to_vec()), &origin(1, 2), [3; NONCE]).unwrap()
}

#[test]
fn a_token_opens_for_its_shop_in_its_time() {
    let edge = origin(1, 2).for_edge();
    let (token, claims) = (token(b"what is offered"), claims(b"what is offered".to_vec()));
    assert_eq!(open(&token, &edge, "acme", NOW), Ok(claims.clone()));
    assert_eq!(open(&token, &edge, "acme", NOW + 899), Ok(claims.clone()));
    assert_eq!(open(&token, &edge, "acme", NOW + 900), Err(Refused::Expired(Box::new(claims.clone()))));
    assert_eq!(open(&token, &edge, "acm", NOW), Err(Refused::OtherShop));
    assert_eq!(open(&token, &edge, "acme", NOW - 120), Ok(claims), "clocks may differ by a minute");
    assert_eq!(open(&token, &edge, "acme", NOW - 121), Err(Refused::NotYet));
    let edge = EdgeKeys::new(&edge.public(), None, Sealing::new([2; 32], None)).unwrap();
    assert!(open(&token, &edge, "acme", NOW).is_ok(), "the public key and the sealing key are enough");
}

#[test]
fn a_key_is_changed_without_an_end_of_tokens() {
    let old = token(b"old");
    let change = OriginKeys::new([4; 32], Some([1; 32]), Sealing::new([5; 32], Some([2; 32])));
    let new = seal(&claims(b"new".to_vec()), &change, [6; NONCE]).unwrap();
    for (token, body) in [(&old, b"old"), (&new, b"new")] {
        assert_eq!(open(token, &change.for_edge(), "acme", NOW).unwrap().body, body);
    }
    assert_eq!(open(&new, &origin(1, 2).for_edge(), "acme", NOW), Err(Refused::NotSealedByUs));
    assert_eq!(open(&old, &origin(4, 5).for_edge(), "acme", NOW), Err(Refused::NotSealedByUs));
}

#[test]
fn who_has_the_edges_keys_makes_no_token() {
    // An edge that was broken into has the sealing key, and signs with a key of its own.
    let forged = seal(&claims(b"90 % off".to_vec()), &origin(9, 2), [3; NONCE]).unwrap();
    assert_eq!(open(&forged, &origin(1, 2).for_edge(), "acme", NOW), Err(Refused::NotSigned));
    let other = seal(&claims(b"90 % off".to_vec()), &origin(1, 9), [3; NONCE]).unwrap();
    assert_eq!(open(&other, &origin(1, 2).for_edge(), "acme", NOW), Err(Refused::NotSealedByUs));
}

#[test]
fn what_no_token_can_say_makes_none_and_the_largest_fits_a_cookie() {
    let keys = origin(1, 2);
    let with = |change: fn(&mut Claims)| {
        let mut claims = claims(Vec::new());
        change(&mut claims);
        seal(&claims, &keys, [3; NONCE])
    };
    assert_eq!(with(|claims| claims.body = vec![0; MAX_BODY + 1]), Err(NotMade::TooLarge(MAX_BODY + 1)));
    assert_eq!(with(|claims| claims.shop = String::new()), Err(NotMade::Shop));
    assert_eq!(with(|claims| claims.shop = "a".repeat(256)), Err(NotMade::Shop));
    assert_eq!(with(|claims| claims.expires = claims.issued), Err(NotMade::Times));
    let largest = with(|claims| (claims.body, claims.shop) = (vec![0; MAX_BODY], "a".repeat(255))).unwrap();
    assert!(largest.len() <= MAX_TOKEN, "{}", largest.len());
    assert!(open(&largest, &keys.for_edge(), &"a".repeat(255), NOW).is_ok());
}

proptest! {
    #[test]
    fn what_was_sealed_is_what_opens(body in proptest::collection::vec(any::<u8>(), 0..=MAX_BODY), nonce in any::<[u8; NONCE]>()) {
        let token = seal(&claims(body.clone()), &origin(1, 2), nonce).unwrap();
        prop_assert_eq!(open(&token, &origin(1, 2).for_edge(), "acme", NOW).unwrap().body, body);
    }

    #[test]
    fn a_changed_token_never_opens(at in any::<prop::sample::Index>(), to in "[A-Za-z0-9_.~-]", body in "[a-z]{0,200}") {
        let genuine = token(body.as_bytes());
        let at = at.index(genuine.len());
        let mut changed = genuine.clone();
        changed.replace_range(at..=at, &to);
        prop_assume!(changed != genuine);
        prop_assert!(matches!(open(&changed, &origin(1, 2).for_edge(), "acme", NOW), Err(Refused::Form | Refused::NotSealedByUs)));
    }

    #[test]
    fn a_token_that_was_cut_or_lengthened_never_opens(keep in 0_usize..150, more in "[A-Za-z0-9_-]{0,8}") {
        let genuine = token(b"what is offered");
        let changed = format!("{}{more}", &genuine[..keep.min(genuine.len())]);
        prop_assume!(changed != genuine);
        prop_assert!(open(&changed, &origin(1, 2).for_edge(), "acme", NOW).is_err());
    }
}
