//! Shops: made once, apart from each other, changed on condition.

use ledger::{Changeable, CreateShopError, LedgerError, PresentedKey, Scope, Settings, ShopId};

use crate::{World, day, make_shop, order};

#[tokio::test]
async fn a_shop_is_made_once_with_a_key_for_each_scope() {
    let world = World::new().await;
    let id: ShopId = "second".parse().unwrap();
    let settings = Settings { ..(*world.shop.settings).clone() };
    let keys = world.ledger.create_shop(&id, &settings, day("2026-11-22")).await.unwrap();
    assert_eq!(keys.iter().map(|key| key.scopes.clone()).collect::<Vec<_>>(), Scope::ALL.map(|scope| vec![scope]));
    for key in keys {
        let presented = PresentedKey::parse(&key.token).unwrap();
        let record = world.ledger.api_key(&presented.shop, &presented.id).await.unwrap();
        assert!(presented.proves(record.as_ref()));
    }
    let again = world.ledger.create_shop(&id, &settings, day("2026-11-22")).await;
    assert!(matches!(again, Err(CreateShopError::Exists(_))));
    let mut names: Vec<String> =
        world.ledger.registered_shops().await.unwrap().into_iter().map(|s| s.shop.to_string()).collect();
    names.sort();
    assert_eq!(names, ["acme", "second"]);
}

#[tokio::test]
async fn the_same_ids_in_two_shops_are_two_customers_and_two_orders() {
    let world = World::new().await;
    let other = make_shop(&world.ledger, "other", Changeable::default()).await;
    world.record(order("A-1", "ann", "2026-11-01", 100)).await;
    let theirs = order("A-1", "ann", "2026-11-02", 999);
    let answer = world.ledger.record_orders(&other, world.today(), vec![theirs]).await.remove(0);
    assert!(answer.is_ok());
    assert_eq!(world.stored("ann").await.orders.len(), 1);
}

#[tokio::test]
async fn settings_change_on_condition_of_the_version_read() {
    let world = World::new().await;
    let changed = Changeable { run_hour: 7, ..Changeable::default() };
    let now = world.ledger.change_settings(&world.shop, changed.clone()).await.unwrap();
    assert_eq!((now.version, now.changeable.run_hour), (2, 7));
    let stale = world.ledger.change_settings(&world.shop, changed).await;
    assert!(matches!(stale, Err(LedgerError::Changed("settings"))));
    let registered = world.ledger.registered_shops().await.unwrap();
    assert_eq!(registered.iter().map(|shop| shop.run_hour).collect::<Vec<_>>(), [7]);
    let read = world.ledger.shop(&world.shop.id).await.unwrap().unwrap();
    assert_eq!(*read.settings, now);
}
