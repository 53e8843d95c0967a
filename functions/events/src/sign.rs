//! The signature of what is sent, by the Standard Webhooks specification: HMAC-SHA-256 over `id.timestamp.body`, in base64, after `v1,`.

use chrono::{DateTime, Utc};
use data_encoding::BASE64;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The value of `webhook-signature`: one signature per secret, the newest first.
pub(crate) fn signatures(secrets: &[[u8; 32]], id: &str, at: DateTime<Utc>, body: &str) -> String {
    let signed = |secret: &[u8; 32]| {
        #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
        let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes keys of any length");
        [id, ".", &at.timestamp().to_string(), ".", body].iter().for_each(|part| mac.update(part.as_bytes()));
        format!("v1,{}", BASE64.encode(&mac.finalize().into_bytes()))
    };
    secrets.iter().map(signed).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_what_another_implementation_makes_of_the_same() {
        // printf '%s' 'msg_1.1614265330.{"test": 2432232314}' | openssl dgst -sha256 -mac HMAC -macopt hexkey:0707…07 -binary | base64
        let at = DateTime::from_timestamp(1_614_265_330, 0).unwrap();
        let found = signatures(&[[7; 32], [8; 32]], "msg_1", at, r#"{"test": 2432232314}"#);
        assert_eq!(found, SIGNED);
    }

    const SIGNED: &str =
        "v1,4tb+MnkCTqymlrGQQ6f66PPeMjMas7AHx6XI40qL5MA= v1,cVKuncek8l3CU4LyEBhmTYndIG6zRK37jBLfwb3GIbw=";
}
