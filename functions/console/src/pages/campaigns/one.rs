//! One campaign: its terms, how it is used, its state and limits.

use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use iso_currency::Currency;
use ledger::CampaignState;
use maud::{Markup, html};
use serde::Deserialize;

use super::limits::{self, Tried};
use super::terms::{self, Campaign};
use super::{Source, Used, badge, pages, state};
use crate::api::Refused;
use crate::frame::{Part, Sorry, form_field, page};
use crate::numbers::{grouped, money};
use crate::pages::Settings;
use crate::session::Session;
use crate::staff::Staff;
use crate::words::Words;

#[derive(Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    done: String,
}

/// What came of a form of this page.
#[derive(Default)]
pub(super) enum Came {
    /// Nothing was sent.
    #[default]
    Nothing,
    /// The state was set.
    State,
    /// A limit was set.
    Limit,
    /// The state was not set, and why.
    NoState(String),
    /// A limit was not set.
    NoLimit(Tried),
}

/// A campaign, and the shop's currency.
pub(super) async fn load(staff: &Staff, number: &str) -> Result<(Campaign, Currency), Sorry> {
    let words = staff.words;
    let number: Result<u16, _> = number.parse().map_err(|_| {
        let title = words.say("There is no such campaign", "Такой кампании нет");
        Refused::new(
            StatusCode::NOT_FOUND,
            title,
            words.say("Its number is from 1 to 65,535.", "Номер – от 1 до 65 535."),
        )
    });
    let number = staff.or_sorry(number)?;
    let settings: Settings = staff.or_sorry(staff.api.get("/v1/settings").await)?;
    let path = format!("/v1/campaigns/{number}?figures=1&lang={}", words.0.tag());
    Ok((staff.or_sorry(staff.api.get(&path).await)?, settings.currency))
}

pub(crate) async fn show(
    staff: Staff,
    Path(number): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Sorry> {
    let (campaign, currency) = load(&staff, &number).await?;
    let came = match asked.done.as_str() {
        "state" => Came::State,
        "limit" => Came::Limit,
        _ => Came::Nothing,
    };
    Ok(shown(&staff, &campaign, currency, StatusCode::OK, &came))
}

pub(super) fn shown(
    staff: &Staff,
    campaign: &Campaign,
    currency: Currency,
    status: StatusCode,
    came: &Came,
) -> Response {
    let (words, session) = (staff.words, &staff.session);
    let tried = match came {
        Came::NoLimit(tried) => Some(tried),
        _ => None,
    };
    let main = html! {
        h1 { (words.say("Campaign", "Кампания")) " " (campaign.series) }
        (pages(words, None))
        p.lead { (campaign.terms.idea.text.in_language(words.0)) }
        p {
            (badge(words, campaign.state)) " "
            span.soft {
                (words.say("number", "номер")) " " (campaign.number) ", "
                @match campaign.from {
                    Source::Playbook => { (words.say("of the playbook", "из плейбука")) }
                    Source::Own => { (words.say("the shop's own", "собственная")) }
                }
            }
            @if let Some(other) = campaign.replaced_by {
                "; " (words.say("its series is on other terms by now:", "её серия уже на других условиях:")) " "
                a href={ "/console/campaigns/" (other) } { (words.say("campaign", "кампания")) " " (other) }
            }
        }
        (terms::section(words, campaign, currency))
        (used(words, campaign, currency))
        (limits::section(words, session, campaign, currency, tried, matches!(came, Came::Limit)))
        (states(words, session, campaign, came))
    };
    (status, page(staff, Part::Campaigns, &campaign.series, &main)).into_response()
}

fn used(words: Words, campaign: &Campaign, currency: Currency) -> Markup {
    let figures = &campaign.figures;
    let (Some(run), Some(day)) = (figures.run, figures.day) else {
        return html! { section {
            h2 { (words.say("How it is used", "Как её используют")) }
            p { (words.say(
                "No run has been published yet, so nothing is counted.",
                "Ни один пересчёт ещё не опубликован, поэтому ничего не посчитано.",
            )) }
        } };
    };
    html! {
        section {
            h2 { (words.say("How it is used", "Как её используют")) }
            p.soft {
                (words.say("As counted by run", "По пересчёту")) " " a href={ "/console/runs/" (run) } { (run) } " "
                (words.say("for", "за")) " " (day) "."
            }
            dl {
                @if let Some(customers) = figures.customers {
                    dt { (words.say("It is for", "Для кого")) } dd { (words.customers(customers)) }
                }
                dt { (words.say("Used", "Использовано")) }
                @match &figures.used {
                    Some(used) => { dd { (uses(words, used, currency)) } }
                    None => { dd { (words.say("not counted by this run", "этим пересчётом не посчитано")) } }
                }
            }
            p.soft { (words.say(
                "Confirmed rewards that were not given back, of the last 32 of each customer. What was shown to customers is not counted: \
                 what rewards change is measured against the holdout.",
                "Подтверждённые и не возвращённые вознаграждения, из последних 32 у каждого клиента. Показы не считаются: что меняют \
                 вознаграждения, измеряется по контрольной группе.",
            )) " " a href="/console/uplift" { (words.say("What rewards change", "Что меняют вознаграждения")) } }
        }
    }
}

fn uses(words: Words, used: &Used, currency: Currency) -> Markup {
    html! {
        (words.rewards(used.rewards)) ", " (money(used.value, currency))
        " (" (words.customers(used.customers)) "); "
        (words.say("in the last 30 days", "за последние 30 дней")) ": "
        (grouped(used.lately)) ", " (money(used.lately_value, currency))
    }
}

/// What may be done with it, and what came of that.
fn states(words: Words, session: &Session, campaign: &Campaign, came: &Came) -> Markup {
    let action = format!("/console/campaigns/{}/state", campaign.number);
    let to = |to: CampaignState, name: &str| {
        let value = match to {
            CampaignState::Open => "open",
            CampaignState::Paused => "paused",
            CampaignState::Ended => "ended",
        };
        html! { button name="state" value=(value) { (name) } }
    };
    html! {
        section id="state" {
            h2 { (words.say("State", "Состояние")) }
            @match came {
                Came::State if campaign.in_force => p role="status" {
                    (words.say("Done: the campaign is", "Готово: кампания")) " " (state(words, campaign.state)) "."
                },
                Came::State => p role="status" { (words.say(
                    "Done: what was given out on these terms is good no more.",
                    "Готово: выданное на этих условиях больше не действует.",
                )) },
                Came::NoState(why) => p.alarm role="alert" id="wrong-state" { (why) },
                _ => {},
            }
            @if !campaign.in_force {
                p { (words.say(
                    "Codes that were given out on these terms stay good while the series is open. They can be stopped for good.",
                    "Коды, выданные на этих условиях, действуют, пока серия открыта. Их можно остановить насовсем.",
                )) }
                form method="post" action=(action) {
                    (form_field(session))
                    (to(CampaignState::Paused, words.say("Stop these codes", "Остановить эти коды")))
                }
            } @else if campaign.state == CampaignState::Ended {
                p { (words.say(
                    "It has ended, and opens again by a new publication only.",
                    "Она завершена и откроется только с новой публикацией.",
                )) }
            } @else {
                form method="post" action=(action) {
                    (form_field(session))
                    @if campaign.state == CampaignState::Open {
                        p { (words.say(
                            "Paused, nothing of it is offered or reserved any more within a minute; what is reserved can be confirmed.",
                            "На паузе через минуту ничего не предлагается и не бронируется; уже забронированное можно подтвердить.",
                        )) }
                        (to(CampaignState::Paused, words.say("Pause", "Поставить на паузу")))
                    } @else {
                        (to(CampaignState::Open, words.say("Open again", "Снова открыть")))
                    }
                }
                details open[matches!(came, Came::NoState(_))] {
                    summary { (words.say("End it", "Завершить")) }
                    form.door method="post" action=(action) {
                        (form_field(session))
                        p id="ending" { (words.say(
                            "What has ended is not opened again by a button: only a new publication of its terms does that.",
                            "Завершённую кампанию кнопкой не открыть: это делает только новая публикация условий.",
                        )) }
                        label.box for="sure" {
                            input type="checkbox" id="sure" name="sure" value="yes" required aria-describedby="ending";
                            " " (words.say("Yes, end it for good", "Да, завершить насовсем"))
                        }
                        (to(CampaignState::Ended, words.say("End the campaign", "Завершить кампанию")))
                    }
                }
            }
        }
    }
}
