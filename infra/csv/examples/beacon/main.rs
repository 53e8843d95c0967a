//! What each reading of the beacon was worth on real data: VIPs on a day, as cuts fitted on that day tell them, and what they
//! did in the 120 days after it. Orders as they were placed; returns are left out.
//!
//!     cargo run --release -p orders-csv --example beacon -- evidence FILE.csv DAY DAY …
//!     cargo run --release -p orders-csv --example beacon -- table FILE.csv DAY       histories and the fit, for lifetimes.py

mod score;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::AtomicU64;

use orders_csv::{ImportOptions, Item, import};
use score::{Scored, auc, worst_tenth};
use segmentation::buying::{Draw, Fitted, History, Model, Table};
use segmentation::fit::Surveyor;
use segmentation::{Day, Entry, FitPolicy, Flags, Groups, LoyaltyGroup, Orders, Place, Rhythm, Window, fit};

type Failure = Box<dyn std::error::Error>;
/// Whether a VIP came out badly; `None` where that cannot be told.
type Outcome = fn(&Watched) -> Option<bool>;
/// How long it is watched what customers do.
const AHEAD: u32 = 120;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let done = match args.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["evidence", file, days @ ..] => evidence(file, days),
        ["table", file, day] => table(file, day),
        _ => Err("usage: beacon evidence FILE DAY …, or beacon table FILE DAY".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn evidence(file: &str, days: &[&str]) -> Result<(), Failure> {
    let base = read(file)?;
    let name = Path::new(file).file_stem().unwrap_or_default().to_string_lossy();
    println!(
        "| data | day | VIPs (with 4 gaps) | target | share | own rhythm | recency | P(alive) | expected orders |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    for day in days {
        let on: Day = day.parse()?;
        let last = base.values().flat_map(|orders| orders.iter().map(|e| e.day)).max().ok_or("no orders")?;
        if last.since(on) < AHEAD.into() {
            return Err(format!("{file} ends on {last}, less than {AHEAD} days after {on}").into());
        }
        let fitted = Fitted::of(&histories(&base, on)).ok_or("too few customers for a model")?;
        let vips = vips(&base, on);
        let watched: Vec<Watched> = vips.iter().filter_map(|orders| Watched::of(orders, on, &fitted.model)).collect();
        print_rows(&name, on, &watched);
    }
    Ok(())
}

/// A VIP with what each reading said and what became of them.
struct Watched {
    recency: f64,
    overdue: Option<f64>,
    gaps: usize,
    alive: f64,
    expected: f64,
    silent: bool,
    /// `None`: with one purchase day there is no own rate.
    below_half: Option<bool>,
}

impl Watched {
    fn of(orders: &Orders, on: Day, model: &Model) -> Option<Watched> {
        let window = Window::default();
        let history = History::of(orders, on, window)?;
        let rhythm = Rhythm::of(orders, on, window);
        let until = History::of(orders, on.plus(AHEAD.into()), window)?;
        let came = f64::from(until.repeats - history.repeats);
        let promised =
            (history.span > 0).then(|| f64::from(history.repeats) / f64::from(history.span) * f64::from(AHEAD));
        let alive = model.alive(&history);
        Some(Watched {
            recency: history.silence().into(),
            overdue: rhythm.overdue(history.silence()),
            gaps: rhythm.gaps,
            alive,
            expected: alive * model.purchases_if_alive(&history, AHEAD),
            silent: came == 0.0,
            below_half: promised.map(|promised| came < promised / 2.0),
        })
    }
}

fn print_rows(name: &str, on: Day, watched: &[Watched]) {
    let rhythmic = watched.iter().filter(|vip| vip.gaps >= 4).count();
    let outcomes: [(&str, Outcome); 2] = [("no order", |vip| Some(vip.silent)), ("below half", |vip| vip.below_half)];
    for (target, outcome) in outcomes {
        // All readings are compared on the same customers: those with a gap.
        let judged: Vec<(&Watched, bool, f64)> =
            watched.iter().filter_map(|vip| Some((vip, outcome(vip)?, vip.overdue?))).collect();
        let bad = judged.iter().filter(|(_, bad, _)| *bad).count();
        let column = |worse: &dyn Fn(&Watched, f64) -> f64| {
            let scored: Vec<Scored> =
                judged.iter().map(|(vip, bad, overdue)| Scored { worse: worse(vip, *overdue), bad: *bad }).collect();
            format!("{:.3} / {:.0} %", auc(&scored), 100.0 * worst_tenth(&scored))
        };
        println!(
            "| {name} | {on} | {} ({rhythmic}) | {target} | {:.0} % | {} | {} | {} | {} |",
            judged.len(),
            100.0 * bad as f64 / judged.len().max(1) as f64,
            column(&|_, overdue| overdue),
            column(&|vip, _| vip.recency),
            column(&|vip, _| 1.0 - vip.alive),
            column(&|vip, _| -vip.expected),
        );
    }
}

fn table(file: &str, day: &str) -> Result<(), Failure> {
    let table = histories(&read(file)?, day.parse()?);
    let fitted = Fitted::of(&table).ok_or("too few customers for a model")?;
    let [r, alpha, a, b] = fitted.model.parameters();
    println!("# {r} {alpha} {a} {b} {}", fitted.model.log_likelihood(&table));
    println!("repeats,span,age,customers");
    for (history, customers) in table.histories() {
        println!("{},{},{},{customers}", history.repeats, history.span, history.age);
    }
    Ok(())
}

fn read(file: &str) -> Result<BTreeMap<String, Orders>, Failure> {
    let mut customers: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
    for item in import(Path::new(file), &ImportOptions::default(), &AtomicU64::new(0))?.items {
        if let Item::Order(order) = item
            && let Some(customer) = order.customer
        {
            let flags = Flags::none().with(Flags::ZERO, order.total.0 == 0);
            customers.entry(customer).or_default().push(Entry { day: order.time.day(), net: order.total, flags });
        }
    }
    Ok(customers.into_iter().map(|(id, entries)| (id, entries.into_iter().collect())).collect())
}

fn histories(base: &BTreeMap<String, Orders>, on: Day) -> Table {
    let mut table = Table::default();
    for (n, orders) in base.values().enumerate() {
        if let Some(history) = History::of(orders, on, Window::default()) {
            // Evenly spread, in place of a customer key's bits.
            table.add(Draw::of((n as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15)), history);
        }
    }
    table
}

fn vips(base: &BTreeMap<String, Orders>, on: Day) -> Vec<Orders> {
    let mut surveyor = Surveyor::default();
    base.values().for_each(|orders| surveyor.add(orders, on, Window::default()));
    let cuts = fit(&surveyor.finish(), &FitPolicy::default());
    let groups = Groups::default();
    let is_vip = |orders: &&Orders| {
        let place: Place = cuts.place(orders, on);
        place.0.is_some_and(|segment| groups.of(segment) == LoyaltyGroup::Vip)
    };
    base.values().filter(is_vip).cloned().collect()
}
