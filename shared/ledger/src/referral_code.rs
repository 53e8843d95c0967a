//! The code a customer gives to friends: 13 letters out of the customer's key, so that it is written nowhere and found by one
//! Query. 6 bits name the bucket, 52 begin the key, 2 are zero, and a check letter tells a slip of the finger.

use std::fmt;
use std::str::FromStr;

use playbook::crockford;

use crate::error::LedgerError;
use crate::ids::ShopId;
use crate::items::Customer;
use crate::keys::{self, BUCKETS, CustomerKey};
use crate::standing::Held;
use crate::store::Ledger;

/// Letters of a code.
const LETTERS: usize = 13;
/// Bits of the key that a code tells.
const KEY_BITS: u32 = 52;
/// Bits to fill the last letter.
const PADDING: u32 = 2;

/// A code for friends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ReferralCode {
    bucket: u8,
    /// The key's first [`KEY_BITS`].
    begins: u64,
}

/// The text is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is no code for friends: {LETTERS} letters and figures, as in a customer's offers")]
pub struct NotAReferralCode;

impl CustomerKey {
    /// The code this customer gives to friends.
    #[must_use]
    pub fn referral_code(&self) -> ReferralCode {
        let [a, b, c, d, e, f, g, h, ..] = self.to_bytes();
        ReferralCode { bucket: self.bucket(), begins: u64::from_be_bytes([a, b, c, d, e, f, g, h]) >> (64 - KEY_BITS) }
    }
}

impl fmt::Display for ReferralCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bits = (u64::from(self.bucket) << KEY_BITS | self.begins) << PADDING;
        let body: Vec<u8> = (0..LETTERS - 1).rev().map(|at| (bits >> (5 * at) & 31) as u8).collect();
        f.pad(&crockford::letters(&body))
    }
}

impl FromStr for ReferralCode {
    type Err = NotAReferralCode;

    /// As it is typed: see [`crockford::digits`].
    fn from_str(text: &str) -> Result<ReferralCode, NotAReferralCode> {
        let body = crockford::digits(text, LETTERS).map_err(|_| NotAReferralCode)?;
        let bits = body.iter().fold(0_u64, |bits, digit| bits << 5 | u64::from(*digit));
        if bits & ((1 << PADDING) - 1) != 0 {
            return Err(NotAReferralCode);
        }
        let bits = bits >> PADDING;
        let bucket = u8::try_from(bits >> KEY_BITS).ok().filter(|bucket| *bucket < BUCKETS).ok_or(NotAReferralCode)?;
        Ok(ReferralCode { bucket, begins: bits & ((1 << KEY_BITS) - 1) })
    }
}

impl Ledger {
    /// Whose code it is; `None`: nobody's, or it fits two, of whom it cannot tell which.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn customer_by_referral_code(
        &self,
        shop: &ShopId,
        code: ReferralCode,
    ) -> Result<Option<Customer>, LedgerError> {
        let pk = keys::bucket(shop, code.bucket);
        let begins = format!("{:013x}", code.begins);
        let (mut found, _) = self.query_from(&self.tables().customers, &pk, Some(&begins), false, None, 2).await?;
        match found.pop() {
            Some(only) if found.is_empty() => match Held::from_item(only)? {
                Held::Customer(customer) => Ok(Some(*customer)),
                Held::Alias(alias) => self.customer_now(shop, &alias.alias_of).await,
                Held::Nobody | Held::Marker(_) => Ok(None),
            },
            _ => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_code_reads_back_and_one_wrong_letter_is_none(key: u128, at in 0..LETTERS, letter in "[0-9A-HJKMNP-TV-Z]") {
            let key = CustomerKey::stored(&format!("{key:032x}"));
            let code = key.referral_code();
            let text = code.to_string();
            prop_assert_eq!(text.len(), LETTERS);
            prop_assert_eq!(text.parse(), Ok(code));
            prop_assert_eq!(format!(" {}-{}", &text[..6], text[6..].to_lowercase()).parse(), Ok(code));
            let mut wrong = text.clone();
            wrong.replace_range(at..=at, &letter);
            prop_assert!(wrong == text || wrong.parse::<ReferralCode>().is_err(), "{} for {}", wrong, text);
        }
    }

    #[test]
    fn what_no_customer_can_have_is_no_code() {
        let beyond = crockford::letters(&[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
        for text in ["", "A", "0000000000000000", beyond.as_str(), "ЖЖЖЖЖЖЖЖЖЖЖЖЖ"] {
            assert_eq!(text.parse::<ReferralCode>(), Err(NotAReferralCode), "{text}");
        }
    }
}
