//! What a customer sees at checkout, for the pages that show it.

use ledger::CustomerId;
use serde::Deserialize;

use crate::api::Refused;
use crate::staff::Staff;

/// What `GET /v1/customers/{id}/offers` decides.
#[derive(Deserialize)]
struct Decided {
    decision: Decision,
}

#[derive(Deserialize)]
pub(crate) struct Decision {
    pub(crate) goal: Option<String>,
    pub(crate) mechanic: Option<String>,
    #[serde(default)]
    pub(crate) offers: Vec<Offer>,
    pub(crate) no_reward: Option<Why>,
    #[serde(default)]
    pub(crate) withheld: Vec<Withheld>,
}

#[derive(Deserialize)]
pub(crate) struct Offer {
    pub(crate) idea: String,
    pub(crate) text: String,
    pub(crate) code: Option<String>,
    pub(crate) reason: Why,
    pub(crate) reward: Option<Given>,
}

#[derive(Deserialize)]
pub(crate) struct Given {
    pub(crate) words: String,
    pub(crate) valid_until: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct Why {
    pub(crate) text: String,
}

#[derive(Deserialize)]
pub(crate) struct Withheld {
    pub(crate) idea: String,
    pub(crate) text: String,
    pub(crate) opens: Option<String>,
}

/// What a customer sees now, in the page's language.
pub(crate) async fn decided(staff: &Staff, customer: &CustomerId) -> Result<Decision, Refused> {
    let path = format!("/v1/customers/{}/offers?lang={}", customer.path_form(), staff.words.0.tag());
    staff.api.get::<Decided>(&path).await.map(|decided| decided.decision)
}
