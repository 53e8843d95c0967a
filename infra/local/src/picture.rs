//! The base as a picture in the terminal: 27 cells grouped by loyalty, and what separates them.

use anstyle::{AnsiColor, Color, Style};
use anyhow::{Context, Result};
use iso_currency::Currency;
use orders_csv::Segmented;
use segmentation::census::Holding;
use segmentation::{Cuts, Day, Groups, LoyaltyGroup, Minor, Place, Score, Segment};
use serde_json::Value;

use crate::tell::{grouped, money, percent};

/// A base as it was counted on a day.
pub(crate) struct Base {
    pub(crate) day: Day,
    pub(crate) cuts: Cuts,
    cells: Vec<Holding>,
    groups: Groups,
}

impl Base {
    /// Of a file.
    pub(crate) fn of(segmented: &Segmented) -> Base {
        let cells = Place::all().map(|place| segmented.census.at(place)).collect();
        Base { day: segmented.as_of, cuts: segmented.cuts, cells, groups: Groups::default() }
    }

    /// Of the answer to `GET /v1/segments`.
    pub(crate) fn read(answer: &Value) -> Result<Base> {
        let mut cells = vec![Holding::default(); Place::COUNT];
        let mut lists = std::collections::BTreeMap::<LoyaltyGroup, Vec<Segment>>::new();
        for cell in answer["segments"].as_array().context("the census has no segments")? {
            let place: Place = serde_json::from_value(cell["segment"].clone())?;
            cells[place.index()] = serde_json::from_value(cell.clone())?;
            if let Some(segment) = place.0 {
                lists.entry(serde_json::from_value(cell["group"].clone())?).or_default().push(segment);
            }
        }
        let day = serde_json::from_value(answer["day"].clone())?;
        let cuts = serde_json::from_value(answer["cuts"].clone())?;
        Ok(Base { day, cuts, cells, groups: Groups::try_from(lists)? })
    }

    fn at(&self, place: Place) -> Holding {
        self.cells[place.index()]
    }

    fn sum(&self, places: impl Iterator<Item = Place>) -> Holding {
        places.map(|place| self.at(place)).fold(Holding::default(), |sum, cell| Holding {
            customers: sum.customers + cell.customers,
            revenue: sum.revenue + cell.revenue,
        })
    }
}

fn colour(group: LoyaltyGroup) -> Style {
    let colour = match group {
        LoyaltyGroup::Vip => AnsiColor::Magenta,
        LoyaltyGroup::Loyal => AnsiColor::Green,
        LoyaltyGroup::Promising => AnsiColor::Cyan,
        LoyaltyGroup::Churning => AnsiColor::Red,
        LoyaltyGroup::OneTime => AnsiColor::Yellow,
    };
    Style::new().fg_color(Some(Color::Ansi(colour)))
}

const DIM: Style = Style::new().dimmed();
const BOLD: Style = Style::new().bold();

/// Prints the whole picture: cells, groups, cuts.
pub(crate) fn base(base: &Base, currency: Currency) {
    let total = base.sum(Place::all());
    anstream::println!(
        "\n{BOLD}The base on {}{BOLD:#}: {} customers, {}",
        base.day,
        grouped(total.customers as i64),
        money(total.revenue, currency)
    );
    cells(base, total);
    groups(base, total);
    cuts(base, currency);
}

fn cells(base: &Base, total: Holding) {
    let (r, f) = (&base.cuts.recency, &base.cuts.frequency);
    let recency = |score: Score| match score {
        Score::Three => format!("r3 recent: up to {} days", r.c1),
        Score::Two => format!("r2 up to {} days", r.c2),
        Score::One => format!("r1 longer than {} days", r.c2),
    };
    let frequency = |score: Score| match score {
        Score::Three => format!("f3 over {}", f.c2),
        Score::Two if f.c1 + 1 == f.c2 => format!("f2 {} orders", f.c2),
        Score::Two => format!("f2 {} to {}", f.c1 + 1, f.c2),
        Score::One if f.c1 == 1 => "f1 one order".to_owned(),
        Score::One => format!("f1 up to {}", f.c1),
    };
    let blocks = || Score::ALL.into_iter().rev();
    anstream::println!();
    let heads: Vec<String> = blocks().map(|score| format!("{:<24}", recency(score))).collect();
    anstream::println!("  {:<13}{BOLD}{}{BOLD:#}", "", heads.join("  "));
    let columns = vec![format!("{:>7}{:>8}{:>8} ", "m1", "m2", "m3"); 3].join("  ");
    anstream::println!("  {DIM}{:<13}{columns}{DIM:#}", "");
    for f in Score::ALL.into_iter().rev() {
        let row = |show: &dyn Fn(Holding) -> String| -> String {
            let block = |r: Score| -> String {
                let one = |m: Score| {
                    let segment = Segment { r, f, m };
                    let style = colour(base.groups.of(segment));
                    let text = show(base.at(segment.into()));
                    format!("{style}{text:>8}{style:#}")
                };
                Score::ALL.map(one).concat()
            };
            blocks().map(block).collect::<Vec<_>>().join("  ")
        };
        anstream::println!("  {BOLD}{:<12}{BOLD:#}{}", frequency(f), row(&|cell| grouped(cell.customers as i64)));
        anstream::println!("  {:<12}{}", "", row(&|cell| percent(cell.revenue.0, total.revenue.0)));
    }
    anstream::println!("  {DIM}above: customers; below: share of revenue; the colour is the loyalty group{DIM:#}");
}

fn groups(base: &Base, total: Holding) {
    const WIDTH: i64 = 24;
    let bar = |part: i64, whole: i64| "█".repeat(usize::try_from(part * WIDTH / whole.max(1)).unwrap_or(0));
    anstream::println!("\n  {BOLD}{:<11}{:>9}          {:<27}{:>9}{BOLD:#}", "group", "customers", "", "revenue");
    for group in LoyaltyGroup::ALL {
        let held = base.sum(base.groups.segments(group).map(Place::from));
        let (customers, all) = (held.customers as i64, total.customers as i64);
        let style = colour(group);
        anstream::println!(
            "  {style}{:<11}{style:#}{:>9} {:>7}  {style}{:<24}{style:#} {:>11}  {style}{}{style:#}",
            group.name(),
            grouped(customers),
            percent(customers, all),
            bar(customers, all),
            percent(held.revenue.0, total.revenue.0),
            bar(held.revenue.0, total.revenue.0),
        );
    }
    let none = base.at(Place::NONE);
    if none.customers > 0 {
        anstream::println!(
            "  {DIM}{:<11}{:>9} {:>7}  no counted order{DIM:#}",
            "none",
            grouped(none.customers as i64),
            percent(none.customers as i64, total.customers as i64)
        );
    }
}

fn cuts(base: &Base, currency: Currency) {
    let cuts = &base.cuts;
    let m = |minor| money(Minor(minor), currency);
    anstream::println!("\n  {BOLD}cuts{BOLD:#} {}", cuts.version());
    anstream::println!(
        "  recency    up to {} days | {} days | longer   ({})",
        cuts.recency.c1,
        cuts.recency.c2,
        cuts.recency.law
    );
    anstream::println!(
        "  frequency  up to {} orders | {} orders | more   ({})",
        cuts.frequency.c1,
        cuts.frequency.c2,
        cuts.frequency.law
    );
    anstream::println!(
        "  monetary   up to {} | {} | more   ({})",
        m(cuts.monetary.c1),
        m(cuts.monetary.c2),
        cuts.monetary.law
    );
}
