//! Templates are filled with whatever customers and shops call themselves, and nothing gets out of hand.

use playbook::mechanic::Placeholder;
use playbook::template::{LONGEST_VALUE, TemplateFault};
use playbook::{Language, Template, Text};
use proptest::prelude::*;

fn template(en: &str) -> Template {
    Template::try_from(Text { en: en.to_owned(), ru: "б".to_owned() }).unwrap_or_else(|error| panic!("{error}"))
}

fn fault(en: &str) -> TemplateFault {
    match Template::<Placeholder>::try_from(Text { en: en.to_owned(), ru: "б".to_owned() }) {
        Err(error) => error.fault,
        Ok(_) => panic!("`{en}` is a template"),
    }
}

fn filled(en: &str, value: &str) -> Option<String> {
    template(en).fill(Language::En, |_| Some(value))
}

#[test]
fn a_text_is_filled_by_name_in_its_language() {
    let text = Text { en: "For {category}: {reward}!".to_owned(), ru: "{reward} на «{category}»".to_owned() };
    let template = Template::try_from(text).unwrap();
    let values = |placeholder| match placeholder {
        Placeholder::Category => Some("Tea"),
        Placeholder::Reward => Some("10 %"),
        _ => None,
    };
    let said = Language::ALL.map(|language| template.fill(language, values));
    assert_eq!(said, [Some("For Tea: 10 %!".to_owned()), Some("10 % на «Tea»".to_owned())]);
    assert_eq!(template.names(Language::Ru).map(Placeholder::name).collect::<Vec<_>>(), ["reward", "category"]);
}

#[test]
fn a_missing_value_or_one_of_which_nothing_is_left_leaves_the_text_unsaid() {
    assert_eq!(template("{tier}").fill(Language::En, |_| None), None);
    for value in ["", "  ", "\u{200b}\u{202e}", "\n\t"] {
        assert_eq!(filled("Level: {tier}", value), None, "{value:?}");
    }
}

#[test]
fn braces_that_are_meant_as_such_are_written_twice() {
    assert_eq!(filled("{{tier}} {{{tier}}} }}{{", "gold").as_deref(), Some("{tier} {gold} }{"));
    let table = [
        ("{tier", TemplateFault::Unclosed),
        ("a {", TemplateFault::Unclosed),
        ("tier}", TemplateFault::Unopened),
        ("{tier}}", TemplateFault::Unopened),
        ("{}", TemplateFault::Unknown(String::new())),
        ("{Tier}", TemplateFault::Unknown("Tier".to_owned())),
        ("{ {tier}", TemplateFault::Unknown(" {tier".to_owned())),
    ];
    for (text, expected) in table {
        assert_eq!(fault(text), expected, "{text}");
    }
}

#[test]
fn a_value_is_text_and_never_a_template() {
    for value in ["{reward}", "{{tier}}", "<script>alert(1)</script>", "}{", "%s $1 \\1", "';--"] {
        assert_eq!(filled("[{tier}]", value), Some(format!("[{value}]")));
    }
}

#[test]
fn what_hides_or_turns_the_text_around_it_is_dropped() {
    let value = "a\u{202e}b\u{2066}c\u{2069}d\u{200b}e\u{feff}f\r\ng\0h\u{1b}i\u{200f}j\u{2028}k\u{ad}l";
    assert_eq!(filled("{tier}", value).as_deref(), Some("abcdefghijkl"));
}

#[test]
fn a_long_value_is_cut_with_an_ellipsis_between_characters() {
    let just = "я".repeat(LONGEST_VALUE);
    assert_eq!(filled("{tier}", &just), Some(just.clone()));
    let cut = filled("{tier}", &format!("{just}я")).unwrap();
    assert_eq!(cut, format!("{}…", "я".repeat(LONGEST_VALUE - 1)));
}

#[test]
fn a_template_is_written_and_read_as_its_text() {
    let written = serde_json::to_string(&template("Hi {tier}")).unwrap();
    assert_eq!(written, r#"{"en":"Hi {tier}","ru":"б"}"#);
    assert_eq!(serde_json::from_str::<Template>(&written).unwrap(), template("Hi {tier}"));
    assert!(serde_json::from_str::<Template>(r#"{"en":"{mood}","ru":"б"}"#).is_err());
}

/// Values that try to be more than text.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        any::<String>(),
        Just("{reward}".to_owned()),
        Just("{{".to_owned()),
        Just("}".to_owned()),
        Just("<script>".to_owned()),
        Just("\u{202e}\u{2067}\u{200f}".to_owned()),
        Just("\r\nBcc: all".to_owned()),
    ];
    prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

fn hides(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

proptest! {
    #[test]
    fn a_value_changes_nothing_but_its_own_place(value in hostile(), other in "[a-z{}]{1,20}") {
        let template = template("<{tier}|{left}>");
        let said = template.fill(Language::En, |placeholder| match placeholder {
            Placeholder::Tier => Some(value.as_str()),
            _ => Some(other.as_str()),
        });
        if let Some(said) = said {
            let inside = said.strip_prefix('<').and_then(|rest| rest.strip_suffix(&format!("|{other}>")));
            prop_assert!(inside.is_some(), "{said:?}");
            let inside = inside.unwrap();
            prop_assert!(inside.chars().count() <= LONGEST_VALUE);
            prop_assert!(!inside.contains(hides), "{inside:?}");
            // What is left stood in the value, in that order.
            let mut from = value.chars();
            prop_assert!(inside.trim_end_matches('…').chars().all(|c| from.any(|of| of == c)));
        } else {
            prop_assert!(!value.chars().any(char::is_alphanumeric), "{value:?}");
        }
    }

    #[test]
    fn any_text_is_read_or_refused_and_what_is_read_without_placeholders_is_said(text in "[a-z{} ]{0,40}") {
        let read = Template::<Placeholder>::try_from(Text { en: text.clone(), ru: "б".to_owned() });
        if let Ok(template) = read {
            if template.names(Language::En).next().is_none() {
                let said = template.fill(Language::En, |_| None);
                prop_assert_eq!(said, Some(text.replace("{{", "{").replace("}}", "}")));
            }
        } else {
            let braces = text.contains(['{', '}']);
            prop_assert!(braces, "refused: {}", text);
        }
    }
}
