//! How much a campaign is used: whom it is for and what they used of it, as the last run counted, and its limits as they stand now.

use ledger::{BudgetReport, ResponsesRecord, Shop};
use playbook::OwnCampaign;
use segmentation::{Census, Day, Minor, Place, Segment, UsedRewards};
use serde::Serialize;
use web::{App, Problem};

/// For whom a series is; `None`: for everyone. A playbook's series is named by its entry, and newcomers stand in no segment; an own one whose
/// terms cannot be read is for nobody.
pub(crate) fn audience(series: &str, own: Option<&OwnCampaign>) -> Option<Vec<Place>> {
    match (series.split_once('/'), own) {
        (Some((entry, _)), _) => Some(vec![Place(entry.parse::<Segment>().ok())]),
        (None, Some(own)) => own.segments.as_ref().map(|all| all.iter().copied().map(Place::from).collect()),
        (None, None) => Some(Vec::new()),
    }
}

/// Rewards of a series that were confirmed and not given back, as the last run found them in profiles.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "UsedRewards"))]
struct Used {
    /// Customers who used one.
    customers: u64,
    /// How many were used, of the last 32 of each customer.
    rewards: u64,
    /// What they were worth, in minor units.
    value: Minor,
    /// How many of them were reserved within 30 days up to the run's.
    lately: u64,
    /// What those were worth.
    lately_value: Minor,
}

impl From<UsedRewards> for Used {
    fn from(UsedRewards { customers, rewards, value, lately, lately_value }: UsedRewards) -> Used {
        Used { customers, rewards, value, lately, lately_value }
    }
}

/// How much a campaign's series is used.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "CampaignFigures"))]
pub(crate) struct Figures {
    /// The run that counted `customers` and `used`; absent before the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<u64>,
    /// As of which day.
    #[serde(skip_serializing_if = "Option::is_none")]
    day: Option<Day>,
    /// Customers it is for: who stood in its segments.
    #[serde(skip_serializing_if = "Option::is_none")]
    customers: Option<u64>,
    /// What they used of it. Absent before the first run, and of a series beyond the first thousand by name that were used.
    #[serde(skip_serializing_if = "Option::is_none")]
    used: Option<Used>,
    /// Its limits. They count as it happens; without one, nothing does.
    budgets: Vec<BudgetReport>,
}

impl Figures {
    /// The last columns of a row: customers, rewards used and their worth.
    pub(crate) fn fields(&self) -> [String; 3] {
        let used = self.used.as_ref();
        let told = |number: Option<String>| number.unwrap_or_default();
        [
            told(self.customers.map(|customers| customers.to_string())),
            told(used.map(|used| used.rewards.to_string())),
            told(used.map(|used| used.value.to_string())),
        ]
    }
}

/// What the last run counted of all series.
pub(crate) struct Counted {
    census: Option<(u64, Day, Census)>,
    responses: Option<ResponsesRecord>,
}

impl Counted {
    pub(crate) async fn of(app: &App, shop: &Shop) -> Result<Counted, Problem> {
        let Some(mark) = shop.current.last_run else { return Ok(Counted { census: None, responses: None }) };
        let run = app.ledger.run(&shop.id, mark.run).await?;
        let census = run.and_then(|run| run.counts).map(|counts| (mark.run, mark.day, counts.census));
        let responses = app.ledger.responses(&shop.id).await?.filter(|record| record.run == mark.run);
        Ok(Counted { census, responses })
    }

    /// Of a series with this audience, among others.
    pub(crate) async fn figures(
        &self,
        app: &App,
        shop: &Shop,
        series: &str,
        audience: Option<&[Place]>,
    ) -> Result<Figures, Problem> {
        let limits: Vec<_> = shop.budgets.limits_of(series).cloned().collect();
        let today = app.clock.today(shop.settings.time_zone);
        Ok(self.with(series, audience, app.ledger.budget_reports(&shop.id, &limits, today).await?))
    }

    /// Of one alone: with what is held.
    pub(crate) async fn all_figures(
        &self,
        app: &App,
        shop: &Shop,
        series: &str,
        audience: Option<&[Place]>,
    ) -> Result<Figures, Problem> {
        let today = app.clock.today(shop.settings.time_zone);
        Ok(self.with(series, audience, app.ledger.series_budgets(shop, series, today).await?))
    }

    fn with(&self, series: &str, audience: Option<&[Place]>, budgets: Vec<BudgetReport>) -> Figures {
        let customers = self.census.as_ref().map(|(_, _, census)| match audience {
            Some(places) => places.iter().map(|place| census.at(*place).customers).sum(),
            None => census.total().customers,
        });
        let used = self.responses.as_ref().and_then(|record| record.responses.used(series));
        let (run, day) = self.census.as_ref().map(|(run, day, _)| (*run, *day)).unzip();
        Figures { run, day, customers, used: used.map(Used::from), budgets }
    }
}
