//! What an edge component of a shop is built with: the keys that open tokens, the terms, and what anyone may be offered. It holds no
//! key that makes a token or opens the API; whoever has it can read tokens, so it is to be kept as the shop's own.
//!
//! A format byte; all but the playbook in postcard's form, behind its length in 4 bytes, big-endian; and the playbook as
//! [`Playbook::pack`] gives it.

use std::borrow::Cow;

use playbook::decide::{Candidate, MoneyWords, OfferSettings};
use playbook::{OwnCampaign, PackedCampaign, PackedSettings, Playbook};
use segmentation::{Day, Groups, Minor};
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
    /// Those of them that were paused, which nobody unknown is shown.
    pub paused: Vec<SeriesKey>,
    /// The shop's time zone in the years to come, for who has no token.
    pub offsets: Vec<Offset>,
    /// Products that anyone may be shown.
    pub products: Vec<(Candidate, Vec<SeriesKey>)>,
    /// The upper edge of the lowest third of the shop's prices.
    pub low_band: Option<Minor>,
}

#[derive(Serialize, Deserialize)]
struct Head {
    shop: String,
    origin: String,
    keys: Vec<Key>,
    version: [u8; 8],
    groups: Groups,
    settings: PackedSettings,
    money: MoneyWords,
    campaigns: Vec<PackedCampaign>,
    paused: Vec<u32>,
    offsets: Vec<(i64, i32)>,
    products: Vec<wire::Product>,
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
            shop: self.shop.clone(),
            origin: self.origin.clone(),
            keys: keys.collect(),
            version: self.version.0,
            groups: self.groups.clone(),
            settings: (&self.settings).into(),
            money: self.money.clone(),
            campaigns: self.campaigns.iter().map(PackedCampaign::from).collect(),
            paused: self.paused.iter().map(|series| series.0).collect(),
            offsets: self.offsets.iter().map(|offset| (offset.from, offset.seconds)).collect(),
            products: self.products.iter().map(|(known, of)| wire::product(known, of, Day::MIN)).collect(),
            low_band: self.low_band,
        };
        // What postcard cannot write would be a bug that the test of a bundle sees.
        let head = postcard::to_allocvec(&head).unwrap_or_default();
        let length = u32::try_from(head.len()).unwrap_or(u32::MAX).to_be_bytes();
        [&[FORMAT][..], &length, &head, &self.playbook.pack()].concat()
    }

    /// Reads them; `None`: they are no bundle of this release.
    #[must_use]
    pub fn of_bytes(bytes: impl Into<Cow<'static, [u8]>>) -> Option<Bundle> {
        let bytes = bytes.into();
        let (format, rest) = bytes.split_first()?;
        (*format == FORMAT).then_some(())?;
        let (length, rest) = rest.split_first_chunk::<4>()?;
        let (head, playbook) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
        let head: Head = postcard::from_bytes(head).ok()?;
        let at = bytes.len() - playbook.len();
        let playbook = match bytes {
            Cow::Borrowed(bytes) => Playbook::unpack(&bytes[at..])?,
            Cow::Owned(ref bytes) => Playbook::unpack(bytes[at..].to_vec())?,
        };
        Some(Bundle {
            shop: head.shop,
            origin: head.origin,
            keys: head.keys.iter().map(Key::read).collect::<Option<_>>()?,
            version: TermsVersion(head.version),
            playbook,
            groups: head.groups,
            settings: head.settings.into(),
            money: head.money,
            campaigns: head.campaigns.into_iter().map(OwnCampaign::from).collect(),
            paused: head.paused.into_iter().map(SeriesKey).collect(),
            offsets: head.offsets.into_iter().map(|(from, seconds)| Offset { from, seconds }).collect(),
            products: head.products.into_iter().map(|product| product.read(Day::MIN)).collect(),
            low_band: head.low_band,
        })
    }
}

impl Key {
    fn read(&self) -> Option<EdgeKey> {
        EdgeKey::new(self.number, &self.public, self.sealing)
    }
}
