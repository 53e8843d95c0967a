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
