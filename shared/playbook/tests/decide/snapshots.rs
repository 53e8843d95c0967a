//! All 27 segments' decisions for the cast, to be read as documentation: `tests/decide/snapshots/`.

use std::fmt::Write;

use playbook::calendar::Sale;
use playbook::decide::{Decision, Facts, Inputs};
use playbook::{Language, Playbook, decide};
use segmentation::Segment;

use crate::cast::{answered, customer, inputs, today};

/// A decision as a page to read.
fn page(title: &str, decision: &Decision) -> String {
    let mut page = String::new();
    let _ = writeln!(page, "{title}");
    for (nth, offer) in decision.offers.iter().enumerate() {
        let _ = writeln!(page, "  {}. {}: {}", nth + 1, offer.idea, offer.text);
        let _ = writeln!(page, "     why: {}", offer.reason.text);
        if let Some(given) = &offer.reward {
            let earned = if given.earned { "" } else { ", when earned" };
            let on = serde_json::to_string(&given.on).unwrap();
            let _ = writeln!(
                page,
                "     gives {} on {on}, {} to {}{earned}",
                given.words, given.valid_from, given.valid_until
            );
        }
        if let Some(choice) = &offer.choice {
            let rewards: Vec<&str> = choice.rewards.iter().map(|reward| reward.words.as_str()).collect();
            let _ = writeln!(
                page,
                "     choose one of {} on one of {} for {} days",
                rewards.join(" / "),
                choice.categories.join(", "),
                choice.days
            );
        }
    }
    if let Some(no_reward) = &decision.no_reward {
        let _ = writeln!(page, "  no reward: {}", no_reward.text);
    }
    for withheld in &decision.withheld {
        let opens = withheld.opens.map(|day| format!(" Opens on {day}.")).unwrap_or_default();
        let _ = writeln!(page, "  not {}: {}{opens}", withheld.idea, withheld.text);
    }
    page
}

fn decided(inputs: &Inputs) -> Decision {
    decide(inputs, Playbook::builtin())
}

/// Three moments of the cast's customer of a segment.
fn pages(segment: Segment) -> String {
    let on = today();
    let came = customer(segment, on);
    let now = decided(&inputs(came.clone(), on, 0));
    let mut text = format!(
        "{segment} ({})\ngoal: {}\nmechanic: {}\n",
        now.group.map(|group| group.name()).unwrap_or_default(),
        now.goal,
        now.mechanic
    );
    if let Some(caution) = &now.caution {
        let _ = writeln!(text, "caution: {caution}");
    }
    let _ = writeln!(text, "\n{}", page("Ten days after they came here:", &now));
    let answers = answered(Facts { arrived: vec![on.plus(-30)], ..came.clone() }, on, 1);
    let mut later = inputs(answers, on, 15);
    later.settings.sales = vec![Sale { from: on.plus(-5), until: on.plus(1), final_days: 3 }];
    let _ = writeln!(
        text,
        "{}",
        page("Thirty days after, every survey answered yesterday, in a sale's last days:", &decided(&later))
    );
    let long = Facts { arrived: vec![on.plus(-400)], ..came };
    let _ = writeln!(text, "{}", page("A year after, no survey answered:", &decided(&inputs(long, on, 30))));
    text
}

#[test]
fn every_segments_decisions_read_as_documentation() {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        for segment in Segment::all() {
            insta::assert_snapshot!(segment.to_string(), pages(segment));
        }
        let newcomer = decided(&inputs(Facts::default(), today(), 0));
        insta::assert_snapshot!("newcomer", page("Somebody nobody knows:", &newcomer));
        let mut russian = inputs(customer("r2f3m3".parse().unwrap(), today()), today(), 0);
        russian.customer.arrived = vec![today().plus(-20)];
        russian.language = Language::Ru;
        insta::assert_snapshot!("r2f3m3_in_russian", page("Через двадцать дней:", &decided(&russian)));
    });
}
