//! Movement: how customers went between groups and cells from run to run, and why; and the VIPs who slip.

use std::collections::BTreeMap;

use axum::extract::Query;
use iso_currency::Currency;
use ledger::CustomerId;
use maud::{Markup, html};
use segmentation::{BeaconCount, Cause, Fall, LoyaltyGroup, Minor, Place, Segment};
use serde::Deserialize;

use crate::charts::sankey::{Band, Column, Flows, sankey};
use crate::charts::trend::{Line, trend};
use crate::frame::{Part, Shown, page};
use crate::numbers::{about, grouped};
use crate::pages::base::class;
use crate::pages::{Base, Counts, Listed, Run, Settings, Status, base, runs};
use crate::staff::Staff;
use crate::words::Words;

/// Runs that can be chosen.
const LISTED: usize = 30;
/// Runs that are shown unless others are chosen.
const SHOWN: usize = 7;
/// VIPs of the list.
const SLIPPING: usize = 20;
/// Largest moves that are told in words.
const LARGEST: usize = 10;
/// Steps of the heat map's colour.
const HEATS: u32 = 5;
/// The groups, and whoever stands in no segment.
const BANDS: [Option<LoyaltyGroup>; 6] = [
    Some(LoyaltyGroup::Vip),
    Some(LoyaltyGroup::Loyal),
    Some(LoyaltyGroup::Promising),
    Some(LoyaltyGroup::Churning),
    Some(LoyaltyGroup::OneTime),
    None,
];

#[derive(Deserialize)]
pub(crate) struct Asked {
    first: Option<u64>,
    last: Option<u64>,
    /// Not of the type itself: a form without a choice sends an empty one.
    #[serde(default)]
    cause: String,
}

/// What pages need of `GET /v1/beacon`.
#[derive(Deserialize)]
struct Beacon {
    vip: BeaconCount,
    falls: Vec<Fall>,
}

/// A VIP who slips, as `GET /v1/beacon/customers` lists them.
#[derive(Deserialize)]
struct Slipping {
    customer: CustomerId,
    segment: Segment,
    recency_days: u32,
    usual_gap_days: Option<f64>,
    overdue_percent: Option<u32>,
    at_risk: Option<Minor>,
}

pub(crate) async fn show(staff: Staff, Query(asked): Query<Asked>) -> Shown {
    let words = staff.words;
    let title = words.say("Movement", "Движение");
    let Some(base) = staff.or_sorry(base(&staff.api).await)? else {
        return Ok(page(&staff, Part::Movement, title, &not_yet(words, title)));
    };
    let listed = staff.or_sorry(runs(&staff.api, LISTED, None).await)?;
    let published: Vec<(Run, Counts)> = listed.items.into_iter().rev().filter_map(counted).collect();
    let chosen = chosen(&published, &asked);
    let settings: Settings = staff.or_sorry(staff.api.get("/v1/settings").await)?;
    let beacon: Option<Beacon> = staff.or_sorry(staff.api.find("/v1/beacon").await)?;
    let slipping: Listed<Slipping> =
        staff.or_sorry(staff.api.get(&format!("/v1/beacon/customers?limit={SLIPPING}")).await)?;
    let cause = Cause::ALL.into_iter().find(|cause| cause_key(*cause) == asked.cause);
    let main = html! {
        h1 { (title) }
        (choice(words, &published, chosen))
        @if chosen.len() < 2 { p { (words.say("Movement is seen from the second run on.", "Движение видно со второго пересчёта.")) } }
        (between_groups(words, &base, chosen))
        (heat_map(words, chosen, cause))
        @if let Some(beacon) = &beacon { (vips(words, beacon, &slipping, settings.currency)) }
    };
    Ok(page(&staff, Part::Movement, title, &main))
}

fn not_yet(words: Words, title: &str) -> Markup {
    html! {
        h1 { (title) }
        p { (words.say("No run has been published yet.", "Ни один пересчёт ещё не опубликован.")) " "
            a href="/console/runs" { (words.say("To the runs", "К пересчётам")) } }
    }
}

fn counted(mut run: Run) -> Option<(Run, Counts)> {
    let counts = run.counts.take().filter(|_| run.status == Status::Published)?;
    Some((run, counts))
}

/// From the first to the last run that was asked for; by default the latest few.
fn chosen<'a>(published: &'a [(Run, Counts)], asked: &Asked) -> &'a [(Run, Counts)] {
    let at = |number: Option<u64>| number.and_then(|number| published.iter().position(|(run, _)| run.run == number));
    let last = at(asked.last).unwrap_or(published.len().saturating_sub(1));
    let first = at(asked.first).unwrap_or((last + 1).saturating_sub(SHOWN));
    published.get(first.min(last)..=last).unwrap_or_default()
}

fn choice(words: Words, published: &[(Run, Counts)], chosen: &[(Run, Counts)]) -> Markup {
    let select = |id: &str, label: &str, now: Option<&(Run, Counts)>| {
        html! {
            label for=(id) { (label) }
            select id=(id) name=(id) {
                @for (run, _) in published {
                    option value=(run.run) selected[now.is_some_and(|(now, _)| now.run == run.run)] { "№ " (run.run) ", " (run.day) }
                }
            }
        }
    };
    html! {
        form.choice method="get" action="/console/movement" {
            (select("first", words.say("From the run", "От пересчёта"), chosen.first()))
            (select("last", words.say("to the run", "до пересчёта"), chosen.last()))
            button { (words.say("Show", "Показать")) }
        }
    }
}

fn band_name(words: Words, band: Option<LoyaltyGroup>) -> &'static str {
    band.map_or(words.say("No segment", "Вне сегментов"), |group| words.group(group))
}

fn band_class(band: Option<LoyaltyGroup>) -> &'static str {
    band.map_or("outside", class)
}

fn between_groups(words: Words, base: &Base, chosen: &[(Run, Counts)]) -> Markup {
    let band_of = |place: Place| {
        let group = base.group(place);
        BANDS.iter().position(|band| *band == group).unwrap_or(BANDS.len() - 1)
    };
    let standing = |counts: &Counts| {
        let mut all = vec![0; BANDS.len()];
        for place in Place::all() {
            all[band_of(place)] += counts.census.at(place).customers;
        }
        all
    };
    let flows: Vec<Flows> = chosen.iter().skip(1).map(|(_, counts)| flows(counts, band_of)).collect();
    let standing: Vec<(String, Vec<u64>)> =
        chosen.iter().map(|(run, counts)| (run.day.to_string(), standing(counts))).collect();
    // Whoever comes new comes from outside: so many as will come are drawn as standing there.
    let column = |(nth, (title, standing)): (usize, &(String, Vec<u64>))| {
        let mut standing = standing.clone();
        if let (Some(outside), Some(flows)) = (standing.last_mut(), flows.get(nth)) {
            *outside = flows.last().map_or(0, |went| went.iter().sum::<u64>()).max(*outside);
        }
        Column { title: title.clone(), standing }
    };
    let columns: Vec<Column> = standing.iter().enumerate().map(column).collect();
    let names = BANDS.map(|band| (band_name(words, band), band_class(band)));
    let bands = BANDS.map(|band| Band {
        name: if band.is_none() { words.say("New or outside", "Новые и вне") } else { band_name(words, band) },
        class: band_class(band),
    });
    let titles: Vec<String> = columns.iter().map(|column| column.title.clone()).collect();
    // Nobody offers anything to whoever is in no segment: the trend is that of the groups.
    let lines: Vec<Line<'_>> = names
        .iter()
        .enumerate()
        .take(BANDS.len() - 1)
        .map(|(nth, (name, class))| Line {
            name,
            class,
            values: standing.iter().map(|(_, standing)| standing[nth]).collect(),
        })
        .collect();
    html! {
        section {
            h2 { (words.say("Between loyalty groups", "Между группами лояльности")) }
            @if columns.len() > 1 {
                div.wide tabindex="0" role="region" aria-label=(words.say("Flow between groups", "Потоки между группами")) {
                    (sankey(words.say("How customers went between the groups from run to run; the table below has the numbers.",
                        "Как клиенты переходили между группами от пересчёта к пересчёту; числа в таблице ниже."), &bands, &columns, &flows))
                }
                p.soft { (words.say(
                    "A run tells where everybody stands as against the run before it, whatever moved them. An order on the day of a run, before it, counts in that run and in the next.",
                    "Пересчёт говорит, где кто стоит по сравнению с предыдущим, что бы их ни передвинуло. Заказ в день пересчёта, сделанный до него, учтён и в этом пересчёте, и в следующем.",
                )) }
            }
            h2 { (words.say("Trend of each group", "Динамика групп")) }
            @if columns.len() > 1 {
                div.wide tabindex="0" role="region" aria-label=(words.say("Trend of each group", "Динамика групп")) {
                    (trend(words.say("Customers in each group at each run; the table below has the numbers.",
                        "Клиенты каждой группы на каждый пересчёт; числа в таблице ниже."), &titles, &lines))
                }
            }
            div.wide tabindex="0" role="region" aria-label=(words.say("Customers of each group", "Клиенты по группам")) {
                table.list {
                    thead { tr {
                        th scope="col" { (words.say("Group", "Группа")) }
                        @for title in &titles { th.number scope="col" { (title) } }
                    } }
                    tbody { @for (nth, (name, class)) in names.iter().enumerate() {
                        tr {
                            th scope="row" { span class={ "key " (class) } {} (name) }
                            @for (_, standing) in &standing { td.number { (grouped(standing[nth])) } }
                        }
                    } }
                }
            }
        }
    }
}

/// Between bands; whoever did not move stays in theirs.
fn flows(counts: &Counts, band_of: impl Fn(Place) -> usize) -> Flows {
    let mut flows = vec![vec![0; BANDS.len()]; BANDS.len()];
    let mut stayed: BTreeMap<Place, u64> =
        Place::all().map(|place| (place, counts.census.at(place).customers)).collect();
    for (from, to, _, customers) in counts.movement.cells() {
        flows[band_of(from)][band_of(to)] += customers;
        if let Some(left) = stayed.get_mut(&to) {
            *left = left.saturating_sub(customers);
        }
    }
    for (place, customers) in stayed {
        flows[band_of(place)][band_of(place)] += customers;
    }
    flows
}

/// How a cause is called in an address.
fn cause_key(cause: Cause) -> &'static str {
    match cause {
        Cause::Decay => "decay",
        Cause::Refit => "refit",
        Cause::Order => "order",
        Cause::Return => "return",
        Cause::Correction => "correction",
        Cause::Merge => "merge",
        Cause::Unmerge => "unmerge",
        Cause::Erase => "erase",
    }
}

type Cells = BTreeMap<(Place, Place), BTreeMap<Cause, u64>>;

fn heat_map(words: Words, chosen: &[(Run, Counts)], only: Option<Cause>) -> Markup {
    let mut cells: Cells = BTreeMap::new();
    let mut by_cause: BTreeMap<Cause, u64> = BTreeMap::new();
    for (_, counts) in chosen.iter().skip(1) {
        for (from, to, cause, customers) in counts.movement.cells() {
            *by_cause.entry(cause).or_default() += customers;
            if only.is_none_or(|only| only == cause) {
                *cells.entry((from, to)).or_default().entry(cause).or_default() += customers;
            }
        }
    }
    let (Some((first, _)), Some((last, _))) = (chosen.first(), chosen.last()) else { return html! {} };
    let range = format!("first={}&last={}", first.run, last.run);
    let link = |cause: Option<Cause>, name: &str, customers: u64| {
        html! {
            a href={ "/console/movement?" (range) @if let Some(cause) = cause { "&cause=" (cause_key(cause)) } "#cells" }
                aria-current=[(cause == only).then_some("true")] { (name) " " (grouped(customers)) }
        }
    };
    html! {
        section id="cells" {
            h2 { (words.say("From cell to cell, and why", "Из ячейки в ячейку, и почему")) }
            p { (words.say("Each customer once a run, under the cause of their last step.", "Каждый клиент один раз за пересчёт, с причиной последнего шага.")) }
            nav.switch aria-label=(words.say("Cause", "Причина")) {
                (link(None, words.say("All", "Все"), by_cause.values().sum()))
                @for (cause, customers) in &by_cause { (link(Some(*cause), words.cause(*cause), *customers)) }
            }
            @if cells.is_empty() { p { (words.say("Nobody moved.", "Никто не переходил.")) } }
            @else { (map(words, &cells)) (largest(words, &cells)) }
        }
    }
}

fn map(words: Words, cells: &Cells) -> Markup {
    let total = |causes: &BTreeMap<Cause, u64>| causes.values().sum::<u64>();
    let most = cells.values().map(total).max().unwrap_or(1);
    html! {
        div.wide tabindex="0" role="region" aria-label=(words.say("The matrix of moves", "Матрица переходов")) {
            table.heat {
                caption { (words.say("Rows: from; columns: to.", "Строки: откуда; столбцы: куда.")) }
                thead { tr {
                    td {}
                    @for to in Place::all() { th scope="col" { span { (words.place(to)) } } }
                } }
                tbody { @for from in Place::all() {
                    tr {
                        th scope="row" { (words.place(from)) }
                        @for to in Place::all() {
                            @match cells.get(&(from, to)) {
                                Some(causes) => {
                                    td class=(heat(total(causes), most)) title=(told(words, from, to, causes)) { (total(causes)) }
                                }
                                None if from == to => td.stays {},
                                None => td {},
                            }
                        }
                    }
                } }
            }
        }
    }
}

/// A step of colour by the logarithm: few moves are many, and many are few.
fn heat(customers: u64, most: u64) -> String {
    let of = ((customers as f64).ln_1p() / (most as f64).ln_1p() * f64::from(HEATS)).ceil();
    format!("h{}", of.clamp(1.0, f64::from(HEATS)))
}

fn told(words: Words, from: Place, to: Place, causes: &BTreeMap<Cause, u64>) -> String {
    let each: Vec<String> =
        causes.iter().map(|(cause, customers)| format!("{} {}", words.cause(*cause), grouped(*customers))).collect();
    format!("{} → {}: {}", words.place(from), words.place(to), each.join(", "))
}

fn largest(words: Words, cells: &Cells) -> Markup {
    let mut listed: Vec<_> = cells.iter().map(|(pair, causes)| (causes.values().sum::<u64>(), pair, causes)).collect();
    listed.sort_by_key(|(customers, pair, _)| (std::cmp::Reverse(*customers), **pair));
    html! {
        h3 { (words.say("The largest", "Самые большие")) }
        ol { @for (_, (from, to), causes) in listed.into_iter().take(LARGEST) { li { (told(words, *from, *to, causes)) } } }
    }
}

fn vips(words: Words, beacon: &Beacon, slipping: &Listed<Slipping>, currency: Currency) -> Markup {
    let percent = |of: Option<u32>| of.map(|percent| format!("{:.1}×", f64::from(percent) / 100.0)).unwrap_or_default();
    html! {
        section {
            h2 { (words.say("VIP beacon: who slips", "Маячок VIP: кто уходит")) }
            p {
                (grouped(beacon.vip.slipping)) " " (words.say("of", "из")) " " (grouped(beacon.vip.vips)) " "
                (words.say("VIPs slipped at the last run, by their own rhythm", "VIP уходят по последнему пересчёту, по их собственному ритму"))
                @if beacon.vip.slipping_at_risk > Minor::ZERO {
                    "; " (words.say("at risk:", "под угрозой:")) " " (about(beacon.vip.slipping_at_risk, currency))
                } "."
            }
            @for fall in &beacon.falls {
                p.alarm {
                    (words.group(fall.group)) ": " (words.customers(fall.customers)) ", "
                    (words.say("where the trend says", "а по тренду было бы")) " " (grouped(fall.expected)) "."
                }
            }
            @if slipping.items.is_empty() { p { (words.say("Nobody slips today.", "Сегодня никто.")) } } @else {
                div.wide tabindex="0" role="region" aria-label=(words.say("VIPs who slip", "Уходящие VIP")) { table.list {
                    thead { tr {
                        th scope="col" { (words.say("Customer", "Клиент")) }
                        th scope="col" { (words.say("Segment", "Сегмент")) }
                        th.number scope="col" { (words.say("Days since the last order", "Дней с последнего заказа")) }
                        th.number scope="col" { (words.say("Usual gap, days", "Обычный перерыв, дней")) }
                        th.number scope="col" { (words.say("Of the usual gap", "К обычному перерыву")) }
                        th.number scope="col" { (words.say("At risk", "Под угрозой")) }
                    } }
                    tbody { @for vip in &slipping.items {
                        tr {
                            th scope="row" { a href={ "/console/customers/" (vip.customer.path_form()) } { bdi { (vip.customer.as_str()) } } }
                            td { a href={ "/console/segments/" (vip.segment) } { (vip.segment) } }
                            td.number { (grouped(vip.recency_days.into())) }
                            td.number { @if let Some(gap) = vip.usual_gap_days { (format!("{gap:.1}")) } }
                            td.number { (percent(vip.overdue_percent)) }
                            td.number { @if let Some(at_risk) = vip.at_risk { (about(at_risk, currency)) } }
                        }
                    } }
                } }
            }
            @if slipping.next.is_some() {
                p.soft { (words.say("The first ones; all of them:", "Это первые; все:")) " " code { "GET /v1/beacon/customers" } }
            }
        }
    }
}
