//! The template and the routers have the same routes, but that one stands there for all of the staff's.

use std::collections::BTreeSet;

use e2e::World;

/// The template's routes of the API as `METHOD /path`, read from its `Path:` and `Method:` lines. Pages of the console are none.
pub(crate) fn routes() -> Vec<(String, String)> {
    routes_below(&["/v1/", "/s/"])
}

fn routes_below(roots: &[&str]) -> Vec<(String, String)> {
    let template = include_str!("../../infra/template.yaml");
    let value = |text: &str, name: &str| {
        let rest = text.split(&format!("{name}: ")).nth(1)?;
        match rest.strip_prefix('"') {
            Some(quoted) => Some(quoted.split('"').next()?.to_owned()),
            None => Some(rest.split([',', ' ', '}']).next()?.to_owned()),
        }
    };
    template
        .lines()
        .filter(|line| line.contains("Path: ") && roots.iter().any(|root| line.contains(root)))
        .filter_map(|line| Some((value(line, "Method")?.to_uppercase(), value(line, "Path")?)))
        .collect()
}

/// The route of the template that takes what has none of its own, and the function that it goes to.
pub(crate) const OTHERS: (&str, &str, &str) = ("ANY", "/v1/{proxy+}", "admin");

#[tokio::test]
async fn every_route_of_the_template_is_answered() {
    let world = World::on("2026-11-22").await;
    let mut routes = routes();
    assert!(routes.len() >= 25, "{routes:?}");
    let others = routes.iter().position(|(method, path)| (method.as_str(), path.as_str()) == (OTHERS.0, OTHERS.1));
    routes.remove(others.unwrap());
    for (method, path) in routes {
        let path = path.replace("{id}", "1").replace("{survey}", "nps").replace("{shop}", "acme");
        let answer = world.call(&method, &path, "").await;
        let unknown = answer.text.contains("there is no such path") || answer.status == 405;
        assert!(!unknown, "{method} {path}: {}", answer.text);
    }
}

/// The console's routes as its router names them: `.route("PATH", get(…).post(…))`.
fn of_the_console() -> BTreeSet<(String, String)> {
    let source = include_str!("../../functions/console/src/lib.rs");
    let routes = source.split(".route(\"").skip(1).flat_map(|rest| {
        let (path, handlers) = rest.split_once('"').unwrap();
        // Up to the next one, or to what is laid over all of them.
        let handlers = handlers.split(".layer(").next().unwrap();
        let has = move |method: &&str| handlers.contains(&format!("{method}("));
        ["get", "post", "put", "delete"].into_iter().filter(has).map(|method| (method.to_uppercase(), path.to_owned()))
    });
    routes.collect()
}

#[tokio::test]
async fn the_gateway_opens_the_consoles_pages_but_for_links_of_one_machine() {
    let opened: BTreeSet<(String, String)> = routes_below(&["/console"]).into_iter().collect();
    let mut mounted = of_the_console();
    assert!(mounted.len() >= 18, "a list that lost routes would agree with itself: {mounted:?}");
    let links: Vec<_> = mounted.iter().filter(|(_, path)| path.starts_with("/console/enter/")).cloned().collect();
    assert_eq!(links.len(), 1);
    mounted.retain(|route| !links.contains(route));
    assert_eq!(opened, mounted);
    // All of them under one function.
    let template = include_str!("../../infra/template.yaml");
    let function = template.split("CodeUri: ../functions/console").nth(1).unwrap().split("CodeUri: ").next().unwrap();
    assert_eq!(function.matches("Path: /console").count() + function.matches("Path: \"/console").count(), opened.len());
}
