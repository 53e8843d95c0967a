//! Ids as they stand in paths, and paths of any shape.

use axum::body::Body;
use axum::http::{Request, Uri};
use e2e::World;
use ledger::{CustomerId, HookId, KeyId, OrderId, ProductId, RedemptionKey, Scope, ShopId};
use serde_json::Value;

use super::{Form, Target, Verdict, fuzz};

#[test]
fn a_path_names_one_thing_or_is_refused() {
    let target = Target { name: "paths", form: Form::Text, cases: 3_000, at_least: 10, kinds: 8 };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let world = runtime.block_on(World::on("2026-11-22"));
    let bearer = format!("Bearer {}", world.key(Scope::Admin));
    fuzz(&target, |input| {
        let text = String::from_utf8_lossy(input).into_owned();
        let read = CustomerId::from_path_form(&text);
        if let Ok(id) = &read {
            let form = id.path_form();
            assert_eq!(CustomerId::from_path_form(&form).as_ref(), Ok(id), "{text:?} stands as {form}");
            assert!(form.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-~".contains(&byte)), "{form}");
        }
        let others = [
            OrderId::from_path_form(&text).is_ok(),
            ProductId::from_path_form(&text).is_ok(),
            text.parse::<KeyId>().is_ok(),
            text.parse::<ShopId>().is_ok(),
            HookId::read(&text).is_some(),
            RedemptionKey::from_id(&text).is_some_and(|key| RedemptionKey::from_id(&key.id()) == Some(key)),
        ];
        let uri = format!("/v1/customers/{text}/segment");
        let Ok(uri) = uri.parse::<Uri>() else { return Verdict::refused(format!("no address {others:?}")) };
        let request = Request::builder().uri(uri).header("authorization", &bearer).body(Body::empty()).unwrap();
        let answer = runtime.block_on(world.send(request));
        let status = answer.status.as_u16();
        assert!(status < 500 && status != 401, "{text:?}: {} {}", answer.status, answer.text);
        match status {
            200 if answer.json["customer"] != Value::Null => {
                let named = answer.json["customer"].as_str().unwrap();
                // The path may be percent-encoded; a query and a fragment are not part of it.
                let raw = text.split(['?', '#']).next().unwrap_or_default();
                let same = read.as_ref().is_ok_and(|id| id.as_str() == named);
                assert!(same || raw.contains('%') || raw.len() < text.len(), "{text:?} is answered as {named:?}");
                Verdict::taken(format!("a customer {others:?} {same}"))
            }
            422 | 400 => {
                assert!(answer.json["errors"][0]["field"].is_string(), "{text:?}: {}", answer.text);
                Verdict::refused(format!("{:?} {others:?}", answer.told()))
            }
            _ => Verdict::refused(format!("{status} {others:?}")),
        }
    });
}
