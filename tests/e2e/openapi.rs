//! The OpenAPI document, the template and the routers have the same routes (but that the template has one for all of the staff's), and
//! the document is what the code says.

use std::collections::BTreeSet;

use e2e::World;
use e2e::openapi::{document, routes};
use serde_json::Value;

use crate::template;

const CHECKED_IN: &str = include_str!("../../docs/openapi.json");

/// `METHOD /path` of each operation of the document as it is served.
fn documented(document: &Value) -> BTreeSet<String> {
    let paths = document["paths"].as_object().unwrap();
    let of = |(path, operations): (&String, &Value)| {
        let methods = operations.as_object().unwrap().keys();
        methods.map(|method| format!("{} {path}", method.to_uppercase())).collect::<Vec<_>>()
    };
    paths.iter().flat_map(of).collect()
}

#[tokio::test]
async fn the_served_document_is_what_the_code_says_and_asks_for_no_key() {
    let world = World::on("2026-11-22").await;
    let served = world.call_as("", "GET", "/v1/openapi.json", "").await;
    assert_eq!((served.status.as_u16(), served.headers["content-type"].as_bytes()), (200, &b"application/json"[..]));
    assert_eq!(served.json, document(), "docs/openapi.json is not what `cargo run -p e2e --example openapi` says");
    let ids: Vec<&Value> = served.json["paths"]
        .as_object()
        .unwrap()
        .values()
        .flat_map(|path| path.as_object().unwrap().values().map(|operation| &operation["operationId"]))
        .collect();
    assert_eq!(ids.iter().map(|id| id.to_string()).collect::<BTreeSet<_>>().len(), ids.len(), "{ids:?}");
}

#[test]
fn every_answer_is_told_by_its_status_and_shape() {
    let document = document();
    for (_, route) in routes() {
        let operation = &document["paths"][route.path][route.method.to_lowercase()];
        let answers = operation["responses"].as_object().unwrap();
        let statuses: Vec<u16> = answers.keys().map(|status| status.parse().unwrap()).collect();
        assert!(statuses.iter().any(|status| (200..300).contains(status)), "{route:?}");
        for (status, answer) in answers.iter().filter(|(status, _)| status.starts_with('2') && *status != "204") {
            let contents = answer["content"].as_object().unwrap();
            let told = |content: &Value| {
                let schema = content.get("schema").or_else(|| content.get("x-itemSchema"));
                schema.and_then(Value::as_object).is_some_and(|schema| !schema.is_empty())
            };
            let named = format!("{} {} {status}", route.method, route.path);
            assert!(!contents.is_empty() && contents.values().all(told), "{named}: {contents:?}");
        }
    }
    let numbered = |name: &&String| name.ends_with(|last: char| last.is_ascii_digit());
    let schemas = document["components"]["schemas"].as_object().unwrap();
    assert_eq!(schemas.keys().find(numbered), None, "two types of one name: rename one where it is told of");
}

#[test]
fn document_template_and_routers_have_the_same_routes() {
    let checked_in: Value = serde_json::from_str(CHECKED_IN).unwrap();
    let mounted: BTreeSet<String> =
        routes().iter().map(|(_, route)| format!("{} {}", route.method, route.path)).collect();
    let (method, path, function) = template::OTHERS;
    let exact: BTreeSet<String> = routes()
        .iter()
        .filter(|(of, _)| *of != function)
        .map(|(_, route)| format!("{} {}", route.method, route.path))
        .chain([format!("{method} {path}")])
        .collect();
    let opened: BTreeSet<String> =
        template::routes().into_iter().map(|(method, path)| format!("{method} {path}")).collect();
    assert!(mounted.len() >= 63, "a list that lost routes would agree with itself");
    assert_eq!(documented(&checked_in), mounted);
    assert_eq!(opened, exact);
}

/// The parts of a route's path, with parameters alike.
fn parts(path: &str) -> Vec<&str> {
    path.split('/').map(|part| if part.starts_with('{') { "{}" } else { part }).collect()
}

/// What takes a call at the gateway: an exact route of its method, else the one for all others. A call of a route that is not written down there
/// must not be taken by another one whose parameters fit it.
#[test]
fn no_other_functions_route_takes_the_staffs_calls() {
    let fits = |written: &[&str], called: &[&str]| {
        written.len() == called.len() && written.iter().zip(called).all(|(to, part)| *to == "{}" || to == part)
    };
    let exact: Vec<(String, String)> = template::routes();
    for (function, route) in routes().into_iter().filter(|(function, _)| *function == template::OTHERS.2) {
        let called = parts(route.path);
        let taken = exact.iter().find(|(method, path)| {
            *method == route.method && *path != template::OTHERS.1 && fits(&parts(path), &called)
        });
        assert_eq!(taken, None, "{} {} is {function}'s", route.method, route.path);
    }
}

#[test]
fn the_gateway_gives_a_route_to_the_function_that_mounts_it() {
    let template = include_str!("../../infra/template.yaml");
    for (function, route) in routes().into_iter().filter(|(function, _)| *function != template::OTHERS.2) {
        // The function whose package was named last before the route.
        let method = format!("Method: {}, Path: ", route.method);
        let line = template.lines().position(|line| {
            let path = line.split(&method).nth(1).map(|rest| rest.trim_matches([' ', '}', '"']));
            path.is_some_and(|path| path == route.path.trim_end_matches('}'))
        });
        let before = template.lines().take(line.unwrap_or_else(|| panic!("{route:?}")));
        let package = before.filter_map(|line| line.trim().strip_prefix("CodeUri: ../functions/")).last();
        assert_eq!(package, Some(function), "{route:?}");
    }
}
