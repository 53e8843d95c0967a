//! Links in letters to the page of a survey. Whoever holds one may answer for that customer and see what the answer earned, so a
//! link names customer, survey and last day, and carries a proof of 128 bits that we made it (law 15). No personal id can be read
//! in it: the customer's key is a hash.

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use segmentation::Day;
use segmentation::answers::Survey;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::ids::{AnswerId, BadId, ShopId};
use crate::keys::CustomerKey;
use crate::store::Ledger;

/// The layout below.
const FORMAT: u8 = 1;
/// Bytes of a customer's key.
const KEY: usize = 16;
/// Bytes of the proof.
const PROOF: usize = 16;
/// The longest token that is looked at: a shop's name has at most 63 bytes.
const LONGEST: usize = 256;

/// What a link is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SurveyLink {
    /// Of which shop.
    pub shop: ShopId,
    /// Who is asked.
    pub customer: CustomerKey,
    /// What.
    pub survey: Survey,
    /// The last shop day on which it opens the page.
    pub until: Day,
}

impl Ledger {
    /// The token of a link: base64url, at most 136 signs.
    #[must_use]
    pub fn survey_link(&self, shop: &ShopId, customer: &CustomerKey, survey: Survey, until: Day) -> String {
        let mut bytes = vec![FORMAT, number(survey)];
        bytes.extend(until.epoch_days().to_be_bytes());
        bytes.extend(customer.to_bytes());
        bytes.extend(shop.as_str().as_bytes());
        let proof = self.link_proof(&bytes);
        bytes.extend(proof);
        BASE64URL_NOPAD.encode(&bytes)
    }

    /// What a token is for; `None`: we did not make it. Whether its last day is over is for the shop's clock to say.
    #[must_use]
    pub fn open_link(&self, token: &str) -> Option<SurveyLink> {
        if token.len() > LONGEST {
            return None;
        }
        let bytes = BASE64URL_NOPAD.decode(token.as_bytes()).ok()?;
        let (told, proof) = bytes.split_at_checked(bytes.len().checked_sub(PROOF)?)?;
        if !bool::from(self.link_proof(told).ct_eq(proof)) {
            return None;
        }
        let (&[FORMAT, survey, a, b, c, d], rest) = told.split_first_chunk::<6>()? else { return None };
        let (key, shop) = rest.split_at_checked(KEY)?;
        Some(SurveyLink {
            shop: std::str::from_utf8(shop).ok()?.parse().ok()?,
            customer: CustomerKey::stored(&HEXLOWER.encode(key)),
            survey: Survey::ALL.into_iter().find(|known| number(*known) == survey)?,
            until: Day::from_epoch_days(i32::from_be_bytes([a, b, c, d]).into()),
        })
    }

    fn link_proof(&self, told: &[u8]) -> [u8; PROOF] {
        self.inner.secrets.keys.proof(told)
    }
}

/// The id of the answer given through a link: the same each time, so that sending a page twice answers once.
///
/// # Errors
/// None for a token of ours.
pub fn answer_id(token: &str) -> Result<AnswerId, BadId> {
    format!("link-{}", HEXLOWER.encode(&Sha256::digest(token)[..16])).try_into()
}

/// As it stands in links: for good.
fn number(survey: Survey) -> u8 {
    match survey {
        Survey::Reason => 1,
        Survey::Nps => 2,
        Survey::Purchase => 3,
    }
}
