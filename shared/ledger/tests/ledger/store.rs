//! Where a test's tables lie: in an embedded engine of its own, or under names of their own in the store at the address that
//! `TERCILE_TEST_DYNAMODB` says, such as `http://127.0.0.1:4566`. `infra/second-store` sets it, and sees that tables came.

use std::sync::atomic::{AtomicUsize, Ordering};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use engine::Engine;
use ledger::Tables;

/// Tables that nobody else has, as the template defines them.
pub(crate) struct Store {
    pub(crate) client: Client,
    pub(crate) tables: Tables,
    _engine: Option<Engine>,
}

static NEXT: AtomicUsize = AtomicUsize::new(0);

/// The store that is not ours, if one is named.
#[expect(clippy::disallowed_methods, reason = "a script says where the tests run")]
fn elsewhere() -> Option<String> {
    std::env::var("TERCILE_TEST_DYNAMODB").ok()
}

/// Of so many generated cases those that are tried: fewer where each call takes milliseconds, since they try the ledger's logic, and
/// a store's behaviour shows in each.
pub(crate) fn cases(here: u32) -> u32 {
    if elsewhere().is_some() { here / 8 } else { here }
}

impl Store {
    pub(crate) async fn new() -> Store {
        let Some(endpoint) = elsewhere() else {
            let engine = Engine::memory().await.unwrap();
            return Store { client: engine.client(), tables: Tables::default(), _engine: Some(engine) };
        };
        // It may take its time: how fast it is says nothing of what it does.
        let config = engine::connect(&endpoint).config().to_builder().timeout_config(TimeoutConfig::disabled());
        let client = Client::from_conf(config.build());
        let own = format!("{}-{}-", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let name = |table: &str| format!("{own}{table}");
        let mut wanted = engine::tables().unwrap();
        wanted.iter_mut().for_each(|table| table.name = name(&table.name));
        engine::make_tables(&client, &wanted).await.unwrap();
        let Tables { customers, ledger, shops } = Tables::default();
        let tables = Tables { customers: name(&customers), ledger: name(&ledger), shops: name(&shops) };
        Store { client, tables, _engine: None }
    }
}
