//! The hourly schedule over days: every shop has one run for each of its own days.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use e2e::World;
use ledger::{Changeable, CustomerId, Ledger, Order, RunStatus, Settings, ShopId};
use resegment::Steps;
use resegment::jobs::StartJob;
use resegment::schedule::{StartError, StartLearn, StartRun, tick};
use segmentation::{Day, Minor};
use web::Clock;

const ZONES: [Tz; 4] = [
    // To summer time on 29 March 2026, at 2 in the night.
    chrono_tz::Europe::Berlin,
    // From summer time on 5 April 2026, at 3 in the night.
    chrono_tz::Pacific::Auckland,
    chrono_tz::Asia::Tokyo,
    chrono_tz::America::New_York,
];
/// Midnight, the hour that summer time leaves out, the one that comes twice, noon, the last one.
const HOURS: [u8; 5] = [0, 2, 3, 12, 23];

fn moment(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

async fn make_shop(ledger: &Ledger, id: &ShopId, time_zone: Tz, run_hour: u8) {
    let changeable = Changeable { run_hour, ..Changeable::default() };
    let settings = Settings { version: 1, currency: iso_currency::Currency::GBP, time_zone, changeable };
    ledger.create_shop(id, &settings, Day::MIN).await.unwrap();
    let shop = ledger.shop(id).await.unwrap().unwrap();
    let order = Order {
        id: "A-1".to_owned().try_into().unwrap(),
        customer: CustomerId::try_from("c-1".to_owned()).unwrap(),
        time: "2026-03-01T10:00:00Z".parse().unwrap(),
        total: Minor(1_250),
        revision: Default::default(),
        cancelled: false,
        lines: Vec::new(),
    };
    ledger.record_orders(&shop, "2026-03-02".parse().unwrap(), vec![order]).await.remove(0).unwrap();
}

/// Runs end where they begin; nothing else is set going.
fn starts(steps: &Steps) -> (StartRun, StartLearn, StartJob) {
    let driven = steps.clone();
    let run: StartRun = Arc::new(move |shop, run| {
        let steps = driven.clone();
        Box::pin(async move {
            let ended = resegment::drive(&steps, &shop, run, |_| {}).await;
            ended.map(|_| ()).map_err(|error| StartError(error.to_string()))
        })
    });
    let nothing: StartRun = Arc::new(|_, _| Box::pin(async { Ok(()) }));
    (run, StartLearn(Arc::clone(&nothing)), StartJob(nothing))
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_shops_in_four_time_zones_have_one_run_for_each_of_their_days() {
    let world = World::on("2026-03-27").await;
    let shops: Vec<(ShopId, Tz, u8)> =
        (0..20).map(|n| (format!("shop-{n}").parse().unwrap(), ZONES[n % 4], HOURS[n / 4])).collect();
    for (id, zone, hour) in &shops {
        make_shop(&world.ledger, id, *zone, *hour).await;
    }
    let (first, last) = (moment("2026-03-29T00:00:00Z"), moment("2026-04-05T00:00:00Z"));
    // Across midnight in Berlin and in Greenwich.
    let asleep = moment("2026-03-31T20:30:00Z")..moment("2026-04-01T02:30:00Z");
    let (mut now, mut ticks) = (first, 0);
    while now < last {
        if !asleep.contains(&now) {
            let steps = Steps::new(world.ledger.clone(), Clock::At(now));
            let (run, learn, job) = starts(&steps);
            assert_eq!(tick(&steps, &run, &learn, &job).await.unwrap().failed, 0, "{now}");
            ticks += 1;
        }
        now += TimeDelta::hours(1);
    }
    assert_eq!(ticks, 7 * 24 - 6);
    for (id, zone, hour) in &shops {
        let begun = world.ledger.read_current(id).await.unwrap().unwrap().runs;
        let mut days = Vec::new();
        for number in 1..=begun {
            let run = world.ledger.run(id, number).await.unwrap().unwrap();
            assert_eq!(run.status, RunStatus::Published, "{id}");
            days.push(run.day);
        }
        // From the first day whose hour came while we looked to the last one.
        let day_of = |moment: DateTime<Utc>| ledger::shop_day(moment, *zone);
        let came = |moment: DateTime<Utc>| {
            let hour_has_come = chrono::Timelike::hour(&moment.with_timezone(zone)) >= u32::from(*hour);
            day_of(moment).plus(if hour_has_come { 0 } else { -1 })
        };
        let begins = day_of(first);
        let ends = came(last - TimeDelta::hours(1));
        let each: Vec<Day> = (0..=ends.since(begins)).map(|n| begins.plus(n)).collect();
        assert_eq!(days, each, "{id} in {zone} at {hour}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shop_is_overdue_three_hours_after_its_run_should_have_been_published() {
    let world = World::on("2026-03-27").await;
    // Beside the world's own shop, which has no orders, so never a run: nobody is to be called at night for that.
    make_shop(&world.ledger, &"greenwich".parse().unwrap(), Tz::UTC, 4).await;
    let none: StartRun = Arc::new(|_, _| Box::pin(async { Err(StartError("nobody is there".to_owned())) }));
    let look = async |at: &str, works: bool| {
        let steps = Steps::new(world.ledger.clone(), Clock::At(moment(at)));
        let (run, learn, job) = starts(&steps);
        tick(&steps, if works { &run } else { &none }, &learn, &job).await.unwrap().overdue
    };
    assert_eq!(look("2026-03-27T12:00:00Z", true).await, 0);
    assert_eq!(look("2026-03-28T04:00:00Z", false).await, 0);
    assert_eq!(look("2026-03-28T06:00:00Z", false).await, 0);
    assert_eq!(look("2026-03-28T07:00:00Z", false).await, 1);
    assert_eq!(look("2026-03-28T23:00:00Z", false).await, 1);
    // What is begun at this hour is seen as published at the next one.
    look("2026-03-29T00:30:00Z", true).await;
    assert_eq!(look("2026-03-29T01:30:00Z", true).await, 0);
}
