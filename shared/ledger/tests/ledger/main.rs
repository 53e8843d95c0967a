//! The ledger's laws against the real SDK and the embedded engine. One binary, since each links the SDK.

#![expect(clippy::unwrap_used, reason = "a panic is a failed test")]

mod campaigns;
mod concurrency;
mod facts;
mod jobs;
mod key_life;
mod labels;
mod learning;
mod once;
mod permutations;
mod personal;
mod personal_model;
mod products;
mod publishing;
mod redemption_faults;
mod redemption_model;
mod redemptions;
mod referrals;
mod runs;
mod shops;
mod store;

use std::sync::Arc;

use chrono::{DateTime, FixedOffset};
use ledger::{
    Asked, Changeable, CodeSecrets, CustomerId, KeySecret, Ledger, Order, OrderId, Return, ReturnId, Secrets, Settings,
    Shop, ShopId,
};
use segmentation::{Day, Minor, RevisionKey};
use store::Store;

/// A ledger on tables of its own, with the shop `acme`.
struct World {
    ledger: Ledger,
    shop: Arc<Shop>,
    _store: Store,
}

fn secrets() -> Secrets {
    Secrets { keys: KeySecret::new(*b"a secret of tests"), codes: CodeSecrets::new(*b"another one of tests", None) }
}

impl World {
    async fn new() -> World {
        World::with(Changeable::default()).await
    }

    async fn with(changeable: Changeable) -> World {
        let store = Store::new().await;
        let ledger = Ledger::new(store.client.clone(), store.tables.clone(), secrets());
        let shop = make_shop(&ledger, "acme", changeable).await;
        World { ledger, shop, _store: store }
    }

    fn today(&self) -> Day {
        day("2026-11-22")
    }

    /// Records one order and expects it to be accepted.
    async fn record(&self, order: Order) -> ledger::OrderReceipt {
        self.ledger.record_orders(&self.shop, self.today(), vec![order]).await.remove(0).unwrap()
    }

    async fn stored(&self, customer: &str) -> segmentation::Profile {
        self.ledger.customer(&self.shop.id, &customer_id(customer)).await.unwrap().unwrap().profile
    }

    async fn rebuilt(&self, customer: &str) -> segmentation::Profile {
        self.ledger.rebuild(&self.shop, &customer_id(customer)).await.unwrap().unwrap()
    }

    /// How many items a table holds.
    async fn count(&self, table: &str) -> usize {
        let mut pages = self.ledger.client().scan().table_name(table).into_paginator().items().send();
        let mut count = 0;
        while let Some(item) = pages.next().await {
            item.unwrap();
            count += 1;
        }
        count
    }
}

async fn make_shop(ledger: &Ledger, name: &str, changeable: Changeable) -> Arc<Shop> {
    let id: ShopId = name.parse().unwrap();
    let settings = Settings {
        version: 1,
        currency: iso_currency::Currency::GBP,
        time_zone: chrono_tz::Europe::London,
        changeable,
    };
    ledger.create_shop(&id, &settings, day("2026-01-01")).await.unwrap();
    ledger.shop(&id).await.unwrap().unwrap()
}

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn customer_id(text: &str) -> CustomerId {
    CustomerId::try_from(text.to_owned()).unwrap()
}

fn at(day: &str) -> DateTime<FixedOffset> {
    DateTime::parse_from_rfc3339(&format!("{day}T12:00:00Z")).unwrap()
}

fn order(id: &str, customer: &str, day: &str, total: i64) -> Order {
    Order {
        id: OrderId::try_from(id.to_owned()).unwrap(),
        customer: customer_id(customer),
        time: at(day),
        total: Minor(total),
        revision: RevisionKey::default(),
        cancelled: false,
        lines: Vec::new(),
    }
}

fn give_back(id: &str, order: &str, asked: Asked) -> Return {
    Return {
        id: ReturnId::try_from(id.to_owned()).unwrap(),
        order: OrderId::try_from(order.to_owned()).unwrap(),
        time: at("2026-11-01"),
        asked,
    }
}
