//! What a profile remembers beyond orders, as staff see it.

use ledger::{CustomerKey, Ledger, LedgerError, ShopId};
use segmentation::{Answered, Attributes, Baskets, Choices, Day, Minor, Profile, Referrals, Taste, TasteList, Tastes};
use serde::Serialize;

/// The part of a customer's answer that is neither orders nor moves.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Remembered {
    attributes: AttributesOut,
    tastes: TastesOut,
    baskets: BasketsOut,
    choices: Choices,
    answers: Vec<Answered>,
    #[serde(skip_serializing_if = "Referrals::is_empty")]
    referrals: Referrals,
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Attributes"))]
struct AttributesOut {
    #[serde(skip_serializing_if = "Option::is_none")]
    programme_since: Option<Day>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<String>,
    /// `false` where nobody was asked.
    mailing_consent: bool,
    /// The customer who brought them: their id while they are known, else their key.
    #[serde(skip_serializing_if = "Option::is_none")]
    referred_by: Option<String>,
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Tastes"))]
struct TastesOut {
    categories: TasteListOut,
    brands: TasteListOut,
    /// The middle half of what was paid per item, in minor units.
    #[serde(skip_serializing_if = "Option::is_none")]
    price_band: Option<(Minor, Minor)>,
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "TasteList"))]
struct TasteListOut {
    dropped: u64,
    list: Vec<Taste>,
}

/// Products stand in profiles as hashes, so only how many there are can be told.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Baskets"))]
struct BasketsOut {
    baskets: usize,
    dropped: u64,
    products: usize,
    cut: u64,
}

impl Remembered {
    /// The same with the id of who brought them, where they are known: profiles name them by key.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn named(profile: &Profile, ledger: &Ledger, shop: &ShopId) -> Result<Remembered, LedgerError> {
        let mut remembered = Remembered::of(profile);
        let by = &mut remembered.attributes.referred_by;
        if let Some(key) = by.as_deref().and_then(CustomerKey::read)
            && let Some(id) = ledger.customer_ids([(shop, &key)]).await?.remove(&key)
        {
            *by = Some(id.into());
        }
        Ok(remembered)
    }

    /// Of a profile.
    #[must_use]
    pub fn of(profile: &Profile) -> Remembered {
        Remembered {
            attributes: attributes(&profile.attributes),
            tastes: tastes(&profile.tastes),
            baskets: baskets(&profile.baskets),
            choices: profile.choices.clone(),
            answers: profile.answers.iter().cloned().collect(),
            referrals: profile.referrals.clone(),
        }
    }
}

fn attributes(told: &Attributes) -> AttributesOut {
    AttributesOut {
        programme_since: told.programme_since(),
        language: told.language().map(str::to_owned),
        mailing_consent: told.consents(),
        referred_by: told.referred_by().map(str::to_owned),
    }
}

fn tastes(tastes: &Tastes) -> TastesOut {
    let list = |list: &TasteList| TasteListOut { dropped: list.dropped(), list: list.iter().cloned().collect() };
    TastesOut { categories: list(tastes.categories()), brands: list(tastes.brands()), price_band: tastes.price_band() }
}

fn baskets(baskets: &Baskets) -> BasketsOut {
    BasketsOut {
        baskets: baskets.iter().len(),
        dropped: baskets.dropped(),
        products: baskets.products().len(),
        cut: baskets.cut(),
    }
}
