//! `POST /v1/customers/{id}/snapshot`: the token that a shop's page carries, so that the edge offers without asking a database.

use std::collections::{BTreeMap, BTreeSet};

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use catalogue::{Catalogue, Tried};
use chrono::{DateTime, SecondsFormat, Utc};
use ledger::{Customer, CustomerId, CustomerKey};
use playbook::decide::{Channel, Facts, Inputs, Outlook, Standing};
use playbook::holdout::EVERYTHING;
use playbook::{Code, Decision, Language, decide};
use segmentation::{Day, Profile};
use serde::{Deserialize, Serialize};
use snapshot::{
    Asked, Claims, NONCE, NotMade, SeriesKey, SeriesKnown, Snapshot, TermsVersion, day_of, document, filled, seal,
};
use web::{App, Body, Caller, EdgeTerms, PathId, Problem, Question, Subject, inputs, offsets, read_json, with_codes};

use crate::lookup::{Found, look_up};

/// How long a token is offered from, in hours, where nothing is said.
pub(crate) const DEFAULT_HOURS: u16 = 24;
/// At most.
const MOST_HOURS: u16 = 168;
/// For so many days after its end the origin still answers from it.
pub(crate) const GRACE_DAYS: i64 = 30;
/// The most characters that a token should have: pictures and products are left out before it has more.
const WISHED: usize = 2_000;

/// What is wanted; an empty body, or an empty document, is the default.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "SnapshotWanted"))]
pub(crate) struct Wanted {
    /// For how many hours the edge may offer from it.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = MOST_HOURS)))]
    hours: u16,
}

impl Default for Wanted {
    fn default() -> Wanted {
        Wanted { hours: DEFAULT_HOURS }
    }
}

/// A token for the edge.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "SnapshotToken"))]
pub(crate) struct Issued {
    /// For a cookie or a header of the customer's page. It may hold codes of rewards: it is sealed, and for this customer alone.
    token: String,
    /// When it was made.
    #[cfg_attr(feature = "schema", schemars(extend("format" = "date-time")))]
    issued: String,
    /// From when on the edge offers nothing from it.
    #[cfg_attr(feature = "schema", schemars(extend("format" = "date-time")))]
    expires: String,
    /// Products in it.
    products: usize,
}

pub(crate) async fn make(
    State(app): State<App>,
    caller: Caller,
    PathId(customer): PathId<CustomerId>,
    Body(body): Body,
) -> Result<(StatusCode, Json<Issued>), Problem> {
    let wanted: Wanted = if body.is_empty() { Wanted::default() } else { read_json(&body)? };
    if !(1..=MOST_HOURS).contains(&wanted.hours) {
        return Err(Problem::field("hours", format!("is from 1 to {MOST_HOURS}")));
    }
    let (found, catalogue) = tokio::join!(look_up(&app, &caller, &customer), app.ledger.catalogue(&caller.shop));
    let key = app.ledger.customer_key(&caller.shop.id, &customer);
    let found = found?;
    let subject = match &found {
        Found::Known(customer) => Subject::Known(customer),
        Found::Unknown => Subject::Unknown(&key),
        Found::Degraded => return Err(Problem::unavailable()),
    };
    Ok((StatusCode::CREATED, Json(issue(&app, &caller, &catalogue, subject, wanted.hours)?)))
}

/// The token for somebody, whose key is known.
///
/// # Errors
/// 409 where what has to be told of them does not fit a token even without products.
pub(crate) fn issue(
    app: &App,
    caller: &Caller,
    catalogue: &Catalogue,
    subject: Subject<'_>,
    hours: u16,
) -> Result<Issued, Problem> {
    let shop = &caller.shop;
    let moment = app.clock.moment(shop.settings.time_zone);
    let issued = moment.timestamp();
    let expires = issued + i64::from(hours) * 3_600;
    let (mut snapshot, customer) = taken(app, caller, catalogue, subject, (issued, expires))?;
    let terms = EdgeTerms::of(shop);
    snapshot.terms = terms.terms().version();
    let last = day_of(&snapshot.offsets, expires - 1).max(snapshot.since);
    let since = snapshot.since;
    let days = (0..=last.since(since)).map(move |n| since.plus(n));
    let key = app.ledger.edge_key(&shop.id, shop.settings.changeable.edge.key);
    let sealed = |snapshot: &Snapshot| {
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce).map_err(|error| Problem::internal(&error))?;
        let claims = Claims { issued, expires, body: snapshot.to_bytes() };
        Ok::<_, Problem>(seal(shop.id.as_str(), &claims, &key, nonce))
    };
    let token = loop {
        snapshot.codes = codes(app, caller, &snapshot, &customer, &terms, days.clone());
        match sealed(&snapshot)? {
            Ok(token) if token.len() <= WISHED => break token,
            made => match (lightened(&mut snapshot), made) {
                (true, _) => {}
                (false, Ok(token)) => break token,
                (false, Err(error @ NotMade::TooLarge(_))) => {
                    let detail = format!("what has to be told of this customer does not fit: {error}");
                    let title = "The customer does not fit a token";
                    return Err(Problem::new(StatusCode::CONFLICT, "snapshot-too-large", title, detail));
                }
                (false, Err(error)) => return Err(Problem::internal(&error)),
            },
        }
    };
    let written = |at: i64| {
        let moment: DateTime<Utc> = DateTime::from_timestamp(at, 0).unwrap_or(moment);
        moment.to_rfc3339_opts(SecondsFormat::Secs, true)
    };
    Ok(Issued { token, issued: written(issued), expires: written(expires), products: snapshot.products.len() })
}

/// Leaves out what can best be done without: first the pictures, then one product after the other. `false`: there is nothing left.
fn lightened(snapshot: &mut Snapshot) -> bool {
    let pictures = snapshot.products.iter_mut().filter_map(|(product, _)| product.image.take()).count();
    pictures > 0 || snapshot.products.pop().is_some()
}

/// What the token tells but for its codes and the terms, and the customer's key. For each of its days a full decision is made, and what
/// it shows and names is kept.
fn taken(
    app: &App,
    caller: &Caller,
    catalogue: &Catalogue,
    subject: Subject<'_>,
    (issued, expires): (i64, i64),
) -> Result<(Snapshot, CustomerKey), Problem> {
    let shop = &caller.shop;
    let (profile, key, customer): (&Profile, &CustomerKey, Option<&Customer>) = match subject {
        Subject::Known(customer) => (&customer.profile, &customer.key, Some(customer)),
        Subject::Unknown(key) => (&Profile::default(), key, None),
        Subject::Anyone | Subject::Degraded => return Err(Problem::unavailable()),
    };
    let since = app.clock.today(shop.settings.time_zone);
    let offsets = offsets(shop.settings.time_zone, issued, expires);
    // With a clock that stands still at a day, that day is the token's first one.
    let last = day_of(&offsets, expires - 1).max(since);
    let settings = &shop.settings.changeable;
    let standing = Standing {
        active: shop.active.as_ref().map(|active| (active.activation, &active.cuts)),
        groups: &settings.groups,
        rhythm: settings.offers.rhythm,
    };
    let mut outlook = Outlook::of(profile, &standing, since, last.plus(GRACE_DAYS + 1));
    outlook.lasting =
        Facts { categories: Tried::of(catalogue, profile, since).favourites(), ..std::mem::take(&mut outlook.lasting) };
    let days = (0..=last.since(since)).map(|n| since.plus(n));
    let decided: Vec<(Inputs, Decision)> = days
        .map(|day| {
            let question = Question { day, channel: Channel::Checkout, language: None, cart: None };
            let document = inputs(&app.ledger, shop, catalogue, subject, question);
            let decision = decide(&document, &shop.playbook);
            (document, decision)
        })
        .collect();
    let snapshot = Snapshot {
        customer: key.to_bytes(),
        known: customer.is_some(),
        language: profile.attributes.language().map(Language::from_accept),
        since,
        outlook,
        active: shop.active.as_ref().map(|active| (active.activation, active.cuts)),
        terms: TermsVersion([0; 8]),
        offsets,
        series: known(caller, decided.iter().map(|(document, _)| document)),
        codes: Vec::new(),
        products: filled(&decided),
        low_band: catalogue.low_band(),
        referral_code: customer.map(|customer| customer.key.referral_code().to_string()),
    };
    Ok((snapshot, key.clone()))
}

/// What the days' documents tell of the series that they name; of used rewards all, as the origin answers from a token when it is over,
/// too.
fn known<'d>(caller: &Caller, documents: impl Iterator<Item = &'d Inputs>) -> SeriesKnown {
    let mut known = SeriesKnown::default();
    let (mut shifts, mut held_out, mut not_open) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let mut exhausted: BTreeMap<SeriesKey, u8> = BTreeMap::new();
    let key = |series: &String| SeriesKey::of(series);
    for (nth, document) in documents.enumerate() {
        let named = document.series_named(&caller.shop.playbook);
        let series = &document.series;
        shifts.extend(series.shifts.iter().map(|(series, shift)| (key(series), *shift)));
        known.held_out_of_all |= series.held_out.contains(EVERYTHING);
        held_out.extend(series.held_out.intersection(&named).map(key));
        not_open.extend(series.not_open.intersection(&named).map(key));
        for series in series.exhausted.intersection(&named) {
            // A token has at most eight days.
            *exhausted.entry(key(series)).or_default() |=
                1_u8.checked_shl(u32::try_from(nth).unwrap_or(8)).unwrap_or(0);
        }
        if nth == 0 {
            let closed =
                series.closed.iter().flat_map(|(series, used)| used.iter().map(move |used| (key(series), *used)));
            known.closed = closed.collect();
        }
    }
    SeriesKnown {
        shifts: shifts.into_iter().collect(),
        held_out: held_out.into_iter().collect(),
        exhausted: exhausted.into_iter().collect(),
        not_open: not_open.into_iter().collect(),
        ..known
    }
}

/// Codes of all that the edge may offer on one of the days, whichever of the token's products lie in the cart: one that does is not offered,
/// and what stands behind it is.
fn codes(
    app: &App,
    caller: &Caller,
    snapshot: &Snapshot,
    key: &CustomerKey,
    terms: &EdgeTerms,
    days: impl Iterator<Item = Day>,
) -> Vec<(SeriesKey, Code)> {
    let playbook = &caller.shop.playbook;
    let ids: Vec<&String> = snapshot.products.iter().map(|(product, _)| &product.id).collect();
    let mut codes: Vec<(SeriesKey, Code)> = Vec::new();
    for day in days {
        for chosen in 0..1_u32 << ids.len() {
            let cart: Vec<String> =
                (0..).zip(&ids).filter(|(nth, _)| chosen >> nth & 1 == 1).map(|(_, id)| (*id).clone()).collect();
            let asked = Asked { day, language: None, cart: Some(&cart) };
            let document = document(snapshot, &terms.terms(), &asked, |inputs| snapshot.states(inputs, playbook));
            let mut decision = decide(&document, playbook);
            with_codes(&app.ledger, &caller.shop, key, &mut decision);
            for offer in &decision.offers {
                let code = offer.code.as_ref().and_then(|code| code.parse::<Code>().ok());
                let code = code.map(|code| (SeriesKey::of(&offer.reason.campaign), code));
                codes.extend(code.filter(|code| !codes.contains(code)));
            }
        }
    }
    codes
}
