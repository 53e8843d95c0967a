//! A shop that is full of everything, filled through its API, each text with a mark of its own.

use chrono::TimeDelta;
use e2e::receiver::Receiver;
use e2e::{World, acme};
use ledger::CustomerId;
use ledger::Scope;
use segmentation::answers::Survey;
use serde_json::Value;
use web::{App, Receivers};

use super::filling::{base, events, failed_run, fallen_group, hooks, jobs, keys, other_cuts, people, rewards};
use super::marks::mark;

/// The day on which it is walked over.
pub(super) const TODAY: &str = "2026-11-22";
/// What the shop's platforms sign with.
pub(super) const HOOK_SECRET: &str = "zqxhook-secretqz";

/// What the shop's things are called; what the service made up itself, too.
#[derive(Default)]
pub(super) struct Ids {
    /// A customer with a bit of everything, and another id of theirs.
    pub(super) ann: String,
    pub(super) alias: String,
    /// Who may be merged.
    pub(super) other: String,
    pub(super) order: String,
    pub(super) product: String,
    pub(super) segment: String,
    pub(super) hook: String,
    pub(super) hook_path: String,
    pub(super) endpoint: String,
    /// Since when events are told.
    pub(super) told_from: String,
    pub(super) receiver: String,
    pub(super) key: String,
    pub(super) campaign: u64,
    pub(super) series: String,
    pub(super) former_cuts: String,
    pub(super) cuts: String,
    /// A run that has customers who were touched.
    pub(super) run: u64,
    /// An export with its rows.
    pub(super) job: u64,
    /// Redemptions that are reserved, and a code that is not used, with whose it is.
    pub(super) to_confirm: String,
    pub(super) to_release: String,
    pub(super) code: (String, String),
    /// A choice as it was made.
    pub(super) chooser: String,
    pub(super) choice: Value,
    /// A decision's document.
    pub(super) inputs: Value,
    /// The path of a survey's page.
    pub(super) page: String,
}

/// The shop, its world, and keys of it that open nothing or little.
pub(super) struct Full {
    pub(super) world: World,
    pub(super) ids: Ids,
    pub(super) revoked: String,
    pub(super) expired: String,
    /// Opens what is ingest's and checkout's.
    pub(super) both: String,
    /// Ids and secrets that the service made and that nobody else may see.
    pub(super) secrets: Vec<String>,
    /// Kept, so that it goes on taking events.
    _receiver: Receiver,
}

/// Another day in the same shop, for a process that has just begun.
pub(super) fn go_to(world: &mut World, day: &str) {
    world.move_to(day);
    world.app = App::new(world.ledger.clone(), world.app.clock).with_receivers(Receivers::LocalToo);
    world.router = e2e::router(&world.app, &world.driver);
    world.ledger.forget_shop(&acme());
}

impl Full {
    /// Makes it: some months of a shop.
    pub(super) async fn new() -> Full {
        let mut world = World::telling("2026-10-01").await;
        base(&world).await;
        world.run().await;
        go_to(&mut world, "2026-11-01");
        // Measures October.
        world.run().await;
        let learned = world.learn().await;
        assert_eq!(learned["status"], "done", "{learned}");
        let former_cuts = world.get("/v1/cuts").await.json["active"]["version"].as_str().unwrap().to_owned();
        let (cuts, run) = other_cuts(&mut world).await;
        fallen_group(&mut world).await;
        go_to(&mut world, TODAY);
        failed_run(&world).await;
        let (chooser, choice) = people(&world).await;
        world.run().await;
        let rewards = rewards(&world).await;
        let (hook, hook_path) = hooks(&world).await;
        let told_from = (world.app.clock.now() - TimeDelta::minutes(1)).to_rfc3339();
        let (endpoint, receiver) = events(&world).await;
        let (keys, [revoked, expired, both, kept]) = keys(&world).await;
        let job = jobs(&world).await;

        let ann = mark("ann");
        let segment =
            world.get(&format!("/v1/customers/{ann}/segment")).await.json["segment"].as_str().unwrap().to_owned();
        let inputs = world.get(&format!("/v1/customers/{ann}/offers?inputs=1")).await.json["inputs"].clone();
        let key_of = |id: &str| world.ledger.customer_key(&acme(), &CustomerId::try_from(id.to_owned()).unwrap());
        let until = "2026-12-22".parse().unwrap();
        let page = format!("/s/{}", world.ledger.survey_link(&acme(), &key_of(&ann), Survey::Purchase, until));
        let mut secrets = vec![key_of(&ann).referral_code().to_string(), rewards.code.1.clone(), page.clone()];
        secrets.extend(
            [&hook, &endpoint, &former_cuts, &cuts, &rewards.to_confirm, &rewards.to_release].map(Clone::clone),
        );
        secrets.extend(["ann", "other", "alias"].map(|name| key_of(&mark(name)).as_str().to_owned()));
        secrets.extend(keys);
        secrets.extend(world.keys.iter().map(|key| key.id.to_string()));
        let ids = Ids {
            alias: mark("alias"),
            other: mark("other"),
            order: mark("order-of-ann"),
            product: mark("product0"),
            segment,
            hook,
            hook_path,
            endpoint,
            told_from,
            receiver: receiver.url("127.0.0.1"),
            key: kept,
            campaign: rewards.campaign,
            series: mark("series"),
            former_cuts,
            cuts,
            run,
            job,
            to_confirm: rewards.to_confirm,
            to_release: rewards.to_release,
            code: rewards.code,
            chooser,
            choice,
            inputs,
            page,
            ann,
        };
        Full { world, ids, revoked, expired, both, secrets, _receiver: receiver }
    }
}

/// Another shop's admin key.
pub(super) async fn neighbour(world: &World, name: &str) -> String {
    let keys = e2e::shop(&world.ledger, &name.parse().unwrap()).await;
    keys.into_iter().find(|key| key.scopes == [Scope::Admin]).unwrap().token
}
