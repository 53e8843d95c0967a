//! The template and the routers have the same routes.

use e2e::World;

/// The template's routes as `METHOD /path`, read from its `Path:` and `Method:` lines.
pub(crate) fn routes() -> Vec<(String, String)> {
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
        .filter(|line| line.contains("Path: ") && ["/v1/", "/s/"].iter().any(|root| line.contains(root)))
        .filter_map(|line| Some((value(line, "Method")?.to_uppercase(), value(line, "Path")?)))
        .collect()
}

#[tokio::test]
async fn every_route_of_the_template_is_answered() {
    let world = World::on("2026-11-22").await;
    let routes = routes();
    assert!(routes.len() >= 70, "{routes:?}");
    for (method, path) in routes {
        let path =
            path.replace("{segment}", "r1f1m1").replace("{id}", "1").replace("{n}", "1").replace("{survey}", "nps");
        let path = path.replace("{version}", "0123456789abcdef").replace("{shop}", "acme");
        let answer = world.call(&method, &path, "").await;
        let unknown = answer.text.contains("there is no such path") || answer.status == 405;
        assert!(!unknown, "{method} {path}: {}", answer.text);
    }
}
