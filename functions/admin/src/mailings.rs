//! `GET /v1/segments/{segment}/mailing`: an audience with each customer's own content, in pages for any mail system.
//!
//! Who has not consented is left out, as is everyone for whom the campaign is not open today: calendars, limits and holdout are
//! the decision's, the same as at checkout. The freshest label comes first, so a lost VIP is asked on the day of the loss.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use ledger::{CustomerId, CustomerKey, Member, Shop};
use playbook::decide::{Channel, Offer};
use playbook::mechanic::Mechanic;
use playbook::{Entry, Idea, Language, Playbook, decide};
use segmentation::{Day, Segment};
use serde::{Deserialize, Serialize};
use web::{
    App, Caller, Format, PageQuery, PathId, Problem, Question, Row, Subject, at_field, inputs, language, page,
    with_codes,
};

/// Bytes of a page at which it ends early: an answer has at most 4 MB (law 18).
const FULL: usize = 3 * 1024 * 1024;
/// How many days after its slot a survey's link still opens the page.
const LINK_DAYS: i64 = 30;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "MailingAsked"))]
pub(crate) struct Asked {
    /// An idea's code, or a series, of the playbook or the shop's own; by default each customer's first offer that can be mailed.
    campaign: Option<String>,
    /// For everyone; by default each customer's own language.
    #[cfg_attr(feature = "schema", schemars(with = "Option<Language>"))]
    lang: Option<String>,
    /// Where a page before this one ended, as it said.
    cursor: Option<String>,
    /// How many items at most; by default 100.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = PageQuery::MAX)))]
    limit: Option<usize>,
    format: Option<Format>,
}

/// What to send to one customer.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct Letter {
    customer: CustomerId,
    segment: Segment,
    /// A VIP's segment by their own rhythm, where the offer is by that.
    #[serde(skip_serializing_if = "Option::is_none")]
    reads_as: Option<Segment>,
    /// The label's day: since when they are there, as far as is known.
    since: Option<Day>,
    language: Language,
    /// Where a survey is answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<String>,
    /// What the customer gives to friends, where the letter asks them to.
    #[serde(skip_serializing_if = "Option::is_none")]
    referral_code: Option<String>,
    offer: Offer,
}

impl Row for Letter {
    const COLUMNS: &'static [&'static str] = &[
        "customer",
        "segment",
        "reads_as",
        "since",
        "language",
        "campaign",
        "offer",
        "text",
        "reason",
        "reward",
        "choices",
        "valid_until",
        "products",
        "product_names",
        "code",
        "link",
        "referral_code",
    ];

    fn fields(&self) -> Vec<String> {
        let offer = &self.offer;
        let given = offer.reward.as_ref();
        let choices = offer.choice.iter().flat_map(|choice| &choice.rewards);
        let choices: Vec<&str> = choices.map(|reward| reward.words.as_str()).collect();
        let list =
            |of: fn(&playbook::decide::Shown) -> &str| offer.products.iter().map(of).collect::<Vec<&str>>().join("; ");
        vec![
            self.customer.to_string(),
            self.segment.to_string(),
            self.reads_as.map(|segment| segment.to_string()).unwrap_or_default(),
            self.since.map(|day| day.to_string()).unwrap_or_default(),
            self.language.to_string(),
            offer.reason.campaign.clone(),
            offer.id.clone(),
            offer.text.clone(),
            offer.reason.text.clone(),
            given.map(|given| given.words.clone()).unwrap_or_default(),
            choices.join("; "),
            given.map(|given| given.valid_until.to_string()).unwrap_or_default(),
            list(|product| &product.id),
            list(|product| &product.name),
            offer.code.clone().unwrap_or_default(),
            self.link.clone().unwrap_or_default(),
            self.referral_code.clone().unwrap_or_default(),
        ]
    }
}

pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    PathId(segment): PathId<Segment>,
    query: Result<Query<Asked>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Query(asked) = at_field("query", query.map_err(|error| error.body_text()))?;
    let shop = &caller.shop;
    let entry = shop.playbook.entry(segment);
    if let Some(campaign) = &asked.campaign {
        let is_it = |entry: &Entry, idea: &Idea| idea.code == *campaign || Playbook::series(entry, idea) == *campaign;
        let known = shop.playbook.entries().any(|entry| entry.ideas.iter().any(|idea| is_it(entry, idea)));
        if !known && !shop.campaigns.own.contains_key(campaign) {
            let ideas: Vec<&str> = entry.ideas.iter().map(|idea| idea.code.as_str()).collect();
            return Err(Problem::field(
                "campaign",
                format!(
                    "is none of the playbook's ideas and of the shop's own campaigns; {segment} has {}",
                    ideas.join(", ")
                ),
            ));
        }
    }
    let page_query = PageQuery::new(asked.cursor, asked.limit, asked.format);
    let found = app.ledger.audience(&shop.id, segment, page_query.position()?.as_deref(), page_query.limit()?).await?;
    // Waited for: half a catalogue would be another mailing.
    let catalogue = app.ledger.whole_catalogue(shop).await?;
    let question = Question {
        day: app.clock.today(shop.settings.time_zone),
        channel: Channel::Mailing,
        language: asked.lang.as_deref().map(language).transpose()?,
        cart: None,
    };
    let (mut letters, mut bytes, mut next) = (Vec::new(), 0, found.next);
    for Member { position, customer } in found.members {
        if !customer.profile.attributes.consents() {
            continue;
        }
        let document = inputs(&app.ledger, shop, &catalogue, Subject::Known(&customer), question);
        if document.customer.segment != Some(segment) {
            continue;
        }
        let written_in = document.language;
        let wanted = |offer: &Offer| match &asked.campaign {
            Some(campaign) => offer.idea == *campaign || offer.reason.campaign == *campaign,
            None => true,
        };
        let mut decision = decide(&document, &shop.playbook);
        with_codes(&app.ledger, shop, &customer.key, &mut decision);
        let Some(offer) = decision.offers.into_iter().find(wanted) else { continue };
        let since = customer.profile.label().map(|label| label.day);
        let letter = Letter {
            customer: customer.id,
            segment,
            reads_as: document.customer.reads_as,
            since,
            language: written_in,
            referral_code: (offer.mechanic == Mechanic::Refer).then(|| customer.key.referral_code().to_string()),
            link: link(&app, shop, &customer.key, &offer, question.day),
            offer,
        };
        bytes += serde_json::to_vec(&letter).map_or(0, |json| json.len());
        letters.push(letter);
        if bytes > FULL {
            next = Some(position);
            break;
        }
    }
    page(&page_query, &headers, &letters, next.as_deref())
}

/// The survey's page for this customer. A letter may lie unread for a while, so it opens longer than the question is asked.
fn link(app: &App, shop: &Shop, customer: &CustomerKey, offer: &Offer, today: Day) -> Option<String> {
    let Mechanic::Survey(survey) = offer.mechanic else { return None };
    let until = offer.open.map_or(today, |slot| slot.last).plus(LINK_DAYS);
    Some(app.public(&format!("/s/{}", app.ledger.survey_link(&shop.id, customer, survey, until))))
}
