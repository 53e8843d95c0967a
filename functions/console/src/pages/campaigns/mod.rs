//! Campaigns: what the shop gives to whom, how much of it is used, what that changes, and what customers answered.

mod act;
mod limits;
mod list;
mod one;
mod said;
mod surveys;
mod terms;
mod uplift;

use ledger::CampaignState;
use maud::{Markup, html};
use playbook::calendar::Calendar;
use segmentation::{Day, Minor, Place, Segment};
use serde::Deserialize;

use crate::words::Words;

pub(crate) use act::{set_limit, set_state};
pub(crate) use list::list;
pub(crate) use one::show;
pub(crate) use surveys::surveys;
pub(crate) use uplift::uplift;

/// Where terms come from, as the API says it.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Source {
    Playbook,
    Own,
}

/// Rewards that were used, as `GET /v1/campaigns` gives them.
#[derive(Deserialize)]
struct Used {
    customers: u64,
    rewards: u64,
    value: Minor,
    lately: u64,
    lately_value: Minor,
}

/// A limit with what became of it, as `GET /v1/budgets` gives it.
#[derive(Deserialize)]
struct Budget {
    segment: Option<Segment>,
    #[serde(default)]
    monthly: bool,
    amount: Option<Minor>,
    count: Option<u64>,
    shards: u8,
    month: Option<String>,
    used_amount: Minor,
    used_count: u64,
    released_count: u64,
    lapsed_count: u64,
    given_back_count: u64,
    left_amount: Option<Minor>,
    left_count: Option<u64>,
    held: Option<Held>,
}

impl Budget {
    /// Is nothing left of it?
    fn is_spent(&self) -> bool {
        self.left_amount.is_some_and(|left| left.0 <= 0) || self.left_count == Some(0)
    }
}

#[derive(Deserialize)]
struct Held {
    count: u64,
    more: bool,
}

/// How much a campaign is used.
#[derive(Deserialize)]
struct Figures {
    run: Option<u64>,
    day: Option<Day>,
    customers: Option<u64>,
    used: Option<Used>,
    budgets: Vec<Budget>,
}

/// A campaign as `GET /v1/campaigns` lists it.
#[derive(Deserialize)]
struct Listed {
    series: String,
    number: u16,
    state: CampaignState,
    from: Source,
    reward: String,
    text: String,
    segments: Option<Vec<Place>>,
    calendar: Option<Calendar>,
    opens: Option<Day>,
    closes: Option<Day>,
    figures: Figures,
}

/// The pages of this part.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Page {
    List,
    Uplift,
    Surveys,
}

/// The way between them.
fn pages(words: Words, on: Option<Page>) -> Markup {
    let one = |page: Page, path: &str, name: &str| {
        html! { a href=(path) aria-current=[(on == Some(page)).then_some("page")] { (name) } }
    };
    html! {
        nav.switch aria-label=(words.say("Pages about campaigns", "Страницы о кампаниях")) {
            (one(Page::List, "/console/campaigns", words.say("All campaigns", "Все кампании")))
            (one(Page::Uplift, "/console/uplift", words.say("What rewards change", "Что меняют вознаграждения")))
            (one(Page::Surveys, "/console/surveys", words.say("What customers answer", "Что отвечают клиенты")))
        }
    }
}

fn state(words: Words, state: CampaignState) -> &'static str {
    match state {
        CampaignState::Open => words.say("open", "открыта"),
        CampaignState::Paused => words.say("paused", "на паузе"),
        CampaignState::Ended => words.say("ended", "завершена"),
    }
}

/// A state that is seen without its colour too.
fn badge(words: Words, of: CampaignState) -> Markup {
    let class = match of {
        CampaignState::Open => "badge open",
        CampaignState::Paused => "badge paused",
        CampaignState::Ended => "badge ended",
    };
    html! { span class=(class) { (state(words, of)) } }
}

/// For whom, with the segments' pages.
fn audience(words: Words, segments: Option<&[Place]>) -> Markup {
    let Some(segments) = segments else { return html! { (words.say("everyone", "все")) } };
    html! {
        @for (at, place) in segments.iter().enumerate() {
            @if at > 0 { ", " }
            @match place.0 {
                Some(segment) => a href={ "/console/segments/" (segment) } { (segment) },
                None => { (words.say("newcomers", "новички")) }
            }
        }
    }
}
