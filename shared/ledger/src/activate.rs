//! A run settles which activation it applies: the active one, or a new one, for cuts that were fitted or are due (law 6).

use aws_sdk_dynamodb::types::TransactWriteItem;
use segmentation::buying::Fitted;
use segmentation::{Activation, Cuts};

use crate::cuts::{ActivationRecord, CutsRecord, DueCuts, MadeBy};
use crate::error::LedgerError;
use crate::ids::ShopId;
use crate::keys;
use crate::runs::Run;
use crate::shop::{Current, Keyed};
use crate::store::{Change, Item, Ledger, attribute, item};

/// A model that a run is to bring into force.
struct Chosen {
    model: CutsRecord,
    due: Option<DueCuts>,
}

impl Ledger {
    /// Settles which activation a run applies: the active one, or a new one for cuts that differ from it, be it that they were
    /// `fitted` (with the customers of the base) or, where nothing was, that they are due. In one transaction with the
    /// pointers, so a run that is taken over finds it settled or not begun. `buying` is what was fitted beside the cuts.
    ///
    /// # Errors
    /// [`LedgerError::Changed`] when pointers or run were changed meanwhile.
    pub async fn settle_activation(
        &self,
        shop: &ShopId,
        run: &Run,
        fitted: Option<(Cuts, u64)>,
        buying: Option<Fitted>,
    ) -> Result<Run, LedgerError> {
        let current = self.read_current(shop).await?.ok_or_else(|| LedgerError::damaged("no such shop"))?;
        let active = match current.activation {
            Some(number) => Some(self.activated(shop, number).await?),
            None => None,
        };
        let chosen = match fitted {
            Some((cuts, customers)) => {
                let made = MadeBy::Fitted { fitted: run.day, customers };
                Some(Chosen { model: CutsRecord { version: cuts.version(), cuts, made }, due: None })
            }
            None => self.due_model(shop, &current, run).await?,
        };
        let mut writes = Vec::new();
        let mut preview = None;
        let (activation, cuts) = match (&chosen, &active) {
            (None, None) => return Err(LedgerError::damaged("no cuts are active and none were fitted")),
            (None, Some(active)) => (active.activation, active.version.clone()),
            (Some(chosen), Some(active)) if chosen.model.version == active.version => {
                (active.activation, active.version.clone())
            }
            (Some(chosen), _) => {
                let next = Activation(current.activation.map_or(0, |number| number.0) + 1);
                preview = chosen.due.as_ref().and_then(|due| due.preview);
                writes.extend(self.activation_writes(shop, run, next, chosen).await?);
                (next, chosen.model.version.clone())
            }
        };
        if let Some(chosen) = &chosen {
            writes.push(self.point_to(shop, run, &current, activation, chosen, buying)?);
        }
        let measured = self.to_measure(shop, run).await?;
        let beacon = Some(self.beacon_terms(shop, &current, buying).await?);
        let settled = Run { activation: Some(activation), cuts: Some(cuts), preview, measured, beacon, ..run.clone() };
        let unsettled = "#status = :running AND attribute_not_exists(#activation)";
        writes.push(self.put_run(shop, &settled, unsettled)?);
        if self.transact(writes).await? {
            self.forget_shop(shop);
            Ok(settled)
        } else {
            Err(LedgerError::Changed("the run's activation"))
        }
    }

    async fn due_model(&self, shop: &ShopId, current: &Current, run: &Run) -> Result<Option<Chosen>, LedgerError> {
        let Some(due) = current.due_on(run.day) else { return Ok(None) };
        let model = self.cuts_model(shop, &due.cuts).await?;
        let model = model.ok_or_else(|| LedgerError::damaged(format!("shop {shop} has no cuts {}", due.cuts)))?;
        Ok(Some(Chosen { model, due: Some(due.clone()) }))
    }

    /// The new activation, and its model where that is not stored yet.
    async fn activation_writes(
        &self,
        shop: &ShopId,
        run: &Run,
        next: Activation,
        chosen: &Chosen,
    ) -> Result<Vec<TransactWriteItem>, LedgerError> {
        let table = &self.tables().shops;
        let Chosen { model, due } = chosen;
        let mut writes = Vec::new();
        if due.is_none() && self.cuts_model(shop, &model.version).await?.is_none() {
            let key = keys::cuts(shop, &model.version);
            writes.push(self.put_new(table, item(&Keyed { key, value: model })?)?);
        }
        let record = ActivationRecord {
            activation: next,
            cuts: model.version.clone(),
            day: run.day,
            preview: due.as_ref().and_then(|due| due.preview),
            rolls_back: due.as_ref().and_then(|due| due.rolls_back),
        };
        writes.push(self.put_new(table, item(&Keyed { key: keys::activation(shop, next), value: &record })?)?);
        Ok(writes)
    }

    /// The pointers: either way it counts as the shop's last fit, so that none comes right after what staff chose.
    fn point_to(
        &self,
        shop: &ShopId,
        run: &Run,
        current: &Current,
        activation: Activation,
        chosen: &Chosen,
        buying: Option<Fitted>,
    ) -> Result<TransactWriteItem, LedgerError> {
        let mut values: Item = [
            (":settings".to_owned(), attribute(&current.settings)?),
            (":activation".to_owned(), attribute(&activation)?),
            (":fit".to_owned(), attribute(&run.day)?),
        ]
        .into();
        if let Some(before) = &current.activation {
            values.insert(":before".to_owned(), attribute(before)?);
        }
        if let Some(due) = &chosen.due {
            values.insert(":due".to_owned(), attribute(due)?);
        }
        let on_condition = match (current.activation, &chosen.due) {
            (None, None) => "#settings = :settings AND attribute_not_exists(#activation)",
            (Some(_), None) => "#settings = :settings AND #activation = :before",
            (None, Some(_)) => "#settings = :settings AND attribute_not_exists(#activation) AND #due = :due",
            (Some(_), Some(_)) => "#settings = :settings AND #activation = :before AND #due = :due",
        };
        let set = match (&chosen.due, buying) {
            // Where cuts are due nothing is fitted.
            (Some(_), _) => "SET #activation = :activation, #last_fit = :fit REMOVE #due",
            (None, Some(buying)) => {
                values.insert(":buying".to_owned(), attribute(&buying)?);
                "SET #activation = :activation, #last_fit = :fit, #buying = :buying"
            }
            (None, None) => "SET #activation = :activation, #last_fit = :fit",
        };
        self.update(&self.tables().shops, &keys::current(shop), Change { set, on_condition, values })
    }
}
