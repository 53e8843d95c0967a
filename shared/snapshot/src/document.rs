//! From a token and a shop's terms to the document that a decision rests on, and to the answer: the same at the origin and at the edge.

use std::collections::BTreeSet;

use playbook::decide::{Candidate, Cart, Channel, Facts, Inputs, MoneyWords, OfferSettings, SeriesStates, Standing};
use playbook::mechanic::Mechanic;
use playbook::{Decision, IdeaKind, Language, OwnCampaign, Playbook, decide};
use segmentation::{Day, Groups};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::snapshot::{SeriesKey, Snapshot, TermsVersion};

/// What of a shop a token is read with.
#[derive(Clone, Copy, Debug)]
pub struct Terms<'a> {
    /// The playbook.
    pub playbook: &'a Playbook,
    /// Which group each segment belongs to.
    pub groups: &'a Groups,
    /// What of the settings offers depend on.
    pub settings: &'a OfferSettings,
    /// How money is written.
    pub money: &'a MoneyWords,
    /// The shop's own campaigns, but for those that ended, by series.
    pub campaigns: &'a [OwnCampaign],
}

impl Terms<'_> {
    /// The version of terms: equal terms have equal ones, of one release. Another release may decide otherwise on the same terms.
    #[must_use]
    pub fn version(&self) -> TermsVersion {
        let Terms { playbook, groups, settings, money, campaigns } = self;
        // What serde cannot write would be a bug that the tests of the document see.
        let release = (env!("CARGO_PKG_VERSION"), Inputs::FORMAT);
        let terms = (release, playbook.version(), groups, settings, money, campaigns);
        let json = serde_json::to_vec(&terms).unwrap_or_default();
        let mut version = [0; 8];
        version.copy_from_slice(&Sha256::digest(json)[..8]);
        TermsVersion(version)
    }
}

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// On which shop day.
    pub day: Day,
    /// The language asked for; by default the customer's, else English.
    pub language: Option<Language>,
    /// Ids of the products in the cart, where there is one.
    pub cart: Option<&'a [String]>,
}

/// The document for a token's customer. `states`: what is known of the series that the document so far names; see
/// [`Snapshot::states`]. A day before the token's first one is that.
#[must_use]
pub fn document(
    snapshot: &Snapshot,
    terms: &Terms<'_>,
    asked: &Asked<'_>,
    states: impl FnOnce(&Inputs) -> SeriesStates,
) -> Inputs {
    // Clocks may differ by a minute, and that can be a day.
    let asked = Asked { day: asked.day.max(snapshot.since), ..*asked };
    let standing = Standing {
        active: snapshot.active.as_ref().map(|(activation, cuts)| (*activation, cuts)),
        groups: terms.groups,
        rhythm: terms.settings.rhythm,
    };
    let facts = snapshot.outlook.facts(&standing, asked.day);
    let language = asked.language.or(snapshot.language).unwrap_or_default();
    let mut inputs = about(facts, terms, &Asked { language: Some(language), ..asked }, &snapshot.products);
    inputs.low_band = snapshot.low_band;
    let meant = |own: &&OwnCampaign| own.lasts(asked.day) && own.concerns(&inputs);
    inputs.campaigns = terms.campaigns.iter().filter(meant).cloned().collect();
    // Only now it is known which series it names.
    inputs.products = named(&inputs, terms.playbook, &snapshot.products);
    let series = inputs.series_asked(terms.playbook);
    inputs.series = states(&inputs);
    inputs.series.exhausted.retain(|exhausted| series.contains(exhausted));
    inputs
}

/// The document for nobody in particular, who is promised nothing: of the shop's own campaigns those that give no reward, but for those
/// in `paused`.
#[must_use]
pub fn public_document(
    terms: &Terms<'_>,
    products: &[(Candidate, Vec<SeriesKey>)],
    paused: &[SeriesKey],
    asked: &Asked<'_>,
    degraded: bool,
) -> Inputs {
    let mut inputs = about(Facts::default(), terms, asked, products);
    inputs.degraded = degraded;
    let meant = |own: &&OwnCampaign| {
        let promised = own.idea.kind() == IdeaKind::Reward;
        !promised && !paused.contains(&SeriesKey::of(&own.series)) && own.lasts(asked.day) && own.concerns(&inputs)
    };
    inputs.campaigns = terms.campaigns.iter().filter(meant).cloned().collect();
    inputs.products = named(&inputs, terms.playbook, products);
    inputs
}

fn about(customer: Facts, terms: &Terms<'_>, asked: &Asked<'_>, products: &[(Candidate, Vec<SeriesKey>)]) -> Inputs {
    Inputs {
        format: Inputs::FORMAT,
        day: asked.day,
        language: asked.language.unwrap_or_default(),
        channel: Channel::Checkout,
        customer,
        degraded: false,
        playbook: terms.playbook.version().to_owned(),
        settings: terms.settings.clone(),
        money: terms.money.clone(),
        products: Vec::new(),
        low_band: None,
        cart: asked.cart.map(|ids| cart(ids, products)),
        series: SeriesStates::default(),
        campaigns: Vec::new(),
    }
}

/// What lies in the cart; of categories, those of products that are in hand.
fn cart(ids: &[String], products: &[(Candidate, Vec<SeriesKey>)]) -> Cart {
    let ids: BTreeSet<String> = ids.iter().cloned().collect();
    let known = products.iter().map(|(candidate, _)| candidate).filter(|candidate| ids.contains(&candidate.id));
    let categories = known.filter_map(|candidate| candidate.category.clone()).collect();
    Cart { products: ids, categories }
}

/// The products, each with the names of the series that it was chosen for. One that was chosen for none of them is left out.
fn named(inputs: &Inputs, playbook: &Playbook, products: &[(Candidate, Vec<SeriesKey>)]) -> Vec<Candidate> {
    let series: Vec<(SeriesKey, String)> =
        inputs.series_named(playbook).into_iter().map(|series| (SeriesKey::of(&series), series)).collect();
    let of = |keys: &[SeriesKey]| -> Vec<String> {
        series.iter().filter(|(key, _)| keys.contains(key)).map(|(_, series)| series.clone()).collect()
    };
    let mut named: Vec<Candidate> = products
        .iter()
        .map(|(candidate, keys)| Candidate { only_for: of(keys), ..candidate.clone() })
        .filter(|candidate| !candidate.only_for.is_empty())
        .collect();
    named.sort_by(|a, b| a.id.cmp(&b.id));
    named
}

/// Where an answer was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "AnswerSource"))]
pub enum Source {
    /// At the edge.
    Edge,
    /// At the origin, from a token.
    Origin,
}

/// Offers from a token, or for nobody in particular.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "OffersOfToken"))]
pub struct Answer {
    /// `false`: there was no token that counts, or nothing was sent yet of its customer.
    pub known: bool,
    /// The hash of the document the decision rests on.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = "^[0-9a-f]{32}$")))]
    pub id: String,
    /// What to offer.
    pub decision: Decision,
    /// What the customer gives to friends, where an offer asks them to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub referral_code: Option<String>,
    /// Nobody could be asked about the customer: what anyone may be offered.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub degraded: bool,
    /// Where it was made.
    pub source: Source,
}

/// Decides for a token's customer; codes are the caller's to fill in.
#[must_use]
pub fn answer(snapshot: &Snapshot, playbook: &Playbook, document: &Inputs, source: Source) -> Answer {
    let decision = decide(document, playbook);
    let refers = decision.offers.iter().any(|offer| offer.mechanic == Mechanic::Refer);
    Answer {
        known: snapshot.known,
        id: document.id(),
        decision,
        referral_code: snapshot.referral_code.clone().filter(|_| refers),
        degraded: false,
        source,
    }
}

/// Decides for nobody in particular.
#[must_use]
pub fn public_answer(playbook: &Playbook, document: &Inputs, source: Source) -> Answer {
    Answer {
        known: false,
        id: document.id(),
        decision: decide(document, playbook),
        referral_code: None,
        degraded: document.degraded,
        source,
    }
}
