//! Complete Journey's 2,102 real coupon redemptions through the API: each (campaign, coupon) a stacking campaign with P = V =
//! validity = 1, orders made up from the rows. Each is accepted once, and a second pass adds nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use e2e::World;
use ledger::Scope;
use serde_json::json;

use crate::redemptions::campaign;

const FILE: &str = "../../shared/data/completejourney_redemptions.csv";
/// An order has at most so many rewards.
const PER_ORDER: usize = 10;

struct Row {
    household: String,
    series: String,
    day: String,
    order: String,
}

/// Sorted by day; a household's redemptions of a day stand on as many orders as it takes.
fn rows(text: &str) -> Vec<Row> {
    let mut on_day: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut rows: Vec<Row> = text
        .lines()
        .skip(1)
        .map(|line| {
            let [household, coupon, number, day] = line.split(',').collect::<Vec<_>>()[..] else { panic!("{line}") };
            let before = on_day.entry((household.to_owned(), day.to_owned())).or_default();
            *before += 1;
            Row {
                household: household.to_owned(),
                series: format!("c{number}_{coupon}"),
                day: day.to_owned(),
                order: format!("{household}-{day}-{}", (*before - 1) / PER_ORDER),
            }
        })
        .collect();
    rows.sort_by(|one, other| one.day.cmp(&other.day));
    rows
}

/// Reserves and confirms every row; how often each status was told.
async fn pass(world: &mut World, rows: &[Row]) -> BTreeMap<String, usize> {
    let mut told: BTreeMap<String, usize> = BTreeMap::new();
    let mut day = String::new();
    for row in rows {
        if row.day != day {
            day.clone_from(&row.day);
            world.move_to(&day);
        }
        let sent = json!({ "offer": format!("{}/{day}/1", row.series), "customer": row.household, "order": row.order, "total": 2_000 });
        let key = world.key(Scope::Checkout);
        let reserved = world.call_as(key, "POST", "/v1/redemptions", sent.to_string()).await;
        assert_eq!(reserved.status, 201, "{sent}: {}", reserved.text);
        let path = format!("/v1/redemptions/{}/confirm", reserved.json["id"].as_str().unwrap());
        let confirmed = world.call_as(key, "POST", &path, "").await;
        assert_eq!(confirmed.json["state"], "confirmed", "{sent}: {}", confirmed.text);
        for answer in [reserved, confirmed] {
            *told.entry(answer.json["status"].as_str().unwrap().to_owned()).or_default() += 1;
        }
    }
    told
}

#[tokio::test(flavor = "multi_thread")]
async fn each_of_the_real_coupon_redemptions_is_accepted_once() {
    let Ok(text) = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE)) else {
        eprintln!("skipped: {FILE} is not there");
        return;
    };
    let rows = rows(&text);
    assert_eq!(rows.len(), 2_102);
    let again = rows.iter().map(|row| (&row.household, &row.series)).collect::<BTreeSet<_>>().len();
    assert_eq!(rows.len() - again, 27, "a household uses some coupons on a second day");
    let mut world = World::on("2017-01-01").await;
    let series: BTreeSet<&String> = rows.iter().map(|row| &row.series).collect();
    for series in series {
        let mut campaign = campaign(series, &json!({ "discount": 5 }), 1);
        campaign["idea"]["conditions"] = json!({ "stacks": true });
        assert_eq!(world.post("/v1/campaigns", &campaign).await.status, 201);
    }
    assert_eq!(pass(&mut world, &rows).await, BTreeMap::from([("recorded".to_owned(), 2 * 2_102)]));
    let table = world.ledger.tables().ledger.clone();
    let items = world.count(&table).await;
    assert_eq!(pass(&mut world, &rows).await, BTreeMap::from([("duplicate".to_owned(), 2 * 2_102)]));
    assert_eq!(world.count(&table).await, items);
}
