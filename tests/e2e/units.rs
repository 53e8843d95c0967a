//! What a run costs in the store's own units, per thousand customers (docs/scale.md).

use std::collections::BTreeMap;

use aws_sdk_dynamodb::Client;
use e2e::{World, acme, synthetic};
use ledger::{Ledger, Run, Shard, Tables, Units, Used};
use resegment::Steps;
use segmentation::Day;
use web::Clock;

const CUSTOMERS: u64 = 1_500;
const SHARDS: f64 = 8.0;
const BUCKETS: f64 = 64.0;

/// A world whose calls' units are counted.
struct Counted {
    world: World,
    ledger: Ledger,
    units: Units,
    day: Day,
}

impl Counted {
    async fn with(customers: u64) -> Counted {
        let world = World::on("2026-11-01").await;
        let day = "2026-11-01".parse().unwrap();
        synthetic::fill(&world.ledger, &acme(), 0..customers, day).await.unwrap();
        let units = Units::default();
        let config = world.ledger.client().config().to_builder().interceptor(units.clone()).build();
        let ledger = Ledger::new(Client::from_conf(config), Tables::default(), e2e::secrets());
        Counted { world, ledger, units, day }
    }

    /// A run some days later, its units by table, and its calls.
    async fn run(&self, days: i64) -> (Run, BTreeMap<String, Used>, BTreeMap<String, usize>) {
        let (day, clock) = (self.day.plus(days), Clock::AsOf(self.day.plus(days)));
        let run = resegment::begin_run(&self.ledger, &acme(), day, false, clock.now()).await.unwrap();
        self.units.take();
        self.world.calls.take();
        let run = resegment::drive(&Steps::new(self.ledger.clone(), clock), &acme(), run.run, |_| {}).await.unwrap();
        (run, self.units.take(), self.world.calls.take())
    }

    /// How many alerts the run of a day listed.
    async fn alerts(&self, days: i64) -> f64 {
        let page = self.ledger.alerts(&acme(), Some(self.day.plus(days)), None, 1_000).await.unwrap();
        assert!(page.next.is_none());
        page.alerts.len() as f64
    }

    /// Read units of one pass: 8 KB each, and each page rounded up to half of one.
    async fn pass(&self) -> f64 {
        let (mut units, mut cursor) = (0.0, None);
        loop {
            let page = self.ledger.page(&acme(), Shard { index: 0, count: 1 }, cursor.as_ref()).await.unwrap();
            units += page.read_units;
            cursor = page.next;
            if cursor.is_none() {
                return units;
            }
        }
    }
}

fn of(units: &BTreeMap<String, Used>, table: &str) -> Used {
    units.get(table).copied().unwrap_or_default()
}

#[tokio::test]
async fn units_follow_what_is_read_and_what_changed() {
    let counted = Counted::with(CUSTOMERS).await;

    // Everyone gets a first label: the profile and the move in one transaction at double units, and the index once.
    let (first, units, _) = counted.run(0).await;
    let labels = first.counts.as_ref().map_or(0, |counts| counts.matrix.moved()) as f64;
    assert_eq!(labels, CUSTOMERS as f64);
    let (customers, story) = (of(&units, "Customers"), of(&units, "Ledger"));
    let listed = counted.alerts(0).await;
    assert!(listed > 0.0);
    assert_eq!(
        story.writes,
        2.0 * (labels + listed),
        "a move is an item below 1 KB, and so is an alert's entry in the list"
    );
    // A profile of 1 or 2 KB, twice, and an entry of the index.
    assert!((3.0..=5.0).contains(&(customers.writes / labels)), "{customers:?}");

    // A survey, a second look at most, and assign.
    let pass = counted.pass().await;
    assert!(customers.reads >= 2.0 * pass * 0.9 && customers.reads <= 3.0 * pass, "{customers:?} {pass}");

    // The same day again: each profile is read once, and each shard writes its own item.
    let (quiet, units, _) = counted.run(0).await;
    assert_eq!(quiet.counts.as_ref().map_or(0, |counts| counts.matrix.moved()), 0);
    let (customers, shops) = (of(&units, "Customers"), of(&units, "Shops"));
    assert_eq!((customers.reads, customers.writes, of(&units, "Ledger").writes), (pass, 0.0, 0.0));
    assert!(customers.reads * 1000.0 / CUSTOMERS as f64 <= 250.0 + BUCKETS, "{customers:?}");
    assert!(shops.writes <= SHARDS * 12.0 + 40.0, "{shops:?}");

    // Eleven days later, about 3 % crossed a cut of recency: units are of those alone.
    let (later, units, _) = counted.run(11).await;
    let moved = later.counts.as_ref().map_or(0, |counts| counts.matrix.moved()) as f64;
    assert!((0.015..0.06).contains(&(moved / CUSTOMERS as f64)), "{moved} moved");
    let (customers, story) = (of(&units, "Customers"), of(&units, "Ledger"));
    // Of a VIP who slips and does not move there is an item of the alert, and its entry in the list.
    let listed = counted.alerts(11).await;
    assert!((2.0 * (moved + listed)..=2.0 * (moved + 2.0 * listed)).contains(&story.writes), "{story:?} for {listed}");
    assert!(listed < 0.1 * moved, "{listed} alerts beside {moved} moves");
    // Here the index loses an entry and gets another one.
    assert!((4.0..=6.0).contains(&(customers.writes / moved)), "{customers:?} for {moved}");
    // A label that is written is read once more at most.
    assert!(customers.reads <= counted.pass().await + moved, "{customers:?}");
    println!("per label: {} of Customers and its index, {} of Ledger", customers.writes / moved, story.writes / moved);
}

#[tokio::test]
async fn a_quiet_run_makes_no_more_calls_for_more_customers_on_the_same_pages() {
    let mut calls = Vec::new();
    for customers in [400, 800] {
        let counted = Counted::with(customers).await;
        counted.run(0).await;
        calls.push(counted.run(0).await.2);
    }
    assert_eq!(calls[0], calls[1]);
    assert!(calls[0]["Query"] >= 64, "{calls:?}");
}
