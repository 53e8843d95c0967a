//! What an edge component of a shop is built with: the keys that open tokens, the terms, and what anyone may be offered. It holds no
//! key that makes a token or opens the API; whoever has it can read tokens, so it is to be kept as the shop's own.
//!
//! A format byte; a JSON document and the products, each behind its length in 4 bytes, big-endian; and the playbook as
//! [`Playbook::pack`] gives it.

use std::borrow::Cow;

use playbook::decide::{Candidate, MoneyWords, OfferSettings};
use playbook::{OwnCampaign, Playbook};
use segmentation::{Groups, Minor};
use serde::{Deserialize, Serialize};

use crate::document::Terms;
use crate::keys::EdgeKey;
use crate::snapshot::{Offset, SeriesKey, TermsVersion};
use crate::wire;

const FORMAT: u8 = 1;

/// The bundle.
#[derive(Clone, Debug)]
pub struct Bundle {
    /// The shop.
    pub shop: String,
    /// Where the origin is asked: `https://` and its name, without a path.
    pub origin: String,
    /// Keys that open tokens.
    pub keys: Vec<EdgeKey>,
    /// The version of the terms.
    pub version: TermsVersion,
    /// The playbook.
    pub playbook: Playbook,
    /// Which group each segment belongs to.
    pub groups: Groups,
    /// What of the settings offers depend on.
    pub settings: OfferSettings,
    /// How money is written.
    pub money: MoneyWords,
    /// The shop's own campaigns.
    pub campaigns: Vec<OwnCampaign>,
    /// The shop's time zone in the years to come, for who has no token.
    pub offsets: Vec<Offset>,
    /// Products that anyone may be shown.
    pub products: Vec<(Candidate, Vec<SeriesKey>)>,
    /// The upper edge of the lowest third of the shop's prices.
    pub low_band: Option<Minor>,
}

#[derive(Serialize, Deserialize)]
struct Head<'a> {
    shop: Cow<'a, str>,
    origin: Cow<'a, str>,
    keys: Vec<Key>,
    version: [u8; 8],
    groups: Cow<'a, Groups>,
    settings: Cow<'a, OfferSettings>,
    money: Cow<'a, MoneyWords>,
    campaigns: Cow<'a, [OwnCampaign]>,
    offsets: Vec<(i64, i32)>,
    low_band: Option<Minor>,
}

#[derive(Serialize, Deserialize)]
struct Key {
    number: u32,
    public: [u8; 32],
    sealing: [u8; 32],
}

impl Bundle {
    /// The terms, for reading tokens.
    #[must_use]
    pub fn terms(&self) -> Terms<'_> {
        Terms {
            playbook: &self.playbook,
            groups: &self.groups,
            settings: &self.settings,
            money: &self.money,
            campaigns: &self.campaigns,
        }
    }

    /// The bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let keys =
            self.keys.iter().map(|key| Key { number: key.number(), public: key.public(), sealing: key.sealing() });
        let head = Head {
            shop: Cow::Borrowed(&self.shop),
            origin: Cow::Borrowed(&self.origin),
            keys: keys.collect(),
            version: self.version.0,
            groups: Cow::Borrowed(&self.groups),
            settings: Cow::Borrowed(&self.settings),
            money: Cow::Borrowed(&self.money),
            campaigns: Cow::Borrowed(&self.campaigns),
            offsets: self.offsets.iter().map(|offset| (offset.from, offset.seconds)).collect(),
            low_band: self.low_band,
        };
        // What serde cannot write would be a bug that the test of a bundle sees.
        let head = serde_json::to_vec(&head).unwrap_or_default();
        let products = wire::products_to_bytes(&self.products);
        let length = |part: &[u8]| u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes();
        [&[FORMAT][..], &length(&head), &head, &length(&products), &products, &self.playbook.pack()].concat()
    }

    /// Reads them; `None`: they are no bundle of this release.
    #[must_use]
    pub fn of_bytes(bytes: impl Into<Cow<'static, [u8]>>) -> Option<Bundle> {
        let bytes = bytes.into();
        let (format, rest) = bytes.split_first()?;
        (*format == FORMAT).then_some(())?;
        let (head, rest) = part(rest)?;
        let (products, playbook) = part(rest)?;
        let head: Head<'_> = serde_json::from_slice(head).ok()?;
        let products = wire::products_of_bytes(products)?;
        let at = bytes.len() - playbook.len();
        let playbook = match bytes {
            Cow::Borrowed(bytes) => Playbook::unpack(&bytes[at..])?,
            Cow::Owned(ref bytes) => Playbook::unpack(bytes[at..].to_vec())?,
        };
        Some(Bundle {
            shop: head.shop.into_owned(),
            origin: head.origin.into_owned(),
            keys: head.keys.iter().map(Key::read).collect::<Option<_>>()?,
            version: TermsVersion(head.version),
            playbook,
            groups: head.groups.into_owned(),
            settings: head.settings.into_owned(),
            money: head.money.into_owned(),
            campaigns: head.campaigns.into_owned(),
            offsets: head.offsets.into_iter().map(|(from, seconds)| Offset { from, seconds }).collect(),
            products,
            low_band: head.low_band,
        })
    }
}

impl Key {
    fn read(&self) -> Option<EdgeKey> {
        EdgeKey::new(self.number, &self.public, self.sealing)
    }
}

/// What stands behind its length, and what follows.
fn part(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)
}
