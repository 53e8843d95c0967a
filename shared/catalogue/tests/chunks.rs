//! What is packed comes back, what did not change keeps its name, and what is damaged is an error.

#![expect(clippy::unwrap_used, reason = "a panic is a failed test")]

use catalogue::{
    Catalogue, ChunkHash, Interval, Learned, LearnedChunk, LearnedHead, LearnedLists, Neighbour, Packed, Product,
    ProductChunk, Stock, pack,
};
use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use segmentation::{Minor, ProductKey};

fn text() -> impl Strategy<Value = String> {
    "[ -~а-яé\u{1F600}]{1,12}"
}

fn product() -> impl Strategy<Value = Product> {
    let money = || option::of((0..=Minor::MAX.0).prop_map(Minor));
    let names = (text(), option::of("[a-c]"), option::of("[A-D]"), option::of("[s-u]"));
    let rest = (option::of(0..=100_u8), vec(text(), 0..4), option::of(text()), option::of(text()), any::<bool>());
    (names, money(), money(), rest).prop_map(|((name, category, brand, season), price, list_price, rest)| {
        let (margin_percent, parts, image, url, active) = rest;
        let id = String::new();
        Product { id, name, category, brand, price, list_price, season, margin_percent, parts, image, url, active }
    })
}

/// Products by id; ids repeat nowhere.
fn products(most: usize) -> impl Strategy<Value = Vec<Product>> {
    btree_map(text(), product(), 0..most)
        .prop_map(|by_id| by_id.into_iter().map(|(id, product)| Product { id, ..product }).collect())
}

fn numbered(count: usize) -> Vec<Product> {
    let product = |n: usize| Product {
        id: format!("P-{n}"),
        name: format!("Product {n}"),
        category: Some(format!("c{}", n % 7)),
        price: Some(Minor(n as i64)),
        active: true,
        ..Product::default()
    };
    (0..count).map(product).collect()
}

fn learned() -> impl Strategy<Value = Learned> {
    let key = || (0..1_u64 << 48).prop_map(|n| ProductKey::from_bytes(n.to_be_bytes()[2..].try_into().unwrap()));
    let neighbour = move || (key(), any::<u16>()).prop_map(|(product, weight)| Neighbour { product, weight });
    let interval = || {
        let interval = |(median, early, late, pairs)| Interval { median, early, late, pairs };
        (any::<u16>(), any::<u16>(), any::<u16>(), any::<u32>()).prop_map(interval)
    };
    let lists = move || btree_map(key(), vec(neighbour(), 1..Learned::LIST), 0..30);
    let categories = btree_map(text(), vec((text(), any::<u16>()), 0..5), 0..5);
    let intervals = (btree_map(key(), interval(), 0..10), btree_map(text(), interval(), 0..5));
    let popular = vec((key(), any::<u32>()), 0..20);
    (lists(), lists(), categories, intervals, popular).prop_map(|(of_history, of_baskets, categories, of, popular)| {
        let (intervals, category_intervals) = of;
        Learned { of_history, of_baskets, categories, intervals, category_intervals, popular }
    })
}

fn opened(packed: &Packed) -> Vec<ProductChunk> {
    packed.chunks.iter().map(|chunk| ProductChunk::open(&chunk.hash, &chunk.bytes).unwrap()).collect()
}

fn changed(a: &Packed, b: &Packed) -> usize {
    assert_eq!(a.chunks.len(), b.chunks.len());
    a.manifest.chunks.iter().zip(&b.manifest.chunks).filter(|(a, b)| a != b).count()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn a_changed_product_changes_one_chunk(which in 0..1_100_usize) {
        let mut products = numbered(1_100);
        let before = pack(products.clone());
        products[which].name.push('!');
        let after = pack(products);
        prop_assert_eq!(before.chunks.len(), 4);
        prop_assert_eq!(changed(&before, &after), 1);
        prop_assert_ne!(before.manifest.version, after.manifest.version);
    }
}

proptest! {
    #[test]
    fn products_come_back_as_they_were_packed(products in products(60)) {
        let catalogue = Catalogue::new(products.clone(), &Learned::default(), Stock::default()).unwrap();
        prop_assert_eq!(catalogue.len(), products.len());
        for product in products {
            prop_assert_eq!(catalogue.get(product.key()).unwrap().to_product(), product);
        }
    }

    #[test]
    fn the_order_in_which_products_come_changes_nothing(products in products(60)) {
        let backwards: Vec<Product> = products.iter().rev().cloned().collect();
        prop_assert_eq!(pack(products), pack(backwards));
    }

    #[test]
    fn learned_lists_come_back_as_they_were_packed(learned in learned()) {
        let catalogue = Catalogue::new(Vec::new(), &learned, Stock::default()).unwrap();
        for (key, list) in &learned.of_history {
            prop_assert_eq!(catalogue.like(*key), &list[..]);
        }
        for (key, list) in &learned.of_baskets {
            prop_assert_eq!(catalogue.with(*key), &list[..]);
        }
        for (key, interval) in &learned.intervals {
            prop_assert_eq!(catalogue.interval(*key), Some(*interval));
        }
        for (category, others) in &learned.categories {
            prop_assert_eq!(catalogue.with_category(category), &others[..]);
        }
        for (category, interval) in &learned.category_intervals {
            prop_assert_eq!(catalogue.category_interval(category), Some(*interval));
        }
    }

    #[test]
    fn stock_comes_back_as_it_was_packed(ids in btree_set("[a-z]{1,4}", 0..50)) {
        let stock = Stock::out_of(ids.iter().map(|id| ProductKey::of(id)));
        let packed = stock.pack();
        let chunks = packed.chunks.iter().map(|chunk| (&chunk.hash, &chunk.bytes[..]));
        prop_assert_eq!(Stock::open(chunks).unwrap(), stock.clone());
        prop_assert!(ids.iter().all(|id| !stock.has(ProductKey::of(id))));
        prop_assert!(stock.has(ProductKey::of("12345")));
    }

    #[test]
    fn a_damaged_chunk_is_an_error_and_never_other_products(
        products in products(20), at in any::<prop::sample::Index>(), flip in 1..=255_u8, cut in any::<prop::sample::Index>()
    ) {
        let packed = pack(products);
        let chunk = &packed.chunks[0];
        let sound = ProductChunk::open(&chunk.hash, &chunk.bytes).unwrap();
        let mut damaged = chunk.bytes.clone();
        damaged[at.index(chunk.bytes.len())] ^= flip;
        // A header's bits may mean nothing: then the content is the same, as its hash says.
        if let Ok(read) = ProductChunk::open(&chunk.hash, &damaged) {
            prop_assert_eq!(format!("{read:?}"), format!("{sound:?}"));
        }
        prop_assert!(ProductChunk::open(&chunk.hash, &chunk.bytes[..cut.index(chunk.bytes.len())]).is_err());
    }

    #[test]
    fn bytes_that_are_no_chunk_never_panic(bytes in vec(any::<u8>(), 0..200)) {
        let hash = pack(Vec::new()).manifest.chunks[0].clone();
        prop_assert!(ProductChunk::open(&hash, &bytes).is_err());
        prop_assert!(LearnedChunk::open(&hash, &bytes).is_err());
        prop_assert!(LearnedHead::open(&hash, &bytes).is_err());
        prop_assert!(Stock::open([(&hash, &bytes[..])]).is_err());
    }
}

#[test]
fn another_kinds_chunk_does_not_open() {
    let packed = pack(numbered(3));
    let (hash, bytes) = (&packed.chunks[0].hash, &packed.chunks[0].bytes);
    assert!(LearnedChunk::open(hash, bytes).is_err());
    assert!(LearnedHead::open(hash, bytes).is_err());
    let other: ChunkHash = pack(numbered(4)).manifest.chunks[0].clone();
    assert!(ProductChunk::open(&other, bytes).is_err());
}

#[test]
fn chunks_stay_below_what_an_item_holds() {
    // Incompressible pictures' addresses of 2,000 bytes: by count alone a chunk would be a megabyte.
    let mut products = numbered(2_000);
    for product in &mut products {
        let digits = (0..166).map(|n| format!("{:?}", ProductKey::of(&format!("{}{n}", product.id))));
        product.image = Some(digits.collect());
    }
    let packed = pack(products);
    let longest = packed.chunks.iter().map(|chunk| chunk.bytes.len()).max().unwrap();
    assert!(packed.chunks.len() > 4 && longest <= catalogue::Chunk::MAX_BYTES, "{longest}");
    assert_eq!(opened(&packed).iter().map(ProductChunk::len).sum::<usize>(), 2_000);
}

#[test]
fn a_list_of_chunks_that_no_packing_makes_is_refused() {
    let chunk = std::sync::Arc::new(ProductChunk::default());
    let chunks = vec![chunk.clone(), chunk.clone(), chunk];
    assert!(Catalogue::of_chunks(chunks, Default::default(), Default::default()).is_err());
    assert!(LearnedLists::new(Default::default(), Vec::new()).is_err());
}

#[test]
fn stock_of_many_products_is_cut_into_chunks_that_an_item_holds() {
    let stock = Stock::out_of((0..120_000).map(|n| ProductKey::of(&format!("P-{n}"))));
    let packed = stock.pack();
    assert_eq!(packed.chunks.len(), 3);
    assert!(packed.chunks.iter().all(|chunk| chunk.bytes.len() <= catalogue::Chunk::MAX_BYTES));
}

#[test]
fn shelves_hold_active_products_popular_ones_first() {
    let mut products = numbered(1_000);
    products[7].active = false;
    for (n, product) in products.iter_mut().enumerate() {
        product.brand = (n % 2 == 0).then(|| format!("b{}", n % 10));
        product.season = Some(if n < 900 { "winter" } else { "summer" }.to_owned());
        product.list_price = (n % 100 == 50).then_some(Minor(1_000));
        product.parts = if n == 21 { vec!["P-1".into(), "P-2".into()] } else { Vec::new() };
    }
    let popular = [700, 7, 14].map(|n: u32| (ProductKey::of(&format!("P-{n}")), n));
    let learned = Learned { popular: popular.to_vec(), ..Learned::default() };
    let catalogue = Catalogue::new(products, &learned, Stock::out_of([ProductKey::of("P-14")])).unwrap();
    let ids = |products: Vec<catalogue::ProductRef<'_>>| {
        products.into_iter().map(|product| product.id().to_owned()).collect::<Vec<_>>()
    };
    let of_category = ids(catalogue.of_category("c0").collect());
    assert_eq!((of_category.len(), &of_category[..2]), (100, &["P-700".to_owned(), "P-14".to_owned()][..]));
    assert_eq!(ids(catalogue.popular().collect()), ["P-700", "P-14"], "P-7 is not sold any more");
    assert_eq!(catalogue.brands().collect::<Vec<_>>(), ["b0", "b2", "b4", "b6", "b8"]);
    assert_eq!(ids(catalogue.bundles().collect()), ["P-21"]);
    assert_eq!(catalogue.get(ProductKey::of("P-21")).unwrap().parts().collect::<Vec<_>>(), ["P-1", "P-2"]);
    assert_eq!(ids(catalogue.marked_down().take(2).collect()), ["P-50", "P-150"], "deepest first");
    assert_eq!(catalogue.marked_down().count(), 10);
    assert_eq!(catalogue.past_seasons("summer").count(), 9, "only what is marked down");
    assert!(catalogue.past_seasons("summer").all(|product| product.season() == Some("winter")));
    assert_eq!(catalogue.of_season("summer").count(), 100);
    assert_eq!(catalogue.price_bands(), Some((Minor(333), Minor(666))));
    assert!(!catalogue.in_stock(ProductKey::of("P-14")) && catalogue.in_stock(ProductKey::of("unknown")));
    assert!(!catalogue.get(ProductKey::of("P-7")).unwrap().active(), "it keeps its name");
    assert!(catalogue.with_stock(Default::default()).in_stock(ProductKey::of("P-14")));
}

#[test]
fn an_empty_catalogue_answers_every_question_with_nothing() {
    let none = Catalogue::empty();
    let key = ProductKey::of("P-1");
    assert!(none.is_empty() && none.get(key).is_none() && none.in_stock(key));
    assert!(none.like(key).is_empty() && none.with(key).is_empty() && none.interval(key).is_none());
    assert_eq!((none.low_band(), none.popular().count(), none.of_category("c").count()), (None, 0, 0));
}
