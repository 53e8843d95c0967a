//! What lies beside a job's item: the outcomes of its parts, of which the first holds, and the rows of its result.

use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::LedgerError;
use crate::ids::ShopId;
use crate::jobs::Job;
use crate::keys;
use crate::pieces::StoredCounts;
use crate::store::Ledger;

/// A part's outcome.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct DonePart {
    outcome: StoredCounts,
}

/// Rows of a result.
#[derive(Serialize, Deserialize)]
struct Rows {
    rows: StoredCounts,
}

impl Ledger {
    /// The outcome of a part, if it is done.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn job_part(&self, shop: &ShopId, number: u64, part: u32) -> Result<Option<Vec<u8>>, LedgerError> {
        let note: Option<DonePart> = self.get(&self.tables().shops, &keys::job_part(shop, number, part), true).await?;
        let Some(DonePart { outcome }) = note else { return Ok(None) };
        let pk = keys::job_partition(shop, number);
        self.pieces(pk, keys::job_pieces(Some(part), &outcome.hash), &outcome).await.map(Some)
    }

    /// Notes that a part is done, with its outcome, unless that is noted: the first outcome holds.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn note_job_part(
        &self,
        shop: &ShopId,
        number: u64,
        part: u32,
        outcome: Vec<u8>,
        now: DateTime<Utc>,
    ) -> Result<(), LedgerError> {
        let pk = keys::job_partition(shop, number);
        let outcome = self.put_pieces(&pk, |hash| keys::job_pieces(Some(part), hash), outcome, now).await?;
        self.note(keys::job_part(shop, number, part), DonePart { outcome }, now).await.map(|_| ())
    }

    /// Writes a result's rows, [`Job::ROWS`] to an item; whoever repeats it writes nothing.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn put_job_rows<T: Serialize>(
        &self,
        shop: &ShopId,
        number: u64,
        rows: &[T],
        now: DateTime<Utc>,
    ) -> Result<(), LedgerError> {
        let pk = keys::job_partition(shop, number);
        for (chunk, rows) in (0..).zip(rows.chunks(Job::ROWS)) {
            let content = serde_json::to_vec(rows).map_err(LedgerError::damaged)?;
            let key = keys::job_rows(shop, number, chunk);
            let head = |hash: &str| format!("{}#{hash}#", key.sk);
            let rows = self.put_pieces(&pk, head, content, now).await?;
            self.note(key, Rows { rows }, now).await?;
        }
        Ok(())
    }

    /// Rows of a result from one on, at most `limit`; fewer at its end.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails.
    pub async fn job_rows<T: DeserializeOwned>(
        &self,
        shop: &ShopId,
        number: u64,
        from: usize,
        limit: usize,
    ) -> Result<Vec<T>, LedgerError> {
        let mut found = Vec::with_capacity(limit);
        let mut at = from;
        while found.len() < limit {
            let chunk = u32::try_from(at / Job::ROWS).map_err(LedgerError::damaged)?;
            let key = keys::job_rows(shop, number, chunk);
            let Some(Rows { rows }) = self.get(&self.tables().shops, &key, true).await? else { break };
            let content = self.pieces(key.pk.clone(), format!("{}#{}#", key.sk, rows.hash), &rows).await?;
            let rows: Vec<T> = serde_json::from_slice(&content).map_err(LedgerError::damaged)?;
            let before = found.len();
            found.extend(rows.into_iter().skip(at % Job::ROWS).take(limit - before));
            at += found.len() - before;
            if found.len() == before || !at.is_multiple_of(Job::ROWS) {
                break;
            }
        }
        Ok(found)
    }
}
