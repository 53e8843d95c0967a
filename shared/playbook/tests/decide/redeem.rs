//! What decisions offer can be used, by its code and by its offer's id, on its days and once.

use playbook::decide::{Channel, Closed, Inputs, LastAnswer, Offer, On};
use playbook::mechanic::{Answer, Survey};
use playbook::redeem::{NotRedeemable, Promised, by_code, by_offer, promiser};
use playbook::reward::Reward;
use playbook::{Idea, IdeaKind, OwnCampaign, Playbook, Terms, decide};
use proptest::prelude::*;
use segmentation::Day;
use serde_json::{Value, json};

use crate::cast::{entry_of, own, terms, today};
use crate::laws::documents;
use crate::tried::someone;

/// By its code, as the one who sends it in would ask.
pub(crate) fn code(inputs: &Inputs, terms: &Terms, slot: Day, step: u8) -> Result<Promised, NotRedeemable> {
    let own = inputs.campaigns.iter().find(|own| own.series == terms.series);
    let within_rules = own.is_some_and(|own| !own.beyond_rules);
    by_code(inputs, terms, within_rules.then(|| promiser(inputs, Playbook::builtin(), slot)), slot, step)
}

/// By its offer's id.
pub(crate) fn offered(inputs: &Inputs, terms: &Terms, slot: Day, step: u8) -> Result<Promised, NotRedeemable> {
    let own = inputs.campaigns.iter().find(|own| own.series == terms.series);
    by_offer(inputs, Playbook::builtin(), own, terms, slot, step)
}

/// What the customer was told, as it is used.
fn told(offer: &Offer) -> Reward {
    match &offer.reward.as_ref().unwrap().reward {
        Reward::RisingCashback(steps) => Reward::Cashback(steps[usize::from(offer.reason.step).min(steps.len()) - 1]),
        reward => reward.clone(),
    }
}

/// The reward counts on all that was told of.
fn covers(used: &On, told: &On) -> bool {
    match (used, told) {
        (On::Products(used), On::Products(told)) => told.iter().all(|id| used.contains(id)),
        (used, told) => used == told,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn what_is_offered_can_be_used_today_once_and_not_after_its_last_day(inputs in documents()) {
        for offer in decide(&inputs, Playbook::builtin()).offers {
            let Some((series, slot, step)) = offer.redeemable() else { continue };
            let (terms, given) = (terms(&inputs, series), offer.reward.as_ref().unwrap());
            let both = |inputs: &Inputs| [code(inputs, &terms, slot, step), offered(inputs, &terms, slot, step)];
            for outcome in both(&inputs) {
                if given.valid_from > inputs.day {
                    prop_assert_eq!(outcome, Err(NotRedeemable::NotYet(given.valid_from)));
                    continue;
                }
                let promised = outcome.map_err(|error| TestCaseError::fail(format!("{}: {error}", offer.id)))?;
                prop_assert_eq!(&promised.reward, &told(&offer));
                prop_assert!(covers(&promised.on, &given.on), "{:?} for {:?}", promised.on, given.on);
                prop_assert_eq!(promised.valid_until, given.valid_until);
                prop_assert!((promised.valid_from..=promised.valid_until).contains(&inputs.day));
                prop_assert!(promised.closes_until >= slot);

                let mut after = inputs.clone();
                let used = Closed { slot, step, until: promised.closes_until };
                after.series.closed.insert(series.to_owned(), vec![used]);
                prop_assert_eq!(both(&after), [const { Err(NotRedeemable::Used) }; 2]);
                let again = decide(&after, Playbook::builtin()).offers;
                prop_assert!(again.iter().all(|again| again.id != offer.id));
                let same_slot = again.iter().find(|again| again.reason.campaign == *series);
                prop_assert!(same_slot.is_none_or(|next| next.reason.step == step + 1), "only a rise goes on");
            }
            let late = Inputs { day: given.valid_until.plus(1), ..inputs.clone() };
            prop_assert!(both(&late).iter().all(Result::is_err), "{} after its last day", offer.id);
        }
    }

    #[test]
    fn an_offers_id_alone_gives_nothing_that_was_not_offered_on_its_last_open_day(inputs in documents()) {
        let entry = entry_of(&inputs);
        for idea in entry.ideas.iter().filter(|idea| idea.kind() == IdeaKind::Reward) {
            let series = Playbook::series(entry, idea);
            let terms = terms(&inputs, &series);
            for slot in (-2..45).map(|days| inputs.day.plus(-days)) {
                let Ok(promised) = offered(&inputs, &terms, slot, 1) else { continue };
                let chosen = inputs.customer.choice.as_ref().is_some_and(|choice| choice.series == series);
                let last_open = idea.calendar.slot_from(slot, &inputs.settings.sales).unwrap().last;
                let channel = if idea.place.checkout() { Channel::Checkout } else { Channel::Mailing };
                let then = Inputs { day: inputs.day.min(last_open), cart: None, channel, campaigns: Vec::new(), ..inputs.clone() };
                // Other ideas could take its place or its products; questions open the entry.
                let asks = |other: &&Idea| other.code == idea.code || other.kind() == IdeaKind::Survey;
                let alone: Vec<&str> = entry.ideas.iter().filter(asks).map(|idea| idea.code.as_str()).collect();
                let changes = json!({ "segment": { entry.name.as_str(): { "limit": { "rewards": 5 }, "ideas": alone } } });
                let decision = decide(&then, &Playbook::overridden(&changes).unwrap());
                let id = format!("{series}/{slot}/1");
                let shown = decision.offers.iter().any(|offer| offer.id == id && told(offer) == promised.reward);
                prop_assert!(chosen || shown, "{id}: {:?}", decision.withheld);
            }
        }
    }

    #[test]
    fn who_used_a_reward_yesterday_gets_none_under_a_corrected_calendar_while_its_period_runs(
        first in calendars(), second in calendars(), shifts: [u32; 2], days in 0..800_i64, answer in 1..60_i64,
    ) {
        let yesterday = today().plus(days);
        let mut inputs = someone();
        inputs.customer.arrived = vec![yesterday.plus(-20)];
        inputs.customer.answers = vec![LastAnswer { survey: Survey::Nps, answer: Answer::Passive, day: yesterday.plus(-answer) }];
        inputs.day = yesterday;
        let mistake = gift(&first);
        inputs.campaigns = vec![mistake];
        inputs.series.shifts.insert("gift".to_owned(), shifts[0]);
        let mistaken = decide(&inputs, Playbook::builtin()).offers;
        let Some(offer) = mistaken.iter().find(|offer| offer.reason.campaign == "gift") else { return Ok(()) };
        let (series, slot, step) = offer.redeemable().unwrap();
        let promised = code(&inputs, &terms(&inputs, series), slot, step).unwrap();
        prop_assert!(promised.closes_until >= yesterday, "a period is not over while its reward is valid");

        inputs.series.closed.insert(series.to_owned(), vec![Closed { slot, step, until: promised.closes_until }]);
        inputs.campaigns = vec![gift(&second)];
        inputs.series.shifts.insert("gift".to_owned(), shifts[1]);
        for day in 1..=60 {
            inputs.day = yesterday.plus(day);
            let corrected = decide(&inputs, Playbook::builtin()).offers;
            if let Some(offer) = corrected.iter().find(|offer| offer.reason.campaign == "gift") {
                let again = offer.reason.slot.unwrap();
                prop_assert!(again > promised.closes_until, "{slot} was used, and {again} opens");
            }
        }
    }
}

/// A calendar with its validity.
fn calendars() -> impl Strategy<Value = (Value, u16)> {
    let periods = (1..90_u16, 1..90_u16, 1..90_u16).prop_map(|(a, b, c)| {
        let mut days = [a, b, c];
        days.sort_unstable();
        days
    });
    let slots = periods
        .clone()
        .prop_map(|[open, validity, every]| (json!({ "slots": { "every": every, "open": open } }), validity));
    let event = prop::sample::select(vec!["answer", "move", "usual_day"]);
    let events = (periods, event).prop_map(|([open, validity, every], on)| {
        (json!({ "event": { "on": on, "open": open, "every": every } }), validity)
    });
    prop_oneof![slots, events, Just((json!("month"), 31))]
}

fn gift((calendar, validity): &(Value, u16)) -> OwnCampaign {
    own("gift", json!({ "beyond_rules": true, "idea": { "calendar": calendar, "validity": validity } }))
}
