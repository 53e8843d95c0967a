//! The immutable terms behind campaign numbers (law 13). What was published together lies in one item, a block, under its first
//! number: of the playbook's series their names, as the playbook's version says the rest; of a shop's own campaign all of it.

use std::sync::Arc;

use aws_sdk_dynamodb::types::AttributeValue;
use playbook::{OwnCampaign, Playbook, Terms};
use serde::{Deserialize, Serialize};

use crate::error::{LedgerError, store};
use crate::ids::ShopId;
use crate::keys::{self, Key};
use crate::store::{Item, Ledger, parse};

/// A block as it is stored.
#[derive(Serialize, Deserialize)]
pub(crate) struct StoredBlock {
    /// Its first number.
    pub(crate) first: u16,
    /// The version of the playbook that was published, or in force.
    pub(crate) playbook: String,
    /// The playbook's series under this number and those after it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) series: Vec<String>,
    /// A shop's own campaign, as JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) own: Option<String>,
}

/// A block whose terms are known.
#[derive(Debug)]
pub(crate) struct Block {
    first: u16,
    /// Of the first number and those after it.
    terms: Vec<Arc<Terms>>,
    own: Option<Arc<OwnCampaign>>,
}

impl Block {
    pub(crate) fn first(&self) -> u16 {
        self.first
    }

    pub(crate) fn holds(&self, number: u16) -> bool {
        self.terms(number).is_some()
    }

    fn terms(&self, number: u16) -> Option<&Arc<Terms>> {
        self.terms.get(usize::from(number.checked_sub(self.first)?))
    }

    fn of_own(block: StoredBlock, campaign: &str) -> Result<Block, LedgerError> {
        let own: OwnCampaign = serde_json::from_str(campaign).map_err(LedgerError::damaged)?;
        let terms = Terms {
            number: block.first,
            series: own.series.clone(),
            playbook: block.playbook,
            idea: own.idea.clone(),
            limit: None,
            from: own.from,
            until: own.until,
        };
        Ok(Block { first: block.first, terms: vec![Arc::new(terms)], own: Some(Arc::new(own)) })
    }

    fn of_playbook(block: &StoredBlock, playbook: &Playbook) -> Result<Block, LedgerError> {
        let terms = (block.first..=u16::MAX).zip(&block.series).map(|(number, series)| {
            let (entry, idea) = playbook
                .rewarded_by(series)
                .ok_or_else(|| LedgerError::damaged(format!("campaign {number}: no {series} in its playbook")))?;
            Ok(Arc::new(Terms {
                number,
                series: series.clone(),
                playbook: block.playbook.clone(),
                idea: idea.clone(),
                limit: Some(entry.limit),
                from: None,
                until: None,
            }))
        });
        Ok(Block { first: block.first, terms: terms.collect::<Result<_, LedgerError>>()?, own: None })
    }
}

impl Ledger {
    /// The terms of a campaign's number; immutable, so they are read once. `None` for a number that was never given.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails, or the terms cannot be read any more.
    pub async fn terms(&self, shop: &ShopId, number: u16) -> Result<Option<Arc<Terms>>, LedgerError> {
        Ok(self.block(shop, number).await?.and_then(|block| block.terms(number).cloned()))
    }

    /// The shop's own campaign of a number; `None` where it is one of the playbook's, or was never given.
    ///
    /// # Errors
    /// [`LedgerError`] when the store fails, or the campaign cannot be read any more.
    pub async fn own_campaign(&self, shop: &ShopId, number: u16) -> Result<Option<Arc<OwnCampaign>>, LedgerError> {
        Ok(self.block(shop, number).await?.and_then(|block| block.own.clone()))
    }

    /// The shop's own campaigns of these numbers, each its own block. Those that cannot be read are logged and left out.
    pub(crate) async fn own_campaigns(
        &self,
        shop: &ShopId,
        numbers: &[u16],
    ) -> Result<Vec<Arc<OwnCampaign>>, LedgerError> {
        let unknown = numbers.iter().filter(|number| self.inner.shops.terms(shop, **number).is_none());
        let unknown: Vec<Key> = unknown.map(|number| keys::terms(shop, *number)).collect();
        for item in self.batch_get(&self.tables().shops, &unknown, true, None).await? {
            match self.read_block(shop, item).await {
                Err(error) if error.is_temporary() => return Err(error),
                Err(error) => tracing::error!(%shop, %error, "a campaign of the shop cannot be read"),
                Ok(_) => {}
            }
        }
        let known = |number: &u16| self.inner.shops.terms(shop, *number).and_then(|block| block.own.clone());
        Ok(numbers.iter().filter_map(known).collect())
    }

    async fn block(&self, shop: &ShopId, number: u16) -> Result<Option<Arc<Block>>, LedgerError> {
        if let Some(known) = self.inner.shops.terms(shop, number) {
            return Ok(Some(known));
        }
        let (from, to) = (keys::terms(shop, 0), keys::terms(shop, number));
        let answer = self
            .inner
            .client
            .query()
            .table_name(&self.tables().shops)
            .key_condition_expression("pk = :pk AND sk BETWEEN :from AND :to")
            .expression_attribute_values(":pk", AttributeValue::S(from.pk))
            .expression_attribute_values(":from", AttributeValue::S(from.sk))
            .expression_attribute_values(":to", AttributeValue::S(to.sk))
            .scan_index_forward(false)
            .limit(1)
            .consistent_read(true)
            .send()
            .await
            .map_err(store("Query"))?;
        let Some(item) = answer.items.unwrap_or_default().pop() else { return Ok(None) };
        Ok(Some(self.read_block(shop, item).await?).filter(|block| block.holds(number)))
    }

    /// The block of an item; from now on it is known.
    async fn read_block(&self, shop: &ShopId, item: Item) -> Result<Arc<Block>, LedgerError> {
        let mut stored: StoredBlock = parse(item)?;
        let block = match stored.own.take() {
            Some(campaign) => Block::of_own(stored, &campaign)?,
            None => {
                let version = &stored.playbook;
                let missing = || LedgerError::damaged(format!("shop {shop} has no playbook {version}"));
                let playbook = self.playbook(shop, version).await?.ok_or_else(missing)?;
                Block::of_playbook(&stored, &playbook)?
            }
        };
        let block = Arc::new(block);
        self.inner.shops.learn_terms(shop, &block);
        Ok(block)
    }
}
