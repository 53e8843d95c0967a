//! One mechanic alone: a playbook in which a loyal customer's segment has nothing but the idea that is tried.

use playbook::decide::{Inputs, Offer};
use playbook::{Playbook, Withheld, decide};
use segmentation::Day;
use serde_json::{Value, json};

use crate::cast::{customer, inputs, segment, today};

/// The segment in which ideas are tried: no VIP, so it is read by the cuts.
pub(crate) const SEGMENT: &str = "r3f3m2";
/// The series of what is tried.
pub(crate) const SERIES: &str = "r3f3m2/tried";

/// A playbook with the idea, `fields` laid over an idea that is always open and gives nothing; `say` is its text.
pub(crate) fn playbook(mechanic: Value, fields: Value, say: &str) -> Playbook {
    let said = json!({ "en": say, "ru": say });
    let plain = json!({ "en": "Because.", "ru": "Потому." });
    let mut idea = json!({ "mechanic": &mechanic, "place": "both", "text": plain, "say": said, "why": plain });
    for (field, value) in fields.as_object().unwrap() {
        idea[field] = value.clone();
    }
    // A code by answer needs the question before it.
    let asked = mechanic["code_by_answer"].as_str().map(|survey| format!("{survey}_survey"));
    let ideas: Vec<String> = asked.into_iter().chain(["tried".to_owned()]).collect();
    let entry = json!({
        "reward": "personal", "limit": { "percent": 90, "rewards": 3 }, "gentle_days": 0, "ends_after": null,
        "opens_unanswered_after": null, "ideas": ideas,
    });
    let changes = json!({ "idea": { "tried": idea }, "segment": { SEGMENT: entry } });
    Playbook::overridden(&changes).unwrap_or_else(|error| panic!("{error}"))
}

/// What is given, in a slot of 30 days that is open all the time.
pub(crate) fn given(reward: Value) -> Value {
    json!({ "reward": reward, "calendar": { "slots": { "every": 30, "open": 30 } }, "validity": 30 })
}

/// The cast's customer of the segment, today, at checkout.
pub(crate) fn someone() -> Inputs {
    inputs(customer(segment(SEGMENT), today()), today(), 0)
}

/// Shifts the slots of what is tried so that today is so many days after a slot's first day.
pub(crate) fn days_into_slot(mut inputs: Inputs, days: i64, every: i64) -> Inputs {
    let shift = (days - inputs.day.since(Day::from_epoch_days(0))).rem_euclid(every);
    inputs.series.shifts.insert(SERIES.to_owned(), u32::try_from(shift).unwrap());
    inputs
}

/// The idea's offer, or why it is withheld.
pub(crate) fn outcome(playbook: &Playbook, inputs: &Inputs) -> Result<Offer, Withheld> {
    let decision = decide(inputs, playbook);
    let told = decision.withheld.iter().find(|withheld| withheld.idea == "tried");
    match told {
        Some(withheld) => Err(withheld.why),
        None => Ok(decision.offers.into_iter().find(|offer| offer.idea == "tried").unwrap()),
    }
}

/// Why it is withheld.
pub(crate) fn refused(playbook: &Playbook, inputs: &Inputs) -> Option<Withheld> {
    outcome(playbook, inputs).err()
}

/// Ids of the products that are shown, best first.
pub(crate) fn shown(offer: &Offer) -> Vec<&str> {
    offer.products.iter().map(|product| product.id.as_str()).collect()
}
