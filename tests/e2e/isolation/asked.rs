//! A request for each route of the OpenAPI document, as the shop's own staff could send it.

use std::collections::BTreeSet;

use ledger::Scope;
use serde_json::{Value, json};

use super::filling::{campaign, order, product, typed_cuts};
use super::full::{Ids, TODAY};
use super::marks::mark;

/// A route and a request of it.
pub(super) struct Asked {
    pub(super) method: &'static str,
    /// As the document writes it.
    pub(super) route: &'static str,
    /// As it is called.
    pub(super) path: String,
    pub(super) body: String,
    /// What the document says opens it; `None`: no key does.
    pub(super) scope: Option<Scope>,
    /// Does the right key's answer carry marks that the request has not?
    pub(super) shows: bool,
}

impl Asked {
    /// All that its sender has to know.
    pub(super) fn sent(&self) -> String {
        format!("{} {}", self.path, self.body)
    }
}

/// What opens each route, by method and path, as the document says.
fn documented() -> Vec<(String, String, Option<Scope>)> {
    let document = e2e::openapi::document();
    let paths = document["paths"].as_object().unwrap();
    let operations = paths.iter().flat_map(|(path, operations)| {
        let operations = operations.as_object().unwrap().iter().filter(|(method, _)| *method != "parameters");
        operations.map(move |(method, operation)| {
            let scopes =
                operation["security"].as_array().unwrap().iter().flat_map(|one| one["key"].as_array().unwrap());
            let scopes: Vec<Scope> = scopes.map(|scope| serde_json::from_value(scope.clone()).unwrap()).collect();
            assert!(scopes.len() < 2, "{method} {path}: which one opens it?");
            (method.to_uppercase(), path.clone(), scopes.first().copied())
        })
    });
    operations.collect()
}

/// Requests in an order in which the right key can send them all: what is read first, what takes away last.
pub(super) fn all(ids: &Ids) -> Vec<Asked> {
    let documented = documented();
    let ask = |(method, route, values, query, body, shows): Row| {
        let named = |(m, r, _): &&(String, String, Option<Scope>)| m == method && r == route;
        let Some((_, _, scope)) = documented.iter().find(named) else { panic!("no such route: {method} {route}") };
        let path = values.iter().fold(route.to_owned(), |path, value| {
            let (begin, end) = (path.find('{').unwrap(), path.find('}').unwrap());
            format!("{}{value}{}", &path[..begin], &path[end + 1..])
        });
        assert!(!path.contains('{'), "{path}");
        let body = if body.is_null() { String::new() } else { body.to_string() };
        Asked { method, route, path: path + query, body, scope: *scope, shows }
    };
    rows(ids).into_iter().map(ask).collect()
}

/// From the second segment of VIPs on, in which there are some who slip.
const SLIPPING: &str = "?cursor=cjJmM20zLw";

/// Method, route, what stands in its path, query, body, whether it shows marks.
type Row = (&'static str, &'static str, Vec<String>, &'static str, Value, bool);

fn rows(ids: &Ids) -> Vec<Row> {
    [reads(ids), of_purchases(ids), of_the_checkout(ids), of_the_staff(ids), endings(ids)].concat()
}

fn reads(ids: &Ids) -> Vec<Row> {
    let get = |route, values: &[&str], query, shows| -> Row {
        ("GET", route, values.iter().map(|value| (*value).to_owned()).collect(), query, Value::Null, shows)
    };
    let (ann, run, job) = (ids.ann.as_str(), ids.run.to_string(), ids.job.to_string());
    let number = ids.campaign.to_string();
    vec![
        get("/v1/health", &[], "", false),
        get("/v1/ready", &[], "", false),
        get("/v1/openapi.json", &[], "", false),
        get("/s/{token}", &[ids.page.strip_prefix("/s/").unwrap()], "", false),
        get("/v1/affinities", &[], "", false),
        get("/v1/alerts", &[], "", true),
        get("/v1/beacon", &[], "", false),
        get("/v1/beacon/customers", &[], SLIPPING, true),
        get("/v1/budgets", &[], "", true),
        get("/v1/campaigns", &[], "?limit=1000&figures=1", true),
        get("/v1/campaigns/{n}", &[&number], "?figures=1", true),
        get("/v1/customers/{id}", &[ann], "", true),
        get("/v1/customers/{id}/export", &[ann], "", false),
        get("/v1/customers/{id}/history", &[ann], "?limit=1000", true),
        get("/v1/customers/{id}/offers", &[ann], "?inputs=1", true),
        get("/v1/customers/{id}/segment", &[ann], "", false),
        get("/v1/cuts", &[], "", false),
        get("/v1/edge/bundle", &[], "?origin=https://api.example", true),
        get("/v1/endpoints", &[], "", true),
        get("/v1/endpoints/{id}", &[&ids.endpoint], "", true),
        get("/v1/endpoints/{id}/dead-letters", &[&ids.endpoint], "", false),
        get("/v1/hooks", &[], "", false),
        get("/v1/hooks/{id}", &[&ids.hook], "", false),
        get("/v1/jobs/{id}", &[&job], "", false),
        get("/v1/jobs/{id}/result", &[&job], "?limit=1000", true),
        get("/v1/keys", &[], "", true),
        get("/v1/playbook", &[], "", true),
        get("/v1/products/{id}", &[&ids.product], "", true),
        get("/v1/redemptions/{id}", &[&ids.to_confirm], "", true),
        get("/v1/runs", &[], "", true),
        get("/v1/runs/{id}", &[&run], "", true),
        get("/v1/runs/{id}/touched", &[&run], "", true),
        get("/v1/segments", &[], "", false),
        get("/v1/segments/{segment}/customers", &[&ids.segment], "", true),
        get("/v1/segments/{segment}/mailing", &[&ids.segment], "", true),
        get("/v1/settings", &[], "", true),
        get("/v1/surveys", &[], "", false),
        get("/v1/uplift", &[], "?month=2026-10", false),
    ]
}

fn of_purchases(ids: &Ids) -> Vec<Row> {
    let new = order(&mark("new-order"), &ids.ann, "2026-11-20", 1_000, &[4]);
    let mut revised = order(&ids.order, &ids.ann, "2026-11-10", 1_400, &[0, 3]);
    revised["revision"] = json!(1);
    let back = json!({ "id": mark("new-return"), "order": ids.order, "time": "2026-11-20T10:00:00Z", "whole": true });
    let told = json!({ "updated_at": "2026-11-20T10:00:00Z", "language": "ru", "mailing_consent": true, "referred_by": ids.other });
    vec![
        ("POST", "/v1/orders", vec![], "", new, false),
        ("PUT", "/v1/orders/{id}", vec![ids.order.clone()], "", revised, false),
        ("POST", "/v1/returns", vec![], "", back, false),
        ("PUT", "/v1/customers/{id}", vec![ids.ann.clone()], "", told, false),
        ("PUT", "/v1/products", vec![], "", json!({ "products": [product(1), product(9)] }), false),
        ("PUT", "/v1/products/stock", vec![], "", json!({ "stock": [{ "id": ids.product, "quantity": 3 }] }), false),
    ]
}

fn of_the_checkout(ids: &Ids) -> Vec<Row> {
    let cart = json!({ "customer": ids.ann, "cart": { "products": [ids.product] } });
    let reserve = json!({ "code": ids.code.1, "customer": ids.code.0, "order": mark("new-cart"), "total": 4_999 });
    let said = json!({ "id": mark("new-answer"), "customer": ids.ann, "score": 5 });
    vec![
        ("POST", "/v1/offers", vec![], "", cart, true),
        ("POST", "/v1/customers/{id}/snapshot", vec![ids.ann.clone()], "", Value::Null, false),
        ("POST", "/v1/edge/offers", vec![], "", Value::Null, false),
        ("POST", "/v1/customers/{id}/choices", vec![ids.chooser.clone()], "", ids.choice.clone(), false),
        ("POST", "/v1/surveys/{survey}/answers", vec!["purchase".to_owned()], "", said, false),
        ("POST", "/v1/redemptions", vec![], "", reserve, true),
        ("POST", "/v1/redemptions/{id}/confirm", vec![ids.to_confirm.clone()], "", Value::Null, true),
        ("POST", "/v1/redemptions/{id}/release", vec![ids.to_release.clone()], "", Value::Null, true),
    ]
}

fn of_the_staff(ids: &Ids) -> Vec<Row> {
    let number = || vec![ids.campaign.to_string()];
    let said = json!({ "en": mark("othertext"), "ru": mark("othertext") });
    let replay = json!({ "from": ids.told_from });
    vec![
        ("POST", "/v1/offers/replay", vec![], "", ids.inputs.clone(), false),
        ("PUT", "/v1/budgets", vec![], "", json!({ "series": ids.series, "count": 900 }), false),
        ("POST", "/v1/campaigns", vec![], "", campaign(&mark("otherseries"), false), false),
        ("POST", "/v1/campaigns/{n}/state", number(), "", json!({ "state": "paused" }), true),
        ("POST", "/v1/affinities", vec![], "", json!({}), false),
        ("POST", "/v1/runs", vec![], "", json!({}), false),
        ("POST", "/v1/simulations", vec![], "", json!({ "from": "2026-10-20", "until": "2026-11-20" }), false),
        ("POST", "/v1/customers/{id}/merge", vec![ids.other.clone()], "", json!({ "into": ids.ann }), false),
        ("POST", "/v1/customers/{id}/unmerge", vec![ids.alias.clone()], "", Value::Null, false),
        ("POST", "/v1/customers/{id}/export", vec![ids.ann.clone()], "", json!({}), false),
        ("POST", "/v1/segments/{segment}/export", vec![ids.segment.clone()], "", Value::Null, false),
        ("POST", "/v1/cuts/candidates", vec![], "", typed_cuts(25), false),
        ("POST", "/v1/cuts/rollback", vec![], "", json!({}), false),
        ("POST", "/v1/cuts/{version}/activate", vec![ids.former_cuts.clone()], "", json!({}), false),
        ("POST", "/v1/cuts/{version}/preview", vec![ids.cuts.clone()], "", json!({ "day": TODAY }), false),
        ("POST", "/v1/endpoints", vec![], "", json!({ "url": format!("{}/{}", ids.receiver, mark("new-url")) }), false),
        ("POST", "/v1/endpoints/{id}/replay", vec![ids.endpoint.clone()], "", replay, false),
        ("POST", "/v1/endpoints/{id}/rotate", vec![ids.endpoint.clone()], "", Value::Null, true),
        ("POST", "/v1/endpoints/{id}/state", vec![ids.endpoint.clone()], "", json!({ "state": "disabled" }), true),
        ("POST", "/v1/hooks", vec![], "", json!({ "platform": "shopify", "secret": mark("new-hook-secret") }), false),
        ("PUT", "/v1/hooks/{id}", vec![ids.hook.clone()], "", json!({ "secret": mark("other-hook-secret") }), false),
        ("POST", "/v1/keys", vec![], "", json!({ "scopes": ["admin"], "name": mark("new-key") }), false),
        ("POST", "/v1/keys/{id}/rotate", vec![ids.key.clone()], "", json!({}), true),
        ("PUT", "/v1/playbook", vec![], "", json!({ "idea": { "complements": { "text": said } } }), false),
        ("PUT", "/v1/settings", vec![], "", json!({ "run_hour": 4 }), false),
        ("POST", "/s/{token}", vec![ids.page.strip_prefix("/s/").unwrap().to_owned()], "", Value::Null, false),
        ("POST", "/v1/hooks/shopify/{shop}/{id}", vec!["acme".to_owned(), ids.hook.clone()], "", json!({}), false),
        ("POST", "/v1/hooks/woocommerce/{shop}/{id}", vec!["acme".to_owned(), ids.hook.clone()], "", json!({}), false),
    ]
}

fn endings(ids: &Ids) -> Vec<Row> {
    vec![
        ("DELETE", "/v1/endpoints/{id}", vec![ids.endpoint.clone()], "", Value::Null, false),
        ("DELETE", "/v1/hooks/{id}", vec![ids.hook.clone()], "", Value::Null, false),
        ("DELETE", "/v1/keys/{id}", vec![ids.key.clone()], "", Value::Null, true),
        ("DELETE", "/v1/customers/{id}", vec![ids.ann.clone()], "", Value::Null, false),
    ]
}

#[test]
fn every_route_of_the_document_is_asked_for_once() {
    let rows = rows(&Ids { page: "/s/x".to_owned(), ..Ids::default() });
    let asked: BTreeSet<(String, String)> =
        rows.iter().map(|(method, route, ..)| ((*method).to_owned(), (*route).to_owned())).collect();
    assert_eq!(asked.len(), rows.len(), "a route twice");
    let documented: BTreeSet<(String, String)> =
        documented().into_iter().map(|(method, path, _)| (method, path)).collect();
    let missing: Vec<_> = documented.difference(&asked).collect();
    let unknown: Vec<_> = asked.difference(&documented).collect();
    assert!(missing.is_empty(), "say how these are called: {missing:?}");
    assert!(unknown.is_empty(), "{unknown:?}");
    assert!(rows.len() > 75);
}
