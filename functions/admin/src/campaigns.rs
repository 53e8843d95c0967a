//! `POST` and `GET /v1/campaigns`, `GET /v1/campaigns/{n}`, `POST /v1/campaigns/{n}/state`: the terms that rewards are given on,
//! numbered and immutable, in lasting series that are open, paused or ended (law 13).

use std::ops::Bound;
use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use ledger::{CampaignState, Campaigns, LedgerError, Series, Shop, Status};
use playbook::calendar::Calendar;
use playbook::reward::Reward;
use playbook::{Language, OwnCampaign, Playbook, Terms};
use segmentation::{Day, Place};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use web::{App, Body, Caller, Format, PageQuery, PathId, Problem, Row, at_field, language, page, read_json};

use crate::figures::{Counted, Figures, audience};
use crate::playbook::{refused, whole};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "CampaignsAsked"))]
pub(crate) struct Asked {
    /// This series alone.
    series: Option<String>,
    /// Those in this state alone.
    state: Option<CampaignState>,
    /// Those from there alone.
    from: Option<Source>,
    /// 1: with how much each is used.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(range(max = 1)))]
    figures: u8,
    /// Of the rewards' words; by default English.
    #[cfg_attr(feature = "schema", schemars(with = "Option<Language>"))]
    lang: Option<String>,
    /// Where a page before this one ended, as it said.
    cursor: Option<String>,
    /// How many items at most; by default 100.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = PageQuery::MAX)))]
    limit: Option<usize>,
    format: Option<Format>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "CampaignAsked"))]
pub(crate) struct AskedOne {
    /// 1: with how much it is used.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(range(max = 1)))]
    figures: u8,
    /// Of the reward's words; by default English.
    #[cfg_attr(feature = "schema", schemars(with = "Option<Language>"))]
    lang: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "CampaignStateIn"))]
pub(crate) struct StateIn {
    state: CampaignState,
}

/// Where terms come from.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "CampaignSource"))]
enum Source {
    /// The playbook's idea in an entry.
    Playbook,
    /// The shop's own campaign.
    Own,
}

impl Source {
    fn of(series: &str) -> Source {
        if Campaigns::is_own(series) { Source::Own } else { Source::Playbook }
    }
}

/// A series in a list.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "ListedCampaign"))]
pub(crate) struct Listed {
    series: String,
    /// The campaign in force.
    number: u16,
    state: CampaignState,
    from: Source,
    /// In words; what there is to choose from, or what answers earn, one after the other.
    reward: String,
    /// What is done, in a sentence to the marketer.
    text: String,
    /// For whom; `none` stands for customers without a segment. Absent: for everyone.
    #[serde(skip_serializing_if = "Option::is_none")]
    segments: Option<Vec<Place>>,
    /// When it is open for a customer.
    #[serde(skip_serializing_if = "Option::is_none")]
    calendar: Option<Calendar>,
    /// Its first day.
    #[serde(skip_serializing_if = "Option::is_none")]
    opens: Option<Day>,
    /// Its last day.
    #[serde(skip_serializing_if = "Option::is_none")]
    closes: Option<Day>,
    /// How much it is used, if that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    figures: Option<Figures>,
}

impl Row for Listed {
    const COLUMNS: &'static [&'static str] = &[
        "series",
        "number",
        "state",
        "from",
        "reward",
        "text",
        "segments",
        "opens",
        "closes",
        "customers",
        "used",
        "used_value",
    ];

    fn fields(&self) -> Vec<String> {
        let word = |value: Value| value.as_str().unwrap_or_default().to_owned();
        let day = |day: Option<Day>| day.map(|day| day.to_string()).unwrap_or_default();
        let segments = self.segments.iter().flatten().map(Place::to_string).collect::<Vec<_>>().join(" ");
        let (state, from) = (json!(self.state), json!(self.from));
        let mut fields =
            vec![self.series.clone(), self.number.to_string(), word(state), word(from), self.reward.clone()];
        fields.extend([self.text.clone(), segments, day(self.opens), day(self.closes)]);
        fields.extend(self.figures.as_ref().map(Figures::fields).unwrap_or_default());
        fields
    }
}

/// One campaign.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Campaign"))]
pub(crate) struct Answer {
    /// Of a call that may write: whether it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Status>,
    number: u16,
    series: String,
    from: Source,
    /// Is its series on these terms?
    in_force: bool,
    /// The campaign that the series is on instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    replaced_by: Option<u16>,
    /// The series'.
    state: CampaignState,
    reward: String,
    #[cfg_attr(feature = "schema", schemars(with = "crate::told::Terms"))]
    terms: Value,
    /// How much it is used, if that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    figures: Option<Figures>,
}

/// Publishes terms in one of the shop's own series: 201 with their number; 200 where they are in force already.
pub(crate) async fn publish(
    State(app): State<App>,
    caller: Caller,
    Body(body): Body,
) -> Result<(StatusCode, Json<Answer>), Problem> {
    let sent: Value = read_json(&body)?;
    let campaign = OwnCampaign::parse(&sent).map_err(|error| refused(error, whole))?;
    let receipt = app.ledger.publish_campaign(&caller.shop, &campaign).await?;
    let code = match receipt.status {
        Status::Recorded => StatusCode::CREATED,
        Status::Duplicate => StatusCode::OK,
    };
    let shop = fresh(&app, &caller).await?;
    let answer = answer(&app, &shop, receipt.at.number, Language::default()).await?;
    Ok((code, Json(Answer { status: Some(receipt.status), ..answer })))
}

/// Every series, by name.
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    query: Result<Query<Asked>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Query(asked) = at_field("query", query.map_err(|error| error.body_text()))?;
    let lang = asked.lang.as_deref().map(language).transpose()?.unwrap_or_default();
    let page_query = PageQuery::new(asked.cursor, asked.limit, asked.format);
    let (after, limit) = (page_query.position()?, page_query.limit()?);
    let shop = fresh(&app, &caller).await?;
    let after = after.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
    let wanted = |(series, at): &(&String, &Series)| {
        asked.series.as_ref().is_none_or(|only| only == *series)
            && asked.state.is_none_or(|state| state == at.state)
            && asked.from.is_none_or(|from| from == Source::of(series))
    };
    let rest = shop.campaigns.series.range::<str, _>((after, Bound::Unbounded));
    let mut found: Vec<(&String, &Series)> = rest.filter(wanted).take(limit + 1).collect();
    let more = found.len() > limit;
    found.truncate(limit);
    let counted = match asked_for(asked.figures)? {
        true => Some(Counted::of(&app, &shop).await?),
        false => None,
    };
    let mut listed = Vec::with_capacity(found.len());
    for (series, at) in &found {
        let terms = match app.ledger.terms(&shop.id, at.number).await {
            Ok(terms) => terms,
            // One that cannot be read any more hides no other.
            Err(LedgerError::Damaged(why)) => {
                tracing::error!(shop = %shop.id, series, why, "terms cannot be read");
                None
            }
            Err(error) => return Err(error.into()),
        };
        let segments = audience(series, shop.campaigns.own.get(*series));
        let figures = match &counted {
            Some(counted) => Some(counted.figures(&app, &shop, series, segments.as_deref()).await?),
            None => None,
        };
        listed.push(Listed {
            series: (*series).clone(),
            number: at.number,
            state: at.state,
            from: Source::of(series),
            reward: terms.as_ref().map(|terms| in_words(&shop.playbook, terms, lang)).unwrap_or_default(),
            text: terms.as_ref().map(|terms| terms.idea.text.in_language(lang).to_owned()).unwrap_or_default(),
            segments,
            calendar: terms.as_ref().map(|terms| terms.idea.calendar),
            opens: terms.as_ref().and_then(|terms| terms.from),
            closes: terms.as_ref().and_then(|terms| terms.until),
            figures,
        });
    }
    let next = found.last().filter(|_| more).map(|(series, _)| series.as_str());
    page(&page_query, &headers, &listed, next)
}

/// The terms of any number that was ever given.
pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    PathId(number): PathId<u16>,
    query: Result<Query<AskedOne>, QueryRejection>,
) -> Result<Json<Answer>, Problem> {
    let Query(asked) = at_field("query", query.map_err(|error| error.body_text()))?;
    let lang = asked.lang.as_deref().map(language).transpose()?.unwrap_or_default();
    let with_figures = asked_for(asked.figures)?;
    let shop = fresh(&app, &caller).await?;
    let answer = answer(&app, &shop, number, lang).await?;
    if !with_figures {
        return Ok(Json(answer));
    }
    let own = app.ledger.own_campaign(&shop.id, number).await?;
    let segments = audience(&answer.series, own.as_deref());
    let counted = Counted::of(&app, &shop).await?;
    let figures = counted.all_figures(&app, &shop, &answer.series, segments.as_deref()).await?;
    Ok(Json(Answer { figures: Some(figures), ..answer }))
}

fn asked_for(flag: u8) -> Result<bool, Problem> {
    if flag > 1 { Err(Problem::field("figures", "is 0 or 1")) } else { Ok(flag == 1) }
}

/// Opens, pauses or ends the series of a campaign in force.
pub(crate) async fn set_state(
    State(app): State<App>,
    caller: Caller,
    PathId(number): PathId<u16>,
    Body(body): Body,
) -> Result<Json<Answer>, Problem> {
    let StateIn { state } = read_json(&body)?;
    let receipt = app.ledger.set_campaign_state(&caller.shop.id, number, state).await?;
    let shop = fresh(&app, &caller).await?;
    let answer = answer(&app, &shop, number, Language::default()).await?;
    Ok(Json(Answer { status: Some(receipt.status), ..answer }))
}

async fn fresh(app: &App, caller: &Caller) -> Result<Arc<Shop>, Problem> {
    app.ledger.fresh_shop(&caller.shop.id).await?.ok_or_else(Problem::unauthorized)
}

async fn answer(app: &App, shop: &Shop, number: u16, language: Language) -> Result<Answer, Problem> {
    let unknown = || Problem::not_found(format!("this shop has no campaign {number}"));
    let terms = app.ledger.terms(&shop.id, number).await?.ok_or_else(unknown)?;
    let at = shop.campaigns.series.get(&terms.series).copied().ok_or_else(unknown)?;
    let own = app.ledger.own_campaign(&shop.id, number).await?;
    let in_force = at.number == number;
    Ok(Answer {
        status: None,
        number,
        series: terms.series.clone(),
        from: Source::of(&terms.series),
        in_force,
        replaced_by: (!in_force).then_some(at.number),
        state: at.state,
        reward: in_words(&shop.playbook, &terms, language),
        terms: match own {
            Some(own) => own.to_value(),
            None => json!({ "playbook": terms.playbook, "limit": terms.limit, "idea": terms.idea }),
        },
        figures: None,
    })
}

fn in_words(playbook: &Playbook, terms: &Terms, language: Language) -> String {
    let words = |reward: &Reward| match reward {
        // What rises is told whole.
        Reward::RisingCashback(percents) => {
            let steps = (0..percents.len()).map(|step| playbook.reward_words(reward, step, language));
            steps.collect::<Vec<_>>().join(", ")
        }
        _ => playbook.reward_words(reward, 0, language),
    };
    let mut told: Vec<String> = Vec::new();
    for reward in terms.idea.rewards().map(words) {
        if !told.contains(&reward) {
            told.push(reward);
        }
    }
    told.join("; ")
}
