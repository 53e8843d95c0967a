//! What a token carries says of every day of its life what the profile would say, and takes few bytes.

#![expect(clippy::unwrap_used, reason = "a failed test is meant to panic")]

use playbook::decide::{Candidate, Closed, Facts, OfferSettings, Outlook, RhythmRule, RunsOut, Standing};
use playbook::{CodeSecrets, Language, Playbook, Ticket};
use proptest::prelude::*;
use segmentation::answers::{Answer, Survey};
use segmentation::{
    Activation, Answered, AxisCuts, Bought, BoughtLine, Cause, Choice, Cuts, Day, Entry, Flags, Groups, Law, Minor,
    Move, Place, Profile, Segment, Step, Window,
};
use snapshot::{Bundle, MAX_BODY, Offset, OriginKey, SeriesKey, SeriesKnown, Snapshot, Terms, TermsVersion, day_of};

const SINCE: i64 = 20_500;
const LIFE: i64 = 40;

fn day(n: i64) -> Day {
    Day::from_epoch_days(n)
}

#[derive(Clone, Debug)]
struct Story {
    /// Days ago, net, and whether it was given back.
    orders: Vec<(i64, i64, bool)>,
    /// Days ago, and where to; 27 is nowhere.
    moves: Vec<(i64, usize, bool)>,
    /// Begun so many days ago, for so many.
    choices: Vec<(i64, i64)>,
    answers: Vec<(i64, bool)>,
    window: Option<u32>,
    activation: u32,
}

fn stories() -> impl Strategy<Value = Story> {
    let orders = prop::collection::vec((0..700_i64, 1..90_000_i64, prop::bool::weighted(0.1)), 0..40);
    let moves = prop::collection::vec((0..200_i64, 0..28_usize, any::<bool>()), 0..10);
    let choices = prop::collection::vec((0..60_i64, 1..60_i64), 0..4);
    let answers = prop::collection::vec((0..100_i64, any::<bool>()), 0..4);
    (orders, moves, choices, answers, prop::option::of(20..400_u32), 1..4_u32).prop_map(
        |(orders, mut moves, choices, answers, window, activation)| {
            moves.sort_by_key(|(ago, ..)| std::cmp::Reverse(*ago));
            Story { orders, moves, choices, answers, window, activation }
        },
    )
}

fn cuts(window: Option<u32>) -> Cuts {
    let axis = |c1, c2| AxisCuts { c1, c2, law: Law::Fixed };
    let window = Window { days: window, ..Window::default() };
    Cuts { recency: axis(30, 90), frequency: axis(2, 5), monetary: axis(50_000, 200_000), window }
}

fn profile(story: &Story) -> Profile {
    let mut profile = Profile::default();
    for (ago, net, back) in &story.orders {
        let flags = Flags::none().with(Flags::RETURNED, *back);
        let entry = Entry { day: day(SINCE - ago), net: Minor(*net), flags };
        profile.replace(None, Some(entry)).unwrap();
        profile.remember(&Bought {
            day: day(SINCE - ago),
            lines: vec![BoughtLine {
                product: None,
                category: Some(format!("category {}", net % 7)),
                brand: Some("Leaf".to_owned()),
                unit_price: Some(Minor(*net)),
            }],
        });
        profile.commit(None);
    }
    for (ago, to, decay) in &story.moves {
        let from = profile.label().map_or(Place::NONE, |label| label.place);
        let cause = if *decay { Cause::Decay } else { Cause::Order };
        let step = Step { from, to: Place(Segment::all().nth(*to)), cause };
        profile.commit(Some(Move { day: day(SINCE - ago), activation: Activation(2), steps: vec![step] }));
    }
    for (nth, (ago, days)) in story.choices.iter().enumerate() {
        let made = day(SINCE - ago);
        profile.choices.push(Choice {
            id: nth.to_string(),
            series: format!("r2f2m2/choose_{}", nth % 2),
            category: "tea".to_owned(),
            reward: "discount-10".to_owned(),
            made,
            until: made.plus(days - 1),
        });
    }
    for (nth, (ago, price)) in story.answers.iter().enumerate() {
        profile.answers.put(Answered {
            id: nth.to_string(),
            survey: if *price { Survey::Reason } else { Survey::Nps },
            answer: if *price { Answer::Price } else { Answer::Promoter },
            score: None,
            day: day(SINCE - ago),
            earlier: Vec::new(),
        });
    }
    profile
}

fn snapshot(outlook: Outlook, cuts: Option<(Activation, Cuts)>) -> Snapshot {
    let code = |number| {
        let ticket = Ticket { number, slot: day(SINCE - 3), step: 1 };
        CodeSecrets::new([7; 32], None).code("acme", &"0".repeat(32), ticket).unwrap()
    };
    let key = |series: &str| SeriesKey::of(series);
    Snapshot {
        customer: [9; 16],
        known: true,
        language: Some(Language::Ru),
        since: day(SINCE),
        outlook,
        active: cuts,
        terms: TermsVersion([1; 8]),
        offsets: vec![Offset { from: 0, seconds: 3_600 }, Offset { from: SINCE * 86_400 + 90_000, seconds: 7_200 }],
        series: SeriesKnown {
            shifts: (0..14).map(|n| (key(&format!("r2f2m{n}/idea")), u32::MAX - n)).collect(),
            held_out_of_all: false,
            held_out: vec![key("r2f2m2/one")],
            exhausted: vec![(key("r2f2m2/two"), 0b101)],
            not_open: vec![key("r2f2m2/three")],
            closed: vec![(key("r2f2m2/two"), Closed { slot: day(SINCE - 30), step: 2, until: day(SINCE + 3) })],
        },
        codes: (0..5).map(|n| (key("r2f2m2/one"), code(n))).collect(),
        products: vec![(product(), vec![key("r2f2m2/one")])],
        low_band: Some(Minor(990)),
        referral_code: Some("ABCD-EFGH".to_owned()),
    }
}

fn product() -> Candidate {
    Candidate {
        id: "sku-1".to_owned(),
        name: "Green tea".to_owned(),
        category: Some("tea".to_owned()),
        brand: Some("Leaf".to_owned()),
        price: Some(Minor(1_250)),
        list_price: Some(Minor(1_500)),
        season: Some("winter".to_owned()),
        in_stock: true,
        image: Some("https://shop.example/tea.jpg".to_owned()),
        url: Some("https://shop.example/tea".to_owned()),
        parts: vec!["a".to_owned(), "b".to_owned()],
        bought: Some(day(SINCE - 400)),
        runs_out: Some(RunsOut { from: day(SINCE - 1), until: day(SINCE + 9) }),
        taste: 70_000,
        cart: 3,
        popular: 512,
        goes_with: Some("cups".to_owned()),
        brand_bought: Some(day(SINCE - 2)),
        category_bought: Some(day(SINCE - 400)),
        only_for: Vec::new(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    /// The facts of every day of a token, out of its bytes, are those of the profile on that day.
    #[test]
    fn a_token_tells_of_its_days_what_the_profile_does(story in stories()) {
        let (profile, cuts, groups) = (profile(&story), cuts(story.window), Groups::default());
        let active = Activation(story.activation);
        let standing = Standing { active: Some((active, &cuts)), groups: &groups, rhythm: RhythmRule::default() };
        let outlook = Outlook::of(&profile, &standing, day(SINCE), day(SINCE + LIFE));
        let made = snapshot(outlook, Some((active, cuts)));
        let bytes = made.to_bytes();
        let read = Snapshot::of_bytes(&bytes).unwrap();
        prop_assert_eq!(&read, &made);
        prop_assert!(bytes.len() < MAX_BODY, "{} bytes", bytes.len());
        for n in 0..=LIFE {
            let on = day(SINCE + n);
            prop_assert_eq!(read.outlook.facts(&standing, on), Facts::of(&profile, &standing, on), "on {}", on);
        }
    }

    #[test]
    fn bytes_that_are_broken_off_or_go_on_are_no_body(keep in 0..400_usize, more in prop::collection::vec(any::<u8>(), 1..9)) {
        let whole = snapshot(Outlook::of(&Profile::default(), &nobody(), day(SINCE), day(SINCE)), None).to_bytes();
        prop_assert_eq!(Snapshot::of_bytes(&whole[..keep.min(whole.len() - 1)]), None);
        prop_assert_eq!(Snapshot::of_bytes(&[whole, more].concat()), None);
    }
}

fn nobody() -> Standing<'static> {
    static GROUPS: std::sync::LazyLock<Groups> = std::sync::LazyLock::new(Groups::default);
    Standing { active: None, groups: &GROUPS, rhythm: RhythmRule::default() }
}

#[test]
fn a_regular_customer_of_years_takes_few_bytes() {
    let mut story = Story {
        orders: (0..500).map(|n| (n, 4_000 + n, false)).collect(),
        moves: (0..8).map(|n| (200 - n, 20 + usize::try_from(n % 7).unwrap(), false)).collect(),
        choices: Vec::new(),
        answers: vec![(10, true)],
        window: Some(365),
        activation: 2,
    };
    let size = |story: &Story| {
        let (profile, cuts, groups) = (profile(story), cuts(story.window), Groups::default());
        let standing =
            Standing { active: Some((Activation(2), &cuts)), groups: &groups, rhythm: RhythmRule::default() };
        let outlook = Outlook::of(&profile, &standing, day(SINCE), day(SINCE + LIFE));
        snapshot(outlook, Some((Activation(2), cuts))).to_bytes().len()
    };
    assert!(size(&story) < 1_000, "{}", size(&story));
    let before = size(&story);
    story.orders.extend((500..700).map(|n| (n, 4_000, false)));
    assert!(size(&story) <= before + 4, "older orders add nothing: {} after {before}", size(&story));
}

#[test]
fn a_day_begins_where_the_shop_is_also_when_clocks_are_put_forward() {
    // Berlin, 29 March 2026: at 01:00 UTC it is 3 in the morning instead of 2.
    let change = 1_774_746_000;
    let offsets = [Offset { from: 0, seconds: 3_600 }, Offset { from: change, seconds: 7_200 }];
    let at = |now| day_of(&offsets, now).to_string();
    let midnight = 1_774_738_800;
    assert_eq!((at(midnight - 1), at(midnight)), ("2026-03-28".to_owned(), "2026-03-29".to_owned()));
    assert_eq!(at(midnight + 23 * 3_600 - 1), "2026-03-29", "the day has 23 hours");
    assert_eq!(at(midnight + 23 * 3_600), "2026-03-30");
    assert_eq!(day_of(&[], 86_400).to_string(), "1970-01-02", "without a zone it is UTC's");
}

#[test]
fn a_bundle_reads_as_it_was_written() {
    let (groups, settings) =
        (Groups::default(), OfferSettings { season: Some("winter".to_owned()), ..OfferSettings::default() });
    let money = playbook::decide::MoneyWords { code: "EUR".to_owned(), digits: 2 };
    let terms =
        Terms { playbook: Playbook::builtin(), groups: &groups, settings: &settings, money: &money, campaigns: &[] };
    let version = terms.version();
    let keys = vec![OriginKey::new(3, [1; 32], [2; 32]).for_edge(), OriginKey::new(4, [3; 32], [4; 32]).for_edge()];
    let bundle = Bundle {
        shop: "acme".to_owned(),
        origin: "https://api.example".to_owned(),
        keys,
        version,
        playbook: Playbook::builtin().clone(),
        groups: groups.clone(),
        settings: settings.clone(),
        money: money.clone(),
        campaigns: Vec::new(),
        paused: vec![SeriesKey::of("spring")],
        offsets: vec![Offset { from: 5, seconds: -3_600 }],
        products: vec![(product(), vec![SeriesKey::of("newcomer/bestsellers")])],
        low_band: Some(Minor(5)),
    };
    let bytes = bundle.to_bytes();
    let read = Bundle::of_bytes(bytes.clone()).unwrap();
    assert_eq!((read.shop.as_str(), read.origin.as_str(), read.version), ("acme", "https://api.example", version));
    assert_eq!(read.terms().version(), version, "what is read is what the version says");
    assert_eq!((read.offsets, read.products, read.low_band), (bundle.offsets, bundle.products, bundle.low_band));
    assert_eq!(read.paused, bundle.paused);
    let public = |keys: &[snapshot::EdgeKey]| {
        keys.iter().map(|key| (key.number(), key.public(), key.sealing())).collect::<Vec<_>>()
    };
    assert_eq!(public(&read.keys), public(&bundle.keys));
    let names = |playbook: &Playbook| playbook.entries().map(|entry| entry.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&read.playbook), names(Playbook::builtin()));
    for end in (0..bytes.len()).step_by(1_009) {
        assert!(Bundle::of_bytes(bytes[..end].to_vec()).is_none(), "the first {end} bytes");
    }
    let other = OfferSettings::default();
    assert_ne!(Terms { settings: &other, ..terms }.version(), version);
}
