//! One arm's sums over customers: integers, so that any order of adding and merging gives the same.

use std::str::FromStr;

use segmentation::{Minor, Orders, Window};

use super::period::Period;

/// What one customer did in a period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Counted orders.
    pub orders: u32,
    /// Their sum, net of returns.
    pub revenue: Minor,
    /// What the rewards used were worth.
    pub cost: Minor,
    /// Was any used?
    pub redeemed: bool,
}

impl Outcome {
    /// The orders of a period, no reward used.
    #[must_use]
    pub fn of(orders: &Orders, period: Period, window: Window) -> Outcome {
        let inside = orders.iter().rev().skip_while(|entry| entry.day > period.through);
        let inside = inside.take_while(|entry| entry.day >= period.from).filter(|entry| window.counts(entry));
        inside.fold(Outcome::default(), |sum, entry| Outcome {
            orders: sum.orders + 1,
            revenue: sum.revenue + entry.net,
            ..sum
        })
    }

    /// Takes in a reward that was used.
    pub fn redeem(&mut self, value: Minor) {
        self.cost += value;
        self.redeemed = true;
    }
}

/// What customers of one arm did, summed. Money is in minor units. Sums end at their largest value instead of overflowing,
/// which keeps them independent of the order of adding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Arm {
    /// Customers.
    pub customers: u128,
    /// Those with an order.
    pub converted: u128,
    /// Orders.
    pub orders: u128,
    /// Sum of the squares of orders per customer.
    pub orders_squared: u128,
    /// Revenue.
    pub revenue: u128,
    /// Sum of the squares of revenue per customer.
    pub revenue_squared: u128,
    /// What the rewards used were worth.
    pub cost: u128,
    /// Customers who used one.
    pub redeemers: u128,
}

/// The text is no arm.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not eight whole numbers")]
pub struct NotAnArm(String);

impl Arm {
    /// Adds one customer.
    pub fn add(&mut self, outcome: &Outcome) {
        let (orders, revenue) = (u128::from(outcome.orders), amount(outcome.revenue));
        let one = Arm {
            customers: 1,
            converted: u128::from(orders > 0),
            orders,
            orders_squared: orders * orders,
            revenue,
            revenue_squared: revenue.saturating_mul(revenue),
            ..Arm::rewarded(outcome)
        };
        *self = self.merge(&one);
    }

    /// Adds what one customer's rewards came to, and nothing else.
    pub(super) fn add_rewards(&mut self, outcome: &Outcome) {
        *self = self.merge(&Arm::rewarded(outcome));
    }

    /// The same customers with the rewards that another arm's sums have.
    #[must_use]
    pub fn with_rewards_of(self, other: &Arm) -> Arm {
        Arm { cost: other.cost, redeemers: other.redeemers, ..self }
    }

    fn rewarded(outcome: &Outcome) -> Arm {
        Arm { cost: amount(outcome.cost), redeemers: u128::from(outcome.redeemed), ..Arm::default() }
    }

    /// Both together; associative and commutative.
    #[must_use]
    pub fn merge(&self, other: &Arm) -> Arm {
        let mut sums = self.numbers();
        sums.iter_mut().zip(other.numbers()).for_each(|(sum, more)| *sum = sum.saturating_add(more));
        Arm::from(sums)
    }

    /// Nobody in it, and nothing spent?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Arm::default()
    }

    fn numbers(&self) -> [u128; 8] {
        [
            self.customers,
            self.converted,
            self.orders,
            self.orders_squared,
            self.revenue,
            self.revenue_squared,
            self.cost,
            self.redeemers,
        ]
    }
}

impl From<[u128; 8]> for Arm {
    fn from(sums: [u128; 8]) -> Arm {
        let [customers, converted, orders, orders_squared, revenue, revenue_squared, cost, redeemers] = sums;
        Arm { customers, converted, orders, orders_squared, revenue, revenue_squared, cost, redeemers }
    }
}

impl std::fmt::Display for Arm {
    /// Its eight numbers, in the order of its fields, with blanks between.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.numbers().map(|number| number.to_string()).join(" "))
    }
}

impl FromStr for Arm {
    type Err = NotAnArm;

    fn from_str(text: &str) -> Result<Arm, NotAnArm> {
        let numbers: Option<Vec<u128>> = text.split(' ').map(|number| number.parse().ok()).collect();
        let numbers = numbers.and_then(|numbers| <[u128; 8]>::try_from(numbers).ok());
        numbers.map(Arm::from).ok_or_else(|| NotAnArm(text.to_owned()))
    }
}

/// An amount below zero, which nothing sums to, counts as none.
fn amount(amount: Minor) -> u128 {
    u128::try_from(amount.0).unwrap_or(0)
}
