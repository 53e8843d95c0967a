//! The functions on one machine: embedded engine, one state, all routers under one address.

use std::collections::HashSet;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result};
use axum::Router;
use console::Console;
use engine::Engine;
use ledger::{CodeSecrets, KeySecret, Ledger, Secrets, ShopId, Tables};
use purchases::publish::StartPublish;
use resegment::jobs::StartJob;
use resegment::schedule::{StartLearn, StartRun};
use resegment::{RunError, Steps, Until, retried};
use segmentation::Day;
use web::{App, Clock};

use crate::data_dir::DataDir;

/// A ledger, and the engine under it unless the store is somebody else's.
pub(crate) struct Machine {
    pub(crate) engine: Option<Engine>,
    pub(crate) ledger: Ledger,
    _data: Option<DataDir>,
}

impl Machine {
    /// On a directory that survives.
    pub(crate) async fn open(path: &Path) -> Result<Machine> {
        let data = DataDir::open(path)?;
        let secrets = data.secrets()?;
        let engine = Engine::open(&data.engine_file()).await.context("the engine did not start")?;
        let telling = engine.telling().await.context("the engine cannot note what is to be told")?;
        let ledger = Ledger::new(telling, Tables::default(), secrets);
        // The directory is ours alone, so whoever held a lease here is dead.
        for registered in ledger.registered_shops().await? {
            ledger.expire_lease(&registered.shop).await?;
            ledger.expire_publish_lease(&registered.shop).await?;
            ledger.expire_learning_lease(&registered.shop).await?;
            ledger.expire_job_leases(&registered.shop).await?;
        }
        Ok(Machine { engine: Some(engine), ledger, _data: Some(data) })
    }

    /// Over a store at this address; the directory holds the secrets. Others may use the store, so leases stay as they are.
    pub(crate) async fn over(store: &str, path: &Path) -> Result<Machine> {
        let data = DataDir::open(path)?;
        let secrets = data.secrets()?;
        let client = engine::connect(store);
        let tables = engine::tables().context("the template has no tables")?;
        engine::make_tables(&client, &tables)
            .await
            .with_context(|| format!("the store at {store} has no tables for us"))?;
        let telling = engine::telling(&client).await.context("the store cannot note what is to be told")?;
        Ok(Machine { engine: None, ledger: Ledger::new(telling, Tables::default(), secrets), _data: Some(data) })
    }

    /// In memory, for the demo: everything goes with the process. The secret is no secret, so that each run shows the same.
    pub(crate) async fn in_memory() -> Result<Machine> {
        let secret = *b"the demo has nothing to conceal.";
        let secrets = Secrets { keys: KeySecret::new(secret), codes: CodeSecrets::new(secret, None) };
        let engine = Engine::memory().await.context("the engine did not start")?;
        let ledger = Ledger::new(engine.client(), Tables::default(), secrets);
        Ok(Machine { engine: Some(engine), ledger, _data: None })
    }

    /// The ledger, from now on with a note of what is to be told.
    pub(crate) async fn telling(&self) -> Result<Ledger> {
        let Some(engine) = &self.engine else { return Ok(self.ledger.clone()) };
        let client = engine.telling().await.context("the engine cannot note what is to be told")?;
        Ok(self.ledger.through(client))
    }

    /// The state, as of a day or now.
    pub(crate) fn app(&self, as_of: Option<Day>) -> App {
        App::new(self.ledger.clone(), as_of.map_or(Clock::System, Clock::AsOf))
    }

    /// Ends the engine in order.
    pub(crate) async fn stop(self) -> Result<()> {
        match self.engine {
            Some(engine) => engine.stop().await.context("the engine did not stop in order"),
            None => Ok(()),
        }
    }
}

/// All functions' routes, and the console over them.
pub(crate) fn router(app: &App) -> Router {
    served(app).0
}

/// The same, with the console, which makes links to sign in by.
pub(crate) fn served(app: &App) -> (Router, Console) {
    let api = purchases::router(app, publish_here(app)).merge(offers::router(app)).merge(admin::router(
        app,
        start_here(app),
        learn_here(app),
        job_here(app),
    ));
    let console = Console::new(app, web::finish(api.clone(), app.clone()));
    let all = web::finish(api.merge(console.clone().router()), app.clone());
    (all.layer(axum::middleware::from_fn(web::log_request)), console)
}

/// Sets a begun run going as a task of this process.
pub(crate) fn start_here(app: &App) -> StartRun {
    as_a_task(
        app,
        "run",
        |steps, shop, run| async move { resegment::drive(&steps, &shop, run, |_| {}).await.map(drop) },
    )
}

/// Sets a begun learning going as a task of this process, tried again as the state machine would.
pub(crate) fn learn_here(app: &App) -> StartLearn {
    StartLearn(as_a_task(app, "learning", |steps, shop, number| async move {
        let told = |progress| tracing::debug!(?progress, "learning");
        retried(|| resegment::learn::drive(&steps, &shop, number, Until::done(), told)).await.map(drop)
    }))
}

/// Sets a begun job going as a task of this process, tried again as the state machine would.
pub(crate) fn job_here(app: &App) -> StartJob {
    StartJob(as_a_task(app, "job", |steps, shop, number| async move {
        retried(|| resegment::jobs::drive(&steps, &shop, number, Until::done())).await.map(drop)
    }))
}

/// Drives what was begun, of this kind and with this number, as a task of this process.
fn as_a_task<F>(
    app: &App,
    kind: &'static str,
    drive: impl Fn(Steps, ShopId, u64) -> F + Clone + Send + Sync + 'static,
) -> StartRun
where
    F: Future<Output = Result<(), RunError>> + Send,
{
    let steps = Steps::new(app.ledger.clone(), app.clock);
    Arc::new(move |shop, number| {
        let (steps, drive) = (steps.clone(), drive.clone());
        Box::pin(async move {
            tokio::spawn(async move {
                if let Err(error) = drive(steps, shop.clone(), number).await {
                    tracing::error!(%shop, number, %error, "the {kind} broke off; it is gone on with when its lease has expired");
                }
            });
            Ok(())
        })
    })
}

/// Publishes a shop's catalogue as a task of this process: one at a time per shop, and what is asked for while one waits
/// for its minute is published by that one.
pub(crate) fn publish_here(app: &App) -> StartPublish {
    let (ledger, clock) = (app.ledger.clone(), app.clock);
    let waiting: Arc<Mutex<HashSet<ShopId>>> = Arc::default();
    Arc::new(move |shop| {
        let (ledger, waiting) = (ledger.clone(), Arc::clone(&waiting));
        Box::pin(async move {
            if !of(&waiting).insert(shop.clone()) {
                return Ok(());
            }
            tokio::spawn(async move {
                loop {
                    let published = resegment::catalogue::publish(&ledger, clock, &shop).await;
                    of(&waiting).remove(&shop);
                    if let Err(error) = published {
                        tracing::error!(%shop, %error, "the catalogue was not published; the next change does it");
                        return;
                    }
                    // Who asked before the shop was taken off the list relied on this task, so it looks once more.
                    let due = ledger.is_publish_due(&shop).await.unwrap_or(false);
                    if !(due && of(&waiting).insert(shop.clone())) {
                        return;
                    }
                }
            });
            Ok(())
        })
    })
}

fn of(waiting: &Mutex<HashSet<ShopId>>) -> MutexGuard<'_, HashSet<ShopId>> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner)
}
