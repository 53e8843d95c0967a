//! Who is whom: some customers are made one, parted again and erased while orders keep coming for them (law 17).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fastrand::Rng;
use ledger::Ledger;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::caller::Caller;

/// A job that is not at its end after so many looks is asked for again.
const LOOKS: usize = 20;
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);
/// The most ids of one customer.
const MOST_IDS: usize = 4;
/// How many merge, part and erase at once, each among its own.
pub(super) const AT_ONCE: usize = 8;

/// What all clients know of those customers. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(super) struct People(Arc<Mutex<Known>>);

#[derive(Debug, Default)]
struct Known {
    /// Of an alias, whom it stands for.
    roots: BTreeMap<String, String>,
    /// Whose erasure was begun.
    erased: BTreeSet<String>,
    merged: u64,
    parted: u64,
}

/// The names of so many.
pub(super) fn names(count: usize) -> impl Iterator<Item = String> {
    (0..count).map(|nth| format!("p-{nth}"))
}

impl People {
    /// The name of one of `count`.
    pub(super) fn any(rng: &mut Rng, count: usize) -> String {
        format!("p-{}", rng.usize(0..count))
    }

    /// Is it one of those who are merged, parted and erased?
    pub(super) fn has(customer: &str) -> bool {
        customer.starts_with("p-")
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Was the erasure begun? Once it was, whatever is dated before is refused for good.
    pub(super) fn is_erased(&self, customer: &str) -> bool {
        self.known().erased.contains(customer)
    }

    pub(super) fn erased(&self) -> BTreeSet<String> {
        self.known().erased.clone()
    }

    /// Under whom this customer's orders count.
    pub(super) fn root(&self, customer: &str) -> String {
        self.known().roots.get(customer).map_or(customer, String::as_str).to_owned()
    }

    /// What was done, in words.
    pub(super) fn counted(&self) -> [(&'static str, u64); 4] {
        let known = self.known();
        let count = |many: usize| u64::try_from(many).unwrap_or(u64::MAX);
        [
            ("customers made one with another", known.merged),
            ("parted again", known.parted),
            ("in the end an id of another customer", count(known.roots.len())),
            ("erased", count(known.erased.len())),
        ]
    }

    /// Of these, who is not erased, and which of them are aliases.
    fn among(&self, names: &[String]) -> (Vec<String>, Vec<String>) {
        let known = self.known();
        let standing: Vec<String> = names.iter().filter(|name| !known.erased.contains(*name)).cloned().collect();
        let aliases = standing.iter().filter(|name| known.roots.contains_key(*name)).cloned().collect();
        (standing, aliases)
    }

    fn ids(&self, root: &str) -> BTreeSet<String> {
        let known = self.known();
        let aliases = known.roots.iter().filter(|(_, stands_for)| *stands_for == root).map(|(alias, _)| alias.clone());
        aliases.chain([root.to_owned()]).collect()
    }
}

/// Merges, parts and erases those that are its own.
pub(super) struct Regrouper {
    pub(super) people: People,
    pub(super) own: Vec<String>,
    pub(super) caller: Caller,
    /// Over the same burning store.
    pub(super) ledger: Ledger,
}

impl Regrouper {
    /// Until it is told to stop; what it has begun then is finished.
    pub(super) async fn work(self, mut rng: Rng, stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            let (standing, aliases) = self.people.among(&self.own);
            let mut any = |of: &[String]| of.get(rng.usize(0..of.len().max(1))).cloned();
            let (one, other, alias) = (any(&standing), any(&standing), any(&aliases));
            match (rng.u8(0..20), one, other, alias) {
                (0, Some(one), ..) if standing.len() * 2 > self.own.len() => self.erase(&one).await,
                (0..9, .., Some(alias)) => self.part(&alias).await,
                (_, Some(one), Some(other), _) => self.merge(&one, &other).await,
                _ => {}
            }
            tokio::time::sleep(Duration::from_millis(rng.u64(5..100))).await;
        }
    }

    async fn merge(&self, one: &str, into: &str) {
        let (ids, root) = (self.people.ids(&self.people.root(one)), self.people.root(into));
        if ids.contains(&root) || ids.len() + self.people.ids(&root).len() > MOST_IDS {
            return;
        }
        let path = format!("/v1/customers/{one}/merge");
        if self.done("POST", &path, &json!({ "into": into }), "same-customer").await {
            let mut known = self.people.known();
            known.merged += 1;
            known.roots.extend(ids.into_iter().map(|id| (id, root.clone())));
        }
    }

    async fn part(&self, alias: &str) {
        let path = format!("/v1/customers/{alias}/unmerge");
        if self.done("POST", &path, &Value::Null, "not-merged").await {
            let mut known = self.people.known();
            known.parted += 1;
            known.roots.remove(alias);
        }
    }

    async fn erase(&self, one: &str) {
        let ids = self.people.ids(&self.people.root(one));
        self.people.known().erased.extend(ids.iter().cloned());
        if self.done("DELETE", &format!("/v1/customers/{one}"), &Value::Null, "").await {
            self.people.known().roots.retain(|id, _| !ids.contains(id));
        } else {
            self.caller.tally().is_wrong(format!("{one} cannot be erased"));
        }
    }

    /// Has a job done until it is. `already`: the problem that says that it was done by a call whose answer was lost. `false`: there
    /// is nobody of whom it could be done.
    async fn done(&self, method: &str, path: &str, body: &Value, already: &str) -> bool {
        loop {
            let begun = self.caller.insist(method, path, body).await;
            match (begun.status, begun.problem()) {
                (202, _) => {}
                (409, problem) if problem == already => return true,
                (404, _) => return false,
                (status, _) => {
                    self.caller.tally().is_wrong(format!("{method} {path}: {status} {}", begun.json));
                    return false;
                }
            }
            let location = begun.json["location"].as_str().unwrap_or_default();
            for _ in 0..LOOKS {
                let job = self.caller.insist("GET", location, &Value::Null).await.json;
                match job["status"].as_str() {
                    Some("done") => return true,
                    Some("failed") => {
                        self.caller.tally().is_wrong(format!("{method} {path}: {job}"));
                        return false;
                    }
                    _ => tokio::time::sleep(BETWEEN_LOOKS).await,
                }
            }
            // Whoever was at work may have been killed. If not, it is slow, and from now on two are at work at once: also right.
            self.ledger.expire_job_leases(&crate::acme()).await.ok();
        }
    }
}
