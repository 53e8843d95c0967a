//! The ledger under fire: clients send orders, corrections, returns and redemptions to real servers, whose store throttles,
//! conflicts, fails, loses answers and dies, and which are killed themselves, while customers are merged, parted and erased;
//! afterwards everything that was acknowledged is there exactly once, and nothing of who was erased.
//!
//! Two `tercile serve` are processes of their own over one store, an embedded engine on a file in a process of its own, through
//! [`Faults`]. Each is killed with `SIGKILL` at random and started again. Clients do as an API's users should: whatever was not
//! answered is sent again under the same id, by whoever answers.

mod books;
mod caller;
mod people;
mod story;
mod verdict;

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fastrand::Rng;
use ledger::{CodeSecrets, KeySecret, Ledger, NewKey, Scope, Secrets, Tables};
use serde_json::json;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::faults::{Fault, Faults, Plan};
use crate::processes::{Every, Keeper};
use caller::{Caller, Tally};
use people::People;

/// The day on which it burns.
pub const DAY: &str = "2026-11-22";
/// The campaign whose codes are redeemed.
const SERIES: &str = "fire";
const KEY_SECRET: [u8; 32] = *b"what lies under a burning ledger";
const CODE_SECRET: [u8; 32] = *b"what proves codes while it burns";

/// How hard it burns.
#[derive(Clone, Debug)]
pub struct Fire {
    /// Orders, corrections and returns in all.
    pub items: usize,
    /// Clients at once.
    pub clients: usize,
    /// Customers they buy for.
    pub customers: usize,
    /// Further ones, who are merged, parted and erased meanwhile.
    pub people: usize,
    /// Of a thousand of the store's calls, so many meet each kind of fault.
    pub per_mille: u16,
    /// What chance is drawn from.
    pub seed: u64,
    /// How often each server is killed.
    pub servers_die: Every,
    /// How often the store is killed.
    pub store_dies: Every,
    /// Where `tercile` and `examples/store` were built.
    pub built: PathBuf,
    /// For the store's file and the servers' logs.
    pub work: PathBuf,
}

impl Fire {
    /// As the issue of trust asks: 20 clients, 50,000 orders, corrections and returns, 50 of 1,000 calls for each fault.
    #[must_use]
    pub fn full(seed: u64, built: PathBuf, work: &Path) -> Fire {
        Fire {
            items: 50_000,
            clients: 20,
            customers: 1_000,
            people: 200,
            per_mille: 50,
            seed,
            servers_die: Every { least: Duration::from_secs(4), most: Duration::from_secs(16) },
            store_dies: Every { least: Duration::from_secs(10), most: Duration::from_secs(40) },
            built,
            work: work.to_owned(),
        }
    }

    /// A tenth of it.
    #[must_use]
    pub fn tenth(seed: u64, built: PathBuf, work: &Path) -> Fire {
        let full = Fire::full(seed, built, work);
        let servers_die = Every { least: Duration::from_secs(3), most: Duration::from_secs(12) };
        let store_dies = Every { least: Duration::from_secs(8), most: Duration::from_secs(24) };
        Fire {
            items: full.items / 10,
            customers: full.customers / 10,
            people: full.people / 4,
            servers_die,
            store_dies,
            ..full
        }
    }
}

/// What came of it. Whatever it says in `wrong` is a broken law.
#[derive(Debug, Default)]
pub struct Report {
    /// How long it burned.
    pub burned: Duration,
    /// How often the servers and the store were killed.
    pub killed: [u64; 2],
    /// The store's calls, and of them the faults by kind.
    pub calls: u64,
    /// Faults by kind.
    pub faults: BTreeMap<Fault, u64>,
    /// What clients met, by status; 0 where there was no answer.
    pub answers: BTreeMap<u16, u64>,
    /// What was sent and what became of it, in words.
    pub counted: Vec<(&'static str, u64)>,
    /// What is wrong.
    pub wrong: Vec<String>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut row = |what: &str, value: &dyn fmt::Display| writeln!(f, "| {what} | {value} |");
        row("what", &"how many")?;
        row("---", &"---:")?;
        row("seconds under fire", &self.burned.as_secs())?;
        row("times a server was killed", &self.killed[0])?;
        row("times the store was killed", &self.killed[1])?;
        row("calls of the store", &self.calls)?;
        for (fault, count) in &self.faults {
            row(&format!("of them `{fault:?}`"), count)?;
        }
        for (status, count) in &self.answers {
            let what = if *status == 0 { "requests without an answer".to_owned() } else { format!("answers {status}") };
            row(&what, count)?;
        }
        for (what, count) in &self.counted {
            row(what, count)?;
        }
        row("wrong", &self.wrong.len())?;
        self.wrong.iter().take(20).try_for_each(|wrong| writeln!(f, "WRONG: {wrong}"))
    }
}

/// Burns, and looks at what is left.
///
/// # Errors
/// Where a process cannot be started or a file cannot be written.
pub async fn burn(fire: &Fire) -> io::Result<Report> {
    let store_file = fire.work.join("store.db");
    let store_program = fire.built.join("examples").join("store");
    let mut rng = Rng::with_seed(fire.seed);
    let store = Keeper::start(rng.fork(), fire.store_dies, move || {
        let mut command = Command::new(&store_program);
        command.arg(&store_file);
        command
    });
    let store_at = store.address().await?;
    let ledger = Ledger::new(engine::connect(&store_at), Tables::default(), secrets());
    let keys = crate::shop(&ledger, &crate::acme()).await;
    let faults = Arc::new(Faults::before(&store_at, Plan::each(fire.seed, fire.per_mille)).await?);
    faults.calm(true);
    let following = follow(&store, &faults);
    let tally = Arc::new(Tally::default());
    let key = |scope: Scope| keys.iter().find(|key| key.scopes == [scope]).map_or("", |key: &NewKey| &key.token);
    let limit = u64::try_from(fire.customers / 2).unwrap_or(u64::MAX);
    // By a server that ends: limits and settings are known everywhere after a minute, or to whoever starts later.
    let first = [server(fire, 0, faults.endpoint(), rng.fork())?];
    first[0].address().await?;
    let calm = Caller::new(&first, key(Scope::Admin), &tally, rng.fork());
    prepare(&calm, limit).await;
    let people = People::default();
    let mut books = vec![story::begin(fire, people.clone(), calm, rng.fork()).await];
    for first in first {
        first.end().await;
    }
    let servers: Vec<Keeper> =
        (0..2).map(|nth| server(fire, nth, faults.endpoint(), rng.fork())).collect::<io::Result<_>>()?;
    for server in &servers {
        server.address().await?;
    }
    let caller = |rng| Caller::new(&servers, key(Scope::Admin), &tally, rng);

    faults.calm(false);
    servers.iter().chain([&store]).for_each(Keeper::may_die);
    let began = Instant::now();
    let mut clients = JoinSet::new();
    for nth in 0..fire.clients {
        let (caller, rng, fire, people) = (caller(rng.fork()), rng.fork(), fire.clone(), people.clone());
        clients.spawn(async move { story::client(nth, &fire, people, caller, rng).await });
    }
    let staff = tokio::spawn(story::staff(caller(rng.fork()), limit));
    let (stop, stopped) = watch::channel(false);
    let mut regrouping = JoinSet::new();
    let shared = Ledger::new(engine::connect(faults.endpoint()), Tables::default(), secrets());
    for nth in 0..people::AT_ONCE {
        let own = people::names(fire.people).skip(nth).step_by(people::AT_ONCE).collect();
        let regrouper =
            people::Regrouper { people: people.clone(), own, caller: caller(rng.fork()), ledger: shared.clone() };
        regrouping.spawn(regrouper.work(rng.fork(), stopped.clone()));
    }
    books.extend(clients.join_all().await);
    stop.send_replace(true);
    let mut books = books::together(books);
    let burned = began.elapsed();
    staff.abort();

    faults.calm(true);
    let killed = [servers.iter().map(Keeper::settle).sum(), store.settle()];
    let at = store.address().await?;
    for server in &servers {
        server.address().await?;
    }
    let counts = faults.counts();
    let mut report = Report { burned, killed, calls: counts.all(), faults: counts.by_fault(), ..Report::default() };
    report.answers = tally.answers();
    let ledger = Ledger::new(engine::connect(&at), Tables::default(), secrets());
    while let Some(ended) = regrouping.join_next().await {
        ended?;
    }
    report.counted.extend(people.counted());
    books.forget(&people.erased());
    verdict::exactly_once(&ledger, &mut books, &people, &mut report).await;
    verdict::sent_again(fire.clients, &books, &caller(rng.fork()), &ledger, &mut report).await;
    verdict::budget(&caller(rng.fork()), &books, limit, &mut report).await;
    for server in servers {
        server.end().await;
    }
    verdict::profiles(&ledger, &books, &people, &mut report).await;
    verdict::it_burned(&people, &mut report);
    report.wrong.extend(tally.wrong());
    following.abort();
    store.end().await;
    Ok(report)
}

/// The go-between goes where the store is.
fn follow(store: &Keeper, faults: &Arc<Faults>) -> tokio::task::JoinHandle<()> {
    let (mut at, faults) = (store.watch(), Arc::clone(faults));
    tokio::spawn(async move {
        while at.changed().await.is_ok() {
            let address = at.borrow_and_update().clone();
            if let Some(address) = address {
                faults.leads_to(&address);
            }
        }
    })
}

/// A server with the secrets of all of them.
fn server(fire: &Fire, nth: usize, store: &str, rng: Rng) -> io::Result<Keeper> {
    let data = fire.work.join(format!("server-{nth}"));
    std::fs::create_dir_all(&data)?;
    std::fs::write(data.join("key-secret"), KEY_SECRET)?;
    std::fs::write(data.join("code-secret"), CODE_SECRET)?;
    let (program, store, log) =
        (fire.built.join("tercile"), store.to_owned(), fire.work.join(format!("server-{nth}.log")));
    Ok(Keeper::start(rng, fire.servers_die, move || {
        let mut command = Command::new(&program);
        command.args(["serve", "--port", "0", "--as-of", DAY, "--store", &store, "--data"]).arg(&data);
        command.env("RUST_LOG", "error,dynoxide=off");
        if let Ok(log) = std::fs::OpenOptions::new().create(true).append(true).open(&log) {
            command.stderr(log);
        }
        command
    }))
}

/// A campaign for everyone with so many codes in its budget, held for as long as it burns.
async fn prepare(caller: &Caller, limit: u64) {
    let text = |text: &str| json!({ "en": text, "ru": text });
    let campaign = json!({ "series": SERIES, "beyond_rules": true, "idea": {
        "mechanic": "code", "place": "both", "calendar": { "slots": { "every": 30, "open": 30 } },
        "reward": { "discount": 10 }, "validity": 30, "text": text("Warm."), "say": text("For you: {reward}."),
        "why": text("It burns.") } });
    caller.insist("POST", "/v1/campaigns", &campaign).await;
    let mut settings = caller.insist("GET", "/v1/settings", &json!(null)).await.json;
    settings["rewards"]["hold_minutes"] = json!(1440);
    caller.insist("PUT", "/v1/settings", &settings).await;
    caller.insist("PUT", "/v1/budgets", &json!({ "series": SERIES, "count": limit, "shards": 4 })).await;
}

pub(crate) fn secrets() -> Secrets {
    Secrets { keys: KeySecret::new(KEY_SECRET), codes: CodeSecrets::new(CODE_SECRET, None) }
}
