//! Texts with placeholders, filled with a customer's facts. A value is put in as text: it is never read as a template, and loses
//! what could hide or turn the text around it. Escaping for HTML or a mail's headers is the business of whoever shows it.

use serde::{Deserialize, Serialize};

use crate::language::{Language, Text};
use crate::mechanic::Placeholder;

/// Longest value, in characters; a longer one ends with an ellipsis.
pub const LONGEST_VALUE: usize = 120;

/// What may stand between braces.
pub trait Blank: Copy + PartialEq {
    /// The one of this name.
    fn named(name: &str) -> Option<Self>;
}

impl Blank for Placeholder {
    fn named(name: &str) -> Option<Placeholder> {
        Placeholder::ALL.into_iter().find(|placeholder| placeholder.name() == name)
    }
}

/// Why a text is no template.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TemplateFault {
    /// A `{` without its `}`.
    #[error("a `{{` is not closed; a brace that is meant as such is written twice")]
    Unclosed,
    /// A `}` without its `{`.
    #[error("a `}}` has no opening brace; a brace that is meant as such is written twice")]
    Unopened,
    /// Between braces stands something that names no placeholder.
    #[error("`{{{0}}}` is no placeholder")]
    Unknown(String),
}

/// A text's language and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{language}`: {fault}")]
pub struct TemplateError {
    /// The language.
    pub language: Language,
    /// The fault.
    pub fault: TemplateFault,
}

/// A text with placeholders in both languages, taken apart once. Written and read as its [`Text`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Text", into = "Text", bound = "P: Blank")]
pub struct Template<P: Blank = Placeholder> {
    text: Text,
    en: Vec<Piece<P>>,
    ru: Vec<Piece<P>>,
}

#[cfg(feature = "schema")]
impl<P: Blank> schemars::JsonSchema for Template<P> {
    fn inline_schema() -> bool {
        Text::inline_schema()
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        Text::schema_name()
    }

    fn schema_id() -> std::borrow::Cow<'static, str> {
        Text::schema_id()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        Text::json_schema(generator)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece<P> {
    Literal(String),
    Blank(P),
}

impl<P: Blank> Template<P> {
    /// The text as written.
    #[must_use]
    pub fn text(&self) -> &Text {
        &self.text
    }

    /// The placeholders it names in one language, in order.
    pub fn names(&self, language: Language) -> impl Iterator<Item = P> {
        self.pieces(language).iter().filter_map(|piece| match piece {
            Piece::Blank(blank) => Some(*blank),
            Piece::Literal(_) => None,
        })
    }

    /// The text with its values, each cleaned and at most [`LONGEST_VALUE`] characters; `None` if one is missing, or nothing of it is left.
    #[must_use]
    pub fn fill<'v>(&self, language: Language, values: impl Fn(P) -> Option<&'v str>) -> Option<String> {
        let mut filled = String::with_capacity(self.text.in_language(language).len() + 64);
        for piece in self.pieces(language) {
            match piece {
                Piece::Literal(text) => filled.push_str(text),
                Piece::Blank(blank) => {
                    let before = filled.len();
                    push_clean(&mut filled, values(*blank)?);
                    if filled[before..].trim().is_empty() {
                        return None;
                    }
                }
            }
        }
        Some(filled)
    }

    fn pieces(&self, language: Language) -> &[Piece<P>] {
        match language {
            Language::En => &self.en,
            Language::Ru => &self.ru,
        }
    }
}

impl<P: Blank> TryFrom<Text> for Template<P> {
    type Error = TemplateError;

    fn try_from(text: Text) -> Result<Template<P>, TemplateError> {
        let read =
            |language: Language| pieces(text.in_language(language)).map_err(|fault| TemplateError { language, fault });
        Ok(Template { en: read(Language::En)?, ru: read(Language::Ru)?, text })
    }
}

impl<P: Blank> From<Template<P>> for Text {
    fn from(template: Template<P>) -> Text {
        template.text
    }
}

fn pieces<P: Blank>(text: &str) -> Result<Vec<Piece<P>>, TemplateFault> {
    let mut pieces = Vec::new();
    let mut literal = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        let (before, from) = rest.split_at(at);
        literal.push_str(before);
        if let Some(after) = from.strip_prefix("{{") {
            literal.push('{');
            rest = after;
        } else if let Some(after) = from.strip_prefix("}}") {
            literal.push('}');
            rest = after;
        } else {
            let inside = from.strip_prefix('{').ok_or(TemplateFault::Unopened)?;
            let (name, after) = inside.split_once('}').ok_or(TemplateFault::Unclosed)?;
            let unknown = || TemplateFault::Unknown(name.chars().take(40).collect());
            let blank = P::named(name).ok_or_else(unknown)?;
            if !literal.is_empty() {
                pieces.push(Piece::Literal(std::mem::take(&mut literal)));
            }
            pieces.push(Piece::Blank(blank));
            rest = after;
        }
    }
    literal.push_str(rest);
    if !literal.is_empty() {
        pieces.push(Piece::Literal(literal));
    }
    Ok(pieces)
}

fn push_clean(filled: &mut String, value: &str) {
    let mut clean = value.chars().filter(|c| !is_hidden(*c));
    let from = filled.len();
    filled.extend(clean.by_ref().take(LONGEST_VALUE));
    if clean.next().is_some() {
        let last = filled[from..].chars().next_back().map_or(0, char::len_utf8);
        filled.truncate(filled.len() - last);
        filled.push('…');
    }
}

/// Controls (line ends among them), marks that turn the direction of writing, and characters without width.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}
