//! Which rewards customers used and what they answered, as the last published run counted it: one item, read by pages of the staff.

use aws_sdk_dynamodb::types::TransactWriteItem;
use segmentation::{Day, Responses};
use serde::{Deserialize, Serialize};

use crate::error::LedgerError;
use crate::ids::ShopId;
use crate::keys;
use crate::runs::Run;
use crate::shop::Keyed;
use crate::store::{Ledger, item};

/// What a run counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResponsesRecord {
    /// Counts the writes of this item.
    pub version: u64,
    /// Which run counted it.
    pub run: u64,
    /// As of which day.
    pub day: Day,
    /// The counts.
    pub responses: Responses,
}

impl Ledger {
    /// What the last run counted; `None` before the first.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn responses(&self, shop: &ShopId) -> Result<Option<ResponsesRecord>, LedgerError> {
        self.get(&self.tables().shops, &keys::responses(shop), true).await
    }

    /// The write that makes a run's counts the shop's.
    pub(crate) async fn responses_write(
        &self,
        shop: &ShopId,
        run: &Run,
        responses: Responses,
    ) -> Result<TransactWriteItem, LedgerError> {
        let read = self.responses(shop).await?.map(|known| known.version);
        let record = ResponsesRecord { version: read.unwrap_or(0) + 1, run: run.run, day: run.day, responses };
        self.put_as_read(&self.tables().shops, item(&Keyed { key: keys::responses(shop), value: &record })?, read)
    }
}
