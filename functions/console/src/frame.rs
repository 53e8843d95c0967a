//! What every page stands in, and what is shown where there is none.

use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use maud::{DOCTYPE, Markup, html};

use crate::api::Refused;
use crate::session::Session;
use crate::staff::Staff;
use crate::words::Words;

/// The parts of the console, as the navigation names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Base,
    Movement,
    Customers,
    Campaigns,
    Cuts,
    Runs,
}

impl Part {
    const ALL: [Part; 6] = [Part::Base, Part::Movement, Part::Customers, Part::Campaigns, Part::Cuts, Part::Runs];

    fn path(self) -> &'static str {
        match self {
            Part::Base => "/console",
            Part::Movement => "/console/movement",
            Part::Customers => "/console/customers",
            Part::Campaigns => "/console/campaigns",
            Part::Cuts => "/console/cuts",
            Part::Runs => "/console/runs",
        }
    }

    fn name(self, words: Words) -> &'static str {
        match self {
            Part::Base => words.say("Base", "База"),
            Part::Movement => words.say("Movement", "Движение"),
            Part::Cuts => words.say("Cuts", "Границы"),
            Part::Customers => words.say("Customers", "Клиенты"),
            Part::Campaigns => words.say("Campaigns", "Кампании"),
            Part::Runs => words.say("Runs", "Пересчёты"),
        }
    }
}

/// A page of somebody who is signed in.
pub(crate) fn page(staff: &Staff, part: Part, title: &str, main: &Markup) -> Html<String> {
    let words = staff.words;
    let bar = html! {
        nav aria-label=(words.say("Parts of the console", "Разделы")) {
            @for one in Part::ALL {
                a href=(one.path()) aria-current=[(one == part).then_some("page")] { (one.name(words)) }
            }
        }
        form method="post" action="/console/sign-out" {
            (form_field(&staff.session))
            button.quiet { (words.say("Sign out", "Выйти")) }
        }
    };
    whole(words, title, Some(&bar), main)
}

/// A page of nobody in particular.
pub(crate) fn open_page(words: Words, title: &str, main: &Markup) -> Html<String> {
    whole(words, title, None, main)
}

fn whole(words: Words, title: &str, bar: Option<&Markup>, main: &Markup) -> Html<String> {
    let (other, name) = match words.0 {
        playbook::Language::En => ("ru", "Русский"),
        playbook::Language::Ru => ("en", "English"),
    };
    let page = html! {
        (DOCTYPE)
        html lang=(words.0.tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " · Tercile" }
                link rel="stylesheet" href="/console/console.css";
                link rel="icon" href="/console/icon.svg" type="image/svg+xml";
            }
            body {
                a.skip href="#main" { (words.say("To the content", "К содержанию")) }
                header {
                    span.brand { "Tercile" }
                    @if let Some(bar) = bar { (bar) }
                }
                main id="main" tabindex="-1" { (main) }
                footer {
                    form method="post" action="/console/language" {
                        button.quiet name="language" value=(other) lang=(other) { (name) }
                    }
                }
            }
        }
    };
    Html(page.into_string())
}

/// What tells a form of ours from a forged one.
pub(crate) fn form_field(session: &Session) -> Markup {
    html! { input type="hidden" name="form" value=(session.form); }
}

/// A page that says why there is none, with the API's status.
pub(crate) struct Sorry {
    words: Words,
    refused: Refused,
}

impl Sorry {
    pub(crate) fn new(words: Words, refused: Refused) -> Sorry {
        Sorry { words, refused }
    }

    /// A form that was not sent from our page, or from one of an earlier session.
    pub(crate) fn foreign_form(words: Words) -> Sorry {
        let title = words.say("The form is not of this session", "Форма не из этого сеанса");
        let detail = words.say(
            "Nothing was done. Open the page again and send it from there.",
            "Ничего не сделано. Откройте страницу заново и отправьте форму с неё.",
        );
        Sorry { words, refused: Refused::new(StatusCode::FORBIDDEN, title, detail) }
    }
}

impl IntoResponse for Sorry {
    fn into_response(self) -> Response {
        let Sorry { words, refused: Refused { status, title, detail, .. } } = self;
        // The key has ended, and the session with it.
        let ended = status == StatusCode::UNAUTHORIZED;
        let main = html! {
            h1 { (title) }
            p { (detail) }
            p {
                @if ended { a href="/console/sign-in" { (words.say("Sign in again", "Войти снова")) } }
                @else { a href="/console" { (words.say("To the base", "К базе")) } }
            }
        };
        (status, open_page(words, &title, &main)).into_response()
    }
}

/// A page, or why there is none.
pub(crate) type Shown = Result<Html<String>, Sorry>;

impl Staff {
    /// Nothing is done for a form that is not of this session.
    pub(crate) fn own(&self, form: &str) -> Result<(), Sorry> {
        if self.session.sent(form) { Ok(()) } else { Err(Sorry::foreign_form(self.words)) }
    }

    /// Turns what the API refused into a page.
    pub(crate) fn or_sorry<T>(&self, answered: Result<T, Refused>) -> Result<T, Sorry> {
        answered.map_err(|refused| Sorry::new(self.words, refused))
    }
}
