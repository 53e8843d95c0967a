//! Who gets nothing, so that the effect of rewards can be measured (law 14): drawn from the customer's key, the same every time.

use std::collections::BTreeSet;

use playbook::Holdout;
use playbook::holdout::EVERYTHING;

use crate::keys::CustomerKey;
use crate::store::Ledger;

impl Ledger {
    /// A number, uniform over all of them and fixed for customer, salt and series: see [`KeySecret::draw`](crate::KeySecret::draw).
    #[must_use]
    pub fn draw(&self, customer: &CustomerKey, salt: &str, series: &str) -> u32 {
        self.inner.secrets.keys.draw(customer, salt, series)
    }

    /// Which of these series the customer is held out of, and [`EVERYTHING`] where it is of all.
    #[must_use]
    pub fn held_out<'s>(
        &self,
        customer: &CustomerKey,
        holdout: &Holdout,
        series: impl IntoIterator<Item = &'s str>,
    ) -> BTreeSet<String> {
        // Where nobody is held out, nothing is hashed: a lookup asks for a dozen series.
        let drawn = |series: &&str| {
            holdout.share(series) > 0 && holdout.takes(series, self.draw(customer, &holdout.salt, series))
        };
        std::iter::once(EVERYTHING).chain(series).filter(drawn).map(str::to_owned).collect()
    }
}
