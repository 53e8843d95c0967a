//! What a campaign gives, to whom and when.

use iso_currency::Currency;
use ledger::CampaignState;
use maud::{Markup, html};
use playbook::calendar::Calendar;
use playbook::reward::Limit;
use playbook::{Conditions, ShownAt, Text};
use segmentation::{Day, Place, Segment};
use serde::Deserialize;

use super::{Figures, Source, audience, said};
use crate::words::Words;

/// A campaign as `GET /v1/campaigns/{n}` shows it.
#[derive(Deserialize)]
pub(super) struct Campaign {
    pub(super) number: u16,
    pub(super) series: String,
    pub(super) from: Source,
    pub(super) in_force: bool,
    pub(super) replaced_by: Option<u16>,
    pub(super) state: CampaignState,
    pub(super) reward: String,
    pub(super) terms: Terms,
    pub(super) figures: Figures,
}

/// What pages need of its terms, the playbook's or an own campaign's.
#[derive(Deserialize)]
pub(super) struct Terms {
    pub(super) idea: Idea,
    limit: Option<Limit>,
    segments: Option<Vec<Segment>>,
    from: Option<Day>,
    until: Option<Day>,
    #[serde(default)]
    beyond_rules: bool,
}

#[derive(Deserialize)]
pub(super) struct Idea {
    place: ShownAt,
    calendar: Calendar,
    validity: u16,
    #[serde(default)]
    conditions: Conditions,
    pub(super) text: Text,
    say: Text,
}

impl Campaign {
    /// For whom it is; `None`: for everyone. A series of the playbook is named by its entry.
    pub(super) fn places(&self) -> Option<Vec<Place>> {
        match self.series.split_once('/') {
            Some((entry, _)) => Some(vec![Place(entry.parse().ok())]),
            None => self.terms.segments.as_ref().map(|all| all.iter().copied().map(Place::from).collect()),
        }
    }
}

pub(super) fn section(words: Words, campaign: &Campaign, currency: Currency) -> Markup {
    let Terms { idea, limit, from, until, beyond_rules, .. } = &campaign.terms;
    html! {
        section {
            h2 { (words.say("Terms", "Условия")) }
            dl {
                dt { (words.say("Gives", "Даёт")) } dd { (campaign.reward) }
                dt { (words.say("To whom", "Кому")) } dd { (audience(words, campaign.places().as_deref())) }
                dt { (words.say("When", "Когда")) } dd { (said::calendar(words, idea.calendar)) }
                @if let Some(from) = from { dt { (words.say("First day", "Первый день")) } dd { (from) } }
                @if let Some(until) = until { dt { (words.say("Last day", "Последний день")) } dd { (until) } }
                @if idea.validity > 0 {
                    dt { (words.say("Good for", "Действует")) } dd { (said::days(words, idea.validity)) }
                }
                dt { (words.say("Shown", "Показывается")) } dd { (said::shown_at(words, idea.place)) }
                dt { (words.say("On an order", "На заказ")) }
                dd { (said::conditions(words, &idea.conditions, currency)) }
                @if let Some(limit) = limit {
                    dt { (words.say("The segment's bounds", "Границы сегмента")) } dd { (said::limit(words, *limit)) }
                }
                @if *beyond_rules {
                    dt { (words.say("The segment's rules", "Правила сегмента")) }
                    dd { (words.say("it is given beyond them", "даётся и сверх них")) }
                }
                dt { (words.say("The customer reads", "Клиент читает")) } dd { (idea.say.in_language(words.0)) }
            }
        }
    }
}
