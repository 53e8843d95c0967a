//! Friends brought: thanked for once, whatever comes twice, at the same time or in another order; and whose code it is.

use ledger::{Order, ReferralCode, Status};
use segmentation::{AttributeUpdate, Profile};
use tokio::task::JoinSet;

use crate::facts::rebuild_is_what_is_stored;
use crate::{World, customer_id, order};

fn brought_by(updated_at: u64, by: &str) -> AttributeUpdate {
    AttributeUpdate { updated_at, referred_by: Some(Some(by.to_owned())), ..AttributeUpdate::default() }
}

async fn tell(world: &World, friend: &str, update: &AttributeUpdate) {
    let friend = customer_id(friend);
    world.ledger.record_attributes(&world.shop, world.today(), &friend, update).await.unwrap();
}

/// `bob`, who ordered long ago and so can be thanked.
async fn with_bob() -> World {
    let world = World::new().await;
    world.record(order("B-1", "bob", "2026-01-01", 100)).await;
    world
}

fn friends(profile: &Profile) -> Vec<&str> {
    profile.referrals.list.iter().map(|referral| referral.friend.as_str()).collect()
}

#[tokio::test]
async fn a_friend_is_worth_thanks_once_under_fifty_orders_at_a_time() {
    let world = with_bob().await;
    tell(&world, "ann", &brought_by(1, "bob")).await;
    assert!(world.stored("bob").await.referrals.is_empty(), "not before an order counts");
    let mut tasks = JoinSet::new();
    for n in 0..50 {
        let (ledger, shop, today) = (world.ledger.clone(), world.shop.clone(), world.today());
        tasks.spawn(async move {
            let orders = vec![order(&format!("A-{}", n % 40), "ann", "2026-11-21", 100)];
            ledger.record_orders(&shop, today, orders).await.remove(0).unwrap()
        });
    }
    tasks.join_all().await;
    let bob = world.stored("bob").await;
    let ann = world.ledger.customer_key(&world.shop.id, &customer_id("ann"));
    assert_eq!((friends(&bob), bob.referrals.list[0].day), (vec![ann.as_str()], world.today()));
    assert_eq!(world.stored("ann").await.orders.len(), 40);
    // A duplicate finds it done.
    world.record(order("A-1", "ann", "2026-11-21", 100)).await;
    let customer = world.ledger.customer(&world.shop.id, &customer_id("ann")).await.unwrap().unwrap();
    let again = world.ledger.earn_referral(&world.shop, &customer, world.today().plus(1)).await.unwrap();
    assert_eq!((again, world.stored("bob").await), (Some(Status::Duplicate), bob));
    for customer in ["ann", "bob"] {
        rebuild_is_what_is_stored(&world, customer).await;
    }
}

#[tokio::test]
async fn it_is_earned_whichever_is_told_first_and_by_nobody_else() {
    let world = with_bob().await;
    // The order first, then who brought them; two orders in one transaction; a friend of nobody who is known.
    world.record(order("A-1", "ann", "2026-11-20", 100)).await;
    tell(&world, "ann", &brought_by(1, "bob")).await;
    tell(&world, "cat", &brought_by(1, "bob")).await;
    let two = vec![order("C-1", "cat", "2026-11-20", 100), order("C-2", "cat", "2026-11-21", 100)];
    for answer in world.ledger.record_orders(&world.shop, world.today(), two).await {
        answer.unwrap();
    }
    tell(&world, "dan", &brought_by(1, "nobody")).await;
    world.record(order("D-1", "dan", "2026-11-20", 100)).await;
    // Themselves, an order that does not count, and a customer of old whom the shop now says somebody brought.
    tell(&world, "bob", &brought_by(1, "bob")).await;
    world.record(order("B-2", "bob", "2026-11-21", 100)).await;
    tell(&world, "eve", &brought_by(1, "bob")).await;
    world.record(Order { cancelled: true, ..order("E-1", "eve", "2026-11-21", 100) }).await;
    world.record(order("F-1", "fay", "2026-11-14", 100)).await;
    tell(&world, "fay", &brought_by(1, "bob")).await;
    let key = |id: &str| world.ledger.customer_key(&world.shop.id, &customer_id(id)).as_str().to_owned();
    assert_eq!(friends(&world.stored("bob").await), [key("ann"), key("cat")]);
    // What was cancelled counts after all.
    let restored = Order {
        revision: segmentation::RevisionKey { number: 1, tie: String::new() },
        ..order("E-1", "eve", "2026-11-21", 100)
    };
    world.record(restored).await;
    assert_eq!(friends(&world.stored("bob").await), [key("ann"), key("cat"), key("eve")]);
    assert!(world.ledger.customer(&world.shop.id, &customer_id("nobody")).await.unwrap().is_none());
    for customer in ["ann", "bob", "cat", "eve", "fay"] {
        rebuild_is_what_is_stored(&world, customer).await;
    }
}

#[tokio::test]
async fn a_code_finds_its_customer_and_no_other_shops() {
    let world = World::new().await;
    let mut codes = Vec::new();
    for n in 0..40 {
        let name = format!("customer {n}");
        world.record(order(&format!("A-{n}"), &name, "2026-11-01", 100)).await;
        let key = world.ledger.customer_key(&world.shop.id, &customer_id(&name));
        codes.push((name, key.referral_code()));
    }
    for (name, code) in &codes {
        let found = world.ledger.customer_by_referral_code(&world.shop.id, *code).await.unwrap();
        assert_eq!(found.map(|customer| customer.id.to_string()).as_ref(), Some(name));
    }
    let other = crate::make_shop(&world.ledger, "other", ledger::Changeable::default()).await;
    let (_, code) = codes[0];
    assert_eq!(world.ledger.customer_by_referral_code(&other.id, code).await.unwrap(), None);
    // Two customers of one beginning: it cannot tell which.
    let stored = world.ledger.customer(&world.shop.id, &customer_id("customer 0")).await.unwrap().unwrap();
    let mut twin = stored.to_item(&world.shop.id).unwrap();
    let twin_key = format!("{}0000000{}", &stored.key.as_str()[..23], &stored.key.as_str()[30..]);
    twin.insert("sk".to_owned(), aws_sdk_dynamodb::types::AttributeValue::S(twin_key));
    world
        .ledger
        .client()
        .put_item()
        .table_name(&world.ledger.tables().customers)
        .set_item(Some(twin))
        .send()
        .await
        .unwrap();
    let text = code.to_string();
    let code: ReferralCode = text.parse().unwrap();
    assert_eq!(world.ledger.customer_by_referral_code(&world.shop.id, code).await.unwrap(), None);
}
