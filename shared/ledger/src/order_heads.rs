//! Orders' heads, for who knows an order and not its customer: webhooks of platforms.

use segmentation::RevisionKey;

use crate::error::LedgerError;
use crate::ids::{OrderId, ShopId};
use crate::items::Head;
use crate::keys;
use crate::store::{Ledger, item};

impl Ledger {
    /// Notes that an order is a guest's, so that a return of it need not be waited for. What is known of the order stays.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn note_guest(&self, shop: &ShopId, order: &OrderId) -> Result<(), LedgerError> {
        let head = Head::of_guest(keys::head(shop, order));
        self.put_one(&self.tables().ledger, item(&head)?, None).await.map(|_| ())
    }

    /// The revision that counts of an order: one consistent GetItem. `None`: the order is not known, or a guest's.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn current_revision(&self, shop: &ShopId, order: &OrderId) -> Result<Option<RevisionKey>, LedgerError> {
        let head: Option<Head> = self.get(&self.tables().ledger, &keys::head(shop, order), true).await?;
        Ok(head.and_then(|head| head.fold.current().map(|revision| revision.key.clone())))
    }
}
