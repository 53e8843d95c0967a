//! A cast of typical customers, one a segment, and a small shoe shop. It is made up: no data set we have knows brands.

use std::collections::BTreeMap;

use playbook::decide::{
    Candidate, Channel, Closed, Facts, Favourite, Inputs, LastAnswer, Milestone, MoneyWords, OfferSettings, RunsOut,
    SeriesStates, Tier,
};
use playbook::mechanic::{Answer, Survey};
use playbook::{Entry, Language, OwnCampaign, Playbook, Terms};
use segmentation::{Day, Groups, LoyaltyGroup, Minor, Rfm, Score, Segment, UsualDay};
use serde_json::{Value, json};

/// An ordinary Sunday.
pub(crate) fn today() -> Day {
    day("2026-11-22")
}

pub(crate) fn day(text: &str) -> Day {
    text.parse().unwrap()
}

pub(crate) fn segment(text: &str) -> Segment {
    text.parse().unwrap()
}

/// The typical customer of a segment on a day, who came there ten days before.
pub(crate) fn customer(segment: Segment, on: Day) -> Facts {
    let recency = [150, 45, 6][usize::from(segment.r.number() - 1)];
    let (orders, gap) = [(1, 0), (4, 30), (10, 14)][usize::from(segment.f.number() - 1)];
    let average = Minor([900, 6_000, 30_000][usize::from(segment.m.number() - 1)]);
    let last = on.plus(-recency);
    let days: Vec<Day> = (0..orders).rev().map(|n| last.plus(-gap * n)).collect();
    let spent = Minor(average.0 * orders);
    let group = Groups::default().of(segment);
    let favourite = |name: &str, orders: u32| Favourite { name: name.to_owned(), orders, last };
    let count = u32::try_from(orders).unwrap();
    Facts {
        segment: Some(segment),
        group: Some(group),
        reads_as: (group == LoyaltyGroup::Vip).then_some(segment),
        values: Some(Rfm { recency_days: u32::try_from(recency).unwrap(), frequency: count, monetary: spent }),
        orders: count,
        spent,
        first_order: days.first().copied(),
        milestone: (segment.f == Score::Three).then_some(Milestone { orders: 10, day: days[days.len().min(10) - 1] }),
        recent_orders: days,
        streak: count,
        usual_gap_days: (orders > 1).then_some(gap as f64),
        usual_day: (orders > 1).then_some(UsualDay::Weekday(last.weekday())),
        arrived: vec![on.plus(-10)],
        left: Vec::new(),
        categories: vec![favourite("Shoes", count), favourite("Coats", 1)],
        price_band: Some((Minor(2_000), Minor(9_000))),
        programme_since: Some(on.plus(-5 - 3 * 365)),
        mailing_consent: true,
        choice: None,
        last_chosen: BTreeMap::new(),
        answers: Vec::new(),
        ..Facts::default()
    }
}

/// Every survey answered, `days` days before `on`.
pub(crate) fn answered(facts: Facts, on: Day, days: i64) -> Facts {
    let answer = |survey, answer| LastAnswer { survey, answer, day: on.plus(-days) };
    let answers = vec![
        answer(Survey::Reason, Answer::Price),
        answer(Survey::Nps, Answer::Passive),
        answer(Survey::Purchase, Answer::Promoter),
    ];
    Facts { answers, ..facts }
}

/// What the shoe shop could show.
pub(crate) fn products(on: Day) -> Vec<Candidate> {
    let product = |id: &str, name: &str, category: &str, brand: &str, price: i64| Candidate {
        id: id.to_owned(),
        name: name.to_owned(),
        category: Some(category.to_owned()),
        brand: Some(brand.to_owned()),
        price: Some(Minor(price)),
        in_stock: true,
        category_bought: matches!(category, "Shoes" | "Coats").then(|| on.plus(-45)),
        ..Candidate::default()
    };
    let shoes = || Some("Shoes".to_owned());
    vec![
        Candidate {
            taste: 9_000,
            popular: 90,
            in_stock: false,
            ..product("hat", "Sold-out hat", "Shoes", "Nord", 4_000)
        },
        Candidate { taste: 5_000, goes_with: shoes(), ..product("cream", "Shoe cream", "Care", "Polo", 900) },
        Candidate {
            taste: 4_000,
            goes_with: shoes(),
            brand_bought: Some(on.plus(-45)),
            popular: 12,
            ..product("boots", "Winter boots", "Shoes", "Nord", 8_000)
        },
        Candidate { taste: 2_000, goes_with: shoes(), ..product("sneakers", "Running shoes", "Shoes", "Vela", 7_000) },
        Candidate { brand_bought: Some(on.plus(-500)), ..product("sandals", "Sandals", "Shoes", "Olda", 3_500) },
        Candidate {
            taste: 1_000,
            goes_with: Some("Coats".to_owned()),
            ..product("scarf", "Wool scarf", "Scarves", "Lana", 2_500)
        },
        Candidate { brand_bought: Some(on.plus(-45)), ..product("loafers", "Loafers", "Shoes", "Nord", 6_500) },
        Candidate { taste: 800, goes_with: shoes(), ..product("belt", "Leather belt", "Belts", "Polo", 2_200) },
        Candidate { taste: 700, goes_with: shoes(), ..product("gaiters", "Gaiters", "Gaiters", "Nord", 1_900) },
        Candidate {
            bought: Some(on.plus(-60)),
            runs_out: Some(RunsOut { from: on.plus(-3), until: on.plus(20) }),
            brand_bought: Some(on.plus(-60)),
            ..product("insoles", "Insoles", "Shoes", "Nord", 700)
        },
        Candidate {
            list_price: Some(Minor(12_000)),
            season: Some("summer".to_owned()),
            ..product("raincoat", "Light raincoat", "Coats", "Rayne", 6_000)
        },
        Candidate { list_price: Some(Minor(15_000)), ..product("parka", "Parka", "Coats", "Rayne", 11_000) },
        Candidate { list_price: Some(Minor(4_000)), ..product("gloves", "Gloves", "Gloves", "Lana", 3_000) },
        Candidate { popular: 60, ..product("laces", "Laces", "Care", "Polo", 300) },
        Candidate { popular: 40, ..product("socks", "Socks", "Care", "Polo", 600) },
        Candidate {
            parts: vec!["cream".to_owned(), "laces".to_owned()],
            taste: 500,
            ..product("set", "Shoe care set", "Care", "Polo", 1_000)
        },
    ]
}

/// The document of a customer at checkout, every slot shifted by the same amount.
pub(crate) fn inputs(customer: Facts, on: Day, shift: u32) -> Inputs {
    let playbook = Playbook::builtin();
    let mut inputs = Inputs {
        format: Inputs::FORMAT,
        day: on,
        language: Language::En,
        channel: Channel::Checkout,
        customer,
        degraded: false,
        playbook: playbook.version().to_owned(),
        settings: OfferSettings {
            tiers: vec![Tier { name: "Gold".to_owned(), from: Minor(10_000_000) }],
            season: Some("winter".to_owned()),
            ..OfferSettings::default()
        },
        money: MoneyWords { code: "EUR".to_owned(), digits: 2 },
        products: products(on),
        low_band: Some(Minor(1_000)),
        cart: None,
        series: SeriesStates::default(),
        campaigns: Vec::new(),
    };
    let entry = entry_of(&inputs);
    let series = entry.ideas.iter().map(|idea| Playbook::series(entry, idea));
    inputs.series.shifts = series.map(|series| (series, shift)).collect();
    inputs
}

pub(crate) fn entry_of(inputs: &Inputs) -> &'static Entry {
    inputs.reading().map_or(Playbook::builtin().newcomer(), |segment| Playbook::builtin().entry(segment))
}

/// The first step of a slot that began so many days ago was used; the slot's period lasts for so many.
pub(crate) fn used(inputs: &mut Inputs, series: &str, days_ago: i64, period: i64) {
    let slot = inputs.day.plus(-days_ago);
    inputs.series.closed.insert(series.to_owned(), vec![Closed { slot, step: 1, until: slot.plus(period - 1) }]);
}

/// A campaign of the shop's own that gives 40 % off any purchase in slots that are open all the time; `fields` laid over it,
/// those of `idea` over its idea.
pub(crate) fn own(series: &str, fields: Value) -> OwnCampaign {
    OwnCampaign::parse(&own_body(series, fields)).unwrap_or_else(|error| panic!("{error}"))
}

/// The same as it is sent.
pub(crate) fn own_body(series: &str, fields: Value) -> Value {
    let said = |text: &str| json!({ "en": text, "ru": text });
    let mut body = json!({ "series": series, "idea": {
        "mechanic": "code", "place": "both", "calendar": { "slots": { "every": 30, "open": 30 } }, "validity": 30,
        "reward": { "discount": 40 }, "text": said("A gift."), "say": said("{reward} until {until}"), "why": said("Spring."),
    } });
    for (field, value) in fields.as_object().unwrap() {
        let idea = value.as_object().filter(|_| field == "idea");
        match idea {
            Some(idea) => idea.iter().for_each(|(field, value)| body["idea"][field] = value.clone()),
            None => body[field] = value.clone(),
        }
    }
    body
}

/// The terms of a series: of the built-in playbook or of one of the document's own campaigns.
pub(crate) fn terms(inputs: &Inputs, series: &str) -> Terms {
    let own = inputs.campaigns.iter().find(|own| own.series == series);
    let of_entry = || {
        let (entry, code) = series.split_once('/').unwrap();
        let playbook = Playbook::builtin();
        let entry = entry.parse().map_or(playbook.newcomer(), |segment: Segment| playbook.entry(segment));
        (entry.ideas.iter().find(|idea| idea.code == code).unwrap().clone(), Some(entry.limit))
    };
    let (idea, limit) = own.map_or_else(of_entry, |own| (own.idea.clone(), None));
    Terms {
        number: 1,
        series: series.to_owned(),
        playbook: inputs.playbook.clone(),
        idea,
        limit,
        from: own.and_then(|own| own.from),
        until: own.and_then(|own| own.until),
    }
}
