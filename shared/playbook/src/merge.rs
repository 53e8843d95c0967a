//! A shop's changes laid over the built-in data, and the version of the result.

use data_encoding::HEXLOWER;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::error::PlaybookError;
use crate::playbook::Playbook;

impl Playbook {
    /// The built-in playbook with a shop's changes: objects are merged, anything else replaces, `null` takes a key away.
    ///
    /// A mechanic, a calendar and a reward are one value each: they are replaced whole. The result is checked as the built-in one is.
    /// Built-in ideas may go unused; one that the changes bring may not.
    ///
    /// # Errors
    /// The first fault found, with its place: see [`PlaybookError`].
    pub fn overridden(changes: &Value) -> Result<Playbook, PlaybookError> {
        let builtin = Playbook::builtin();
        if !changes.is_object() {
            let message = "changes are an object with the sections to change".to_owned();
            return Err(PlaybookError::Form { place: ".".to_owned(), message });
        }
        let mut source = builtin.source.clone();
        lay_over(&mut source, changes, &mut Vec::new());
        Playbook::from_source(source, |code| builtin.source["idea"].get(code).is_some())
    }
}

impl Playbook {
    /// A playbook from data that [`Playbook::source_json`] gave, under the version it had then, whatever the built-in one is by
    /// now. A text for a code that was not there yet is the built-in one's.
    ///
    /// # Errors
    /// The first fault found: for data that was not whole when it was stored, or by rules that came later.
    pub fn stored(version: &str, mut source: Value) -> Result<Playbook, PlaybookError> {
        let builtin = Playbook::builtin();
        for section in ["withheld", "no_reward", "reward", "chosen"] {
            let mut texts = builtin.source[section].clone();
            lay_over(&mut texts, &source[section], &mut Vec::new());
            if let Some(source) = source.as_object_mut() {
                source.insert(section.to_owned(), texts);
            }
        }
        let playbook = Playbook::from_source(source, |_| true)?;
        Ok(Playbook { version: version.to_owned(), ..playbook })
    }
}

fn lay_over<'v>(under: &mut Value, over: &'v Value, path: &mut Vec<&'v str>) {
    match (under, over) {
        (Value::Object(under), Value::Object(over)) if !is_one_value(path) => {
            for (key, value) in over {
                if value.is_null() {
                    under.remove(key);
                    continue;
                }
                path.push(key);
                lay_over(under.entry(key.as_str()).or_insert(Value::Null), value, path);
                path.pop();
            }
        }
        // Goes on inside what is new as well, so that a `null` there is taken away and not kept.
        (under, Value::Object(_)) if !is_one_value(path) => {
            *under = Value::Object(serde_json::Map::new());
            lay_over(under, over, path);
        }
        (under, over) => *under = over.clone(),
    }
}

/// Enumerations that hold data are objects with one key: two of them merged would have two.
fn is_one_value(path: &[&str]) -> bool {
    matches!(path, ["idea", _, "mechanic" | "calendar" | "reward"] | ["idea", _, "by_answer", _])
}

/// 16 hex digits of the data, whatever the order of its keys: equal data has equal versions, on every platform.
///
/// It tells versions apart and is not for security: 64 bits can be made to collide on purpose.
pub(crate) fn version(source: &Value) -> String {
    let mut hash = Sha256::new();
    feed(&mut hash, source);
    HEXLOWER.encode(&hash.finalize()[..8])
}

/// As JSON, keys sorted: `serde_json` sorts them only as long as nobody turns `preserve_order` on.
fn feed(hash: &mut Sha256, value: &Value) {
    match value {
        Value::Object(map) => {
            let mut keys: Vec<&String> = map.keys().collect();
            keys.sort_unstable();
            hash.update(b"{");
            for key in keys {
                hash.update(Value::from(key.as_str()).to_string());
                hash.update(b":");
                feed(hash, &map[key]);
                hash.update(b",");
            }
            hash.update(b"}");
        }
        Value::Array(values) => {
            hash.update(b"[");
            for value in values {
                feed(hash, value);
                hash.update(b",");
            }
            hash.update(b"]");
        }
        leaf => hash.update(leaf.to_string()),
    }
}
