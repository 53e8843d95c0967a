//! What a profile remembers beyond orders: exactly once, folded by the laws, and rebuilt byte for byte.

use ledger::order::paid_per_item;
use ledger::{
    AnswerId, Asked, ChoiceId, Chosen, Customer, Erased, Line, LineId, ListedAlert, Order, ProductId, RecordError,
    Refusal, Said, Status,
};
use segmentation::answers::{Answer, Survey};
use segmentation::{AttributeUpdate, Minor, ProductKey, RevisionKey};

use crate::{World, customer_id, day, give_back, order};

pub(crate) fn line(n: usize, product: &str, category: &str, brand: &str, quantity: i64, amount: i64) -> Line {
    Line {
        id: LineId::try_from(n.to_string()).unwrap(),
        product: Some(ProductId::try_from(product.to_owned()).unwrap()),
        name: None,
        category: Some(category.to_owned()),
        brand: Some(brand.to_owned()),
        quantity: Some(quantity.into()),
        amount: Minor(amount),
        unit_price: None,
    }
}

pub(crate) fn chosen(id: &str, days: u16) -> Chosen {
    let text = |text: &str| text.to_owned();
    Chosen {
        id: ChoiceId::try_from(text(id)).unwrap(),
        series: text("vip-choose"),
        category: text("tea"),
        reward: text("cashback10"),
        made: None,
        days,
    }
}

pub(crate) fn said(id: &str, survey: Survey, answer: Answer, score: Option<u8>) -> Said {
    Said { id: AnswerId::try_from(id.to_owned()).unwrap(), survey, answer, score }
}

fn consent(updated_at: u64, consent: bool) -> AttributeUpdate {
    AttributeUpdate { updated_at, mailing_consent: Some(Some(consent)), ..AttributeUpdate::default() }
}

fn refusal<T: std::fmt::Debug>(answer: Result<T, RecordError>) -> Refusal {
    match answer {
        Err(RecordError::Refused(refusal)) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}

/// The stored item is the one that a rebuild makes, attribute for attribute.
pub(crate) async fn rebuild_is_what_is_stored(world: &World, customer: &str) {
    let stored = world.ledger.customer(&world.shop.id, &customer_id(customer)).await.unwrap().unwrap();
    let mut rebuilt: Customer = stored.clone();
    rebuilt.profile = world.rebuilt(customer).await;
    assert_eq!(rebuilt.profile, stored.profile);
    let key = ledger::keys::profile(&world.shop.id, &stored.key);
    let text = aws_sdk_dynamodb::types::AttributeValue::S;
    let get = world.ledger.client().get_item().table_name(&world.ledger.tables().customers);
    let item = get.key("pk", text(key.pk)).key("sk", text(key.sk)).send().await.unwrap().item.unwrap();
    assert_eq!(rebuilt.to_item(&world.shop.id).unwrap(), item);
}

#[tokio::test]
async fn a_fact_is_taken_once_and_other_content_under_its_id_is_refused() {
    let world = World::new().await;
    let (ledger, shop, ann) = (&world.ledger, &world.shop, customer_id("ann"));
    let today = world.today();
    assert_eq!(ledger.record_attributes(shop, today, &ann, &consent(5, true)).await.unwrap().status, Status::Recorded);
    let first = ledger.record_choice(shop, today, &ann, &chosen("C-1", 7), &|_| Ok(())).await.unwrap();
    assert_eq!((first.status, first.choice.until), (Status::Recorded, day("2026-11-28")));
    let price = said("1", Survey::Reason, Answer::Price, None);
    ledger.record_answer(shop, today, &ann, &price).await.unwrap();
    let before = (world.count(&world.ledger.tables().ledger).await, world.stored("ann").await);

    // A day later: what was accepted is what is answered.
    let later = today.plus(1);
    assert_eq!(ledger.record_attributes(shop, today, &ann, &consent(5, true)).await.unwrap().status, Status::Duplicate);
    let again = ledger.record_choice(shop, later, &ann, &chosen("C-1", 7), &|_| Ok(())).await.unwrap();
    assert_eq!(again, ledger::ChoiceReceipt { status: Status::Duplicate, ..first });
    let again = ledger.record_answer(shop, later, &ann, &price).await.unwrap();
    assert_eq!((again.status, again.answered.day), (Status::Duplicate, today));
    let other = ledger.record_choice(shop, today, &ann, &chosen("C-1", 8), &|_| Ok(())).await;
    assert_eq!(refusal(other), Refusal::OtherContent { what: "choice", id: "C-1".into() });
    let other = said("1", Survey::Reason, Answer::Quality, None);
    let other = ledger.record_answer(shop, today, &ann, &other).await;
    assert_eq!(refusal(other), Refusal::OtherContent { what: "answer", id: "1".into() });
    assert_eq!((world.count(&world.ledger.tables().ledger).await, world.stored("ann").await), before);

    let nps = said("1", Survey::Nps, Answer::Promoter, Some(9));
    let nps = ledger.record_answer(shop, today, &ann, &nps).await.unwrap();
    assert_eq!(nps.status, Status::Recorded, "an id is one survey's");
    rebuild_is_what_is_stored(&world, "ann").await;
}

#[tokio::test]
async fn who_never_bought_has_a_profile_without_a_segment() {
    let world = World::new().await;
    let ann = customer_id("ann");
    world.ledger.record_attributes(&world.shop, world.today(), &ann, &consent(5, true)).await.unwrap();
    let profile = world.stored("ann").await;
    assert!(profile.attributes.consents() && profile.orders.is_empty());
    assert_eq!((profile.version, profile.label()), (1, None));
    world.record(order("A-1", "ann", "2026-11-01", 100)).await;
    assert_eq!(world.stored("ann").await.version, 2);
    rebuild_is_what_is_stored(&world, "ann").await;
}

#[tokio::test]
async fn tastes_and_baskets_are_of_the_order_as_first_accepted() {
    let world = World::new().await;
    let revised = |number, day: &str, product: &str, category: &str| Order {
        revision: RevisionKey { number, tie: String::new() },
        lines: vec![line(1, product, category, "Brew", 2, 600), line(2, product, category, "Brew", 1, 300)],
        ..order("A-1", "ann", day, 900)
    };
    world.record(revised(5, "2026-11-02", "tea-1", "tea")).await;
    let first = world.stored("ann").await;
    let tea = first.tastes.categories().get("tea").unwrap().clone();
    assert_eq!((tea.orders, tea.first), (1, day("2026-11-02")));
    assert_eq!(first.baskets.last_bought(ProductKey::of("tea-1")), Some(day("2026-11-02")));
    // A correction, a revision that is lower than what counts, a cancellation, and everything given back.
    world.record(revised(6, "2026-11-03", "cup-1", "cups")).await;
    world.record(revised(1, "2026-11-01", "jam-1", "jam")).await;
    world.record(Order { cancelled: true, ..revised(7, "2026-11-03", "cup-1", "cups") }).await;
    let back = give_back("R-1", "A-1", Asked::Whole);
    world.ledger.record_return(&world.shop, world.today(), &back).await.unwrap();
    let then = world.stored("ann").await;
    assert_eq!((&then.tastes, &then.baskets), (&first.tastes, &first.baskets));
    rebuild_is_what_is_stored(&world, "ann").await;
    // What comes as cancelled was not bought, and a revision that restores it is not its first.
    let cancelled = Order { id: "A-2".to_owned().try_into().unwrap(), ..revised(1, "2026-11-04", "pot-1", "pots") };
    world.record(Order { cancelled: true, ..cancelled.clone() }).await;
    world.record(Order { revision: RevisionKey { number: 2, tie: String::new() }, ..cancelled }).await;
    assert_eq!(world.stored("ann").await.tastes, first.tastes);
    rebuild_is_what_is_stored(&world, "ann").await;
}

#[test]
fn a_price_is_what_was_paid_for_one() {
    let cases = [("2", 601, 301), ("3", 100, 33), ("0", 250, 250), ("1", 0, 0), ("0.25", 500, 2_000)];
    for (quantity, amount, each) in cases {
        assert_eq!(paid_per_item(Minor(amount), quantity.parse().ok()), Minor(each), "{amount} for {quantity}");
    }
    let tiny = "0.0000000000000000000000000001".parse().ok();
    assert_eq!(paid_per_item(Minor(500), tiny), Minor::MAX);
    assert_eq!(paid_per_item(Minor(500), None), Minor(500));
}

#[tokio::test]
async fn facts_of_one_customer_at_the_same_time_are_all_taken() {
    let world = World::new().await;
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..12_u64 {
        let (ledger, shop, today) = (world.ledger.clone(), world.shop.clone(), world.today());
        tasks.spawn(async move {
            let ann = customer_id("ann");
            match n % 3 {
                0 => ledger.record_attributes(&shop, today, &ann, &consent(n, n == 9)).await.map(|_| ()),
                1 => {
                    ledger.record_choice(&shop, today, &ann, &chosen(&n.to_string(), 7), &|_| Ok(())).await.map(|_| ())
                }
                _ => {
                    let orders = vec![order(&format!("A-{n}"), "ann", "2026-11-01", 100)];
                    ledger.record_orders(&shop, today, orders).await.remove(0).map(|_| ())
                }
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap().unwrap();
    }
    let profile = world.stored("ann").await;
    assert_eq!((profile.version, profile.orders.len(), profile.choices.list.len()), (12, 4, 4));
    assert!(profile.attributes.consents(), "the latest update said yes");
    rebuild_is_what_is_stored(&world, "ann").await;
}

#[tokio::test]
async fn what_is_dated_before_an_erasure_is_gone_for_good() {
    let world = World::new().await;
    let (ledger, shop, ann) = (&world.ledger, &world.shop, customer_id("ann"));
    world.record(order("A-1", "ann", "2026-11-01", 100)).await;
    let mut customer = ledger.customer(&shop.id, &ann).await.unwrap().unwrap();
    let erased: chrono::DateTime<chrono::Utc> = "2026-11-10T00:00:00Z".parse().unwrap();
    customer.erased = Some(Erased { at: erased, version: 0 });
    let item = customer.to_item(&shop.id).unwrap();
    ledger.client().put_item().table_name(&ledger.tables().customers).set_item(Some(item)).send().await.unwrap();
    let moment = erased.timestamp_millis().unsigned_abs();
    assert_eq!(
        refusal(ledger.record_attributes(shop, world.today(), &ann, &consent(moment - 1, true)).await),
        Refusal::CustomerErased
    );
    assert!(ledger.record_attributes(shop, world.today(), &ann, &consent(moment, true)).await.is_ok());
    let old = Chosen { made: Some(day("2026-11-09")), ..chosen("C-1", 30) };
    assert_eq!(
        refusal(ledger.record_choice(shop, world.today(), &ann, &old, &|_| Ok(())).await),
        Refusal::CustomerErased
    );
    assert!(ledger.record_choice(shop, world.today(), &ann, &chosen("C-1", 30), &|_| Ok(())).await.is_ok());
    let price = said("1", Survey::Reason, Answer::Price, None);
    let answer = ledger.record_answer(shop, day("2026-11-09"), &ann, &price).await;
    assert_eq!(refusal(answer), Refusal::CustomerErased);
}

#[tokio::test]
async fn a_profile_stored_before_any_of_this_is_read() {
    let world = World::new().await;
    world.record(order("A-1", "ann", "2026-11-01", 100)).await;
    let profile = world.stored("ann").await;
    assert!(profile.tastes.is_empty() && profile.baskets.is_empty() && profile.attributes.is_empty());
    let customer = world.ledger.customer(&world.shop.id, &customer_id("ann")).await.unwrap().unwrap();
    let mut names: Vec<String> = customer.to_item(&world.shop.id).unwrap().into_keys().collect();
    names.sort_unstable();
    assert_eq!(names, ["customer", "format", "moves", "orders", "pk", "sk", "version"], "what is empty is left out");
}

#[tokio::test]
async fn of_choices_sent_at_once_each_is_weighed_on_what_the_others_left() {
    let world = World::new().await;
    let ann = customer_id("ann");
    let only_one = |customer: &Customer| {
        let first = customer.profile.choices.list.is_empty();
        if first { Ok(()) } else { Err(Refusal::NotOffered { field: "series", detail: "chosen already".to_owned() }) }
    };
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..16 {
        let (ledger, shop, today, ann) = (world.ledger.clone(), world.shop.clone(), world.today(), ann.clone());
        tasks.spawn(async move {
            ledger.record_choice(&shop, today, &ann, &chosen(&format!("C-{n}"), 7), &only_one).await.is_ok()
        });
    }
    let won = tasks.join_all().await.into_iter().filter(|won| *won).count();
    assert_eq!(won, 1);
}

#[tokio::test]
async fn what_is_wrong_is_told_at_once_and_listed_by_day() {
    let world = World::new().await;
    let (ledger, shop, ann, today) = (&world.ledger, &world.shop, customer_id("ann"), world.today());
    world.record(order("A-1", "ann", "2026-11-01", 100)).await;
    let answers = [
        said("1", Survey::Reason, Answer::Price, None),
        said("2", Survey::Reason, Answer::Quality, None),
        said("1", Survey::Nps, Answer::Detractor, Some(2)),
        said("2", Survey::Nps, Answer::Passive, Some(7)),
        said("1", Survey::Purchase, Answer::Detractor, Some(1)),
    ];
    for said in &answers {
        ledger.record_answer(shop, today, &ann, said).await.unwrap();
    }
    // Sent again, they alert nobody again.
    for said in &answers {
        assert_eq!(ledger.record_answer(shop, today, &ann, said).await.unwrap().status, Status::Duplicate);
    }
    let price = said("3", Survey::Reason, Answer::Quality, None);
    ledger.record_answer(shop, today.plus(1), &customer_id("bob"), &price).await.unwrap();
    let told = async |day: Option<&str>, after: Option<&str>, limit| {
        let page = ledger.alerts(&shop.id, day.map(crate::day), after, limit).await.unwrap();
        let rows: Vec<String> = page
            .alerts
            .iter()
            .map(|listed| match listed {
                ListedAlert::Customer(told) => {
                    format!("{} {} {} v{}", told.alert.day, told.customer, told.alert.cause, told.version)
                }
                ListedAlert::Shop(told) => panic!("{told:?}"),
            })
            .collect();
        (rows, page.next)
    };
    let ann_told = ["2026-11-22 ann detractor v4", "2026-11-22 ann quality v3"];
    assert_eq!(told(Some("2026-11-22"), None, 9).await.0, ann_told);
    assert_eq!(told(Some("2026-11-21"), None, 9).await.0, [""; 0]);
    let (first, next) = told(None, None, 2).await;
    assert_eq!(first, ["2026-11-23 bob quality v1", ann_told[0]]);
    assert_eq!(told(None, next.as_deref(), 2).await.0, [ann_told[1]]);
    // In their story as events of their own, and no moves.
    let story = ledger.history(&shop.id, &ann, None, 99).await.unwrap().items;
    let events: Vec<(u64, Option<u64>)> = story
        .iter()
        .filter_map(|item| match item {
            ledger::StoryItem::Alert { sequence, previous, .. } => Some((sequence.version, *previous)),
            _ => None,
        })
        .collect();
    assert_eq!(events, [(3, None), (4, Some(3))]);
    let profile = world.stored("ann").await;
    assert_eq!((profile.moves.list.len(), profile.last_event(), profile.version), (0, Some(4), 6));
    rebuild_is_what_is_stored(&world, "ann").await;
}
