//! From a shop, a customer and a question to the document a decision rests on (law 11), and the document's hash.

use catalogue::{Catalogue, Tried};
use data_encoding::HEXLOWER;
use ledger::{Customer, CustomerKey, Ledger, Shop};
use playbook::Language;
use playbook::decide::{Channel, Facts, Inputs, MoneyWords, SeriesStates, Standing};
use segmentation::{Day, Profile};
use sha2::{Digest, Sha256};

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
        money: MoneyWords {
            code: shop.settings.currency.code().to_owned(),
            digits: shop.settings.currency.exponent().and_then(|digits| u8::try_from(digits).ok()).unwrap_or(2),
        },
        products,
        low_band: catalogue.low_band(),
        cart,
        series: SeriesStates::default(),
        campaigns: Vec::new(),
    };
    let key = match subject {
        Subject::Known(customer) => Some(&customer.key),
        Subject::Unknown(key) => Some(key),
        Subject::Anyone | Subject::Degraded => None,
    };
    if let Some(key) = key {
        let needed = inputs.series_needed(&shop.playbook).into_iter();
        inputs.series.shifts = needed.map(|series| (series.clone(), ledger.shift(key, &series))).collect();
    }
    inputs
}

/// The language of a `lang` in a query.
///
/// # Errors
/// 422 where it is none of the playbook's.
pub fn language(tag: &str) -> Result<Language, Problem> {
    Language::named_in(tag).ok_or_else(|| Problem::field("lang", "is one of en, ru"))
}

/// A decision's id: the first 128 bits of SHA-256 over its document's JSON, in hex.
#[must_use]
pub fn decision_id(inputs: &Inputs) -> String {
    // What serde cannot write would be a bug that the tests of the document see.
    let json = serde_json::to_vec(inputs).unwrap_or_default();
    HEXLOWER.encode(&Sha256::digest(json)[..16])
}
