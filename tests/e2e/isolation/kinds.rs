//! Every kind of item that the ledger has a key for, so that what is walked over cannot shrink unseen.

use std::collections::BTreeSet;

use super::Items;

/// The sources of the keys: each function there that gives a whole key is a kind.
const SOURCES: [&str; 4] = [
    include_str!("../../../shared/ledger/src/keys/customers.rs"),
    include_str!("../../../shared/ledger/src/keys/ledger.rs"),
    include_str!("../../../shared/ledger/src/keys/out.rs"),
    include_str!("../../../shared/ledger/src/keys/shops.rs"),
];

/// Kinds by the function that builds their key: the table, and what partition key (behind the shop's name) and sort key look like. A `*` is
/// anything without `#`, a `?` stands for anything.
const KINDS: &[(&str, &str, &str, &str)] = &[
    ("profile", "Customers", "#*", "*"),
    ("revision", "Ledger", "#*", "order#*#*#?"),
    ("regrouped", "Ledger", "#*", "merge#*"),
    ("return_of", "Ledger", "#*", "return#*#*"),
    ("attributes", "Ledger", "#*", "attributes#*#*"),
    ("choice", "Ledger", "#*", "choice#*"),
    ("answer", "Ledger", "#*", "answer#*#*"),
    ("move_of", "Ledger", "#*", "move#*"),
    ("redemption", "Ledger", "#*", "redemption#*#*#*"),
    ("given_back", "Ledger", "#*", "given-back#*#*#*"),
    ("uses", "Ledger", "#*#uses", "*"),
    ("order_rewards", "Ledger", "#order#*", "redemptions"),
    ("referral", "Ledger", "#*", "referral#*"),
    ("thanked", "Ledger", "#*#thanked", "by"),
    ("shop_alert", "Ledger", "#alerts", "*#run#*#*#*"),
    ("failure_alert", "Ledger", "#alerts", "*#run#failed"),
    ("alert", "Ledger", "#alerts", "*#*#*"),
    ("head", "Ledger", "#order#*", "head"),
    ("replay_request", "Ledger", "#replays", "*#*"),
    ("out", "Shops", "#out#*#*", "*#*#?"),
    ("endpoints", "Shops", "", "endpoints"),
    ("endpoint_state", "Shops", "#endpoint#*", "state"),
    ("endpoint_replay", "Shops", "#endpoint#*", "replay"),
    ("dead", "Shops", "#endpoint#*", "dead#?"),
    ("current", "Shops", "", "current"),
    ("settings", "Shops", "", "settings"),
    ("api_key", "Shops", "", "key#*"),
    ("api_keys", "Shops", "", "keys"),
    ("hooks", "Shops", "", "hooks"),
    ("hook_day", "Shops", "#hook#*", "*"),
    ("cuts", "Shops", "", "cuts#*"),
    ("activation", "Shops", "", "activation#*"),
    ("playbook", "Shops", "", "playbook#*"),
    ("budgets", "Shops", "", "budgets"),
    ("counter", "Shops", "#budget#?", "counter"),
    ("hold", "Shops", "#budget#?", "hold#?"),
    ("wrong_codes", "Shops", "#wrong#*", "*"),
    ("campaigns", "Shops", "", "campaigns"),
    ("terms", "Shops", "", "terms#*"),
    ("run", "Shops", "", "run#*"),
    ("uplift", "Shops", "", "uplift#*"),
    ("responses", "Shops", "", "responses"),
    ("shard", "Shops", "#run#*", "shard#*"),
    ("touched", "Shops", "#run#*", "touched#*#*"),
    ("partial", "Shops", "#run#*", "survey#*"),
    ("learning", "Shops", "", "learning"),
    ("shard_counted", "Shops", "#learn#*", "shard#*"),
    ("part_merged", "Shops", "#learn#*", "merged#*"),
    ("jobs", "Shops", "", "jobs"),
    ("job", "Shops", "#job#*", "job"),
    ("job_part", "Shops", "#job#*", "done#*"),
    ("job_settled", "Shops", "#job#*", "settled"),
    ("customer_job", "Shops", "#customer#*", "job#*"),
    ("job_rows", "Shops", "#job#*", "rows#?"),
    ("product", "Shops", "#products#*", "*"),
    ("publishing", "Shops", "", "publish"),
    ("publish_requests", "Shops", "", "publish-requests"),
    ("chunk", "Shops", "#catalogue", "chunk#*#*"),
    ("manifest", "Shops", "#catalogue", "manifest#*#*"),
    // What lies in pieces, whose keys go on from those above. (A run's second looks are left out: they want more than 4,096 sums of money.)
    ("pieces of a survey", "Shops", "#run#*", "survey#*#?"),
    ("pieces of counted shards", "Shops", "#learn#*#*", "shard#?"),
    ("pieces of merged parts", "Shops", "#learn#*#*", "merged#?"),
    ("pieces of a job's input", "Shops", "#job#*", "input#?"),
    ("pieces of a job's parts", "Shops", "#job#*", "part#?"),
];

/// What the shop of the walk has none of, and why.
const LEFT_OUT: &[(&str, &str)] = &[
    ("registry", "its partition is the registry's and not the shop's: looked for apart"),
    ("lease", "lies there while a run is at work, and goes with its end"),
    ("nothing", "nothing lies there"),
];

/// Fails unless the items of a shop are of every kind, and of no other one.
pub(super) fn has_every_kind(shop: &str, items: &Items) {
    let (mut seen, mut unlisted): (BTreeSet<&str>, Vec<String>) = (BTreeSet::new(), Vec::new());
    for ((table, pk, sk), item) in items {
        let Some(pk) = pk.strip_prefix(shop) else {
            assert!(table == "Shops" && pk.starts_with("registry#") && sk == shop, "{table} {pk} {sk}");
            continue;
        };
        let of = |(_, in_table, partition, sort): &&(&str, &str, &str, &str)| {
            table == in_table && is_like(pk, partition) && is_like(sk, sort)
        };
        // The first one: what is special stands above what it would be, too.
        let Some((kind, ..)) = KINDS.iter().find(of) else {
            unlisted.push(format!("{table} {shop}{pk} {sk}"));
            continue;
        };
        seen.insert(kind);
        if table == "Customers" {
            seen.insert(match (item.contains("alias_of: "), item.contains(" orders: ")) {
                (true, _) => "an alias",
                (_, false) => "a marker",
                _ => "a profile",
            });
        }
    }
    assert!(unlisted.is_empty(), "kinds that are not listed: {unlisted:#?}");
    let wanted = KINDS.iter().map(|(kind, ..)| *kind).chain(["an alias", "a marker", "a profile"]);
    let missing: Vec<&str> = wanted.filter(|kind| !seen.contains(kind)).collect();
    assert!(missing.is_empty(), "the shop of the walk has none of {missing:?}");
    assert!(items.keys().any(|(_, pk, _)| pk.starts_with("registry#")), "the shop is not in the registry");
}

fn is_like(text: &str, pattern: &str) -> bool {
    match pattern.split_at_checked(1) {
        None => text.is_empty(),
        Some(("?", "")) => true,
        Some(("*", rest)) => {
            let end = text.find('#').unwrap_or(text.len());
            (1..=end).any(|taken| text.is_char_boundary(taken) && is_like(&text[taken..], rest))
        }
        Some((sign, rest)) => text.strip_prefix(sign).is_some_and(|text| is_like(text, rest)),
    }
}

#[test]
fn every_key_that_the_ledger_builds_is_of_a_listed_kind() {
    let mut built = BTreeSet::new();
    for source in SOURCES {
        for function in source.split("\npub fn ").skip(1) {
            let (head, _) = function.split_once('{').unwrap();
            // Hold's arguments are taken apart in its head.
            let (name, _) = function.split_once('(').unwrap();
            let whole = function.split_once("-> ").unwrap().1;
            if head.contains("-> Key ") || (name == "hold" && whole.starts_with("Key ")) {
                built.insert(name);
            }
        }
    }
    let listed: BTreeSet<&str> =
        KINDS.iter().map(|(kind, ..)| *kind).chain(LEFT_OUT.iter().map(|(kind, _)| *kind)).collect();
    let unlisted: Vec<_> = built.difference(&listed).collect();
    assert!(unlisted.is_empty(), "list what these lie under, and put some into the shop of the walk: {unlisted:?}");
    let gone: Vec<_> = listed.difference(&built).filter(|kind| !kind.starts_with("pieces of ")).collect();
    assert!(gone.is_empty(), "{gone:?}");
    assert!(built.len() > 55, "{built:?}");
    assert!(is_like("#a#uses", "#*#uses") && !is_like("#a#b", "#*") && is_like("hold#1#2", "hold#?"));
}
