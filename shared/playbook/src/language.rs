//! The two languages a playbook speaks. Which one is a matter of the request; English where it does not say.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A language of the playbook's texts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Language {
    /// English.
    #[default]
    En,
    /// Russian.
    Ru,
}

/// A sentence in both languages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Text {
    /// In English.
    pub en: String,
    /// In Russian.
    pub ru: String,
}

impl Text {
    /// The text in one language.
    #[must_use]
    pub fn in_language(&self, language: Language) -> &str {
        match language {
            Language::En => &self.en,
            Language::Ru => &self.ru,
        }
    }
}

impl Language {
    /// Both.
    pub const ALL: [Language; 2] = [Language::En, Language::Ru];

    /// Its two letters, as in `Content-Language`.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Language::En => "en",
            Language::Ru => "ru",
        }
    }

    /// The language an `Accept-Language` header names; `None` where it names neither: `*` says nothing about this customer.
    #[must_use]
    pub fn named_in(header: &str) -> Option<Language> {
        let named = |language: Language| {
            Wish::of(header, |tag| tag.eq_ignore_ascii_case(language.tag())).is_some_and(|wish| wish.q > 0)
        };
        Language::ALL.into_iter().any(named).then(|| Language::from_accept(header))
    }

    /// The language an `Accept-Language` header asks for: the greatest `q`, then the one named first.
    ///
    /// Regions are ignored (`ru-RU` is Russian), `*` stands for a language not named, a range with a malformed `q` is
    /// left out. Where neither language is wanted, the answer is English rather than a refusal.
    #[must_use]
    pub fn from_accept(header: &str) -> Language {
        let wish = |language: Language| {
            let named = Wish::of(header, |tag| tag.eq_ignore_ascii_case(language.tag()));
            named.or_else(|| Wish::of(header, |tag| tag == "*")).filter(|wish| wish.q > 0)
        };
        match (wish(Language::En), wish(Language::Ru)) {
            (None, Some(_)) => Language::Ru,
            (Some(en), Some(ru)) if ru.before(en) => Language::Ru,
            _ => Language::En,
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.tag())
    }
}

/// How much a header wants a language, and where it says so.
#[derive(Clone, Copy)]
struct Wish {
    /// In thousandths.
    q: u16,
    position: usize,
}

impl Wish {
    /// The strongest wish among the ranges whose primary tag is meant.
    fn of(header: &str, is_meant: impl Fn(&str) -> bool) -> Option<Wish> {
        let ranges = header.split(',').enumerate().filter_map(|(position, range)| {
            let (tag, parameters) = range.split_once(';').unwrap_or((range, ""));
            let primary = tag.trim().split('-').next()?;
            is_meant(primary).then(|| Some(Wish { q: quality(parameters)?, position }))?
        });
        ranges.reduce(|best, other| if other.before(best) { other } else { best })
    }

    fn before(self, other: Wish) -> bool {
        self.q > other.q || (self.q == other.q && self.position < other.position)
    }
}

/// The `q` among a range's parameters in thousandths, 1,000 without one; `None` if it is no number from 0 to 1 (RFC 9110, 12.4.2; more
/// than its three digits are passed over).
fn quality(parameters: &str) -> Option<u16> {
    let value = parameters.split(';').filter_map(|parameter| parameter.split_once('=')).find_map(|(name, value)| {
        let named_q = name.trim().eq_ignore_ascii_case("q");
        named_q.then_some(value.trim())
    });
    let Some(value) = value else { return Some(1_000) };
    let (whole, part) = value.split_once('.').unwrap_or((value, ""));
    let whole = match whole {
        "0" => 0,
        "1" => 1_000,
        _ => return None,
    };
    let digits = part.bytes().all(|byte| byte.is_ascii_digit()).then_some(part.bytes())?;
    let thousandths = digits.chain(*b"000").take(3).fold(0, |number, digit| number * 10 + u16::from(digit - b'0'));
    Some(whole + thousandths).filter(|q| *q <= 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_negotiated_by_q_then_by_order() {
        let table = [
            ("", Language::En),
            ("ru", Language::Ru),
            ("RU-ru", Language::Ru),
            ("en", Language::En),
            ("de-DE, fr;q=0.5", Language::En),
            ("de, ru;q=0.3", Language::Ru),
            ("ru-RU,ru;q=0.9,en-US;q=0.8,en;q=0.7", Language::Ru),
            ("en-US,en;q=0.9,ru;q=0.8", Language::En),
            ("en;q=0.5, ru;q=0.6", Language::Ru),
            ("en ; q=0.5 , ru ; Q=0.6", Language::Ru),
            ("ru, en", Language::Ru),
            ("en, ru", Language::En),
            ("ru;q=0", Language::En),
            ("ru;q=0, en;q=0", Language::En),
            ("*", Language::En),
            ("en;q=0, *", Language::Ru),
            ("*;q=0.1, ru;q=0.2", Language::Ru),
            ("*, ru;q=0.2", Language::En),
            ("ru;q=2, en;q=0.1", Language::En),
            ("ru;q=NaN", Language::En),
            ("ru;q=, en;q=0.1", Language::En),
            ("ru;q=.9, en;q=0.1", Language::En),
            ("ru;q=0.4999, en;q=0.5", Language::En),
            ("ru;q=1.000, en;q=0.999", Language::Ru),
            ("ru;q=1.001, en;q=0.1", Language::En),
            ("rus", Language::En),
            (",,;;q", Language::En),
        ];
        for (header, language) in table {
            assert_eq!(Language::from_accept(header), language, "`{header}`");
        }
    }

    #[test]
    fn a_text_is_read_in_the_language_asked_for() {
        let text = Text { en: "hello".into(), ru: "привет".into() };
        assert_eq!(Language::ALL.map(|language| text.in_language(language)), ["hello", "привет"]);
    }
}
