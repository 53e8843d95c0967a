//! How many keys a shop has, and for how long those are listed that have ended.

use chrono::{DateTime, TimeDelta, Utc};
use ledger::{AskedKey, KeyError, Ledger, Scope};

use crate::World;

#[tokio::test]
async fn keys_that_ended_are_listed_for_thirty_days_and_count_until_then() {
    let world = World::new().await;
    let (shop, today) = (&world.shop.id, world.today());
    let now: DateTime<Utc> = "2026-11-22T12:00:00Z".parse().unwrap();
    let end = now + TimeDelta::hours(1);
    let asked = AskedKey { id: None, scopes: [Scope::Ingest].into(), name: None, valid_until: Some(end) };
    // The shop was made with three.
    for _ in 3..Ledger::MAX_KEYS {
        world.ledger.create_key(shop, &asked, now, today).await.unwrap();
    }
    let one_more = world.ledger.create_key(shop, &asked, now, today).await;
    assert!(matches!(one_more, Err(KeyError::TooMany)));
    let listed = async |at: DateTime<Utc>| world.ledger.api_keys(shop, at).await.unwrap();
    let ended = listed(end).await.into_values().filter(|key| !key.is_usable(end)).count();
    assert_eq!(ended, Ledger::MAX_KEYS - 3);
    let later = end + TimeDelta::days(30);
    assert_eq!(listed(later - TimeDelta::seconds(1)).await.len(), Ledger::MAX_KEYS);
    assert_eq!(listed(later).await.len(), 3, "whether or not the store has taken them away");
    assert!(world.ledger.create_key(shop, &AskedKey { valid_until: None, ..asked }, later, today).await.is_ok());
}
