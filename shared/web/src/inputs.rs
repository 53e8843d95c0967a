//! From a shop, a customer and a question to the document a decision rests on (law 11), and the document's hash.

use std::collections::{BTreeMap, BTreeSet};

use catalogue::{Catalogue, Tried};
use ledger::{CampaignState, Campaigns, Customer, CustomerKey, Ledger, Shop};
use playbook::decide::{Channel, Closed, Facts, Inputs, MoneyWords, SeriesStates, Standing};
use playbook::{Decision, Language, OwnCampaign, Ticket};
use segmentation::{Day, Profile};

use crate::problem::Problem;

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// On which shop day.
    pub day: Day,
    /// Where it is to be shown.
    pub channel: Channel,
    /// The language asked for; by default the customer's, else English.
    pub language: Option<Language>,
    /// Ids of the products in the cart, where there is one.
    pub cart: Option<&'a [String]>,
}

/// Who is asked about.
#[derive(Clone, Copy, Debug)]
pub enum Subject<'a> {
    /// Somebody with a profile.
    Known(&'a Customer),
    /// Somebody nobody knows.
    Unknown(&'a CustomerKey),
    /// Nobody in particular.
    Anyone,
    /// The store did not answer: nobody in particular.
    Degraded,
}

/// The document. Nothing is read here: all of it is in hand, or in the caches.
#[must_use]
pub fn inputs(
    ledger: &Ledger,
    shop: &Shop,
    catalogue: &Catalogue,
    subject: Subject<'_>,
    question: Question<'_>,
) -> Inputs {
    let settings = &shop.settings.changeable;
    let profile = match subject {
        Subject::Known(customer) => &customer.profile,
        Subject::Unknown(_) | Subject::Anyone | Subject::Degraded => &Profile::default(),
    };
    let standing = Standing {
        active: shop.active.as_ref().map(|active| (active.activation, &active.cuts)),
        groups: &settings.groups,
        rhythm: settings.offers.rhythm,
    };
    // Orders often name products alone; the catalogue knows their categories.
    let categories = Tried::of(catalogue, profile, question.day).favourites();
    let facts = Facts { categories, ..Facts::of(profile, &standing, question.day) };
    let cart = question.cart.map(|products| catalogue::cart(catalogue, products));
    let products = catalogue::candidates(catalogue, profile, cart.as_ref(), &settings.offers, question.day);
    let own_language = || profile.attributes.language().map(Language::from_accept);
    let mut inputs = Inputs {
        format: Inputs::FORMAT,
        day: question.day,
        language: question.language.or_else(own_language).unwrap_or_default(),
        channel: question.channel,
        customer: facts,
        degraded: matches!(subject, Subject::Degraded),
        playbook: shop.playbook.version().to_owned(),
        settings: settings.offers.clone(),
        money: money(shop),
        products,
        low_band: catalogue.low_band(),
        cart,
        series: SeriesStates::default(),
        campaigns: Vec::new(),
    };
    inputs.campaigns = campaigns(shop, &inputs);
    let key = match subject {
        Subject::Known(customer) => Some(&customer.key),
        Subject::Unknown(key) => Some(key),
        Subject::Anyone | Subject::Degraded => None,
    };
    inputs.series = series(ledger, shop, &inputs, SeriesStates::closed_of(profile, question.day), key);
    inputs
}

/// How a shop writes money.
pub(crate) fn money(shop: &Shop) -> MoneyWords {
    let currency = shop.settings.currency;
    let digits = currency.exponent().and_then(|digits| u8::try_from(digits).ok()).unwrap_or(2);
    MoneyWords { code: currency.code().to_owned(), digits }
}

/// The shop's own campaigns in any state but ended, by series.
pub(crate) fn own_campaigns(shop: &Shop) -> impl Iterator<Item = &OwnCampaign> {
    let Campaigns { own, series, .. } = &*shop.campaigns;
    let begun = |own: &&OwnCampaign| series.get(&own.series).is_some_and(|at| at.state != CampaignState::Ended);
    own.values().filter(begun)
}

/// The shop's own campaigns that may concern who is asked about, until nothing they gave is valid any more.
fn campaigns(shop: &Shop, inputs: &Inputs) -> Vec<OwnCampaign> {
    own_campaigns(shop).filter(|own| own.lasts(inputs.day) && own.concerns(inputs)).cloned().collect()
}

/// What is known of the series that are asked. `closed`: rewards the customer has used. Nobody in particular, without a key, has no
/// shifts, and is not held out.
#[must_use]
pub fn series(
    ledger: &Ledger,
    shop: &Shop,
    inputs: &Inputs,
    closed: BTreeMap<String, Vec<Closed>>,
    key: Option<&CustomerKey>,
) -> SeriesStates {
    let asked = inputs.series_asked(&shop.playbook);
    let open = |series: &str| shop.campaigns.series.get(series).is_none_or(|at| at.state == CampaignState::Open);
    let holdout = &shop.settings.changeable.rewards.holdout;
    SeriesStates {
        shifts: key.map_or_else(BTreeMap::new, |key| {
            let needed = inputs.series_needed(&shop.playbook).into_iter();
            needed.map(|series| (series.clone(), ledger.shift(key, &series))).collect()
        }),
        held_out: key.map_or_else(BTreeSet::new, |key| ledger.held_out(key, holdout, asked.iter().map(String::as_str))),
        exhausted: shop.budgets.exhausted(&shop.current.exhausted, inputs.customer.segment, inputs.day),
        closed,
        not_open: asked.into_iter().filter(|series| !open(series)).collect(),
    }
}

/// Fills in the customer's personal code of every reward that can be redeemed (law 13). Nothing is written, and neither the
/// decision's id nor its replay knows of it (law 11).
pub fn with_codes(ledger: &Ledger, shop: &Shop, customer: &CustomerKey, decision: &mut Decision) {
    for offer in &mut decision.offers {
        let code = offer.redeemable().and_then(|(series, slot, step)| {
            let number = shop.campaigns.series.get(series)?.number;
            ledger.code(&shop.id, customer, Ticket { number, slot, step })
        });
        offer.code = code.map(|code| code.to_string());
    }
}

/// The language of a `lang` in a query.
///
/// # Errors
/// 422 where it is none of the playbook's.
pub fn language(tag: &str) -> Result<Language, Problem> {
    Language::named_in(tag).ok_or_else(|| Problem::field("lang", "is one of en, ru"))
}
