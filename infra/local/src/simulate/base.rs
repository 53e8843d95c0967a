//! A file's customers as profiles, and the cuts that a shop with them would have had.

use std::collections::{BTreeMap, HashMap};

use anyhow::{Context, Result};
use ledger::{Changeable, CustomerId, Refit, ShopId};
use orders_csv::{Item, ParsedOrder};
use playbook::simulate::{InForce, Period};
use segmentation::fit::Surveyor;
use segmentation::{
    Activation, Bought, BoughtLine, Day, GivenBack, Minor, OrderFold, Orders, Profile, Revision, RevisionKey, fit,
};

/// Somebody of the file.
pub(super) struct Customer {
    pub(super) id: CustomerId,
    pub(super) profile: Profile,
}

/// All of them.
pub(super) struct Base {
    /// What customers' keys are made for.
    pub(super) shop: ShopId,
    pub(super) customers: Vec<Customer>,
    pub(super) orders: u64,
    pub(super) last_day: Day,
}

#[derive(Default)]
struct Draft {
    folds: HashMap<String, OrderFold>,
    profile: Profile,
}

impl Base {
    /// Of orders and returns by time; guests are passed over.
    pub(super) fn of(items: &[Item]) -> Result<Base> {
        let mut drafts: BTreeMap<&str, Draft> = BTreeMap::new();
        let (mut orders, mut last_day) = (0, None);
        for item in items {
            match item {
                Item::Order(order) => {
                    last_day = last_day.max(Some(order.time.day()));
                    let Some(customer) = &order.customer else { continue };
                    let draft = drafts.entry(customer).or_default();
                    draft.profile.remember(&bought(order));
                    draft.folds.entry(order.id.clone()).or_default().revise(Revision {
                        key: RevisionKey { number: 0, tie: String::new() },
                        day: order.time.day(),
                        total: order.total,
                        cancelled: false,
                    });
                    orders += 1;
                }
                Item::Return(back) => {
                    let fold =
                        drafts.get_mut(back.customer.as_str()).and_then(|draft| draft.folds.get_mut(&back.order));
                    let fold = fold.with_context(|| format!("return {} is of no order", back.id))?;
                    fold.give_back(GivenBack::Amount(back.amount)).with_context(|| format!("return {}", back.id))?;
                }
            }
        }
        let customers = drafts.into_iter().map(|(id, mut draft)| {
            draft.profile.orders = draft.folds.values().filter_map(OrderFold::entry).collect();
            let id = CustomerId::try_from(id.to_owned()).with_context(|| format!("customer `{id}`"))?;
            Ok(Customer { id, profile: draft.profile })
        });
        let customers = customers.collect::<Result<Vec<Customer>>>()?;
        Ok(Base { shop: "file".parse()?, customers, orders, last_day: last_day.context("the file has no orders")? })
    }

    /// The cuts in force from the period's first day on, fitted then and anew as the shop's policy says, each time to what was
    /// known that morning. Before anyone has a counted order there are none.
    pub(super) fn cuts(&self, period: &Period, settings: &Changeable) -> Vec<InForce> {
        let due = |day: &Day| match settings.refit {
            _ if *day == period.from() => true,
            Refit::Manual => false,
            Refit::Monthly => day.day_of_month() == 1,
            Refit::EveryRun => true,
        };
        let mut found: Vec<InForce> = Vec::new();
        for from in period.days().filter(due) {
            let mut surveyor = Surveyor::default();
            for customer in &self.customers {
                let known: Orders = customer.profile.orders.iter().filter(|entry| entry.day < from).copied().collect();
                surveyor.add(&known, from, settings.segmentation.window);
            }
            let survey = surveyor.finish();
            let number = found.last().map_or(0, |last| last.activation.0) + 1;
            if survey.customers() > 0 {
                found.push(InForce {
                    from,
                    activation: Activation(number),
                    cuts: fit(&survey, &settings.segmentation),
                });
            }
        }
        found
    }
}

/// What the order says of tastes: categories and brands. Prices would be asked for by mechanics that show products alone.
fn bought(order: &ParsedOrder) -> Bought {
    let lines = order.lines.iter().map(|line| BoughtLine {
        product: None,
        category: line.category.clone(),
        brand: line.brand.clone(),
        unit_price: None::<Minor>,
    });
    Bought { day: order.time.day(), lines: lines.collect() }
}
