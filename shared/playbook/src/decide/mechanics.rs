//! Every mechanic made concrete for one customer: eligibility, personalisation, reward, validity.

use std::collections::BTreeSet;

use segmentation::{Day, Minor};

use crate::calendar::{Calendar, Slot, next_usual_day};
use crate::code::LAST_STEP;
use crate::decide::asked;
use crate::decide::candidate::Candidate;
use crate::decide::closed;
use crate::decide::concrete::Concrete;
use crate::decide::decision::{On, Progress};
use crate::decide::inputs::Inputs;
use crate::decide::life::full_years;
use crate::decide::picks::Picks;
use crate::decide::proposal::Proposal;
use crate::decide::words;
use crate::idea::{Idea, IdeaKind};
use crate::mechanic::{Mechanic, Placeholder};
use crate::reward::Reward;
use crate::why::Withheld;

/// Makes an idea concrete, or says why it cannot be. Its rewards are cut to the limit, where there is one.
pub(super) fn make<'a>(
    inputs: &'a Inputs,
    proposal: &Proposal<'_>,
    slot: Slot,
    picks: &Picks<'a>,
) -> Result<Concrete<'a>, Withheld> {
    let Proposal { idea, series, limit } = *proposal;
    let mut made = Concrete {
        products: Vec::new(),
        reward: idea.reward.clone(),
        on: On::Anything,
        earned: true,
        step: 1,
        progress: None,
        valid_from: inputs.day,
        // From the slot's first day, so that coming back on another day does not make it last longer.
        valid_until: last_day(idea, slot),
        choices: Vec::new(),
        categories: Vec::new(),
        values: Vec::new(),
    };
    personalise(inputs, idea, series, slot, picks, &mut made)?;
    if idea.kind() == IdeaKind::Reward {
        let usual = inputs.customer.average_order();
        let costs = &inputs.settings.costs;
        let cut =
            |reward: &Reward| limit.map_or_else(|| Some(reward.clone()), |limit| reward.within(limit, costs, usual));
        made.choices = made.choices.iter().filter_map(cut).collect();
        // Two choices can become one at a low limit.
        let mut seen = BTreeSet::new();
        made.choices.retain(|reward| seen.insert(reward.clone()));
        made.reward = made.reward.as_ref().and_then(cut);
        if made.reward.is_none() && made.choices.is_empty() {
            return Err(Withheld::RewardLimit);
        }
        if made.valid_until < inputs.day {
            return Err(Withheld::Cooldown);
        }
    }
    Ok(made)
}

/// The last day of what is given in a slot. A sale's or a month's offer ends with it at the latest.
pub(super) fn last_day(idea: &Idea, slot: Slot) -> Day {
    let last = slot.first.plus(i64::from(idea.validity) - 1);
    match idea.calendar {
        _ if idea.validity == 0 => slot.last,
        Calendar::Sale | Calendar::FinalDays | Calendar::Month => last.min(slot.last),
        Calendar::Always | Calendar::Slots { .. } | Calendar::Event { .. } => last,
    }
}

fn personalise<'a>(
    inputs: &'a Inputs,
    idea: &Idea,
    series: &str,
    slot: Slot,
    picks: &Picks<'a>,
    made: &mut Concrete<'a>,
) -> Result<(), Withheld> {
    let facts = &inputs.customer;
    let say = |made: &mut Concrete<'a>, placeholder, value: String| made.values.push((placeholder, value));
    let number = |n: u32| n.to_string();
    match idea.mechanic {
        Mechanic::Complements => show_of_one(made, idea, picks.complements(u8::MAX), goes_with)?,
        Mechanic::LookAlikes => show_of_one(made, idea, picks.look_alikes(u8::MAX), own_category)?,
        Mechanic::Unfamiliar => show_of_one(made, idea, picks.unfamiliar(u8::MAX), own_category)?,
        Mechanic::NeighbourCategory => show(made, picks.neighbour_category(idea.show), own_category)?,
        Mechanic::FirstOrderComplement => {
            exactly_one_order(inputs)?;
            show_of_one(made, idea, picks.complements(u8::MAX), goes_with)?;
        }
        Mechanic::NewBrands => {
            show(made, picks.new_brands(idea.show), own_category)?;
            let brands = made.products.iter().filter_map(|product| product.brand.as_deref());
            // In the products' order, each once.
            let mut seen = BTreeSet::new();
            let brands: Vec<&str> = brands.filter(|brand| seen.insert(*brand)).collect();
            let brands = brands.join(", ");
            say(made, Placeholder::Brands, brands);
        }
        Mechanic::HistoryPicks => show(made, picks.history(idea.show), own_category)?,
        Mechanic::SeasonSale | Mechanic::FinalSale => show(made, picks.marked_down(idea.show), own_category)?,
        Mechanic::BestOfMonth(band) => show(made, picks.best_of_month(idea.show, band), own_category)?,
        Mechanic::PastSeason => show(made, picks.past_season(idea.show), own_category)?,
        Mechanic::Bestsellers => show(made, picks.bestsellers(idea.show), own_category)?,
        Mechanic::Bundles => {
            show(made, picks.bundle(idea.show), own_category)?;
            made.on = on_products(&made.products);
        }
        Mechanic::SelectionCashback => {
            show(made, picks.history(idea.show), own_category)?;
            made.on = on_products(&made.products);
        }
        Mechanic::Replenishment => {
            show(made, picks.running_out(idea.show, slot.first), own_category)?;
            let bought = made.products.first().and_then(|product| product.bought).ok_or(Withheld::NotEligible)?;
            say(made, Placeholder::Days, inputs.day.since(bought).to_string());
        }
        Mechanic::TierReminder => {
            let next = inputs.settings.tiers.iter().filter(|tier| tier.from > facts.spent).min_by_key(|tier| tier.from);
            let next = next.ok_or(Withheld::NotEligible)?;
            say(made, Placeholder::Tier, next.name.clone());
            say(made, Placeholder::Left, words::money(Minor(next.from.0.saturating_sub(facts.spent.0)), &inputs.money));
            say(made, Placeholder::Spent, words::money(facts.spent, &inputs.money));
        }
        Mechanic::ThankYou => {
            if idea.reward.is_some() && facts.milestone.is_none() {
                // A personal code is for an achievement; thanks alone are for anybody.
                return Err(Withheld::NotEligible);
            }
            let category = facts.categories.first().map(|favourite| favourite.name.clone());
            made.values.extend(category.map(|name| (Placeholder::Category, name)));
            say(made, Placeholder::Orders, number(facts.orders));
            say(made, Placeholder::Spent, words::money(facts.spent, &inputs.money));
        }
        Mechanic::Anniversary => {
            let since = facts.programme_since.ok_or(Withheld::NotEligible)?;
            let years = full_years(since, inputs.day);
            if years == 0 {
                return Err(Withheld::NotEligible);
            }
            say(made, Placeholder::Years, number(years));
            say(made, Placeholder::Orders, number(facts.orders));
            say(made, Placeholder::Spent, words::money(facts.spent, &inputs.money));
        }
        Mechanic::Survey(survey) => asked::open(inputs, survey, slot)?,
        Mechanic::CodeByAnswer(survey) => asked::by_answer(inputs, idea, survey, picks, made)?,
        Mechanic::UsualDayCode => {
            let usual = facts.usual_day.ok_or(Withheld::NotEligible)?;
            let next = next_usual_day(usual, inputs.day);
            if next > made.valid_until {
                return Err(Withheld::Cooldown);
            }
            (made.valid_from, made.valid_until) = (next, next);
            say(made, Placeholder::From, words::day(next, inputs.language));
        }
        Mechanic::CategoryTerms | Mechanic::CategoryCashback => {
            let category = favourite_for(inputs).ok_or(Withheld::NotEligible)?;
            made.on = On::Category(category.clone());
            say(made, Placeholder::Category, category);
        }
        Mechanic::Choose => asked::choose(inputs, idea, made)?,
        Mechanic::RisingCashback => {
            let Some(Reward::RisingCashback(steps)) = &idea.reward else { return Err(Withheld::NotEligible) };
            let goal = u32::try_from(steps.len()).unwrap_or(u32::MAX);
            // A step opens when the one before it is confirmed (law 12).
            let done = closed::steps(inputs, series, slot);
            progress(made, u32::from(done).min(goal), goal);
            // Past the last step its rate stays, and each further order has a step of its own, as long as codes can name it.
            made.step = done.checked_add(1).filter(|step| *step <= LAST_STEP).ok_or(Withheld::Closed)?;
        }
        Mechanic::Challenge { orders } => {
            let done = facts.orders_since(slot.first).min(u32::from(orders));
            progress(made, done, u32::from(orders));
            made.earned = done == u32::from(orders);
        }
        Mechanic::Regularity { orders } => {
            let done = facts.orders_since(slot.first).min(facts.streak).min(u32::from(orders));
            progress(made, done, u32::from(orders));
            made.earned = done == u32::from(orders);
        }
        Mechanic::SecondPurchase | Mechanic::Welcome => exactly_one_order(inputs)?,
        Mechanic::Refer
        | Mechanic::Recommend
        | Mechanic::Code
        | Mechanic::Points
        | Mechanic::FreeDelivery
        | Mechanic::Letter => {}
    }
    Ok(())
}

/// Shows products, and names the first one's category, read by `category`; an offer of products without one is none.
fn show<'a>(
    made: &mut Concrete<'a>,
    products: Result<Vec<&'a Candidate>, Withheld>,
    category: impl Fn(&Candidate) -> Option<String>,
) -> Result<(), Withheld> {
    let products = products?;
    let first = products.first().ok_or(Withheld::NothingToShow)?;
    made.values.extend(category(first).map(|name| (Placeholder::Category, name)));
    let names: Vec<&str> = products.iter().map(|product| product.name.as_str()).collect();
    made.values.push((Placeholder::Products, names.join(", ")));
    made.products = products;
    Ok(())
}

/// The same for texts that speak of a category: only products of the best one's, so that what is said holds for all.
fn show_of_one<'a>(
    made: &mut Concrete<'a>,
    idea: &Idea,
    products: Result<Vec<&'a Candidate>, Withheld>,
    category: impl Fn(&Candidate) -> Option<String>,
) -> Result<(), Withheld> {
    let mut products = products?;
    if let Some(named) = products.first().map(|product| category(product)) {
        products.retain(|product| category(product) == named);
    }
    products.truncate(idea.show.into());
    show(made, Ok(products), category)
}

fn goes_with(product: &Candidate) -> Option<String> {
    product.goes_with.clone()
}

fn own_category(product: &Candidate) -> Option<String> {
    product.category.clone()
}

fn on_products(products: &[&Candidate]) -> On {
    On::Products(products.iter().map(|product| product.id.clone()).collect())
}

fn exactly_one_order(inputs: &Inputs) -> Result<(), Withheld> {
    // f1 can hold customers with several orders.
    if inputs.customer.orders == 1 { Ok(()) } else { Err(Withheld::NotEligible) }
}

/// The favourite category; the best of those in the cart, where one is.
fn favourite_for(inputs: &Inputs) -> Option<String> {
    let favourites = &inputs.customer.categories;
    let in_cart = |name: &str| inputs.cart.as_ref().is_some_and(|cart| cart.categories.contains(name));
    let favourite = favourites.iter().find(|favourite| in_cart(&favourite.name)).or(favourites.first());
    favourite.map(|favourite| favourite.name.clone())
}

fn progress(made: &mut Concrete<'_>, done: u32, goal: u32) {
    made.progress = Some(Progress { done, goal });
    made.values.push((Placeholder::Done, done.to_string()));
    made.values.push((Placeholder::Goal, goal.to_string()));
}
