//! What the customer chose: a promise that is kept until its day, wherever they have moved since.

use crate::calendar::Slot;
use crate::decide::decision::{Given, Offer, On, Reason};
use crate::decide::facts::Chosen;
use crate::decide::inputs::{Channel, Inputs};
use crate::decide::words;
use crate::idea::{IdeaKind, ShownAt};
use crate::mechanic::Mechanic;
use crate::playbook::Playbook;
use crate::reward::Reward;
use crate::why::Withheld;

/// What is offered of it: its terms were given. Once redeemed it is done; while its campaign is not open or has no money left,
/// it cannot be reserved and so is not shown: idea, series and why.
pub(super) fn kept(inputs: &Inputs, playbook: &Playbook) -> Option<Result<Offer, (String, String, Withheld)>> {
    let chosen = inputs.customer.choice.as_ref()?;
    let states = &inputs.series;
    // A choice's slot is the day on which it was made.
    let redeemed = states.used(&chosen.series).iter().any(|used| used.slot == chosen.made);
    let why = if inputs.channel == Channel::Mailing && !inputs.customer.mailing_consent {
        Some(Withheld::NoConsent)
    } else if redeemed || states.not_open.contains(&chosen.series) {
        Some(Withheld::Closed)
    } else if states.exhausted.contains(&chosen.series) {
        Some(Withheld::Budget)
    } else {
        None
    };
    let idea = chosen.series.rsplit('/').next().unwrap_or_default().to_owned();
    match why {
        Some(why) => Some(Err((idea, chosen.series.clone(), why))),
        None => promise(inputs, playbook, chosen, idea).map(Ok),
    }
}

fn promise(inputs: &Inputs, playbook: &Playbook, chosen: &Chosen, idea: String) -> Option<Offer> {
    let reward = Reward::from_code(&chosen.reward)?;
    let words = words::reward(playbook, &reward, 1, inputs.language);
    let (text, why) = words::chosen(inputs, playbook, chosen, &words)?;
    Some(Offer {
        id: format!("{}/{}/1", chosen.series, chosen.made),
        code: None,
        idea,
        mechanic: Mechanic::Choose,
        kind: IdeaKind::Reward,
        place: ShownAt::Both,
        text,
        reason: Reason { campaign: chosen.series.clone(), slot: Some(chosen.made), step: 1, text: why },
        reward: Some(Given {
            reward,
            words,
            on: On::Category(chosen.category.clone()),
            earned: true,
            valid_from: chosen.made,
            valid_until: chosen.until,
        }),
        choice: None,
        progress: None,
        products: Vec::new(),
        open: Some(Slot { first: chosen.made, last: chosen.until }),
    })
}
