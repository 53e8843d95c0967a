//! The decision: which offers this customer should see now, in order, each with its reason; and what was withheld, and why.
//!
//! [`decide`] is pure and knows no secret (law 11): everything it rests on is in [`Inputs`] and in the playbook's version.
//! What was promised before stands first (`promise`, `begun`). Then it goes through the ideas of one entry of the playbook, and
//! through the shop's own campaigns (`own`). For each it asks, in this order: may it be shown here and may this customer be
//! rewarded now (`gate`), is its calendar open (`proposal`) and its slot not used (`closed`), and can its mechanic be made concrete
//! from what is known of them (`mechanics`)? The first question answered with no is the reason it is withheld.

mod arrivals;
mod asked;
mod begun;
mod candidate;
mod closed;
mod concrete;
mod decision;
mod facts;
mod gate;
mod inputs;
mod known;
mod life;
mod mechanics;
mod outlook;
mod own;
mod picks;
mod promise;
mod promised;
mod proposal;
mod redeemed_offer;
mod words;

pub use candidate::{Candidate, RunsOut};
pub use decision::{Choice, ChoiceReward, Decision, Given, NotOffered, Offer, On, Progress, Reason, Shown, Unrewarded};
pub use facts::{Chosen, Facts, Favourite, LastAnswer, Left, Milestone};
pub use inputs::{
    Cart, CategoryPair, Channel, Closed, Inputs, MoneyWords, OfferSettings, RhythmRule, SeriesStates, Tier,
};
pub use known::Standing;
pub use outlook::{Course, Leaving, Outlook};
pub use picks::LEFT_BEHIND;
pub use promised::{by_code, promiser};
pub use redeemed_offer::by_offer;

use segmentation::Place;

use crate::campaign::OwnCampaign;
use crate::decide::gate::Gate;
use crate::decide::picks::Picks;
use crate::decide::proposal::Proposal;
use crate::entry::{Entry, Rule};
use crate::idea::IdeaKind;
use crate::playbook::Playbook;
use crate::why::{NoReward, Withheld};

/// Most offers of the shop's own campaigns in an answer.
const MOST_OWN: usize = 10;

/// An idea that is not offered now.
struct Refused {
    why: Withheld,
    opens: Option<segmentation::Day>,
}

impl From<Withheld> for Refused {
    fn from(why: Withheld) -> Refused {
        Refused { why, opens: None }
    }
}

/// Decides. The playbook has to be of the version the document names; the same document and version give the same decision.
#[must_use]
pub fn decide(inputs: &Inputs, playbook: &Playbook) -> Decision {
    let entry = inputs.entry(playbook);
    let gate = Gate::of(inputs, entry);
    let mut picks = Picks::new(inputs);
    let (mut offers, mut withheld) = (Vec::new(), Vec::new());
    // What was promised is given in this answer too, so it counts against what the answer may give.
    let mut rewards = 0;
    match promise::kept(inputs, playbook) {
        Some(Ok(promise)) => {
            rewards += 1;
            offers.push(promise);
        }
        Some(Err((idea, campaign, why))) => withheld.push(not_offered(playbook, inputs, idea, campaign, why.into())),
        None => {}
    }
    for begun in begun::kept(inputs, playbook, &mut picks) {
        match begun {
            Ok(offer) => {
                rewards += 1;
                offers.push(offer);
            }
            Err((idea, campaign, why)) => withheld.push(not_offered(playbook, inputs, idea, campaign, why.into())),
        }
    }
    for idea in &entry.ideas {
        let series = Playbook::series(entry, idea);
        let proposal = Proposal { idea, series: &series, limit: Some(entry.limit) };
        match offered(inputs, playbook, entry, &proposal, &gate, rewards, &mut picks) {
            Ok(offer) if offer.choice.is_some() && offers.iter().any(|before: &Offer| before.choice.is_some()) => {
                // One question at a time: only one choice can be kept.
                let refused = Withheld::OneIsEnough.into();
                withheld.push(not_offered(playbook, inputs, idea.code.clone(), series, refused));
            }
            Ok(offer) => {
                rewards += u8::from(offer.kind == IdeaKind::Reward);
                offers.push(offer);
            }
            Err(refused) => withheld.push(not_offered(playbook, inputs, idea.code.clone(), series, refused)),
        }
    }
    let mut own: Vec<&OwnCampaign> = inputs.campaigns.iter().collect();
    own.sort_by(|a, b| a.series.cmp(&b.series));
    let mut given = 0;
    for campaign in own {
        let offer = match given < MOST_OWN {
            true => own::offered(inputs, playbook, entry, campaign, &gate, rewards, &mut picks),
            false => Err(Withheld::OneIsEnough.into()),
        };
        match offer {
            Ok(offer) => {
                given += 1;
                rewards += u8::from(!campaign.beyond_rules);
                offers.push(offer);
            }
            Err(refused) => {
                let (idea, series) = (campaign.idea.code.clone(), campaign.series.clone());
                withheld.push(not_offered(playbook, inputs, idea, series, refused));
            }
        }
    }
    if let Some(cart) = &inputs.cart {
        // What is about the cart comes first; otherwise the playbook's order stands.
        offers.sort_by_key(|offer| !about_cart(inputs, cart, offer));
    }
    let language = inputs.language;
    let unrewarded = offers.iter().all(|offer| offer.kind != IdeaKind::Reward);
    let no_reward = unrewarded.then(|| {
        let why = gate.closed.unwrap_or(if entry.reward == Rule::Rare { NoReward::RuleRare } else { NoReward::NotNow });
        Unrewarded { why, text: playbook.no_reward(why, language).to_owned() }
    });
    Decision {
        day: inputs.day,
        segment: Place(inputs.customer.segment),
        group: inputs.customer.group,
        reads_as: inputs.customer.reads_as,
        entry: entry.name.clone(),
        playbook: inputs.playbook.clone(),
        goal: entry.goal.in_language(language).to_owned(),
        mechanic: entry.mechanic.in_language(language).to_owned(),
        caution: entry.caution.as_ref().map(|caution| caution.in_language(language).to_owned()),
        reason: words::standing(inputs),
        offers,
        no_reward,
        withheld,
    }
}

fn not_offered(playbook: &Playbook, inputs: &Inputs, idea: String, campaign: String, refused: Refused) -> NotOffered {
    let Refused { why, opens } = refused;
    NotOffered { idea, campaign, why, text: playbook.withheld(why, inputs.language).to_owned(), opens }
}

/// An idea of the entry that is read, offered; `rewards`: how many the answer holds already.
fn offered<'a>(
    inputs: &'a Inputs,
    playbook: &Playbook,
    entry: &Entry,
    proposal: &Proposal<'_>,
    gate: &Gate,
    rewards: u8,
    picks: &mut Picks<'a>,
) -> Result<Offer, Refused> {
    gate::shown_here(inputs, proposal.idea)?;
    if proposal.idea.kind() == IdeaKind::Reward {
        gate.open_for(inputs, entry, proposal.series, rewards)?;
    }
    let slot = proposal::open_slot(inputs, proposal, inputs.day)?;
    proposal::offer(inputs, playbook, proposal, slot, picks)
}

/// Does the offer show what goes with the cart, or give something on what lies in it?
fn about_cart(inputs: &Inputs, cart: &Cart, offer: &Offer) -> bool {
    let goes_with = |shown: &Shown| inputs.products.iter().any(|product| product.id == shown.id && product.cart > 0);
    let on_it = offer.reward.as_ref().is_some_and(|given| match &given.on {
        On::Anything => false,
        On::Category(category) => cart.categories.contains(category),
        On::Products(products) => products.iter().any(|product| cart.products.contains(product)),
    });
    on_it || offer.products.iter().any(goes_with)
}
