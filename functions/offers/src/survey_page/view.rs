//! The page as HTML: one file without scripts, pictures or anything else to fetch. Whatever comes from the store is escaped here.

use std::fmt::Write;
use std::sync::LazyLock;

use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use data_encoding::BASE64;
use playbook::Language;
use playbook::decide::{Offer, Shown};
use playbook::mechanic::Survey;
use sha2::{Digest, Sha256};

use crate::survey_page::words::{self, Notice};

const PAGE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");

/// Nothing may run, be fetched or framed; the style is the one we wrote, told by its hash.
static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let style = BASE64.encode(&Sha256::digest(STYLE));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{style}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    );
    HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
});

/// The question; `missed`: it was sent without an answer.
pub(super) fn question(survey: Survey, language: Language, missed: bool) -> Response {
    let (asked, hint) = words::question(survey, language);
    let short = words::short(language);
    let mut main = format!("<form method=\"post\">\n<fieldset>\n<legend><h1>{}</h1></legend>\n", escaped(asked));
    if missed {
        push(&mut main, format_args!("<p class=\"alarm\" role=\"alert\">{}</p>\n", escaped(short.choose_first)));
    }
    if let Some(hint) = hint {
        push(&mut main, format_args!("<p class=\"soft\">{}</p>\n", escaped(hint)));
    }
    match survey.scores() {
        Some((least, greatest)) => {
            main.push_str("<div class=\"scale\">\n");
            (least..=greatest).for_each(|score| radio(&mut main, &score.to_string(), &score.to_string()));
            main.push_str("</div>\n");
        }
        None => {
            survey
                .answers()
                .iter()
                .for_each(|answer| radio(&mut main, answer.name(), words::reason(*answer, language)));
        }
    }
    push(&mut main, format_args!("</fieldset>\n<button>{}</button>\n</form>\n", escaped(short.send)));
    other_language(&mut main, language);
    let status = if missed { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    page(status, language, asked, &main)
}

/// After the answer; `first`: it was this call that brought it.
pub(super) fn answered(earned: Option<&Offer>, first: bool, language: Language) -> Response {
    let short = words::short(language);
    let told = if first { short.recorded } else { short.already };
    let mut main = format!("<section>\n<h1>{}</h1>\n<p>{}</p>\n</section>\n", escaped(short.thanks), escaped(told));
    if let Some(offer) = earned {
        push(&mut main, format_args!("<section>\n<h2>{}</h2>\n", escaped(short.for_you)));
        if let Some(given) = &offer.reward {
            push(&mut main, format_args!("<p class=\"reward\">{}</p>\n", escaped(&given.words)));
        }
        push(&mut main, format_args!("<p>{}</p>\n", escaped(&offer.text)));
        match &offer.code {
            Some(code) => push(
                &mut main,
                format_args!(
                    "<h3>{}</h3>\n<p><span class=\"code\">{}</span></p>\n",
                    escaped(short.your_code),
                    escaped(code)
                ),
            ),
            None => push(&mut main, format_args!("<p class=\"soft\">{}</p>\n", escaped(short.at_checkout))),
        }
        if !offer.products.is_empty() {
            push(&mut main, format_args!("<h3>{}</h3>\n<ul>\n", escaped(short.selection)));
            offer.products.iter().for_each(|shown| product(&mut main, shown));
            main.push_str("</ul>\n");
        }
        main.push_str("</section>\n");
    }
    other_language(&mut main, language);
    page(StatusCode::OK, language, short.thanks, &main)
}

/// A page for nobody in particular: in both languages.
pub(super) fn notice(status: StatusCode, notice: Notice) -> Response {
    let mut main = String::new();
    for language in Language::ALL {
        let (heading, text) = words::notice(notice, language);
        push(
            &mut main,
            format_args!(
                "<section lang=\"{language}\">\n<h1>{}</h1>\n<p>{}</p>\n</section>\n",
                escaped(heading),
                escaped(text)
            ),
        );
    }
    let (title, _) = words::notice(notice, Language::En);
    page(status, Language::En, title, &main)
}

fn radio(main: &mut String, value: &str, label: &str) {
    push(
        main,
        format_args!(
            "<label><input type=\"radio\" name=\"answer\" value=\"{}\" required>{}</label>\n",
            escaped(value),
            escaped(label)
        ),
    );
}

fn product(main: &mut String, shown: &Shown) {
    let name = escaped(&shown.name);
    // Only what leads to a page: a `javascript:` address would be the shop's own mistake, in a customer's hands.
    match shown.url.as_deref().filter(|url| url.starts_with("https://") || url.starts_with("http://")) {
        Some(url) => push(main, format_args!("<li><a href=\"{}\" rel=\"noreferrer\">{name}</a></li>\n", escaped(url))),
        None => push(main, format_args!("<li>{name}</li>\n")),
    }
}

fn other_language(main: &mut String, language: Language) {
    let (other, name) = words::other(language);
    push(main, format_args!("<p><a href=\"?lang={other}\" lang=\"{other}\" hreflang=\"{other}\">{name}</a></p>\n"));
}

fn page(status: StatusCode, language: Language, title: &str, main: &str) -> Response {
    let mut html = String::with_capacity(PAGE.len() + STYLE.len() + main.len());
    // Piece by piece, so that no text of the store is taken for a place to fill.
    for piece in PAGE.split_inclusive('}') {
        let filled = [("{lang}", language.tag()), ("{title}", &escaped(title)), ("{style}", STYLE), ("{main}", main)]
            .into_iter()
            .find_map(|(place, text)| piece.strip_suffix(place).map(|before| [before, text].concat()));
        html.push_str(filled.as_deref().unwrap_or(piece));
    }
    (status, headers(), html).into_response()
}

fn headers() -> HeaderMap {
    HeaderMap::from_iter([
        (CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (CONTENT_SECURITY_POLICY, POLICY.clone()),
        // The address opens the page, so no other site is told it, and nothing keeps the page.
        (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (HeaderName::from_static("x-robots-tag"), HeaderValue::from_static("noindex")),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ])
}

fn push(html: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing into a String does not fail.
    html.write_fmt(text).unwrap_or_default();
}

/// As text and in quoted attributes.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}
