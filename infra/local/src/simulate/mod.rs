//! `tercile simulate FILE.csv`: what a playbook would have shown and promised to a file's customers, before it is published.

mod base;
mod table;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result, bail};
use indicatif::ProgressBar;
use iso_currency::Currency;
use ledger::{Changeable, KeySecret};
use playbook::Playbook;
use playbook::decide::MoneyWords;
use playbook::simulate::{NoShelf, Period, Scenario, Tally, simulate};
use segmentation::Day;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::cli::{SimulateOptions, Simulated};
use crate::import::read_file;
use crate::shop::currency;
use crate::simulate::base::Base;
use crate::{demo, tell};

/// What is simulated and shown.
struct Simulation {
    base: Base,
    scenario: Scenario,
    playbook: Playbook,
    tally: Tally,
    /// The built-in playbook over the same days, where another was simulated.
    builtin: Option<Tally>,
    currency: Currency,
}

pub(crate) fn run(options: SimulateOptions) -> Result<ExitCode> {
    let (playbook, changed) = match &options.playbook {
        Some(path) => (Playbook::overridden(&document(path)?).with_context(|| path.display().to_string())?, true),
        None => (Playbook::builtin().clone(), false),
    };
    let settings = match &options.settings {
        Some(path) => settings(path)?,
        None => Changeable::default(),
    };
    let (base, currency) = read(&options)?;
    let period = period(&options, &base)?;
    let scenario = Scenario {
        period,
        cuts: base.cuts(&period, &settings),
        groups: settings.groups.clone(),
        settings: settings.offers,
        money: MoneyWords {
            code: currency.code().to_owned(),
            digits: currency.exponent().and_then(|digits| u8::try_from(digits).ok()).unwrap_or(2),
        },
        campaigns: Vec::new(),
        paused: BTreeSet::new(),
        everyone_agrees: !options.no_mailings,
    };
    if scenario.cuts.is_empty() {
        bail!("nobody has a counted order before {}, so there is nothing to simulate from that day on", period.from());
    }
    let runs = if changed { 2 } else { 1 };
    let bar = tell::bar(runs * base.customers.len() as u64, "simulating");
    let tally = simulate_all(&base, &scenario, &playbook, &bar)?;
    let builtin = match changed {
        true => Some(simulate_all(&base, &scenario, Playbook::builtin(), &bar)?),
        false => None,
    };
    bar.finish_and_clear();
    let simulation = Simulation { base, scenario, playbook, tally, builtin, currency };
    match options.format {
        Simulated::Table => table::print(&simulation),
        Simulated::Json => println!("{}", serde_json::to_string_pretty(&simulation.document())?),
    }
    Ok(ExitCode::SUCCESS)
}

/// The file's customers, or the demo's.
fn read(options: &SimulateOptions) -> Result<(Base, Currency)> {
    match &options.file {
        Some(file) => {
            let currency = currency(&options.currency)?;
            let read = orders_csv::ImportOptions {
                columns: options.columns.columns(),
                time_zone: options.time_zone,
                returns: options.columns.returns(),
                decimals: u32::from(currency.exponent().unwrap_or(0)),
            };
            let imported = read_file(file, &read)?;
            if let Some(refused) = imported.refused.first() {
                let count = imported.report.refused_rows;
                bail!("{}: {refused} (of {} rows that cannot be read)", file.display(), tell::grouped(count as i64));
            }
            Ok((Base::of(&imported.items)?, currency))
        }
        None => Ok((Base::of(&demo::items()?)?, demo::CURRENCY)),
    }
}

/// The days asked for; by default the last 90 of the file.
fn period(options: &SimulateOptions, base: &Base) -> Result<Period> {
    let until = options.until.unwrap_or(base.last_day);
    let from = options.from.unwrap_or_else(|| until.plus(1 - i64::from(options.days)));
    Period::new(from, until).map_err(|bad| anyhow::anyhow!("--until {until}: {bad}, {from}"))
}

/// JSON, or TOML where the file's name says so.
fn document<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let is_toml = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("toml"));
    let read = if is_toml {
        toml::from_str(&text).map_err(anyhow::Error::from)
    } else {
        serde_json::from_str(&text).map_err(anyhow::Error::from)
    };
    read.with_context(|| path.display().to_string())
}

/// A shop's settings, as `GET /v1/settings` answers them or `PUT` takes them.
fn settings(path: &Path) -> Result<Changeable> {
    let mut sent: Value = document(path)?;
    if let Some(fields) = sent.as_object_mut() {
        for unchanging in ["version", "currency", "time_zone"] {
            fields.remove(unchanging);
        }
    }
    let settings: Changeable = serde_json::from_value(sent).with_context(|| path.display().to_string())?;
    settings.check().with_context(|| path.display().to_string())?;
    Ok(settings)
}

/// All customers, on all processors.
fn simulate_all(base: &Base, scenario: &Scenario, playbook: &Playbook, bar: &ProgressBar) -> Result<Tally> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    // No shop's secret: the same file gives the same numbers everywhere, and slots are spread as a shop's are.
    let secret = KeySecret::new(*b"a simulation has nothing to conceal");
    let next = AtomicUsize::new(0);
    let work = || {
        let mut sum = Tally::default();
        while let Some(customer) = base.customers.get(next.fetch_add(1, Ordering::Relaxed)) {
            let key = secret.customer(&base.shop, &customer.id);
            sum.merge(&simulate(&customer.profile, scenario, playbook, &NoShelf, |series| secret.shift(&key, series)));
            bar.inc(1);
        }
        sum
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let mut sum = Tally::default();
        for worker in workers {
            sum.merge(&worker.join().map_err(|_| anyhow::anyhow!("a worker broke off"))?);
        }
        Ok(sum)
    })
}

impl Simulation {
    fn days(&self) -> (Day, Day) {
        (self.scenario.period.from(), self.scenario.period.until())
    }

    /// For programs.
    fn document(&self) -> Value {
        let (from, until) = self.days();
        let builtin =
            self.builtin.as_ref().map(|tally| json!({ "version": Playbook::builtin().version(), "tally": tally }));
        json!({
            "from": from,
            "until": until,
            "currency": self.currency.code(),
            "cuts": self.scenario.cuts.iter().map(|held| json!({ "from": held.from, "cuts": held.cuts })).collect::<Vec<_>>(),
            "playbook": { "version": self.playbook.version(), "tally": self.tally },
            "builtin": builtin,
        })
    }
}
