//! What an edge component of a shop is built with: the keys that open tokens, the terms, and what anyone may be offered. It holds no
//! key that makes a token or opens the API; whoever has it can read tokens, so it is to be kept as the shop's own.
//!
//! A format byte, the length of a JSON document in 4 bytes, big-endian, that document, and the playbook as [`Playbook::pack`] gives it.

use std::borrow::Cow;

use data_encoding::HEXLOWER;
use playbook::decide::{Candidate, MoneyWords, OfferSettings};
use playbook::{OwnCampaign, Playbook};
use segmentation::{Groups, Minor};
use serde::{Deserialize, Serialize};

use crate::document::Terms;
use crate::keys::EdgeKey;
use crate::snapshot::{Offset, SeriesKey, TermsVersion};

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
    version: String,
    groups: Cow<'a, Groups>,
    settings: Cow<'a, OfferSettings>,
    money: Cow<'a, MoneyWords>,
    campaigns: Cow<'a, [OwnCampaign]>,
    offsets: Vec<(i64, i32)>,
    products: Vec<(Candidate, Vec<u32>)>,
    low_band: Option<Minor>,
}

#[derive(Serialize, Deserialize)]
struct Key {
    number: u32,
    public: String,
    sealing: String,
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
        let keys = self.keys.iter().map(|key| Key {
            number: key.number(),
            public: HEXLOWER.encode(&key.public()),
            sealing: HEXLOWER.encode(&key.sealing()),
        });
        let products = self.products.iter();
        let head = Head {
            shop: Cow::Borrowed(&self.shop),
            origin: Cow::Borrowed(&self.origin),
            keys: keys.collect(),
            version: HEXLOWER.encode(&self.version.0),
            groups: Cow::Borrowed(&self.groups),
            settings: Cow::Borrowed(&self.settings),
            money: Cow::Borrowed(&self.money),
            campaigns: Cow::Borrowed(&self.campaigns),
            offsets: self.offsets.iter().map(|offset| (offset.from, offset.seconds)).collect(),
            products: products.map(|(known, of)| (known.clone(), of.iter().map(|key| key.0).collect())).collect(),
            low_band: self.low_band,
        };
        // What serde cannot write would be a bug that the test of a bundle sees.
        let head = serde_json::to_vec(&head).unwrap_or_default();
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
        let (head, _) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
        let head: Head<'_> = serde_json::from_slice(head).ok()?;
        let at = bytes.len() - rest.len() + usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let playbook = match bytes {
            Cow::Borrowed(bytes) => Playbook::unpack(&bytes[at..])?,
            Cow::Owned(ref bytes) => Playbook::unpack(bytes[at..].to_vec())?,
        };
        let mut version = [0; 8];
        hex(&head.version, &mut version)?;
        Some(Bundle {
            shop: head.shop.into_owned(),
            origin: head.origin.into_owned(),
            keys: head.keys.iter().map(Key::read).collect::<Option<_>>()?,
            version: TermsVersion(version),
            playbook,
            groups: head.groups.into_owned(),
            settings: head.settings.into_owned(),
            money: head.money.into_owned(),
            campaigns: head.campaigns.into_owned(),
            offsets: head.offsets.into_iter().map(|(from, seconds)| Offset { from, seconds }).collect(),
            products: head
                .products
                .into_iter()
                .map(|(known, of)| (known, of.into_iter().map(SeriesKey).collect()))
                .collect(),
            low_band: head.low_band,
        })
    }
}

impl Key {
    fn read(&self) -> Option<EdgeKey> {
        let (mut public, mut sealing) = ([0; 32], [0; 32]);
        hex(&self.public, &mut public)?;
        hex(&self.sealing, &mut sealing)?;
        EdgeKey::new(self.number, &public, sealing)
    }
}

fn hex<const N: usize>(text: &str, into: &mut [u8; N]) -> Option<()> {
    *into = HEXLOWER.decode(text.as_bytes()).ok()?.try_into().ok()?;
    Some(())
}
