//! Mutations of inputs: of their bytes, and of what they are made of.

use fastrand::Rng;
use serde_json::{Map, Value, json};

/// What an input is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// A JSON document.
    Json,
    /// Lines of cells.
    Csv,
    /// A short text.
    Text,
    /// Bytes without a structure that mutations know of.
    Bytes,
}

/// Texts that are read as something, somewhere.
const WORDS: &[&str] = &[
    "",
    " ",
    "0",
    "-0",
    "1",
    "-1",
    "00",
    "1e3",
    "1E400",
    "0x10",
    "9007199254740993",
    "18446744073709551616",
    "-9223372036854775809",
    "0.1",
    "12,5",
    "NaN",
    "Infinity",
    "null",
    "true",
    "@N@",
    "#",
    "/",
    "..",
    "%2f",
    "\0",
    "\u{202e}",
    "\u{feff}",
    "e\u{301}",
    "\u{1f600}",
    "~",
    "~YQ",
    "'",
    "\"",
    "\\",
    "\\u0000",
    "\\ud800",
    "{",
    "}",
    "[",
    "]",
    ",",
    ";",
    "\t",
    "\r\n",
    "\n",
    "2026-11-20T10:00:00Z",
    "2026-11-20T10:00:00+23:59",
    "2026-02-29T10:00:00Z",
    "0000-01-01T00:00:00Z",
    "9999-12-31T23:59:60Z",
    "+262143-12-31T00:00:00Z",
    "2026-11-20",
    "1970-01-01T00:00:00Z",
    "2026-10-25 01:30:00",
    "GBP",
    "EUR",
    "gbp",
    "refund",
    "success",
    "processing",
    "cancelled",
];

impl Form {
    /// A mutation or a few of an input, of at most so many bytes; some bring a part of another input in.
    pub(crate) fn mutated(self, input: &[u8], other: &[u8], longest: usize, rng: &mut Rng) -> Vec<u8> {
        let mut input = input.to_vec();
        for _ in 0..=rng.usize(..4).saturating_sub(rng.usize(..4)) {
            // Of structure mostly: what is broken at its first byte is refused there.
            input = match (self, rng.u8(..10)) {
                (Form::Json, 0..=8) => document(&input, other, rng).unwrap_or_else(|| bytes(input, other, rng)),
                (Form::Csv, 0..=7) => lines(&input, other, rng),
                (Form::Text, 0..=7) => text(&input, other, rng),
                _ => bytes(input, other, rng),
            };
        }
        input.truncate(longest);
        input
    }
}

fn word(rng: &mut Rng) -> &'static str {
    WORDS[rng.usize(..WORDS.len())]
}

/// A flipped bit, a range taken out, doubled, replaced, brought from another input, an end cut off.
fn bytes(mut input: Vec<u8>, other: &[u8], rng: &mut Rng) -> Vec<u8> {
    let range = |length: usize, rng: &mut Rng| {
        let (from, most) = (rng.usize(..=length), 1 << rng.u8(..10));
        from..(from + rng.usize(..=(length - from).min(most)))
    };
    match rng.u8(..7) {
        0 if !input.is_empty() => {
            let at = rng.usize(..input.len());
            input[at] ^= 1 << rng.u8(..8);
        }
        1 if !input.is_empty() => {
            let at = rng.usize(..input.len());
            input[at] = rng.u8(..);
        }
        2 => {
            let taken = range(input.len(), rng);
            input.drain(taken);
        }
        3 => {
            let taken = range(input.len(), rng);
            let (at, doubled) = (taken.start, input[taken].to_vec());
            input.splice(at..at, doubled);
        }
        4 => {
            let (taken, brought) = (range(input.len(), rng), range(other.len(), rng));
            input.splice(taken, other[brought].to_vec());
        }
        5 => input.truncate(rng.usize(..=input.len())),
        _ => {
            let at = rng.usize(..=input.len());
            input.splice(at..at, word(rng).bytes());
        }
    }
    input
}

/// A mutation of one node of a document; `None`: it is none.
fn document(input: &[u8], other: &[u8], rng: &mut Rng) -> Option<Vec<u8>> {
    let mut document: Value = serde_json::from_slice(input).ok()?;
    let nodes = count(&document);
    let brought = serde_json::from_slice::<Value>(other).ok().and_then(|mut other| {
        let at = rng.usize(..count(&other));
        let mut left = at;
        node(&mut other, &mut left).map(|node| node.clone())
    });
    let mut left = rng.usize(..nodes);
    let found = node(&mut document, &mut left)?;
    change(found, brought, rng);
    serde_json::to_vec(&document).ok()
}

fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(list) => list.iter().map(count).sum(),
        Value::Object(fields) => fields.values().map(count).sum(),
        _ => 0,
    }
}

/// The node that comes as the so manieth, the whole being the first.
fn node<'a>(value: &'a mut Value, left: &mut usize) -> Option<&'a mut Value> {
    if *left == 0 {
        return Some(value);
    }
    *left -= 1;
    match value {
        Value::Array(list) => list.iter_mut().find_map(|value| node(value, left)),
        Value::Object(fields) => fields.values_mut().find_map(|value| node(value, left)),
        _ => None,
    }
}

fn change(value: &mut Value, brought: Option<Value>, rng: &mut Rng) {
    match (value, rng.u8(..8)) {
        (Value::Object(fields), 0..=3) if !fields.is_empty() => fields_of(fields, brought, rng),
        (Value::Array(list), 0..=3) if !list.is_empty() => {
            let at = rng.usize(..list.len());
            match rng.u8(..4) {
                0 => drop(list.remove(at)),
                1 => list.swap(0, at),
                2 => list.push(brought.unwrap_or(Value::Null)),
                _ => {
                    let times = if rng.u8(..20) == 0 { 1_200 } else { 1 + rng.usize(..4) };
                    let doubled = list[at].clone();
                    list.extend(std::iter::repeat_n(doubled, times));
                }
            }
        }
        (Value::String(text), 0..=4) => {
            let at = (0..=rng.usize(..=text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
            match rng.u8(..5) {
                0 => text.truncate(at),
                1 => text.insert_str(at, word(rng)),
                2 => *text = text.repeat(if rng.u8(..8) == 0 { 300 } else { 2 }),
                3 => *text = word(rng).to_owned(),
                _ => *text = text.chars().rev().collect(),
            }
        }
        (value @ Value::Number(_), 0..=4) => {
            let number = value.as_i64().unwrap_or(0);
            let near = [
                number.wrapping_add(1),
                number.wrapping_neg(),
                number / 2,
                number.wrapping_mul(1_000),
                rng.i64(..),
                rng.i64(..5_000),
            ];
            *value = json!(near[rng.usize(..near.len())]);
        }
        (value, 5) if brought.is_some() => *value = brought.unwrap_or_default(),
        (value, _) => *value = any(rng),
    }
}

fn fields_of(fields: &mut Map<String, Value>, brought: Option<Value>, rng: &mut Rng) {
    let names: Vec<String> = fields.keys().cloned().collect();
    let name = &names[rng.usize(..names.len())];
    let held = fields.get(name).cloned().unwrap_or_default();
    match rng.u8(..5) {
        0 => drop(fields.remove(name)),
        1 => drop(fields.insert(format!("{name}{}", word(rng)), held)),
        2 => drop(fields.insert(names[rng.usize(..names.len())].clone(), held)),
        3 => drop(fields.insert(name.clone(), brought.unwrap_or_default())),
        _ => {
            fields.remove(name);
            fields.insert(name.chars().rev().collect(), held);
        }
    }
}

/// A value out of the blue.
fn any(rng: &mut Rng) -> Value {
    let deep = |mut value: Value, levels: usize| {
        for level in 0..levels {
            value = if level % 2 == 0 { json!([value]) } else { json!({ "id": value }) };
        }
        value
    };
    match rng.u8(..12) {
        0 => Value::Null,
        1 => json!(rng.bool()),
        2 => json!([0, 1, -1, i64::MAX, i64::MIN][rng.usize(..5)]),
        3 => json!(u64::MAX),
        4 => json!([0.5, -0.0, 1e308, 5e-324, 100_000_000_000_001.5][rng.usize(..5)]),
        5 => json!([]),
        6 => json!({}),
        7 => json!("x".repeat(rng.usize(..2_000))),
        8 => deep(Value::Null, rng.usize(..200)),
        _ => json!(word(rng)),
    }
}

/// A mutation of a cell, a row, or how they are separated.
fn lines(input: &[u8], other: &[u8], rng: &mut Rng) -> Vec<u8> {
    let rows = |text: &[u8]| text.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect::<Vec<_>>();
    let (mut these, others) = (rows(input), rows(other));
    let at = rng.usize(..these.len());
    match rng.u8(..8) {
        0 => drop(these.remove(at)),
        1 => {
            let row = these[at].clone();
            these.extend(std::iter::repeat_n(row, 1 + rng.usize(..3)));
        }
        2 => these.insert(at, others[rng.usize(..others.len())].clone()),
        3 => these.swap(0, at),
        _ => {
            let mut cells: Vec<Vec<u8>> = these[at].split(|byte| *byte == b',').map(<[u8]>::to_vec).collect();
            let cell = rng.usize(..cells.len());
            match rng.u8(..6) {
                0 => drop(cells.remove(cell)),
                1 => cells.insert(cell, cells[cell].clone()),
                2 => cells.swap(0, cell),
                3 => cells[cell] = [b"\"", cells[cell].as_slice(), b"\""].concat(),
                4 => {
                    cells[cell] =
                        format!("\"{}\n{}\"", word(rng).replace('"', "\"\""), word(rng).replace('"', "")).into_bytes()
                }
                _ => cells[cell] = word(rng).as_bytes().to_vec(),
            }
            these[at] = cells.join(&b',');
        }
    }
    these.join(&b'\n')
}

/// A mutation of a text's letters: spelled otherwise, taken out, put in.
fn text(input: &[u8], other: &[u8], rng: &mut Rng) -> Vec<u8> {
    let mut letters: Vec<char> = String::from_utf8_lossy(input).chars().collect();
    let at = rng.usize(..=letters.len());
    match (rng.u8(..7), letters.get(at).copied()) {
        (0, _) => letters.iter_mut().for_each(|letter| *letter = letter.to_ascii_lowercase()),
        (1, _) => letters.insert(at, [' ', '-', '\u{a0}', '_', '.'][rng.usize(..5)]),
        (2, Some('0')) => letters[at] = 'O',
        (2, Some('1')) => letters[at] = ['I', 'l'][rng.usize(..2)],
        (3, Some(_)) => drop(letters.remove(at)),
        (4, Some(_)) => letters[at] = rng.alphanumeric(),
        (5, _) => letters = String::from_utf8_lossy(other).chars().collect(),
        _ => letters.splice(at..at, word(rng).chars()).for_each(drop),
    }
    letters.into_iter().collect::<String>().into_bytes()
}

#[test]
fn mutations_are_the_same_for_a_seed_and_mostly_what_they_were() {
    let (one, other) = (br#"{"id":"A-@N@","lines":[{"amount":5,"product":"x"}]}"#, br#"{"id":"B","total":7}"#);
    let of = |seed: u64| Form::Json.mutated(one, other, 10_000, &mut Rng::with_seed(seed));
    assert!((0..100).all(|seed| of(seed) == of(seed)));
    let documents = (0..1_000).filter(|seed| serde_json::from_slice::<Value>(&of(*seed)).is_ok()).count();
    assert!((600..990).contains(&documents), "{documents}");
    let different: std::collections::BTreeSet<Vec<u8>> = (0..1_000).map(of).collect();
    assert!(different.len() > 300, "{}", different.len());
}
