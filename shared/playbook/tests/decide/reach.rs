//! Every idea of every segment is reached by some customer on some day: a playbook has no dead letters.

use std::collections::BTreeSet;

use playbook::calendar::Sale;
use playbook::decide::{Channel, Facts};
use playbook::mechanic::Survey;
use playbook::{Playbook, decide};
use segmentation::Segment;

use crate::cast::{answered, customer, entry_of, inputs, today};

#[test]
fn every_idea_of_every_segment_is_offered_to_somebody() {
    for segment in Segment::all() {
        let mut missing: BTreeSet<String> = entry_of(&inputs(customer(segment, today()), today(), 0))
            .ideas
            .iter()
            .map(|idea| idea.code.clone())
            .collect();
        'search: for days in 0..130 {
            let on = today().plus(days);
            for arrived in [1, 40] {
                for answer in
                    [None, Some((Survey::ALL.as_slice(), 0)), Some((&[Survey::Nps], 0)), Some((&Survey::ALL, 20))]
                {
                    for channel in [Channel::Checkout, Channel::Mailing] {
                        let mut facts = Facts { arrived: vec![on.plus(-arrived)], ..customer(segment, on) };
                        // A friend of theirs ordered on the first day.
                        facts.referrals = if arrived == 1 && days < 30 { vec![today()] } else { Vec::new() };
                        if arrived > 1 {
                            // No anniversary before every other reward.
                            facts.programme_since = None;
                        }
                        let facts = match answer {
                            Some((surveys, before)) => {
                                let mut facts = answered(facts, on, before);
                                facts.answers.retain(|answer| surveys.contains(&answer.survey));
                                facts
                            }
                            None => facts,
                        };
                        let mut inputs = inputs(facts, on, 0);
                        // Each series in a phase of its own.
                        for (nth, shift) in inputs.series.shifts.values_mut().enumerate() {
                            *shift = u32::try_from(nth).unwrap() * 17;
                        }
                        inputs.channel = channel;
                        inputs.settings.sales = vec![Sale { from: on, until: on, final_days: 1 }];
                        for offer in decide(&inputs, Playbook::builtin()).offers {
                            missing.remove(&offer.idea);
                        }
                        if missing.is_empty() {
                            break 'search;
                        }
                    }
                }
            }
        }
        assert!(missing.is_empty(), "{segment} never offers {missing:?}");
    }
}

#[test]
fn a_newcomer_is_greeted_and_shown_what_sells() {
    let decision = decide(&inputs(Facts::default(), today(), 0), Playbook::builtin());
    let ideas: Vec<&str> = decision.offers.iter().map(|offer| offer.idea.as_str()).collect();
    assert_eq!(ideas, ["greeting", "bestsellers", "join_programme"]);
    assert!(decision.offers.iter().all(|offer| offer.reward.is_none()) && decision.no_reward.is_some());
}
