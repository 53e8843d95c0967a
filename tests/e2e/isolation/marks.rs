//! Marks: texts that stand in one shop and nowhere else.

const BEGINS: &str = "zqx";
const ENDS: &str = "qz";

/// A text with a mark of its own: letters and digits, so that it can stand in an id, a path, a series, a name.
pub(super) fn mark(name: impl std::fmt::Display) -> String {
    format!("{BEGINS}{name}{ENDS}")
}

/// The marks in a text that stand in none of what was sent; a mark that is cut off at its end too.
pub(super) fn foreign(text: &str, sent: &str) -> Vec<String> {
    let rests = text.match_indices(BEGINS).map(|(at, _)| &text[at..]);
    let marks = rests.map(|rest| match rest.find(ENDS) {
        Some(end) if end < 60 => &rest[..end + ENDS.len()],
        _ => rest.char_indices().nth(20).map_or(rest, |(end, _)| &rest[..end]),
    });
    marks.filter(|mark| !sent.contains(mark)).map(str::to_owned).collect()
}

#[test]
fn marks_are_found_whole_or_cut_off_unless_they_were_sent() {
    let (ann, bob) = (mark("ann"), mark("bob"));
    let text = format!("{{\"of\":\"{ann}\",\"by\":\"{bob}\",\"cut\":\"zqxca");
    assert_eq!(foreign(&text, ""), [ann.clone(), bob.clone(), "zqxca".to_owned()]);
    assert_eq!(foreign(&text, &format!("/v1/customers/{ann}")), [bob, "zqxca".to_owned()]);
    assert!(foreign("nothing", "").is_empty());
}
