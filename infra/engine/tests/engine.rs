//! The engine through the SDK, as every function uses it.

#![expect(clippy::unwrap_used, reason = "clippy.toml allows it in tests, but not in what tests share")]

use std::path::{Path, PathBuf};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, ProjectionType, ScalarAttributeType,
};
use engine::{Engine, EngineError, tables};

/// A directory of its own for one test, removed at its end.
struct Directory(PathBuf);

impl Directory {
    fn new(test: &str) -> Directory {
        let path = std::env::temp_dir().join(format!("tercile-engine-{test}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Directory(path)
    }

    fn file(&self) -> PathBuf {
        self.0.join("tercile.db")
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // What cannot be removed is left to the system's cleaning of its temporary directory.
        std::fs::remove_dir_all(&self.0).ok();
    }
}

fn s(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

async fn put(client: &Client, table: &str, pk: &str, sk: &str) {
    client.put_item().table_name(table).item("pk", s(pk)).item("sk", s(sk)).send().await.unwrap();
}

async fn has(client: &Client, table: &str, pk: &str, sk: &str) -> bool {
    client.get_item().table_name(table).key("pk", s(pk)).key("sk", s(sk)).send().await.unwrap().item.is_some()
}

#[tokio::test]
async fn the_engine_has_the_tables_of_the_template_and_no_other() {
    let engine = Engine::memory().await.unwrap();
    let names = engine.client().list_tables().send().await.unwrap();
    assert_eq!(names.table_names(), tables().unwrap().iter().map(|t| t.name.clone()).collect::<Vec<_>>());
    assert_eq!(names.table_names(), ["Customers", "Ledger", "Shops"]);
}

#[tokio::test]
async fn every_table_and_index_has_the_keys_of_the_template() {
    let engine = Engine::memory().await.unwrap();
    for table in tables().unwrap() {
        let described = engine.client().describe_table().table_name(&table.name).send().await.unwrap().table.unwrap();
        let keys = |schema: &[KeySchemaElement]| -> Vec<_> {
            schema.iter().map(|e| (e.attribute_name().to_owned(), e.key_type().clone())).collect()
        };
        let wanted = |key: &engine::Key| -> Vec<_> {
            let hash = (key.hash.clone(), KeyType::Hash);
            [hash].into_iter().chain(key.range.clone().map(|range| (range, KeyType::Range))).collect()
        };
        assert_eq!(keys(described.key_schema()), wanted(&table.key), "{}", table.name);
        assert_eq!(described.global_secondary_indexes().len(), table.indexes.len(), "{}", table.name);
        for found in described.global_secondary_indexes() {
            let index = &table.indexes[found.index_name().unwrap()];
            assert_eq!(keys(found.key_schema()), wanted(&index.key));
            assert_eq!(found.projection().unwrap().projection_type(), Some(&index.projection));
        }
        for attribute in described.attribute_definitions() {
            assert_eq!(Some(attribute.attribute_type()), table.attributes.get(attribute.attribute_name()));
        }
        assert_eq!(described.attribute_definitions().len(), table.attributes.len(), "{}", table.name);
        let billing = described.billing_mode_summary().and_then(|summary| summary.billing_mode());
        assert_eq!(billing, Some(&table.billing), "{}", table.name);
        let expiry = engine.client().describe_time_to_live().table_name(&table.name).send().await.unwrap();
        let expiry = expiry.time_to_live_description().and_then(|ttl| ttl.attribute_name());
        assert_eq!(expiry, table.expiry.as_deref(), "{}", table.name);
    }
}

/// What the ledger's code relies on, said once more in plain words so that the template cannot lose it unseen.
#[test]
fn the_template_has_what_the_design_asks_for() {
    let [customers, ledger, shops] = tables().unwrap().try_into().unwrap();
    for table in [&customers, &ledger, &shops] {
        assert_eq!((table.key.hash.as_str(), table.key.range.as_deref()), ("pk", Some("sk")));
        assert_eq!(table.billing, BillingMode::PayPerRequest);
        assert!(table.attributes.values().all(|kind| *kind == ScalarAttributeType::S));
    }
    let audience = &customers.indexes["audience"];
    assert_eq!((audience.key.hash.as_str(), audience.key.range.as_deref()), ("audience_pk", Some("audience_sk")));
    assert_eq!(audience.projection, ProjectionType::KeysOnly);
    assert_eq!(shops.expiry.as_deref(), Some("expires_at"));
    assert_eq!((&customers.expiry, &ledger.expiry), (&None, &None));
}

#[tokio::test]
async fn an_item_without_the_index_key_is_in_no_audience() {
    let engine = Engine::memory().await.unwrap();
    let client = engine.client();
    put(&client, "Customers", "shop#1", "anonymous").await;
    let labelled = client.put_item().table_name("Customers").item("pk", s("shop#1")).item("sk", s("labelled"));
    labelled.item("audience_pk", s("shop#f3m3r3#1")).item("audience_sk", s("1")).send().await.unwrap();
    let audience = client.scan().table_name("Customers").index_name("audience").send().await.unwrap();
    assert_eq!(audience.items().iter().map(|item| item["sk"].clone()).collect::<Vec<_>>(), [s("labelled")]);
    assert_eq!(audience.items()[0].len(), 4, "keys only");
}

#[tokio::test]
async fn two_engines_in_one_process_share_nothing() {
    let (one, other) = (Engine::memory().await.unwrap(), Engine::memory().await.unwrap());
    put(&one.client(), "Customers", "shop#1", "c").await;
    assert!(has(&one.client(), "Customers", "shop#1", "c").await);
    assert!(!has(&other.client(), "Customers", "shop#1", "c").await);
    assert_ne!(one.endpoint(), other.endpoint());
}

#[tokio::test]
async fn what_was_written_to_a_file_is_there_after_a_restart() {
    let directory = Directory::new("restart");
    let engine = Engine::open(&directory.file()).await.unwrap();
    put(&engine.client(), "Ledger", "shop#c", "order#1").await;
    engine.bulk_loading(true).unwrap();
    put(&engine.client(), "Ledger", "shop#c", "order#2").await;
    engine.bulk_loading(false).unwrap();
    engine.stop().await.unwrap();

    let engine = Engine::open(&directory.file()).await.unwrap();
    assert!(has(&engine.client(), "Ledger", "shop#c", "order#1").await);
    assert!(has(&engine.client(), "Ledger", "shop#c", "order#2").await);
    let expiry = engine.client().describe_time_to_live().table_name("Shops").send().await.unwrap();
    assert_eq!(expiry.time_to_live_description().unwrap().attribute_name(), Some("expires_at"));
}

#[tokio::test]
async fn a_table_that_a_file_lacks_is_made_and_the_others_are_kept() {
    let directory = Directory::new("lacks");
    let engine = Engine::open(&directory.file()).await.unwrap();
    put(&engine.client(), "Ledger", "shop#c", "order#1").await;
    engine.client().delete_table().table_name("Shops").send().await.unwrap();
    engine.stop().await.unwrap();

    let engine = Engine::open(&directory.file()).await.unwrap();
    put(&engine.client(), "Shops", "shop", "settings").await;
    assert!(has(&engine.client(), "Ledger", "shop#c", "order#1").await);
}

#[tokio::test]
async fn a_file_whose_table_has_another_key_is_refused_and_not_changed() {
    let directory = Directory::new("differs");
    let engine = Engine::open(&directory.file()).await.unwrap();
    let client = engine.client();
    for table in ["Shops", "Customers"] {
        client.delete_table().table_name(table).send().await.unwrap();
    }
    let key = KeySchemaElement::builder().attribute_name("id").key_type(KeyType::Hash).build().unwrap();
    let kind = ScalarAttributeType::S;
    let id = AttributeDefinition::builder().attribute_name("id").attribute_type(kind).build().unwrap();
    let create = client.create_table().table_name("Shops").billing_mode(BillingMode::PayPerRequest);
    create.key_schema(key).attribute_definitions(id).send().await.unwrap();
    engine.stop().await.unwrap();

    let refused = Engine::open(&directory.file()).await.unwrap_err();
    assert!(matches!(&refused, EngineError::SchemaDiffers { table, part: "key", .. } if table == "Shops"));
    let said = refused.to_string();
    assert!(said.contains("table Shops of the database has another key"), "{said}");
    assert!(said.contains("\"id\"") && said.contains("\"sk\""), "{said}");
    let again = Engine::open(&directory.file()).await.unwrap_err();
    assert!(matches!(again, EngineError::SchemaDiffers { .. }), "`Customers` was not made either: {again}");
}

#[tokio::test]
async fn a_path_that_cannot_be_opened_is_named() {
    let directory = Directory::new("nowhere");
    let path = directory.0.join("missing").join("tercile.db");
    let refused = Engine::open(&path).await.unwrap_err();
    assert!(refused.to_string().contains("missing/tercile.db"), "{refused}");
    assert!(matches!(Engine::open(Path::new("")).await.unwrap_err(), EngineError::Path(_)));
    std::fs::write(directory.file(), "no database at all, and longer than a header would be".repeat(9)).unwrap();
    assert!(matches!(Engine::open(&directory.file()).await.unwrap_err(), EngineError::Open { .. }));
}

#[tokio::test]
async fn a_stopped_or_dropped_engine_answers_no_more() {
    let stopped = Engine::memory().await.unwrap();
    let client = stopped.client();
    stopped.stop().await.unwrap();
    assert!(client.list_tables().send().await.is_err());

    let client = Engine::memory().await.unwrap().client();
    // The server needs a moment to see that its engine is gone.
    while client.list_tables().send().await.is_ok() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn what_has_expired_goes_when_it_is_swept() {
    let engine = Engine::memory().await.unwrap();
    let client = engine.client();
    let item = client.put_item().table_name("Shops").item("pk", s("shop#job#1")).item("sk", s("chunk#1"));
    item.item("expires_at", AttributeValue::N("1700000000".to_owned())).send().await.unwrap();
    put(&client, "Shops", "shop", "settings").await;
    assert_eq!(engine.sweep_expired().await.unwrap(), 1);
    assert!(!has(&client, "Shops", "shop#job#1", "chunk#1").await);
    assert!(has(&client, "Shops", "shop", "settings").await);
}
