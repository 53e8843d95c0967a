//! Products: the latest write counts, an equal one writes nothing, and stock is a matter of its own.

use catalogue::Product;
use chrono::{DateTime, Utc};
use ledger::{ProductId, ProductReceipt, ProductWrite, RecordError, Refusal, Status, StoredProduct};
use segmentation::Minor;

use crate::World;

pub(crate) fn id(text: &str) -> ProductId {
    ProductId::try_from(text.to_owned()).unwrap()
}

pub(crate) fn product(text: &str) -> Product {
    Product {
        id: text.into(),
        name: format!("Product {text}"),
        price: Some(Minor(100)),
        active: true,
        ..Product::default()
    }
}

pub(crate) fn whole(product: Product, stock: Option<u64>) -> (ProductId, ProductWrite) {
    (id(&product.id), ProductWrite::Whole { product: Box::new(product), stock })
}

pub(crate) fn now() -> DateTime<Utc> {
    "2026-11-22T12:00:00Z".parse().unwrap()
}

impl World {
    pub(crate) async fn write(&self, write: (ProductId, ProductWrite)) -> Result<ProductReceipt, RecordError> {
        self.ledger.write_products(&self.shop.id, now(), vec![write]).await.remove(0)
    }

    pub(crate) async fn product(&self, text: &str) -> Option<StoredProduct> {
        self.ledger.product(&self.shop.id, &id(text)).await.unwrap()
    }
}

#[tokio::test]
async fn an_equal_product_is_a_duplicate_and_writes_nothing() {
    let world = World::new().await;
    assert_eq!(world.write(whole(product("P"), Some(3))).await.unwrap().status, Status::Recorded);
    let stored = world.product("P").await.unwrap();
    for again in [whole(product("P"), Some(3)), whole(product("P"), None), (id("P"), ProductWrite::Stock(Some(3)))] {
        assert_eq!(world.write(again).await.unwrap().status, Status::Duplicate);
        assert_eq!(world.product("P").await.unwrap(), stored);
    }
    let dearer = Product { price: Some(Minor(101)), ..product("P") };
    assert_eq!(world.write(whole(dearer.clone(), None)).await.unwrap().status, Status::Recorded);
    let changed = world.product("P").await.unwrap();
    assert_eq!((changed.product, changed.stock, changed.version), (dearer, Some(3), 2), "left out, the stock stays");
}

#[tokio::test]
async fn stock_of_a_product_that_was_never_sent_is_refused() {
    let world = World::new().await;
    let refused = world.write((id("P"), ProductWrite::Stock(Some(1)))).await;
    assert!(matches!(refused, Err(RecordError::Refused(Refusal::ProductUnknown(id))) if id == "P"));
    assert!(world.product("P").await.is_none());
}

#[tokio::test]
async fn only_what_the_catalogue_shows_asks_for_a_publish() {
    let world = World::new().await;
    assert!(world.write(whole(product("P"), Some(10))).await.unwrap().publish);
    for (stock, publish) in [(Some(9), false), (Some(0), true), (Some(5), true), (None, false)] {
        let receipt = world.write((id("P"), ProductWrite::Stock(stock))).await.unwrap();
        assert_eq!((receipt.status, receipt.publish), (Status::Recorded, publish), "{stock:?}");
    }
    // The same batch an hour later is no repetition of one whose answer was lost.
    let later = now() + chrono::TimeDelta::hours(1);
    let again = world.ledger.write_products(&world.shop.id, later, vec![whole(product("P"), None)]).await.remove(0);
    assert!(!again.unwrap().publish);
}

#[tokio::test]
async fn writes_of_one_product_in_a_batch_go_in_order() {
    let world = World::new().await;
    let batch = vec![
        whole(product("P"), Some(3)),
        whole(product("Q"), None),
        (id("P"), ProductWrite::Stock(Some(2))),
        (id("P"), ProductWrite::Stock(Some(2))),
    ];
    let answers = world.ledger.write_products(&world.shop.id, now(), batch).await;
    let statuses: Vec<Status> = answers.into_iter().map(|answer| answer.unwrap().status).collect();
    assert_eq!(statuses, [Status::Recorded, Status::Recorded, Status::Recorded, Status::Duplicate]);
    assert_eq!(world.product("P").await.unwrap().stock, Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_writers_at_once_none_undoes_half_of_anothers() {
    let world = World::new().await;
    world.write(whole(product("P"), Some(0))).await.unwrap();
    let mut writers = tokio::task::JoinSet::new();
    for n in 1..=20_u64 {
        let (ledger, shop) = (world.ledger.clone(), world.shop.id.clone());
        let named = Product { name: format!("name {n}"), ..product("P") };
        let write = if n % 2 == 0 { whole(named, None) } else { (id("P"), ProductWrite::Stock(Some(n))) };
        writers.spawn(async move { ledger.write_products(&shop, now(), vec![write]).await.remove(0).unwrap().status });
    }
    assert!(writers.join_all().await.iter().all(|status| *status == Status::Recorded));
    let stored = world.product("P").await.unwrap();
    assert_eq!(stored.version, 21, "every write is one version");
    assert!(stored.product.name.starts_with("name ") && stored.stock.unwrap() % 2 == 1);
}

#[tokio::test]
async fn a_shop_sees_only_its_own_products() {
    let world = World::new().await;
    let other = crate::make_shop(&world.ledger, "acme2", ledger::Changeable::default()).await;
    world.write(whole(product("P"), None)).await.unwrap();
    assert!(world.ledger.product(&other.id, &id("P")).await.unwrap().is_none());
    world.ledger.publish_now(&other.id, now()).await.unwrap();
    let shop = world.ledger.fresh_shop(&other.id).await.unwrap().unwrap();
    assert!(world.ledger.catalogue(&shop).await.is_empty());
}
