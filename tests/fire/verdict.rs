//! What must be so when the fire is out.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aws_sdk_dynamodb::types::AttributeValue;
use ledger::{Ledger, StoryItem};
use segmentation::Entry;
use serde_json::{Value, json};
use tokio::sync::Mutex;
use tokio::task::JoinSet;

use super::Report;
use super::books::Books;
use super::caller::Caller;
use super::people::People;
use super::story::receipt;
use crate::acme;

/// How often an item of an order lies in the ledger: a revision by its order and number, a return by its order and id.
type Found = BTreeMap<(String, String), u64>;

/// Everything acknowledged is there once, everything given up at most once, and nothing else is there, nothing of who was erased
/// either. What was given up and is not there goes out of the books.
pub(super) async fn exactly_once(ledger: &Ledger, books: &mut Books, people: &People, report: &mut Report) {
    let mut found = Found::new();
    let mut all = 0;
    let customers: BTreeSet<String> = books.customers().into_iter().map(|customer| people.root(customer)).collect();
    for customer in &customers {
        for item in story(ledger, customer).await {
            match item {
                StoryItem::Order { order, .. } => {
                    *found.entry((order.id.to_string(), order.revision.number.to_string())).or_default() += 1;
                }
                StoryItem::Return { returned, .. } => {
                    *found.entry((returned.sent.order.to_string(), returned.sent.id.to_string())).or_default() += 1;
                }
                _ => continue,
            }
            all += 1;
        }
    }
    let (mut sent, mut acknowledged, mut given_up, mut arrived) = ([0_u64; 3], 0_u64, 0_u64, 0_u64);
    let mut look = |kind: usize, name: (String, String), sure: bool, wrong: &mut Vec<String>| {
        let times = found.remove(&name).unwrap_or_default();
        sent[kind] += 1;
        *if sure { &mut acknowledged } else { &mut given_up } += 1;
        arrived += u64::from(!sure && times == 1);
        if times > 1 || (sure && times == 0) {
            wrong.push(format!("{name:?}, acknowledged: {sure}, is there {times} times"));
        }
        times > 0
    };
    for order in &mut books.orders {
        let id = &order.id;
        let wrong = &mut report.wrong;
        order.revisions.retain(|revision| {
            let name = (id.clone(), revision.number.to_string());
            look(usize::from(revision.number > 0), name, revision.receipt.is_some(), wrong)
        });
        order.returns.retain(|back| look(2, (id.clone(), back.id.clone()), back.receipt.is_some(), wrong));
    }
    report.wrong.extend(found.keys().map(|name| format!("{name:?} is there and was never sent")));
    let lying = counts(ledger).await;
    report.counted.push(("moves of customers", lying.get("move").copied().unwrap_or_default()));
    let lying = lying.get("order").copied().unwrap_or_default() + lying.get("return").copied().unwrap_or_default();
    if lying != all {
        report.wrong.push(format!(
            "{lying} orders, corrections and returns lie in the ledger, {all} of them with their customers"
        ));
    }
    report.counted.extend([
        ("orders sent", sent[0]),
        ("corrections sent", sent[1]),
        ("returns sent", sent[2]),
        ("acknowledged, and there exactly once", acknowledged),
        ("given up without an answer", given_up),
        ("of them there, once", arrived),
    ]);
}

async fn story(ledger: &Ledger, customer: &str) -> Vec<StoryItem> {
    let Ok(customer) = customer.to_owned().try_into() else { return Vec::new() };
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        #[expect(clippy::expect_used, reason = "nothing is put in any more")]
        let page = ledger.history(&acme(), &customer, after.as_deref(), 1_000).await.expect("a calm store");
        all.extend(page.items);
        match page.next {
            Some(next) => after = Some(next),
            None => return all,
        }
    }
}

/// The ledger's items by kind, heads and the like left out.
async fn counts(ledger: &Ledger) -> BTreeMap<String, u64> {
    let scan = ledger.client().scan().table_name(&ledger.tables().ledger).projection_expression("#kind");
    let mut items = scan.expression_attribute_names("#kind", "kind").into_paginator().items().send();
    let mut counts = BTreeMap::new();
    while let Some(item) = items.next().await {
        #[expect(clippy::expect_used, reason = "nothing is put in any more")]
        let item = item.expect("a calm store");
        if let Some(AttributeValue::S(kind)) = item.get("kind") {
            *counts.entry(kind.clone()).or_default() += 1;
        }
    }
    counts
}

/// A request as it was sent, and what was answered then.
struct Again {
    method: &'static str,
    path: String,
    body: Value,
    receipt: Option<Value>,
    /// The status of the answer, or the problem's name.
    expected: &'static str,
}

const ERASED: &str = "customer-erased";

/// The same content again is a duplicate each time, answered as it was, or refused for good where the customer was erased; and
/// nothing is written.
pub(super) async fn sent_again(at_once: usize, books: &Books, caller: &Caller, ledger: &Ledger, report: &mut Report) {
    let mut all = Vec::new();
    let kept = books.orders.iter().map(|order| (order, "duplicate"));
    for (order, expected) in kept.chain(books.erased.iter().map(|order| (order, ERASED))) {
        for revision in &order.revisions {
            let (method, path) = match revision.number {
                0 => ("POST", "/v1/orders".to_owned()),
                _ => ("PUT", format!("/v1/orders/{}", order.id)),
            };
            all.push(Again { method, path, body: revision.body.clone(), receipt: revision.receipt.clone(), expected });
        }
        let returns = order.returns.iter().map(|back| (back.body.clone(), back.receipt.clone()));
        all.extend(returns.map(|(body, receipt)| Again {
            method: "POST",
            path: "/v1/returns".to_owned(),
            body,
            receipt,
            expected,
        }));
    }
    let expected = "duplicate";
    for told in &books.told {
        let (path, receipt) = (format!("/v1/customers/{}", told.customer), Some(told.receipt.clone()));
        all.push(Again { method: "PUT", path, body: told.body.clone(), receipt, expected });
    }
    for redeemed in &books.redeemed {
        let (path, body) = ("/v1/redemptions".to_owned(), redeemed.body.clone());
        all.push(Again { method: "POST", path, body, receipt: None, expected });
    }
    // Runs that are still under way may move customers; the rest of the ledger stays as it is.
    let still = |mut counts: BTreeMap<String, u64>| {
        counts.retain(|kind, _| !matches!(kind.as_str(), "move" | "alert"));
        counts
    };
    let before = still(counts(ledger).await);
    let (gone, kept): (Vec<&Again>, Vec<&Again>) = all.iter().partition(|again| again.expected == ERASED);
    let (gone, kept) = (gone.len() as u64, kept.len() as u64);
    let waiting = Arc::new(Mutex::new(all));
    let mut senders = JoinSet::new();
    for _ in 0..at_once {
        let (waiting, caller) = (Arc::clone(&waiting), caller.clone());
        senders.spawn(async move {
            let mut wrong = Vec::new();
            while let Some(again) = { waiting.lock().await.pop() } {
                let answer = caller.insist(again.method, &again.path, &again.body).await;
                let told = receipt(answer.json.clone());
                let right = match again.expected {
                    ERASED => answer.status == 410 && answer.problem() == ERASED,
                    expected => answer.json["status"] == expected && (again.receipt.is_none() || told == again.receipt),
                };
                if !right {
                    wrong.push(format!("sent again, {} is answered {}", again.body, answer.json));
                }
            }
            wrong
        });
    }
    report.wrong.extend(senders.join_all().await.into_iter().flatten());
    let after = still(counts(ledger).await);
    if before != after {
        report.wrong.push(format!("sent again, it was written: {before:?} became {after:?}"));
    }
    report.counted.push(("sent again, and answered `duplicate`", kept));
    report.counted.push(("sent again of who was erased, and refused for good", gone));
}

/// What a limit has given away is what stands, never more than the limit, and no customer has used a code twice.
pub(super) async fn budget(caller: &Caller, books: &Books, limit: u64, report: &mut Report) {
    let standing: Vec<&str> = books.standing().map(|redeemed| redeemed.customer.as_str()).collect();
    let budgets = caller.insist("GET", "/v1/budgets", &json!(null)).await.json;
    let used = budgets["budgets"][0]["used_count"].as_u64().unwrap_or(u64::MAX);
    if used != standing.len() as u64 || used > limit {
        report.wrong.push(format!("{} rewards stand, {used} are counted, the limit is {limit}", standing.len()));
    }
    if standing.iter().collect::<BTreeSet<_>>().len() != standing.len() {
        report.wrong.push("a customer has used a code twice".to_owned());
    }
    let mut came_back = BTreeMap::from([("released", 0_u64), ("given_back", 0)]);
    for redeemed in &books.redeemed {
        let found = caller.insist("GET", &format!("/v1/redemptions/{}", redeemed.id), &json!(null)).await.json;
        let stands = books.standing().any(|one| one.id == redeemed.id);
        let expected = match (stands, redeemed.confirmed) {
            (true, _) => "confirmed",
            (false, true) => "given_back",
            (false, false) => "released",
        };
        if found["state"] != expected {
            report.wrong.push(format!("redemption {} is {}, not {expected}", redeemed.id, found["state"]));
        }
        came_back.entry(expected).and_modify(|count| *count += 1);
    }
    for (state, count) in came_back {
        let counted = &budgets["budgets"][0][format!("{state}_count")];
        if *counted != count {
            report.wrong.push(format!("{count} rewards were {state}, {counted} are counted"));
        }
    }
    let refused = books.refused.values().sum();
    report.counted.extend([
        ("the budget's limit", limit),
        ("rewards reserved", books.redeemed.len() as u64),
        ("of them confirmed and standing", used),
        ("rewards refused: spent, used or reserved elsewhere", refused),
    ]);
}

/// Each profile holds the orders of all its ids as the clients' books have them, and is what its story folds into, byte for byte.
pub(super) async fn profiles(ledger: &Ledger, books: &Books, people: &People, report: &mut Report) {
    let roots = books.customers().into_iter().map(|one| people.root(one));
    let mut expected: BTreeMap<String, Vec<Entry>> = roots.map(|one| (one, Vec::new())).collect();
    for order in &books.orders {
        expected.entry(people.root(&order.customer)).or_default().extend(order.entry());
    }
    let languages = books.languages(people);
    #[expect(clippy::expect_used, reason = "nothing is put in any more")]
    let shop = ledger.shop(&acme()).await.ok().flatten().expect("the shop");
    let (mut revenue, mut equal, mut entries) = ([0_i64; 2], 0, 0);
    for erased in people.erased() {
        let Ok(id) = erased.clone().try_into() else { continue };
        if !matches!(ledger.customer(&shop.id, &id).await, Ok(None)) {
            report.wrong.push(format!("{erased} was erased and is there"));
        }
    }
    for (customer, mut orders) in expected {
        let Ok(id) = customer.clone().try_into() else { continue };
        let stored = ledger.customer(&shop.id, &id).await.ok().flatten();
        let Some(stored) = stored else {
            // All of theirs was given up and never arrived.
            if !orders.is_empty() {
                report.wrong.push(format!("{customer} has orders and no profile"));
            }
            continue;
        };
        let of = |entry: &Entry| (entry.day, entry.net, format!("{:?}", entry.flags));
        let mut there: Vec<Entry> = stored.profile.orders.iter().copied().collect();
        orders.sort_by_key(of);
        there.sort_by_key(of);
        if orders != there {
            report.wrong.push(format!(
                "{customer}: {} orders in the books, {} in the profile, or others",
                orders.len(),
                there.len()
            ));
        }
        revenue[0] += orders.iter().map(|entry| entry.net.0).sum::<i64>();
        revenue[1] += there.iter().map(|entry| entry.net.0).sum::<i64>();
        entries += there.len() as u64;
        let language = languages.get(&customer).copied();
        if stored.profile.attributes.language() != language {
            report
                .wrong
                .push(format!("{customer} speaks {language:?}, {:?} is stored", stored.profile.attributes.language()));
        }
        match ledger.rebuild(&shop, &id).await {
            Ok(Some(profile)) => {
                let mut folded = stored.clone();
                folded.profile = profile;
                let rebuilt = folded.to_item(&shop.id).ok();
                let raw = raw(ledger, rebuilt.as_ref()).await;
                if rebuilt.is_some() && rebuilt == raw {
                    equal += 1;
                } else {
                    report.wrong.push(format!("{customer}: the rebuilt profile is not the stored one"));
                }
            }
            other => report.wrong.push(format!("{customer} cannot be rebuilt: {other:?}")),
        }
    }
    if revenue[0] != revenue[1] {
        report.wrong.push(format!("the books come to {}, the profiles to {}", revenue[0], revenue[1]));
    }
    report.counted.extend([
        ("profiles equal to their rebuild, byte for byte", equal),
        ("orders in them", entries),
        ("their money in pence, in the books and in the profiles", u64::try_from(revenue[1]).unwrap_or_default()),
    ]);
}

type Item = std::collections::HashMap<String, AttributeValue>;

/// The item that lies under this one's key.
async fn raw(ledger: &Ledger, like: Option<&Item>) -> Option<Item> {
    let key = |name: &str| like?.get(name).cloned();
    let get = ledger.client().get_item().table_name(&ledger.tables().customers);
    get.key("pk", key("pk")?).key("sk", key("sk")?).send().await.ok()?.item
}

/// A fire that did not burn proves nothing.
pub(super) fn it_burned(people: &People, report: &mut Report) {
    let cold: Vec<String> =
        report.faults.iter().filter(|(_, count)| **count == 0).map(|(fault, _)| format!("{fault:?}")).collect();
    let idle = people.counted().iter().any(|(_, count)| *count == 0);
    if idle || !cold.is_empty() || report.faults.values().sum::<u64>() * 5 < report.calls || report.killed.contains(&0)
    {
        report.wrong.push(format!("it hardly burned: never {cold:?}, killed {:?}, {people:?}", report.killed));
    }
}
