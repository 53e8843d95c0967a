//! A simulation as tables: who would have seen and got what, and what that comes to at most.

use anstyle::Style;
use playbook::Playbook;
use playbook::simulate::{Line, Tally};
use segmentation::{LoyaltyGroup, Minor, Place};

use crate::simulate::Simulation;
use crate::tell::{grouped, money, percent};

const DIM: Style = Style::new().dimmed();
const BOLD: Style = Style::new().bold();
/// Series shown, those with the highest ceilings.
const MOST_SERIES: usize = 20;

pub(super) fn print(simulation: &Simulation) {
    let (from, until) = simulation.days();
    let tally = &simulation.tally;
    let days = until.since(from) + 1;
    anstream::println!(
        "\n{BOLD}From {from} until {until}{BOLD:#}: {} days, {} customers, {} orders in the file, playbook {}",
        grouped(days),
        grouped(tally.customers as i64),
        grouped(simulation.base.orders as i64),
        simulation.playbook.version()
    );
    let table = Table { simulation };
    table.segments();
    table.mechanics();
    table.series();
    table.total();
}

struct Table<'a> {
    simulation: &'a Simulation,
}

impl Table<'_> {
    fn money(&self, amount: Minor) -> String {
        money(amount, self.simulation.currency)
    }

    fn head(&self, what: &str, width: usize) {
        let against =
            if self.simulation.builtin.is_some() { format!("{:>18}", "against built-in") } else { String::new() };
        anstream::println!(
            "\n  {BOLD}{what:<width$}{:>10}{:>10}{:>10}{:>18}{:>10}{:>18}{against}{BOLD:#}",
            "shown",
            "rewarded",
            "promises",
            "cost at most",
            "used",
            "of it used",
        );
    }

    /// `builtin`: the same line under the built-in playbook.
    fn line(&self, what: &str, width: usize, line: &Line, builtin: impl Fn(&Tally) -> Line) {
        let difference = self.simulation.builtin.as_ref().map(|tally| {
            let difference = Minor(line.ceiling.0.saturating_sub(builtin(tally).ceiling.0));
            let sign = if difference.0 > 0 { "+" } else { "" };
            format!("{:>18}", format!("{sign}{}", self.money(difference)))
        });
        anstream::println!(
            "  {what:<width$}{:>10}{:>10}{:>10}{:>18}{:>10}{:>18}{}",
            grouped(line.customers as i64),
            grouped(line.rewarded as i64),
            grouped(line.promises as i64),
            self.money(line.ceiling),
            grouped(line.used as i64),
            self.money(line.used_cost),
            difference.unwrap_or_default(),
        );
    }

    fn segments(&self) {
        let tally = &self.simulation.tally;
        let groups = &self.simulation.scenario.groups;
        self.head(&format!("{:<9}{:<11}{:>9}", "segment", "group", "stood"), 30);
        for group in LoyaltyGroup::ALL {
            for segment in groups.segments(group) {
                let place = Place::from(segment);
                let Some(stood) = tally.standing.get(&place) else { continue };
                let what = format!("{:<9}{:<11}{:>9}", place.to_string(), group.name(), grouped(*stood as i64));
                let of = |tally: &Tally| tally.segments.get(&place).copied().unwrap_or_default();
                self.line(&what, 30, &of(tally), of);
            }
        }
        self.line("all", 30, &tally.total, |tally| tally.total);
        let (customers, total) = (tally.customers as i64, tally.total.rewarded as i64);
        anstream::println!(
            "  {DIM}stood, shown, rewarded: customers, each once a row, so rows do not add up; {} of all were promised a reward{DIM:#}",
            percent(total, customers)
        );
    }

    fn mechanics(&self) {
        let tally = &self.simulation.tally;
        self.head("mechanic", 30);
        let mut mechanics: Vec<(&String, &Line)> = tally.mechanics.iter().collect();
        mechanics.sort_by_key(|(name, line)| (std::cmp::Reverse((line.ceiling, line.promises, line.customers)), *name));
        for (name, line) in mechanics {
            self.line(name, 30, line, |tally| tally.mechanics.get(name).copied().unwrap_or_default());
        }
    }

    fn series(&self) {
        let tally = &self.simulation.tally;
        let all = tally
            .series
            .iter()
            .flat_map(|(place, lines)| lines.iter().map(move |(name, line)| (*place, name, &line.line)));
        let mut dear: Vec<(Place, &String, &Line)> = all.filter(|(.., line)| line.promises > 0).collect();
        dear.sort_by_key(|(place, name, line)| (std::cmp::Reverse((line.ceiling, line.promises)), *place, *name));
        if dear.is_empty() {
            return;
        }
        let width = 40;
        self.head(&format!("{:<9}{}", "segment", "series"), width);
        for (place, name, line) in dear.iter().take(MOST_SERIES) {
            let of = |tally: &Tally| tally.series.get(place).and_then(|lines| lines.get(*name)).map(|line| line.line);
            self.line(&format!("{:<9}{name}", place.to_string()), width, line, |tally| of(tally).unwrap_or_default());
        }
        if let Some(rest) = dear.len().checked_sub(MOST_SERIES).filter(|rest| *rest > 0) {
            anstream::println!("  {DIM}and {rest} more with less; --format json has them all{DIM:#}");
        }
    }

    fn total(&self) {
        let Simulation { tally, builtin, .. } = self.simulation;
        anstream::println!(
            "\n{BOLD}Promised: {} rewards to {} customers, at most {}.{BOLD:#} Used, had every order taken what it could: {}, {}.",
            grouped(tally.total.promises as i64),
            grouped(tally.total.rewarded as i64),
            self.money(tally.total.ceiling),
            grouped(tally.total.used as i64),
            self.money(tally.total.used_cost),
        );
        if let Some(builtin) = builtin {
            anstream::println!(
                "The built-in playbook {} promises {} to {} customers, at most {}; used {}, {}.",
                Playbook::builtin().version(),
                grouped(builtin.total.promises as i64),
                grouped(builtin.total.rewarded as i64),
                self.money(builtin.total.ceiling),
                grouped(builtin.total.used as i64),
                self.money(builtin.total.used_cost),
            );
        }
        let scenario = &self.simulation.scenario;
        let free = tally.mechanics.get("free_delivery").is_some_and(|line| line.promises > 0);
        if free && scenario.settings.costs.delivery.is_none() {
            anstream::println!(
                "Free delivery counts as nothing here: --settings can say what one costs, as offers.costs.delivery."
            );
        }
        let mailings = if scenario.everyone_agrees { "everyone agreed to mailings" } else { "nobody is written to" };
        anstream::println!(
            "{DIM}As if {mailings} and looked in every day. Offers that show products need a catalogue and are left out.{DIM:#}"
        );
    }
}
