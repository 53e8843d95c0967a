//! What a page carries to the edge. An input is taken for each of its layers: the token itself, what is sealed, and what is signed.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use data_encoding::BASE64URL_NOPAD;
use ed25519_dalek::{Signer, SigningKey};
use snapshot::{Claims, MAX_TOKEN, OriginKey, Refused, Snapshot, open, seal};

use super::{Form, Target, Verdict, fuzz};

const NOW: i64 = 1_795_000_000;
const NONCE: [u8; 24] = [7; 24];
const SEALING: [u8; 32] = *b"what origin and edge both know..";
const SIGNING: [u8; 32] = *b"what the origin alone knows.....";
const HEAD: &str = "ts1.acme.1";
const PURPOSE: &[u8] = b"tercile snapshot 1 ts1.acme.1#";

/// By the form that the crate's page gives, and by none of its code.
fn sealed(text: &[u8]) -> String {
    let cipher = XChaCha20Poly1305::new(&SEALING.into());
    let sealed = cipher.encrypt(&XNonce::from(NONCE), Payload { msg: text, aad: PURPOSE }).unwrap();
    format!("{HEAD}.{}", BASE64URL_NOPAD.encode(&[&NONCE[..], &sealed].concat()))
}

fn signed(text: &[u8], key: [u8; 32]) -> String {
    let signature = SigningKey::from_bytes(&key).sign(&[PURPOSE, text].concat());
    sealed(&[text, &signature.to_bytes()].concat())
}

#[test]
fn only_what_the_origin_signed_opens_and_says_what_was_signed() {
    let target = Target { name: "tokens", form: Form::Bytes, cases: 2_000, at_least: 10, kinds: 5 };
    let origin = OriginKey::new(1, SIGNING, SEALING);
    let edge = [origin.for_edge()];
    fuzz(&target, |input| {
        let met = |token: &str| open(token, &edge, "acme", NOW);
        assert!(met(&String::from_utf8_lossy(input)).is_err(), "nobody sealed this");
        for forged in [sealed(input), signed(input, *b"a key that somebody has found...")] {
            let told = met(&forged);
            assert!(matches!(told, Err(Refused::NotSigned | Refused::Form)), "{told:?}");
        }
        let token = signed(input, SIGNING);
        match met(&token) {
            Ok(claims) => {
                let Claims { issued, expires, body } = &claims;
                assert!(*issued <= NOW + 60 && *expires > NOW && input.ends_with(body), "{claims:?}");
                // Whatever was signed, reading it is no panic, and what reads is written as it was read.
                if let Some(read) = Snapshot::of_bytes(body) {
                    assert_eq!(Snapshot::of_bytes(&read.to_bytes()), Some(read));
                }
                assert_eq!(
                    seal("acme", &claims, &origin, NONCE).as_ref(),
                    Ok(&token),
                    "the same claims make the same token"
                );
                Verdict::taken(if Snapshot::of_bytes(body).is_some() { "reads" } else { "opens" })
            }
            Err(Refused::NotSealedByUs) => panic!("what was sealed does not open"),
            Err(Refused::Form) => {
                assert!(token.len() > MAX_TOKEN, "{token} has the form of a token");
                Verdict::refused("too long")
            }
            // Genuine, and for the origin alone to answer from.
            Err(Refused::Expired(claims)) => {
                assert!(claims.expires <= NOW, "{claims:?}");
                Verdict::taken("over")
            }
            Err(why) => Verdict::refused(format!("{why:?}")),
        }
    });
}
