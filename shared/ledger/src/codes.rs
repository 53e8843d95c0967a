//! Personal codes under the deployment's secret (law 13). Nothing is written when one is given out.

use playbook::{Code, Ticket};

use crate::ids::ShopId;
use crate::keys::CustomerKey;
use crate::store::Ledger;

impl Ledger {
    /// The customer's code for a campaign's slot and step; `None` where a code cannot name those.
    #[must_use]
    pub fn code(&self, shop: &ShopId, customer: &CustomerKey, ticket: Ticket) -> Option<Code> {
        self.inner.secrets.codes.code(shop.as_str(), customer.as_str(), ticket)
    }

    /// Did we make this code for this customer? Compared in constant time.
    #[must_use]
    pub fn made_code(&self, shop: &ShopId, customer: &CustomerKey, code: &Code) -> bool {
        self.inner.secrets.codes.made(shop.as_str(), customer.as_str(), code)
    }
}
