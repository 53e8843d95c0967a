//! What is taken away for good: a person's items, and the rows of their exports.

use aws_sdk_dynamodb::types::{AttributeValue, Delete, TransactWriteItem};
use tokio::task::JoinSet;

use crate::error::{LedgerError, store};
use crate::keys::Key;
use crate::store::{Ledger, item};

impl Ledger {
    /// A delete on condition that the item is as it was read.
    pub(crate) fn delete_as_read(
        &self,
        table: &str,
        key: &Key,
        version: u64,
    ) -> Result<TransactWriteItem, LedgerError> {
        let delete = Delete::builder()
            .table_name(table)
            .set_key(Some(item(key)?))
            .condition_expression("#version = :version")
            .expression_attribute_names("#version", "version")
            .expression_attribute_values(":version", AttributeValue::N(version.to_string()));
        Ok(TransactWriteItem::builder().delete(delete.build().map_err(LedgerError::damaged)?).build())
    }

    /// Deletes items that nobody changes, some at the same time; those that are gone already stay so.
    pub(crate) async fn delete_all(&self, table: &str, keys: Vec<Key>) -> Result<(), LedgerError> {
        const AT_ONCE: usize = 16;
        let (mut tasks, mut waiting) = (JoinSet::new(), keys.into_iter());
        loop {
            while tasks.len() < AT_ONCE
                && let Some(key) = waiting.next()
            {
                let delete = self.inner.client.delete_item().table_name(table).set_key(Some(item(&key)?));
                tasks.spawn(async move { delete.send().await.map(drop).map_err(store("DeleteItem")) });
            }
            match tasks.join_next().await {
                Some(deleted) => deleted.map_err(LedgerError::damaged)??,
                None => return Ok(()),
            }
        }
    }

    /// Deletes all items of a partition.
    pub(crate) async fn delete_partition(&self, table: &str, pk: &str) -> Result<(), LedgerError> {
        let found: Vec<Key> = self.query_all(table, pk).await?;
        self.delete_all(table, found).await
    }
}
