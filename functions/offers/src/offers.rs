//! `GET /v1/customers/{id}/offers`: the playbook's goal, mechanic and ideas for where the customer stands now.

use axum::Json;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::http::header::ACCEPT_LANGUAGE;
use ledger::CustomerId;
use playbook::{Entry, IdeaKind, Language, Playbook, Reward, ShownAt};
use segmentation::{Day, LoyaltyGroup, Place};
use serde::{Deserialize, Serialize};
use web::{App, Caller, PathId, Problem};

use crate::lookup::{Found, look_up, today};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    lang: Option<String>,
}

/// One idea, as a shop's page can show it.
#[derive(Serialize)]
struct IdeaOut {
    code: &'static str,
    kind: IdeaKind,
    place: ShownAt,
    text: &'static str,
}

/// What to do with this customer now.
#[derive(Serialize)]
pub(crate) struct Answer {
    customer: CustomerId,
    day: Day,
    segment: Place,
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<LoyaltyGroup>,
    /// Which entry of the playbook answered, and of which version.
    entry: &'static str,
    playbook: &'static str,
    goal: &'static str,
    mechanic: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    caution: Option<&'static str>,
    /// How far a reward may go.
    reward: Reward,
    ideas: Vec<IdeaOut>,
    /// Why this, in one sentence.
    reason: String,
    /// The store did not answer: what anyone may be offered.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    degraded: bool,
}

pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    PathId(customer): PathId<CustomerId>,
    query: Result<Query<Asked>, axum::extract::rejection::QueryRejection>,
    headers: HeaderMap,
) -> Result<Json<Answer>, Problem> {
    let Query(asked) = query.map_err(|error| Problem::field("lang", error.body_text()))?;
    let accepted = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    let language = asked.lang.as_deref().or(accepted).map_or(Language::default(), Language::from_accept);
    let found = look_up(&app, &caller, &customer).await?;
    let playbook = Playbook::builtin();
    let segment = match &found {
        Found::Customer { explanation: Some(explanation), .. } => Some(explanation.segment),
        _ => None,
    };
    let group = segment.map(|segment| caller.shop.settings.changeable.groups.of(segment));
    let entry = match segment.zip(group) {
        Some((segment, group)) => playbook.entry(segment, group),
        None => playbook.newcomer(),
    };
    Ok(Json(Answer {
        customer,
        day: today(&app, &caller),
        segment: Place(segment),
        group,
        entry: entry.name.as_str(),
        playbook: playbook.version(),
        goal: entry.goal.in_language(language),
        mechanic: entry.mechanic.in_language(language),
        caution: entry.caution.as_ref().map(|text| text.in_language(language)),
        reward: entry.reward,
        ideas: ideas(entry, language),
        reason: reason(&found, language),
        degraded: matches!(found, Found::Degraded),
    }))
}

fn ideas(entry: &'static Entry, language: Language) -> Vec<IdeaOut> {
    let shown = |idea: &'static playbook::Idea| IdeaOut {
        code: idea.code.as_str(),
        kind: idea.kind,
        place: idea.place,
        text: idea.text.in_language(language),
    };
    entry.ideas.iter().map(shown).collect()
}

/// The facts that led here: what was computed, not a guess.
fn reason(found: &Found, language: Language) -> String {
    match (found, language) {
        (Found::Customer { explanation: Some(explanation), .. }, language) => {
            let values = &explanation.values;
            let (days, orders) = (values.recency_days, values.frequency);
            let [r, f, m] = explanation.axes.map(|axis| axis.score);
            match language {
                Language::En => format!(
                    "last order {days} days ago (recency {r} of 3), orders counted: {orders} (frequency {f} of 3), money spent: monetary {m} of 3"
                ),
                Language::Ru => format!(
                    "последний заказ {days} дн. назад (давность {r} из 3), учтено заказов: {orders} (частота {f} из 3), сумма покупок: {m} из 3"
                ),
            }
        }
        (Found::Customer { known: true, .. }, Language::En) => {
            "no counted order, or the shop has no cuts yet".to_owned()
        }
        (Found::Customer { known: true, .. }, Language::Ru) => {
            "нет учтённых заказов, или у магазина ещё нет порогов".to_owned()
        }
        (Found::Customer { known: false, .. }, Language::En) => {
            "no order of this customer is known: a newcomer".to_owned()
        }
        (Found::Customer { known: false, .. }, Language::Ru) => {
            "заказов этого покупателя ещё не было: новичок".to_owned()
        }
        (Found::Degraded, Language::En) => "the store did not answer in time: what anyone may be offered".to_owned(),
        (Found::Degraded, Language::Ru) => "хранилище не ответило вовремя: предложение для всех".to_owned(),
    }
}
