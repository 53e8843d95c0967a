//! A body's bytes: a format byte and [`postcard`]. Days are counted from the snapshot's first one, segments by their number, money in
//! whole minor units, so that most fields take one to three bytes.

use playbook::decide::{
    Candidate, Chosen, Closed, Course, Facts, Favourite, LastAnswer, Leaving, Left, Milestone, Outlook, RunsOut,
};
use playbook::{Code, Language};
use segmentation::answers::{Answer, Survey};
use segmentation::{Activation, Cuts, Day, Label, Minor, Place, Segment, UsualDay};
use serde::{Deserialize, Serialize};

use crate::snapshot::{Offset, SeriesKey, SeriesKnown, Snapshot, TermsVersion};

const FORMAT: u8 = 1;
/// The number of no segment.
const NOWHERE: u8 = 27;

/// Days after the snapshot's first day.
type After = i32;

#[derive(Serialize, Deserialize)]
struct Body {
    customer: [u8; 16],
    known: bool,
    language: Option<Language>,
    since: i32,
    terms: [u8; 8],
    offsets: Vec<(i64, i32)>,
    active: Option<(Activation, Cuts)>,
    lasting: Lasting,
    choices: Vec<(String, String, String, After, After)>,
    course: Option<Carried>,
    series: Known,
    codes: Vec<(u32, String)>,
    products: Vec<Product>,
    low_band: Option<Minor>,
    referral_code: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Lasting {
    orders: u32,
    spent: Minor,
    first_order: Option<After>,
    /// Each as days after the one before it, the first after `first_order`.
    recent_orders: Vec<u32>,
    streak: u32,
    milestone: Option<(u32, After)>,
    /// Halves of a day, as a median has.
    usual_gap: Option<u32>,
    usual_day: Option<UsualDay>,
    categories: Vec<(String, u32, After)>,
    price_band: Option<(Minor, Minor)>,
    programme_since: Option<After>,
    mailing_consent: bool,
    last_chosen: Vec<(String, After)>,
    answers: Vec<(Survey, Answer, After)>,
    answered_before: Vec<(Survey, Vec<After>)>,
    referrals: Vec<After>,
}

#[derive(Serialize, Deserialize)]
struct Carried {
    frequency: u32,
    monetary: Minor,
    leaving: Vec<(After, u32, Minor)>,
    gaps: usize,
    labels: Vec<(u8, After, Activation)>,
    left: Vec<(u8, Option<After>, After)>,
}

#[derive(Serialize, Deserialize)]
struct Known {
    shifts: Vec<(u32, u32)>,
    held_out_of_all: bool,
    held_out: Vec<u32>,
    exhausted: Vec<(u32, u8)>,
    not_open: Vec<u32>,
    closed: Vec<(u32, After, u8, After)>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Product {
    id: String,
    name: String,
    category: Option<String>,
    brand: Option<String>,
    price: Option<Minor>,
    list_price: Option<Minor>,
    season: Option<String>,
    in_stock: bool,
    image: Option<String>,
    url: Option<String>,
    parts: Vec<String>,
    bought: Option<After>,
    runs_out: Option<(After, After)>,
    taste: u32,
    cart: u32,
    popular: u32,
    goes_with: Option<String>,
    brand_bought: Option<After>,
    category_bought: Option<After>,
    only_for: Vec<u32>,
}

impl Snapshot {
    /// The bytes, for [`Claims::body`](crate::Claims::body).
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        // What postcard cannot write would be a bug that the tests of all fields see.
        postcard::to_extend(&self.body(), vec![FORMAT]).unwrap_or_default()
    }

    /// Reads what [`Snapshot::to_bytes`] made; `None` where it is of another layout.
    #[must_use]
    pub fn of_bytes(bytes: &[u8]) -> Option<Snapshot> {
        let (format, body) = bytes.split_first()?;
        (*format == FORMAT).then_some(())?;
        let (body, rest) = postcard::take_from_bytes::<Body>(body).ok()?;
        rest.is_empty().then(|| read(body))?
    }

    fn body(&self) -> Body {
        let since = self.since;
        let after = |day: Day| day.epoch_days() - since.epoch_days();
        let keys = |keys: &[SeriesKey]| keys.iter().map(|key| key.0).collect();
        let known = &self.series;
        Body {
            customer: self.customer,
            known: self.known,
            language: self.language,
            since: since.epoch_days(),
            terms: self.terms.0,
            offsets: self.offsets.iter().map(|offset| (offset.from, offset.seconds)).collect(),
            active: self.active,
            lasting: lasting(&self.outlook.lasting, since),
            choices: self
                .outlook
                .choices
                .iter()
                .map(|choice| {
                    let Chosen { series, category, reward, made, until } = choice.clone();
                    (series, category, reward, after(made), after(until))
                })
                .collect(),
            course: self.outlook.course.as_ref().map(|course| carried(course, since)),
            series: Known {
                shifts: known.shifts.iter().map(|(series, shift)| (series.0, *shift)).collect(),
                held_out_of_all: known.held_out_of_all,
                held_out: keys(&known.held_out),
                exhausted: known.exhausted.iter().map(|(series, days)| (series.0, *days)).collect(),
                not_open: keys(&known.not_open),
                closed: known
                    .closed
                    .iter()
                    .map(|(series, used)| (series.0, after(used.slot), used.step, after(used.until)))
                    .collect(),
            },
            codes: self.codes.iter().map(|(series, code)| (series.0, code.to_string())).collect(),
            products: self.products.iter().map(|(candidate, of)| product(candidate, of, since)).collect(),
            low_band: self.low_band,
            referral_code: self.referral_code.clone(),
        }
    }
}

fn lasting(facts: &Facts, since: Day) -> Lasting {
    let after = |day: Day| day.epoch_days() - since.epoch_days();
    let mut before = facts.first_order.unwrap_or(since);
    Lasting {
        orders: facts.orders,
        spent: facts.spent,
        first_order: facts.first_order.map(after),
        recent_orders: facts
            .recent_orders
            .iter()
            .map(|day| {
                let days = u32::try_from(day.since(before)).unwrap_or(0);
                before = *day;
                days
            })
            .collect(),
        streak: facts.streak,
        milestone: facts.milestone.map(|milestone| (milestone.orders, after(milestone.day))),
        usual_gap: facts.usual_gap_days.map(|days| (days * 2.0).round() as u32),
        usual_day: facts.usual_day,
        categories: facts.categories.iter().map(|of| (of.name.clone(), of.orders, after(of.last))).collect(),
        price_band: facts.price_band,
        programme_since: facts.programme_since.map(after),
        mailing_consent: facts.mailing_consent,
        last_chosen: facts.last_chosen.iter().map(|(series, day)| (series.clone(), after(*day))).collect(),
        answers: facts.answers.iter().map(|last| (last.survey, last.answer, after(last.day))).collect(),
        answered_before: facts
            .answered_before
            .iter()
            .map(|(survey, days)| (*survey, days.iter().copied().map(after).collect()))
            .collect(),
        referrals: facts.referrals.iter().copied().map(after).collect(),
    }
}

fn carried(course: &Course, since: Day) -> Carried {
    let after = |day: Day| day.epoch_days() - since.epoch_days();
    Carried {
        frequency: course.frequency,
        monetary: course.monetary,
        leaving: course.leaving.iter().map(|leaving| (after(leaving.day), leaving.orders, leaving.net)).collect(),
        gaps: course.gaps,
        labels: course
            .labels
            .iter()
            .map(|label| (label.place.0.map_or(NOWHERE, number), after(label.day), label.activation))
            .collect(),
        left: course.left.iter().map(|left| (number(left.segment), left.since.map(after), after(left.day))).collect(),
    }
}

pub(crate) fn product(candidate: &Candidate, of: &[SeriesKey], since: Day) -> Product {
    let after = |day: Day| day.epoch_days() - since.epoch_days();
    let its = candidate.clone();
    Product {
        id: its.id,
        name: its.name,
        category: its.category,
        brand: its.brand,
        price: its.price,
        list_price: its.list_price,
        season: its.season,
        in_stock: its.in_stock,
        image: its.image,
        url: its.url,
        parts: its.parts,
        bought: its.bought.map(after),
        runs_out: its.runs_out.map(|out| (after(out.from), after(out.until))),
        taste: its.taste,
        cart: its.cart,
        popular: its.popular,
        goes_with: its.goes_with,
        brand_bought: its.brand_bought.map(after),
        category_bought: its.category_bought.map(after),
        only_for: of.iter().map(|series| series.0).collect(),
    }
}

fn number(segment: Segment) -> u8 {
    u8::try_from(segment.index()).unwrap_or(NOWHERE)
}

fn segment(number: u8) -> Option<Segment> {
    Segment::all().nth(usize::from(number))
}

fn read(body: Body) -> Option<Snapshot> {
    let since = Day::from_epoch_days(i64::from(body.since));
    let day = |after: After| since.plus(i64::from(after));
    let keys = |keys: Vec<u32>| keys.into_iter().map(SeriesKey).collect();
    let choice = |(series, category, reward, made, until)| Chosen {
        series,
        category,
        reward,
        made: day(made),
        until: day(until),
    };
    let closed = |(series, slot, step, until)| (SeriesKey(series), Closed { slot: day(slot), step, until: day(until) });
    let code = |(series, code): (u32, String)| Some((SeriesKey(series), code.parse::<Code>().ok()?));
    Some(Snapshot {
        customer: body.customer,
        known: body.known,
        language: body.language,
        since,
        outlook: Outlook {
            lasting: body.lasting.read(since),
            choices: body.choices.into_iter().map(choice).collect(),
            course: match body.course {
                Some(carried) => Some(carried.read(since)?),
                None => None,
            },
        },
        active: body.active,
        terms: TermsVersion(body.terms),
        offsets: body.offsets.into_iter().map(|(from, seconds)| Offset { from, seconds }).collect(),
        series: SeriesKnown {
            shifts: body.series.shifts.into_iter().map(|(series, shift)| (SeriesKey(series), shift)).collect(),
            held_out_of_all: body.series.held_out_of_all,
            held_out: keys(body.series.held_out),
            exhausted: body.series.exhausted.into_iter().map(|(series, days)| (SeriesKey(series), days)).collect(),
            not_open: keys(body.series.not_open),
            closed: body.series.closed.into_iter().map(closed).collect(),
        },
        codes: body.codes.into_iter().map(code).collect::<Option<_>>()?,
        products: body.products.into_iter().map(|product| product.read(since)).collect(),
        low_band: body.low_band,
        referral_code: body.referral_code,
    })
}

impl Lasting {
    fn read(self, since: Day) -> Facts {
        let day = |after: After| since.plus(i64::from(after));
        let mut before = self.first_order.map_or(since, day);
        Facts {
            orders: self.orders,
            spent: self.spent,
            first_order: self.first_order.map(day),
            recent_orders: self
                .recent_orders
                .into_iter()
                .map(|days| {
                    before = before.plus(i64::from(days));
                    before
                })
                .collect(),
            streak: self.streak,
            milestone: self.milestone.map(|(orders, on)| Milestone { orders, day: day(on) }),
            usual_gap_days: self.usual_gap.map(|halves| f64::from(halves) / 2.0),
            usual_day: self.usual_day,
            categories: self
                .categories
                .into_iter()
                .map(|(name, orders, last)| Favourite { name, orders, last: day(last) })
                .collect(),
            price_band: self.price_band,
            programme_since: self.programme_since.map(day),
            mailing_consent: self.mailing_consent,
            last_chosen: self.last_chosen.into_iter().map(|(series, on)| (series, day(on))).collect(),
            answers: self
                .answers
                .into_iter()
                .map(|(survey, answer, on)| LastAnswer { survey, answer, day: day(on) })
                .collect(),
            answered_before: self
                .answered_before
                .into_iter()
                .map(|(survey, days)| (survey, days.into_iter().map(day).collect()))
                .collect(),
            referrals: self.referrals.into_iter().map(day).collect(),
            ..Facts::default()
        }
    }
}

impl Carried {
    fn read(self, since: Day) -> Option<Course> {
        let day = |after: After| since.plus(i64::from(after));
        let label = |(place, on, activation)| Label { place: Place(segment(place)), day: day(on), activation };
        let left = |(of, came, on): (u8, Option<After>, After)| {
            Some(Left { segment: segment(of)?, since: came.map(day), day: day(on) })
        };
        Some(Course {
            frequency: self.frequency,
            monetary: self.monetary,
            leaving: self.leaving.into_iter().map(|(on, orders, net)| Leaving { day: day(on), orders, net }).collect(),
            gaps: self.gaps,
            labels: self.labels.into_iter().map(label).collect(),
            left: self.left.into_iter().map(left).collect::<Option<_>>()?,
        })
    }
}

impl Product {
    pub(crate) fn read(self, since: Day) -> (Candidate, Vec<SeriesKey>) {
        let day = |after: After| since.plus(i64::from(after));
        let candidate = Candidate {
            id: self.id,
            name: self.name,
            category: self.category,
            brand: self.brand,
            price: self.price,
            list_price: self.list_price,
            season: self.season,
            in_stock: self.in_stock,
            image: self.image,
            url: self.url,
            parts: self.parts,
            bought: self.bought.map(day),
            runs_out: self.runs_out.map(|(from, until)| RunsOut { from: day(from), until: day(until) }),
            taste: self.taste,
            cart: self.cart,
            popular: self.popular,
            goes_with: self.goes_with,
            brand_bought: self.brand_bought.map(day),
            category_bought: self.category_bought.map(day),
            only_for: Vec::new(),
        };
        (candidate, self.only_for.into_iter().map(SeriesKey).collect())
    }
}
