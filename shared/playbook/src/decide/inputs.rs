//! All that a decision rests on, as one document (law 11): the same document gives the same bytes, and no secret is in it.

use std::collections::{BTreeMap, BTreeSet};

use segmentation::{Day, Minor, Profile, Segment};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::calendar::Sale;
use crate::campaign::OwnCampaign;
use crate::decide::begun;
use crate::decide::candidate::Candidate;
use crate::decide::facts::Facts;
use crate::entry::Entry;
use crate::idea::IdeaKind;
use crate::language::Language;
use crate::playbook::Playbook;
use crate::reward::RewardCosts;

/// Where the offers are to be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Channel {
    /// At checkout: the customer is here.
    Checkout,
    /// In a mailing: only with consent.
    Mailing,
}

/// What lies in the cart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Cart {
    /// Ids of its products.
    pub products: BTreeSet<String>,
    /// Their categories, as far as known.
    #[serde(default)]
    pub categories: BTreeSet<String>,
}

/// A level of the shop's loyalty programme.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Tier {
    /// Its name.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = OfferSettings::MAX_NAME)))]
    pub name: String,
    /// Money spent, in minor units, from which on it is reached.
    pub from: Minor,
}

/// A category that goes with another one, typed in by the shop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CategoryPair {
    /// Who bought of this category
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = OfferSettings::MAX_NAME)))]
    pub category: String,
    /// may like this one.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = OfferSettings::MAX_NAME)))]
    pub goes_with: String,
}

/// How a VIP's own rhythm is read: days since the last order over their usual gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RhythmRule {
    /// Up to this many percent of the usual gap they are on time (r3).
    #[cfg_attr(feature = "schema", schemars(range(min = 100)))]
    pub late_percent: u16,
    /// Up to this many they are late (r2), beyond it gone (r1).
    #[cfg_attr(feature = "schema", schemars(range(min = 101)))]
    pub gone_percent: u16,
    /// With fewer gaps known the cuts are read.
    #[cfg_attr(feature = "schema", schemars(range(min = 2, max = 100)))]
    pub min_gaps: usize,
}

impl Default for RhythmRule {
    fn default() -> RhythmRule {
        RhythmRule { late_percent: 150, gone_percent: 300, min_gaps: 4 }
    }
}

/// What of a shop's settings offers depend on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OfferSettings {
    /// The loyalty programme's levels, lowest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schemars(length(max = OfferSettings::MAX_LIST)))]
    pub tiers: Vec<Tier>,
    /// Sale periods, by first day.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schemars(length(max = OfferSettings::MAX_LIST)))]
    pub sales: Vec<Sale>,
    /// The season that is on: goods of another one are past-season goods.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = OfferSettings::MAX_NAME)))]
    pub season: Option<String>,
    /// What rewards cost.
    pub costs: RewardCosts,
    /// How a VIP's own rhythm is read.
    pub rhythm: RhythmRule,
    /// Categories that go together, beside those that were learned.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schemars(length(max = OfferSettings::MAX_LIST)))]
    pub complements: Vec<CategoryPair>,
}

impl OfferSettings {
    /// Longest name of a tier, season or category, in bytes.
    const MAX_NAME: usize = 200;
    /// Most tiers, sales or pairs.
    const MAX_LIST: usize = 200;

    /// Checks what types cannot say.
    ///
    /// # Errors
    /// The first field that does not hold, by its path in the settings, and what is wrong with it.
    pub fn check(&self) -> Result<(), (&'static str, &'static str)> {
        let must = |holds: bool, field, detail| if holds { Ok(()) } else { Err((field, detail)) };
        let named = |name: &str| !name.trim().is_empty() && name.len() <= OfferSettings::MAX_NAME;
        let short = "must be a text of at most 200 bytes";
        let few = "may have at most 200 entries";
        must(self.tiers.len() <= OfferSettings::MAX_LIST, "offers.tiers", few)?;
        must(self.tiers.iter().all(|tier| named(&tier.name)), "offers.tiers.name", short)?;
        let rising = self.tiers.windows(2).all(|pair| pair[0].from < pair[1].from);
        let from_zero = self.tiers.first().is_none_or(|tier| tier.from >= Minor::ZERO);
        must(rising && from_zero, "offers.tiers.from", "must rise from tier to tier, from 0 on")?;
        must(self.sales.len() <= OfferSettings::MAX_LIST, "offers.sales", few)?;
        must(self.sales.iter().all(|sale| sale.from <= sale.until), "offers.sales.until", "must not be before `from`")?;
        let within = |sale: &Sale| i64::from(sale.final_days) <= sale.until.since(sale.from) + 1;
        must(self.sales.iter().all(within), "offers.sales.final_days", "must not be more than the sale has days")?;
        must(self.season.as_deref().is_none_or(named), "offers.season", short)?;
        let costs = &self.costs;
        must(costs.delivery.is_none_or(|cost| cost >= Minor::ZERO), "offers.costs.delivery", "must not be below 0")?;
        must(costs.points_percent.is_none_or(|p| p <= 100), "offers.costs.points_percent", "must be at most 100")?;
        let rhythm = &self.rhythm;
        must(rhythm.late_percent >= 100, "offers.rhythm.late_percent", "must be at least 100")?;
        must(rhythm.gone_percent > rhythm.late_percent, "offers.rhythm.gone_percent", "must be above late_percent")?;
        must((2..=100).contains(&rhythm.min_gaps), "offers.rhythm.min_gaps", "must be from 2 to 100")?;
        must(self.complements.len() <= OfferSettings::MAX_LIST, "offers.complements", few)?;
        let both =
            |pair: &CategoryPair| named(&pair.category) && named(&pair.goes_with) && pair.category != pair.goes_with;
        must(self.complements.iter().all(both), "offers.complements", "must name two different categories each")
    }
}

/// How money is written: code and number of decimal digits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MoneyWords {
    /// ISO 4217.
    pub code: String,
    /// Digits after the point.
    pub digits: u8,
}

/// A reward that the customer has used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Closed {
    /// Of which slot, by its first day; of a choice, the day on which it was made.
    pub slot: Day,
    /// Which step of it, from 1.
    pub step: u8,
    /// No slot of the series that begins up to this day opens again, whatever its calendar has become.
    pub until: Day,
}

/// What is known of a series besides its terms. Empty sets: open to all, with money left.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SeriesStates {
    /// Of customer and series, any fixed number: shifts slots.
    pub shifts: BTreeMap<String, u32>,
    /// Series from which the customer is held out; `*` for all.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub held_out: BTreeSet<String>,
    /// Series without money left.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub exhausted: BTreeSet<String>,
    /// Paused or ended series.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub not_open: BTreeSet<String>,
    /// Rewards that the customer has used, in the order in which they were confirmed.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub closed: BTreeMap<String, Vec<Closed>>,
}

impl SeriesStates {
    /// What the profile's customer had used by the day `on`.
    #[must_use]
    pub fn closed_of(profile: &Profile, on: Day) -> BTreeMap<String, Vec<Closed>> {
        let mut closed: BTreeMap<String, Vec<Closed>> = BTreeMap::new();
        for used in profile.closed.up_to(on) {
            let used_step = Closed { slot: used.slot, step: used.step, until: used.until };
            closed.entry(used.series.clone()).or_default().push(used_step);
        }
        closed
    }

    /// What the customer has used of a series.
    pub(super) fn used(&self, series: &str) -> &[Closed] {
        self.closed.get(series).map_or(&[], Vec::as_slice)
    }
}

/// The document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Inputs {
    /// Of this layout: [`Inputs::FORMAT`].
    pub format: u8,
    /// The shop day.
    pub day: Day,
    /// In which language.
    pub language: Language,
    /// Where it is shown.
    pub channel: Channel,
    /// Who; nobody in particular where the store did not answer.
    pub customer: Facts,
    /// The store did not answer.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub degraded: bool,
    /// Which version of the playbook.
    pub playbook: String,
    /// The shop's terms.
    pub settings: OfferSettings,
    /// How money is written.
    pub money: MoneyWords,
    /// Products that may come into question, each with what speaks for it.
    #[serde(default)]
    pub products: Vec<Candidate>,
    /// The upper edge of the lowest third of the shop's prices.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low_band: Option<Minor>,
    /// What lies in the cart, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cart: Option<Cart>,
    /// What is known of the series.
    #[serde(default)]
    pub series: SeriesStates,
    /// The shop's own campaigns that may concern this customer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub campaigns: Vec<OwnCampaign>,
}

impl Inputs {
    /// The layout of the document.
    pub const FORMAT: u8 = 1;

    /// The decision's id: the first 128 bits of SHA-256 over the document's JSON, in hex.
    #[must_use]
    pub fn id(&self) -> String {
        // What serde cannot write would be a bug that the tests of the document see.
        let json = serde_json::to_vec(self).unwrap_or_default();
        let digest: [u8; 32] = Sha256::digest(json).into();
        let first = digest.first_chunk().map_or(0, |first| u128::from_be_bytes(*first));
        format!("{first:032x}")
    }

    /// For which segment the playbook is read: by the own rhythm where that is read, else by the cuts.
    #[must_use]
    pub fn reading(&self) -> Option<Segment> {
        self.customer.reads_as.or(self.customer.segment)
    }

    /// The series of which a decision may give something: of the entry that is read, of the shop's own campaigns, of what may
    /// have been begun in a segment that was left, and of what was chosen. `series.held_out`, `series.not_open` and
    /// `series.exhausted` have to tell of these. Each once, sorted.
    #[must_use]
    pub fn series_asked(&self, playbook: &Playbook) -> BTreeSet<String> {
        let entry = self.entry(playbook);
        let rewarded = entry.ideas.iter().filter(|idea| idea.kind() == IdeaKind::Reward);
        let read = rewarded.map(|idea| Playbook::series(entry, idea));
        let own = self.campaigns.iter().map(|own| own.series.clone());
        let begun = begun::ideas(self, playbook).map(|(.., series)| series);
        let chosen = self.customer.choice.iter().map(|chosen| chosen.series.clone());
        read.chain(own).chain(begun).chain(chosen).collect()
    }

    /// All series that a decision may name: those asked and needed, and of messages of the entry that is read. Each once, sorted.
    #[must_use]
    pub fn series_named(&self, playbook: &Playbook) -> BTreeSet<String> {
        let entry = self.entry(playbook);
        let read = entry.ideas.iter().map(|idea| Playbook::series(entry, idea));
        let needed = self.series_needed(playbook);
        self.series_asked(playbook).into_iter().chain(read).chain(needed).collect()
    }

    /// The entry that is read; without a segment, the newcomer's.
    pub(crate) fn entry<'p>(&self, playbook: &'p Playbook) -> &'p Entry {
        self.reading().map_or(playbook.newcomer(), |segment| playbook.entry(segment))
    }

    /// The series whose slots are shifted per customer and that a decision may ask for: of the entry that is read, of the shop's
    /// own campaigns, and of what may have been begun in a segment that was left. `series.shifts` has to hold them. Each once,
    /// sorted.
    #[must_use]
    pub fn series_needed(&self, playbook: &Playbook) -> Vec<String> {
        let entry = self.entry(playbook);
        let read =
            entry.ideas.iter().filter(|idea| idea.calendar.is_shifted()).map(|idea| Playbook::series(entry, idea));
        let own = self.campaigns.iter().filter(|own| own.idea.calendar.is_shifted()).map(|own| own.series.clone());
        let begun = begun::ideas(self, playbook).map(|(.., series)| series);
        read.chain(own).chain(begun).collect::<BTreeSet<String>>().into_iter().collect()
    }
}
