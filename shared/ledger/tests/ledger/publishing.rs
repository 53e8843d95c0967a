//! The publish job and its readers: what changed and nothing else is written and fetched, the old version is served until the
//! new one is whole, and a job that dies leaves nothing behind for good.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::interceptors::BeforeTransmitInterceptorContextRef;
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use aws_sdk_dynamodb::types::AttributeValue;
use catalogue::{Catalogue, Interval, Learned, Neighbour, Product};
use chrono::TimeDelta;
use ledger::{Ledger, LedgerError, PUBLISH_EVERY, ProductWrite, Publish, PublishNumbers};
use segmentation::ProductKey;

use crate::products::{id, now, product, whole};
use crate::{World, secrets};

/// Counts the calls of a client, and lets it die at one of them.
#[derive(Clone, Debug)]
struct Calls {
    made: Arc<AtomicUsize>,
    /// Calls beyond this many are never sent.
    most: usize,
}

impl Intercept for Calls {
    fn name(&self) -> &'static str {
        "Calls"
    }

    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if self.made.fetch_add(1, Ordering::SeqCst) >= self.most { Err("the process is gone".into()) } else { Ok(()) }
    }
}

impl World {
    /// Another process with the same store, that sees new pointers at once and dies after so many calls.
    fn process(&self, most: usize) -> (Ledger, Arc<AtomicUsize>) {
        let calls = Calls { made: Arc::default(), most };
        let config = self.ledger.client().config().to_builder().interceptor(calls.clone()).build();
        let secrets = secrets();
        let ledger =
            Ledger::with_cache(Client::from_conf(config), self.ledger.tables().clone(), secrets, Duration::ZERO);
        (ledger, calls.made)
    }

    async fn publish(&self) -> PublishNumbers {
        match self.ledger.publish_now(&self.shop.id, now()).await.unwrap() {
            Publish::Done(numbers) => numbers,
            other => panic!("{other:?}"),
        }
    }

    /// Writes products `P-0` up, in batches.
    async fn fill(&self, count: usize) {
        let ids: Vec<usize> = (0..count).collect();
        for ids in ids.chunks(100) {
            let batch = ids.iter().map(|n| whole(product(&format!("P-{n}")), None)).collect();
            for answer in self.ledger.write_products(&self.shop.id, now(), batch).await {
                answer.unwrap();
            }
        }
    }

    async fn rename(&self, product: &str, name: &str) {
        self.write(whole(Product { name: name.into(), ..crate::products::product(product) }, None)).await.unwrap();
    }

    /// Items of what is published.
    async fn published_items(&self) -> usize {
        let query =
            self.ledger.client().query().table_name(&self.ledger.tables().shops).key_condition_expression("pk = :pk");
        let query = query.expression_attribute_values(":pk", AttributeValue::S("acme#catalogue".into()));
        query.send().await.unwrap().items().len()
    }

    /// The catalogue as a reader of this process comes to see it.
    async fn settled(&self, reader: &Ledger, seen: impl Fn(&Catalogue) -> bool) -> Arc<Catalogue> {
        for _ in 0..2_000 {
            let shop = reader.shop(&self.shop.id).await.unwrap().unwrap();
            let catalogue = reader.catalogue(&shop).await;
            if seen(&catalogue) {
                return catalogue;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        panic!("the reader never came to see it");
    }
}

fn name_of(catalogue: &Catalogue, id: &str) -> Option<String> {
    catalogue.get(ProductKey::of(id)).map(|product| product.name().to_owned())
}

#[tokio::test]
async fn a_publish_writes_only_chunks_that_changed() {
    let world = World::new().await;
    world.fill(600).await;
    let first = world.publish().await;
    assert_eq!(first, PublishNumbers { products: 600, out_of_stock: 0, chunks: 2, written: 3, deleted: 0 });
    assert_eq!(world.publish().await.written, 0, "nothing changed");
    world.rename("P-7", "Seven").await;
    assert_eq!(world.publish().await.written, 1);
    world.write((id("P-7"), ProductWrite::Stock(Some(0)))).await.unwrap();
    let stock_only = world.publish().await;
    assert_eq!((stock_only.written, stock_only.out_of_stock), (1, 1));
}

#[tokio::test]
async fn versions_before_the_last_two_are_deleted() {
    let world = World::new().await;
    world.fill(600).await;
    world.publish().await;
    // Two manifests of two chunks, of which one is common, and two lists of stock.
    for n in 0..5 {
        world.rename("P-7", &format!("name {n}")).await;
        world.write((id("P-8"), ProductWrite::Stock(Some(n % 2)))).await.unwrap();
        let numbers = world.publish().await;
        // The two lists of stock take turns, so only the first is new.
        let expected = (if n == 0 { 2 } else { 1 }, 2 + 3 + 2);
        assert_eq!((numbers.written, world.published_items().await), expected, "{n}");
    }
}

#[tokio::test]
async fn a_shop_publishes_once_a_minute_and_only_what_was_asked_for() {
    let world = World::new().await;
    let (shop, begin) = (&world.shop.id, now());
    assert_eq!(world.ledger.publish(shop, begin).await.unwrap(), Publish::Nothing);
    world.fill(1).await;
    world.ledger.request_publish(shop).await.unwrap();
    assert!(world.ledger.is_publish_due(shop).await.unwrap());
    assert!(matches!(world.ledger.publish(shop, begin).await.unwrap(), Publish::Done(_)));
    assert_eq!(world.ledger.publish(shop, begin + PUBLISH_EVERY).await.unwrap(), Publish::Nothing);
    world.rename("P-0", "Zero").await;
    world.ledger.request_publish(shop).await.unwrap();
    let soon = begin + PUBLISH_EVERY - TimeDelta::milliseconds(1);
    assert_eq!(world.ledger.publish(shop, soon).await.unwrap(), Publish::NotBefore(begin + PUBLISH_EVERY));
    assert!(matches!(world.ledger.publish(shop, begin + PUBLISH_EVERY).await.unwrap(), Publish::Done(_)));
    assert!(!world.ledger.is_publish_due(shop).await.unwrap());
}

#[tokio::test]
async fn readers_serve_the_old_version_until_the_new_one_is_there_and_fetch_only_what_changed() {
    let world = World::new().await;
    let (reader, calls) = world.process(usize::MAX);
    assert!(world.settled(&reader, |_| true).await.is_empty(), "before the first publish");
    world.fill(1_200).await;
    world.publish().await;
    let first = world.settled(&reader, |catalogue| !catalogue.is_empty()).await;
    assert_eq!((first.len(), name_of(&first, "P-7").unwrap()), (1_200, "Product P-7".to_owned()));
    world.rename("P-7", "Seven").await;
    world.publish().await;
    let shop = reader.fresh_shop(&world.shop.id).await.unwrap().unwrap();
    calls.store(0, Ordering::SeqCst);
    assert_eq!(name_of(&*reader.catalogue(&shop).await, "P-7").unwrap(), "Product P-7", "at once, and without a read");
    while name_of(&*reader.catalogue(&shop).await, "P-7").unwrap() != "Seven" {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(calls.load(Ordering::SeqCst), 2, "the manifest and one chunk of four");
    world.write((id("P-9"), ProductWrite::Stock(Some(0)))).await.unwrap();
    world.publish().await;
    let shop = reader.fresh_shop(&world.shop.id).await.unwrap().unwrap();
    calls.store(0, Ordering::SeqCst);
    while reader.catalogue(&shop).await.in_stock(ProductKey::of("P-9")) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(calls.load(Ordering::SeqCst), 1, "the list of what is out of stock");
    assert_eq!(name_of(&*reader.catalogue(&shop).await, "P-7").unwrap(), "Seven");
    assert_eq!(calls.load(Ordering::SeqCst), 1, "a warm catalogue is no read");
}

#[tokio::test]
async fn a_publish_that_dies_anywhere_leaves_a_whole_version_served_and_is_made_good() {
    // However many calls the publisher gets to make, from none to all of them.
    let mut died = 0;
    for most in 0.. {
        let world = World::new().await;
        world.fill(12).await;
        world.write((id("P-8"), ProductWrite::Stock(Some(0)))).await.unwrap();
        world.publish().await;
        world.rename("P-7", "Seven").await;
        world.publish().await;
        world.rename("P-7", "Sieben").await;
        world.write((id("P-8"), ProductWrite::Stock(Some(1)))).await.unwrap();
        world.ledger.request_publish(&world.shop.id).await.unwrap();
        let later = now() + PUBLISH_EVERY;
        let ended = world.process(most).0.publish(&world.shop.id, later).await;
        let served = world.settled(&world.process(usize::MAX).0, |catalogue| !catalogue.is_empty()).await;
        let (name, in_stock) = (name_of(&served, "P-7").unwrap(), served.in_stock(ProductKey::of("P-8")));
        assert_eq!(served.len(), 12);
        assert!(
            matches!((name.as_str(), in_stock), ("Seven", false) | ("Sieben", true)),
            "{most} calls: {name} {in_stock}"
        );
        let whole = matches!(ended, Ok(Publish::Done(_)));
        // What it did not do, the next one does: after its lease, and whatever it left is deleted in the end.
        let next = later + ledger::PUBLISH_LEASE;
        let due = world.ledger.is_publish_due(&world.shop.id).await.unwrap();
        assert!(due || name == "Sieben", "{most} calls: nobody would publish it");
        if due {
            assert!(matches!(world.ledger.publish(&world.shop.id, next).await.unwrap(), Publish::Done(_)));
        }
        for name in ["one", "two"] {
            world.rename("P-7", name).await;
            let ended = world.ledger.publish_now(&world.shop.id, next + ledger::PUBLISH_LEASE).await;
            assert!(matches!(ended, Ok(Publish::Done(_))), "{ended:?}");
        }
        let served = world.settled(&world.process(usize::MAX).0, |catalogue| !catalogue.is_empty()).await;
        assert_eq!(name_of(&served, "P-7").unwrap(), "two");
        let left = world.published_items().await;
        assert!((5..=6).contains(&left), "{most} calls: {left} items; two versions of one chunk, and stock");
        if whole {
            break;
        }
        died += 1;
    }
    assert!(died > 15, "the publisher died at {died} places");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_publishers_at_once_one_works() {
    let world = World::new().await;
    world.fill(50).await;
    let mut publishers = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (ledger, shop) = (world.ledger.clone(), world.shop.id.clone());
        publishers.spawn(async move { ledger.publish_now(&shop, now()).await });
    }
    let ended = publishers.join_all().await;
    let done = ended.iter().filter(|ended| matches!(ended, Ok(Publish::Done(_)))).count();
    assert!(done >= 1 && ended.iter().all(Result::is_ok), "{ended:?}");
    assert_eq!(world.published_items().await, 3);
}

#[tokio::test]
async fn who_lost_the_lease_moves_no_pointer() {
    let world = World::new().await;
    world.fill(1).await;
    // It dies with the lease taken; the pointers stand where they stood.
    let (dying, _) = world.process(6);
    assert!(dying.publish_now(&world.shop.id, now()).await.is_err());
    assert!(matches!(world.ledger.publish_now(&world.shop.id, now()).await.unwrap(), Publish::NotBefore(_)));
    let busy = world.ledger.publish_learned(&world.shop.id, &Learned::default(), now()).await;
    assert!(matches!(busy, Err(LedgerError::Busy)));
    world.ledger.expire_publish_lease(&world.shop.id).await.unwrap();
    world.publish().await;
}

#[tokio::test]
async fn learned_lists_are_published_and_read_beside_products() {
    let world = World::new().await;
    world.fill(20).await;
    world.publish().await;
    let (a, b) = (ProductKey::of("P-1"), ProductKey::of("P-2"));
    let mut learned = Learned::default();
    learned.of_history.insert(a, vec![Neighbour { product: b, weight: 500 }]);
    learned.of_baskets.insert(b, vec![Neighbour { product: a, weight: 7 }]);
    learned.categories.insert("tea".into(), vec![("cups".into(), 9)]);
    learned.intervals.insert(a, Interval { median: 30, early: 20, late: 40, pairs: 11 });
    learned.popular = vec![(b, 3)];
    let numbers = world.ledger.publish_learned(&world.shop.id, &learned, now()).await.unwrap();
    assert_eq!((numbers.products, numbers.written, numbers.deleted), (2, 2, 0));
    let (reader, _) = world.process(usize::MAX);
    let catalogue = world.settled(&reader, |catalogue| !catalogue.like(a).is_empty()).await;
    assert_eq!(catalogue.like(a), [Neighbour { product: b, weight: 500 }]);
    assert_eq!(catalogue.with(b), [Neighbour { product: a, weight: 7 }]);
    assert_eq!(catalogue.popular().map(|product| product.id()).collect::<Vec<_>>(), ["P-2"]);
    assert_eq!(catalogue.interval(a).unwrap().median, 30);
    learned.of_history.clear();
    assert_eq!(world.ledger.publish_learned(&world.shop.id, &learned, now()).await.unwrap().written, 1);
    let catalogue = world.settled(&reader, |catalogue| catalogue.like(a).is_empty()).await;
    assert_eq!((catalogue.with(b).len(), catalogue.with_category("tea").len(), catalogue.len()), (1, 1, 20));
}

#[tokio::test]
async fn a_chunk_that_is_gone_or_damaged_leaves_what_is_known() {
    let world = World::new().await;
    world.fill(20).await;
    world.publish().await;
    let (reader, _) = world.process(usize::MAX);
    world.settled(&reader, |catalogue| catalogue.len() == 20).await;
    world.rename("P-1", "One").await;
    world.publish().await;
    let client = world.ledger.client();
    let query = client
        .query()
        .table_name(&world.ledger.tables().shops)
        .key_condition_expression("pk = :pk AND begins_with(sk, :chunk)");
    let query = query.expression_attribute_values(":pk", AttributeValue::S("acme#catalogue".into()));
    let found = query.expression_attribute_values(":chunk", AttributeValue::S("chunk#products#".into())).send().await;
    for item in found.unwrap().items.unwrap() {
        let mut item = item;
        item.insert("bytes".into(), AttributeValue::B(aws_sdk_dynamodb::primitives::Blob::new(b"damaged".to_vec())));
        client.put_item().table_name(&world.ledger.tables().shops).set_item(Some(item)).send().await.unwrap();
    }
    for _ in 0..50 {
        let catalogue = world.settled(&reader, |_| true).await;
        assert_eq!(name_of(&catalogue, "P-1").unwrap(), "Product P-1");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    // A process that knows nothing answers without products.
    assert!(world.settled(&world.process(usize::MAX).0, |_| true).await.is_empty());
}
