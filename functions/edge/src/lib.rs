//! Offers at a CDN's edge: from the token that the page carries, by the very rules of the origin, without asking a database.
//!
//! `GET /offers`, or `POST /offers` with a cart. The token comes in the header `x-tercile-token` or in the cookie `tercile_token`. Without
//! one, or with one that is worth nothing, the answer is what anyone may be offered, and never a reward. A token that is genuine and
//! over, or that was made under terms or with a key that this component was not built with, is handed to the origin; where that
//! does not answer, the answer is the public one too, marked degraded.
//!
//! Nothing here knows a host: its shell reads the request, carries the question to the origin and writes the answer.

mod answer;
mod asked;

use std::borrow::Cow;

use snapshot::{
    Answer as Offers, Bundle, EdgeKey, Label, Refused, Snapshot, Source, day_of, document, open, public_answer,
    public_document,
};

pub use answer::Answer;
pub use asked::{Asked, MAX_BODY};

use asked::Wish;

/// What the origin is asked: a POST with `authorization: Bearer` and the token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Absolute, `https` or, on one machine, `http`.
    pub url: String,
    /// The token.
    pub bearer: String,
    /// As it was sent.
    pub accept_language: Option<String>,
    /// As it was sent: the cart, if there is one.
    pub body: Vec<u8>,
}

/// How it goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// This is it.
    Answer(Answer),
    /// Ask, and go on with [`Edge::with_origin`].
    Ask(Question),
}

/// A component's knowledge.
#[derive(Clone, Debug)]
pub struct Edge {
    bundle: Bundle,
}

impl Edge {
    /// Takes the bundle that the component was built with; `None` where it is none of this release.
    #[must_use]
    pub fn of(bundle: impl Into<Cow<'static, [u8]>>) -> Option<Edge> {
        Some(Edge { bundle: Bundle::of_bytes(bundle)? })
    }

    /// Answers, or says what the origin is to be asked. `now`: seconds since 1970.
    #[must_use]
    pub fn answer(&self, asked: &Asked<'_>, now: i64) -> Step {
        let wish = match Wish::of(asked) {
            Ok(wish) => wish,
            Err(refused) => return Step::Answer(refused),
        };
        let Some(token) = asked.token() else { return Step::Answer(self.public(&wish, now, false)) };
        match open(token, &self.bundle.keys, &self.bundle.shop, now) {
            Ok(claims) => match Snapshot::of_bytes(&claims.body) {
                Some(snapshot) if snapshot.terms == self.bundle.version => {
                    Step::Answer(self.decided(&snapshot, &wish, now))
                }
                Some(_) | None => Step::Ask(self.question(asked, token, &wish)),
            },
            Err(Refused::Expired(_)) => Step::Ask(self.question(asked, token, &wish)),
            // Keys that came since this was built; older ones count nowhere any more.
            Err(Refused::OtherKey) if self.is_newer(token) => Step::Ask(self.question(asked, token, &wish)),
            Err(_) => Step::Answer(self.public(&wish, now, false)),
        }
    }

    /// The answer with what the origin said: status and body; `None`: it did not answer in time.
    #[must_use]
    pub fn with_origin(&self, asked: &Asked<'_>, came: Option<(u16, Vec<u8>)>, now: i64) -> Answer {
        let wish = match Wish::of(asked) {
            Ok(wish) => wish,
            Err(refused) => return refused,
        };
        match came {
            Some((200, body)) => Answer::json(200, body),
            // It is worth nothing there either.
            Some((401, _)) => self.public(&wish, now, false),
            Some(_) | None => self.public(&wish, now, true),
        }
    }

    fn decided(&self, snapshot: &Snapshot, wish: &Wish, now: i64) -> Answer {
        let terms = self.bundle.terms();
        let question = wish.on(day_of(&snapshot.offsets, now));
        let document = document(snapshot, &terms, &question, |inputs| snapshot.states(inputs, terms.playbook));
        let mut offers = snapshot::answer(snapshot, terms.playbook, &document, Source::Edge);
        snapshot.with_codes(&mut offers.decision);
        Answer::of(&offers)
    }

    fn public(&self, wish: &Wish, now: i64, degraded: bool) -> Answer {
        let terms = self.bundle.terms();
        let question = wish.on(day_of(&self.bundle.offsets, now));
        let mut document = public_document(&terms, &self.bundle.products, &self.bundle.paused, &question, degraded);
        document.low_band = self.bundle.low_band;
        let offers: Offers = public_answer(terms.playbook, &document, Source::Edge);
        Answer::of(&offers)
    }

    fn is_newer(&self, token: &str) -> bool {
        let newest = self.bundle.keys.iter().map(EdgeKey::number).max();
        Label::of(token).zip(newest).is_some_and(|(label, newest)| label.key > newest)
    }

    fn question(&self, asked: &Asked<'_>, token: &str, wish: &Wish) -> Question {
        let lang = wish.lang.map(|lang| format!("?lang={lang}")).unwrap_or_default();
        Question {
            url: format!("{}/v1/edge/offers{lang}", self.bundle.origin),
            bearer: token.to_owned(),
            accept_language: asked.accept_language.map(str::to_owned),
            // Of a GET nothing is read.
            body: if asked.method == "POST" { asked.body.to_vec() } else { Vec::new() },
        }
    }
}
