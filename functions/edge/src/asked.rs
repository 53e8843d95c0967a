//! What is asked: token, language and cart, read as the origin reads them.

use playbook::Language;
use segmentation::Day;
use serde::Deserialize;
use serde_json::error::Category;

use crate::answer::Answer;

/// Bytes of a body that are read: of a longer one `MAX_BODY + 1` bytes are handed over, and it is refused.
pub const MAX_BODY: usize = 65_536;
/// The most products of a cart.
const MAX_CART: usize = 200;
/// The longest id of a product, in bytes.
const MAX_ID: usize = 255;
const COOKIE: &str = "tercile_token";

/// A request, as a host's shell read it.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// `GET`, `POST`, …
    pub method: &'a str,
    /// Path and query.
    pub path: &'a str,
    /// The header `cookie`.
    pub cookie: Option<&'a str>,
    /// The header `x-tercile-token`.
    pub token: Option<&'a str>,
    /// The header `accept-language`.
    pub accept_language: Option<&'a str>,
    /// The body; of one that is too long, its first [`MAX_BODY`] bytes and one more.
    pub body: &'a [u8],
}

impl<'a> Asked<'a> {
    /// The token: of the header, else of the cookie.
    pub(crate) fn token(&self) -> Option<&'a str> {
        let of_cookie = || {
            let mut pairs = self.cookie?.split(';').filter_map(|pair| pair.trim().split_once('='));
            pairs.find(|(name, _)| *name == COOKIE).map(|(_, value)| value)
        };
        self.token.or_else(of_cookie).map(str::trim).filter(|token| !token.is_empty())
    }
}

/// What is wished for, checked.
pub(crate) struct Wish {
    /// Named in the query.
    pub(crate) lang: Option<Language>,
    language: Option<Language>,
    cart: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sent {
    #[serde(default)]
    cart: Option<Cart>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cart {
    products: Vec<String>,
}

impl Wish {
    /// Reads it, or says what is wrong with it.
    pub(crate) fn of(asked: &Asked<'_>) -> Result<Wish, Answer> {
        let (path, query) = asked.path.split_once('?').unwrap_or((asked.path, ""));
        if path != "/offers" {
            return Err(Answer::problem(404, "not-found", "There is no such thing", "the edge answers /offers", None));
        }
        let cart = match asked.method {
            "GET" | "HEAD" => None,
            "POST" => cart(asked.body)?,
            _ => {
                let detail = "the edge takes GET and POST";
                return Err(Answer::problem(405, "method-not-allowed", "The method is not allowed", detail, None));
            }
        };
        let mut lang = None;
        for (name, value) in
            query.split('&').filter(|pair| !pair.is_empty()).map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        {
            if name != "lang" {
                return Err(invalid(
                    "query",
                    &format!("unknown field `{}`, expected `lang`", name.chars().take(40).collect::<String>()),
                ));
            }
            lang = Some(Language::named_in(value).ok_or_else(|| invalid("lang", "is one of en, ru"))?);
        }
        Ok(Wish { lang, language: lang.or_else(|| asked.accept_language.and_then(Language::named_in)), cart })
    }

    pub(crate) fn on(&self, day: Day) -> snapshot::Asked<'_> {
        snapshot::Asked { day, language: self.language, cart: self.cart.as_deref() }
    }
}

fn cart(body: &[u8]) -> Result<Option<Vec<String>>, Answer> {
    if body.is_empty() {
        return Ok(None);
    }
    if body.len() > MAX_BODY {
        let detail = format!("a body may have {MAX_BODY} bytes");
        return Err(Answer::problem(413, "body-too-large", "The body is too large", &detail, None));
    }
    if body.iter().find(|byte| !byte.is_ascii_whitespace()).is_some_and(|first| *first != b'{') {
        let detail = "must be a JSON object";
        return Err(Answer::problem(400, "invalid-json", "The body is not valid JSON", detail, Some("body")));
    }
    let mut reader = serde_json::Deserializer::from_slice(body);
    let sent: Sent = serde_path_to_error::deserialize(&mut reader)
        .map_err(|error| refused(&error.path().to_string(), error.inner()))?;
    reader.end().map_err(|error| refused("body", &error))?;
    let Some(Cart { products }) = sent.cart else { return Ok(None) };
    if products.len() > MAX_CART {
        return Err(invalid("cart.products", &format!("may name at most {MAX_CART} products")));
    }
    match products.iter().position(|id| !(1..=MAX_ID).contains(&id.len())) {
        Some(at) => Err(invalid(&format!("cart.products[{at}]"), &format!("has 1 to {MAX_ID} bytes"))),
        None => Ok(Some(products)),
    }
}

/// No JSON, or JSON that is no cart.
fn refused(path: &str, error: &serde_json::Error) -> Answer {
    // Broken off or unreadable before any field.
    let field = if path == "." || path.contains('?') { "body" } else { path };
    match error.classify() {
        Category::Data => invalid(field, &error.to_string()),
        Category::Io | Category::Syntax | Category::Eof => {
            Answer::problem(400, "invalid-json", "The body is not valid JSON", &error.to_string(), Some(field))
        }
    }
}

fn invalid(field: &str, detail: &str) -> Answer {
    Answer::problem(422, "invalid-field", "A field is not valid", detail, Some(field))
}
