//! Law 1 as a property: the profile is a fold of the *set* of accepted items, whatever way they came.

use std::collections::BTreeMap;

use ledger::{Asked, Chosen, Order, RecordError, Refusal, Return, Said};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use segmentation::answers::Survey;
use segmentation::{AttributeUpdate, Attributes, GivenBack, Minor, OrderFold, Orders, RevisionKey};

use crate::facts::{chosen, line, rebuild_is_what_is_stored, said};
use crate::{World, customer_id, day, give_back, order};

#[derive(Clone, Debug)]
enum Sent {
    Order(Order),
    Return(Return),
    Attributes(AttributeUpdate),
    Choice(Chosen),
    Answer(Said),
}

/// One customer's orders, each with up to three revisions and some returns that in sum stay within the highest total.
fn story() -> impl Strategy<Value = Vec<Sent>> {
    // Two revisions of one key would be two contents under one key, and number 0 has no tie.
    let key = (0..4_u64, "[ab]?").prop_map(|(number, tie)| (number, if number > 0 { tie } else { String::new() }));
    let lines = ("[ab]", "[xyz]{1,2}", 0..3_i64, 0..900_i64);
    let lines = prop::collection::vec(lines, 0..4);
    let revisions = prop::collection::btree_map(key, (1..5_000_i64, any::<bool>(), 1..28_u32, lines), 1..4);
    let returns = prop::collection::vec(1..40_i64, 0..3);
    let one = (revisions, returns, prop::bool::weighted(0.2));
    (prop::collection::vec(one, 1..6), facts()).prop_map(|(orders, facts)| {
        let mut sent = facts;
        for (n, (revisions, returns, whole)) in orders.into_iter().enumerate() {
            let highest = revisions.values().map(|(total, ..)| *total).max().unwrap_or(0);
            for ((number, tie), (total, cancelled, on, lines)) in revisions {
                let mut base = order(&format!("A-{n}"), "ann", &format!("2026-10-{on:02}"), total);
                let lines = lines.into_iter().enumerate();
                base.lines = lines
                    .map(|(n, (category, product, quantity, amount))| {
                        line(n, &product, &category, &category, quantity, amount)
                    })
                    .collect();
                let cancelled = cancelled && number > 0;
                sent.push(Sent::Order(Order { revision: RevisionKey { number, tie }, cancelled, ..base }));
            }
            for (m, percent) in returns.into_iter().enumerate() {
                let amount = Minor((highest * percent / 100).max(0));
                if amount > Minor::ZERO {
                    sent.push(Sent::Return(give_back(&format!("R-{m}"), &format!("A-{n}"), Asked::Amount(amount))));
                }
            }
            if whole {
                sent.push(Sent::Return(give_back("R-whole", &format!("A-{n}"), Asked::Whole)));
            }
        }
        sent
    })
}

/// Updates of which some have one moment, choices and answers.
fn facts() -> impl Strategy<Value = Vec<Sent>> {
    use prop::option::of;
    let update = (0..3_u64, of(of("[a-c]{2}")), of(of(any::<bool>())), of(of("[xy]")));
    let update = update.prop_map(|(updated_at, language, mailing_consent, referred_by)| {
        Sent::Attributes(AttributeUpdate { updated_at, language, mailing_consent, referred_by, programme_since: None })
    });
    let answers = prop::collection::btree_map((0..2_usize, 0..3_u8), 1..6_u8, 0..4).prop_map(|answers| {
        let of_survey = |((survey, id), score): ((usize, u8), u8)| {
            let survey = [Survey::Nps, Survey::Purchase][survey];
            let answer = survey.answer_of(score.min(5)).unwrap();
            Sent::Answer(said(&id.to_string(), survey, answer, Some(score.min(5))))
        };
        answers.into_iter().map(of_survey).collect::<Vec<_>>()
    });
    let choices = (0..11_u16).prop_map(|many| (0..many).map(|n| Sent::Choice(chosen(&n.to_string(), n + 1))).collect());
    (prop::collection::vec(update, 0..5), answers, choices)
        .prop_map(|(updates, answers, choices): (_, _, Vec<Sent>)| [updates, answers, choices].concat())
}

/// The attributes, each update folded once and without a store.
fn attributes(world: &World, story: &[Sent]) -> Attributes {
    let mut attributes = Attributes::default();
    for sent in story {
        if let Sent::Attributes(update) = sent {
            let key = |by: &String| world.ledger.customer_key(&world.shop.id, &customer_id(by)).as_str().to_owned();
            let by = update.referred_by.as_ref().map(|by| by.as_ref().map(key));
            let update = &AttributeUpdate { referred_by: by, ..update.clone() };
            let json = serde_json::to_vec(update).unwrap();
            let hash = <sha2::Sha256 as sha2::Digest>::digest(json);
            attributes.update(update, u64::from_be_bytes(hash[..8].try_into().unwrap()));
        }
    }
    attributes
}

/// One pass in order, without a store.
fn in_one_pass(story: &[Sent]) -> Orders {
    let mut folds: BTreeMap<String, OrderFold> = BTreeMap::new();
    for sent in story {
        match sent {
            Sent::Order(order) => {
                folds.entry(order.id.to_string()).or_default().revise(order.fold(chrono_tz::Europe::London));
            }
            Sent::Return(back) => {
                let given = match back.asked {
                    Asked::Amount(amount) => GivenBack::Amount(amount),
                    _ => GivenBack::Whole,
                };
                folds.entry(back.order.to_string()).or_default().give_back(given).unwrap();
            }
            Sent::Attributes(_) | Sent::Choice(_) | Sent::Answer(_) => {}
        }
    }
    folds.values().filter_map(OrderFold::entry).collect()
}

/// Sends in this order, orders in batches of up to `batch`; what came too early is sent again.
async fn send(world: &World, mut waiting: Vec<Sent>, batch: usize) {
    while !waiting.is_empty() {
        let before = waiting.len();
        let mut early = Vec::new();
        let mut rest = waiting.into_iter().peekable();
        while let Some(sent) = rest.next() {
            match sent {
                Sent::Order(order) => {
                    let mut orders = vec![order];
                    while orders.len() < batch
                        && let Some(Sent::Order(order)) = rest.next_if(|next| matches!(next, Sent::Order(_)))
                    {
                        orders.push(order);
                    }
                    for answer in world.ledger.record_orders(&world.shop, world.today(), orders).await {
                        answer.unwrap();
                    }
                }
                Sent::Return(back) => match world.ledger.record_return(&world.shop, world.today(), &back).await {
                    Ok(_) => {}
                    Err(RecordError::Refused(Refusal::OrderUnknown(_) | Refusal::ReturnExceedsOrder(_))) => {
                        early.push(Sent::Return(back));
                    }
                    Err(other) => panic!("{other:?}"),
                },
                Sent::Attributes(update) => {
                    world
                        .ledger
                        .record_attributes(&world.shop, world.today(), &customer_id("ann"), &update)
                        .await
                        .unwrap();
                }
                Sent::Choice(chosen) => {
                    let today = world.today();
                    world
                        .ledger
                        .record_choice(&world.shop, today, &customer_id("ann"), &chosen, &|_| Ok(()))
                        .await
                        .unwrap();
                }
                Sent::Answer(said) => {
                    let today = world.today();
                    world.ledger.record_answer(&world.shop, today, &customer_id("ann"), &said).await.unwrap();
                }
            }
        }
        waiting = early;
        // Only a part of an order that was already given back whole can be too much for good.
        if waiting.len() == before {
            return;
        }
    }
}

#[test]
fn any_order_duplication_and_split_gives_the_same_profile_and_rebuild_equals_it() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let cases = crate::store::cases(48);
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let cases = (story(), 1..60_usize).prop_flat_map(|(story, batch)| {
        let shuffled = Just(story.clone()).prop_shuffle();
        let doubled = prop::sample::subsequence(story.clone(), 0..=story.len());
        (Just(story), shuffled, doubled, Just(batch))
    });
    let result = runner.run(&cases, |(story, shuffled, doubled, batch)| {
        runtime.block_on(async {
            let world = World::new().await;
            let expected = in_one_pass(&story);
            let sent: Vec<Sent> = shuffled.into_iter().chain(doubled).collect();
            send(&world, sent, batch).await;
            let stored = world.stored("ann").await;
            let on = day("2026-11-22");
            prop_assert_eq!(stored.orders.rfm(on, Default::default()), expected.rfm(on, Default::default()));
            prop_assert_eq!(stored.orders.to_bytes(), expected.to_bytes());
            prop_assert_eq!(&stored.attributes, &attributes(&world, &story));
            prop_assert_eq!(world.rebuilt("ann").await, stored);
            rebuild_is_what_is_stored(&world, "ann").await;
            Ok(())
        })
    });
    assert!(result.is_ok(), "{result:?}");
}
