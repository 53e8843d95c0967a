//! A product that may be shown, with what speaks for it: gathered from the catalogue, the learned lists and the profile.

use segmentation::{Day, Minor};
use serde::{Deserialize, Serialize};

/// When something bought before is bought again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RunsOut {
    /// The first day on which it may be used up.
    pub from: Day,
    /// The day by which three of four customers have bought it again.
    pub until: Day,
}

/// A product and its case.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Candidate {
    /// The shop's id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its category.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Its brand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub brand: Option<String>,
    /// Its price, in minor units.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price: Option<Minor>,
    /// Its price before markdown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub list_price: Option<Minor>,
    /// Of which season it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub season: Option<String>,
    /// Can it be delivered?
    pub in_stock: bool,
    /// Its picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Its page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Products of which it is a set; empty: it is none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<String>,
    /// When this customer last bought it, as far as their last baskets tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bought: Option<Day>,
    /// When it must be used up, where it was bought and that was learned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runs_out: Option<RunsOut>,
    /// How strongly the customer's history speaks for it, in 65,536ths.
    #[serde(skip_serializing_if = "is_zero")]
    pub taste: u32,
    /// How strongly the cart speaks for it, in 65,536ths.
    #[serde(skip_serializing_if = "is_zero")]
    pub cart: u32,
    /// How many customers bought it lately.
    #[serde(skip_serializing_if = "is_zero")]
    pub popular: u32,
    /// The category it goes with, of what the customer bought or has in the cart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub goes_with: Option<String>,
    /// When this customer last bought of its brand; absent: never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub brand_bought: Option<Day>,
    /// When this customer last bought of its category; absent: never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category_bought: Option<Day>,
    /// Series that it was chosen for beforehand, which no other offer takes it from; empty: for any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub only_for: Vec<String>,
}

fn is_zero(score: &u32) -> bool {
    *score == 0
}

impl Candidate {
    /// Its markdown in hundredths of a percent of the list price; 0 where there is none.
    #[must_use]
    pub fn markdown(&self) -> u32 {
        match (self.price, self.list_price) {
            (Some(Minor(price)), Some(Minor(list))) if (0..list).contains(&price) => {
                u32::try_from(i128::from(list - price) * 10_000 / i128::from(list)).unwrap_or(0)
            }
            _ => 0,
        }
    }
}
