//! All pages of the console, found by their links: each is reached, in both languages, and asks of the store what it asks of a small
//! base, whatever the base's size.

use std::collections::BTreeMap;

use e2e::visitor::Visitor;
use e2e::{World, acme, served, synthetic};
use serde_json::json;

use crate::browser::past;

/// What no link leads to: where one comes from outside.
const DOORS: [&str; 2] = ["/console/sign-in", "/console/enter/{pass}"];

async fn visitor(world: &World) -> Visitor {
    let (service, console) = served(&world.app, &world.driver);
    Visitor::enter(&service, &console, &acme()).await
}

/// The pages of a shop with a past; some of those that are many of a kind.
pub(crate) async fn all(visitor: &Visitor) -> Vec<String> {
    let walked = visitor.walk(&past::JOBS, 3).await;
    let mut met = walked.patterns;
    met.extend(DOORS);
    let missed: Vec<_> = visitor.can_be_opened().await.difference(&met).copied().collect();
    assert_eq!(missed, Vec::<&str>::new(), "no link leads there");
    walked.pages.into_iter().map(|(_, path)| path).collect()
}

#[tokio::test]
async fn a_link_leads_to_every_page() {
    let world = past::shop().await;
    let visitor = visitor(&world).await;
    for language in ["en", "ru"] {
        assert!(all(&visitor.in_language(language)).await.len() > 30);
    }
}

/// Calls of the store that each page makes once what changes seldom is in the caches, by its route and what its query names.
async fn calls(world: &World) -> BTreeMap<String, BTreeMap<String, usize>> {
    let visitor = visitor(world).await;
    let mut most = BTreeMap::new();
    for (pattern, path) in visitor.walk(&[], 30).await.pages {
        world.calls.take();
        visitor.get(&path).await;
        let query: Vec<&str> = path.split(['?', '&']).skip(1).filter_map(|pair| pair.split('=').next()).collect();
        let of_page: &mut BTreeMap<String, usize> = most.entry(format!("{pattern}?{}", query.join("&"))).or_default();
        for (call, times) in world.calls.take() {
            let so_far = of_page.entry(call).or_default();
            *so_far = times.max(*so_far);
        }
    }
    most
}

#[tokio::test]
async fn no_page_asks_more_of_the_store_because_the_base_is_larger() {
    let mut counted = Vec::new();
    for customers in [1_500, 3_000] {
        let mut world = World::on("2026-10-21").await;
        synthetic::fill(&world.ledger, &acme(), 0..customers, "2026-10-21".parse().unwrap()).await.unwrap();
        world.run().await;
        world.move_to("2026-11-22");
        world.run().await;
        let typed = world.post("/v1/cuts/candidates", &json!({ "recency": { "c1": 30, "c2": 90 } })).await;
        assert_eq!(typed.status, 201, "{}", typed.text);
        counted.push(calls(&world).await);
    }
    let [small, large] = counted.try_into().unwrap();
    for (page, asked) in &large {
        assert!(!asked.contains_key("Scan"), "{page}");
        let before = &small[page];
        let more = asked.iter().find(|(call, times)| before.get(*call).is_none_or(|before| before < *times));
        assert_eq!(more, None, "{page}: {before:?} of half the base, now {asked:?}");
    }
}
