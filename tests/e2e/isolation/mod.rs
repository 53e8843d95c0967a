//! Law 15 under attack: a shop that is full of everything, and everybody who has no business there.
//!
//! Every text of that shop carries a mark of its own ([`marks`]), so that one that turns up elsewhere says whose it is. The shop is filled
//! through the API ([`full`], [`filling`]) with every kind of item that has a key ([`kinds`]). Then every route of the OpenAPI document is called
//! ([`asked`]) with what does not open it ([`walk`]), and at last with what does.

mod asked;
mod filling;
mod full;
mod ids;
mod kinds;
mod marks;
mod public;
mod walk;

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use e2e::World;

/// Items by table, partition key and sort key, each written in one order of its fields.
type Items = BTreeMap<(String, String, String), String>;

/// All items of the three tables.
async fn items(world: &World) -> Items {
    let mut all = BTreeMap::new();
    for table in ["Customers", "Ledger", "Shops"] {
        let mut pages = world.ledger.client().scan().table_name(table).into_paginator().items().send();
        while let Some(item) = pages.next().await {
            let item = item.unwrap();
            let text = |name: &str| item[name].as_s().unwrap().clone();
            all.insert((table.to_owned(), text("pk"), text("sk")), written(&AttributeValue::M(item.clone())));
        }
    }
    all
}

/// Those of one shop: its partitions, and its entry in the registry.
async fn items_of(world: &World, shop: &str) -> Items {
    let mut all = items(world).await;
    all.retain(|(_, pk, sk), _| {
        pk == shop || pk.starts_with(&format!("{shop}#")) || (pk.starts_with("registry#") && sk == shop)
    });
    all
}

/// The same once nothing is written beside answers any more: the day of a key's last use is.
async fn settled(world: &World, shop: &str) -> Items {
    let mut last = items_of(world, shop).await;
    let mut same = 0;
    while same < 3 {
        tokio::time::sleep(std::time::Duration::from_millis(30)).await;
        let now = items_of(world, shop).await;
        same = if now == last { same + 1 } else { 0 };
        last = now;
    }
    last
}

fn written(value: &AttributeValue) -> String {
    match value {
        AttributeValue::M(map) => {
            let sorted: BTreeMap<&String, String> = map.iter().map(|(name, value)| (name, written(value))).collect();
            let fields: Vec<String> = sorted.into_iter().map(|(name, value)| format!("{name}: {value}")).collect();
            format!("{{{}}}", fields.join(", "))
        }
        AttributeValue::L(list) => format!("[{}]", list.iter().map(written).collect::<Vec<_>>().join(", ")),
        other => format!("{other:?}"),
    }
}
