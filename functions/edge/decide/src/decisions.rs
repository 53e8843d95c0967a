//! A decision from its document and a shop's changes to the playbook. What is refused is refused by its field's name (as the route
//! `POST /v1/offers/replay` does it), since a host hands on what others wrote.

use std::cell::RefCell;
use std::rc::Rc;

use playbook::{Decision, Inputs, Playbook, decide as decided};
use serde_json::Value;

/// The decision's JSON.
///
/// # Errors
/// What is wrong, beginning with the field: one of the document's, or `changes` with the place in them.
pub fn decide(document: &str, changes: Option<String>) -> Result<String, String> {
    let inputs = read(document)?;
    let decision = match changes {
        None => with(&inputs, Playbook::builtin())?,
        Some(changes) => with(&inputs, &*overridden(changes)?)?,
    };
    serde_json::to_string(&decision).map_err(|error| format!("document: {error}"))
}

/// Decides, if it is that playbook that the document means.
fn with(inputs: &Inputs, playbook: &Playbook) -> Result<Decision, String> {
    if inputs.playbook != playbook.version() {
        let (asked, here) = (&inputs.playbook, playbook.version());
        return Err(format!("playbook: the document is of version {asked}, and the one in hand is {here}"));
    }
    Ok(decided(inputs, playbook))
}

fn read(document: &str) -> Result<Inputs, String> {
    // The layout first: a document of another one has other fields, and the first of them would be named instead.
    #[derive(serde::Deserialize)]
    struct Layout {
        format: u64,
    }
    let layout: Layout = serde_json::from_str(document).map_err(|error| format!("document: {error}"))?;
    if layout.format != u64::from(Inputs::FORMAT) {
        return Err(format!("format: is {} here, and {} in the document", Inputs::FORMAT, layout.format));
    }
    serde_json::from_str(document).map_err(|error| format!("document: {error}"))
}

/// The built-in playbook with these changes. A host that has one shop asks with the same ones each time, and reading them takes longer
/// than deciding: the last ones are kept.
fn overridden(changes: String) -> Result<Rc<Playbook>, String> {
    thread_local! {
        static LAST: RefCell<Option<(String, Rc<Playbook>)>> = const { RefCell::new(None) };
    }
    LAST.with_borrow_mut(|last| {
        if let Some((of, playbook)) = last
            && *of == changes
        {
            return Ok(Rc::clone(playbook));
        }
        let value: Value = serde_json::from_str(&changes).map_err(|error| format!("changes: {error}"))?;
        let playbook = Playbook::overridden(&value).map(Rc::new).map_err(|error| match error.place() {
            Some(place) => format!("changes.{place}: {error}"),
            None => format!("changes: {error}"),
        })?;
        *last = Some((changes, Rc::clone(&playbook)));
        Ok(playbook)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn document(playbook: &str) -> Value {
        json!({
            "format": 1, "day": "2026-01-05", "language": "en", "channel": "checkout",
            "customer": {"segment": "r3f2m2", "group": "loyal", "orders": 3, "spent": 12_000},
            "playbook": playbook, "settings": {}, "money": {"code": "EUR", "digits": 2},
        })
    }

    fn refused(document: &Value, changes: Option<&str>) -> String {
        decide(&document.to_string(), changes.map(str::to_owned)).unwrap_err()
    }

    /// Words of one segment, changed.
    const CHANGES: &str = r#"{"segment": {"r3f2m2": {"goal": {"en": "Keep them.", "ru": "Удержать."}}}}"#;

    #[test]
    fn a_decision_is_that_of_the_playbook_that_the_document_names() {
        let builtin = document(Playbook::builtin().version());
        let inputs: Inputs = serde_json::from_value(builtin.clone()).unwrap();
        let expected = serde_json::to_string(&decided(&inputs, Playbook::builtin())).unwrap();
        assert_eq!(decide(&builtin.to_string(), None).unwrap(), expected);

        let changed = Playbook::overridden(&serde_json::from_str(CHANGES).unwrap()).unwrap();
        let document = document(changed.version());
        // The second time the kept playbook answers.
        for _ in 0..2 {
            let decision = decide(&document.to_string(), Some(CHANGES.to_owned())).unwrap();
            assert!(decision.contains("Keep them."), "{decision}");
        }
        assert_eq!(
            decide(&builtin.to_string(), Some("{}".to_owned())).unwrap(),
            expected,
            "and after others the built-in one"
        );
    }

    #[test]
    fn another_version_of_the_playbook_is_refused_by_name() {
        let here = Playbook::builtin().version();
        let told = refused(&document("0123456789abcdef"), None);
        assert_eq!(
            told,
            format!("playbook: the document is of version 0123456789abcdef, and the one in hand is {here}")
        );
        assert!(refused(&document(here), Some(CHANGES)).starts_with("playbook: "));
    }

    #[test]
    fn another_layout_is_refused_before_what_it_holds() {
        let mut next = document("any");
        next["format"] = json!(2);
        next["new"] = json!(true);
        assert_eq!(refused(&next, None), "format: is 1 here, and 2 in the document");
    }

    #[test]
    fn what_does_not_read_is_told_and_changes_by_their_place() {
        let here = Playbook::builtin().version();
        let mut unknown = document(here);
        unknown["surprise"] = json!(1);
        let told = refused(&unknown, None);
        assert!(told.starts_with("document: ") && told.contains("surprise"), "{told}");
        assert!(refused(&json!([]), None).starts_with("document: "));
        assert!(refused(&document(here), Some("{")).starts_with("changes: "));
        let told = refused(&document(here), Some(r#"{"idea": {"nope": {}}}"#));
        assert!(told.starts_with("changes.idea.nope: "), "{told}");
    }
}
