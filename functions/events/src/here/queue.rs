//! A queue in a table: a partition per receiver, in it messages by their position, so those of a customer are in their order.
//!
//! What is kept back, and until when, is known to the process alone: after a start everything is tried at once.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use chrono::{DateTime, TimeDelta, Utc};
use ledger::LedgerError;
use serde::{Deserialize, Serialize};
use web::Clock;

use super::stream::unavailable;
use crate::function::{Attributes, Message};
use crate::queue::{Pending, Queue, Waiting, read_group};

/// Messages handed out at once, as Lambda gets them in AWS.
const AT_ONCE: usize = 10;
/// Messages of one look into the table.
const PAGE: i32 = 200;
/// So many looks go past what is kept back; what lies behind it waits too.
const PAGES: usize = 20;
/// How long a group is kept back where nobody said how long.
const HOLD: TimeDelta = TimeDelta::minutes(3);

#[derive(Clone, Debug)]
pub(super) struct TableQueue {
    client: Client,
    table: String,
    clock: Clock,
    known: Arc<Mutex<Known>>,
}

#[derive(Debug, Default)]
struct Known {
    receivers: BTreeSet<String>,
    held_until: HashMap<String, DateTime<Utc>>,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    pk: String,
    sk: String,
    group: String,
    body: String,
    /// In milliseconds since 1970.
    sent: i64,
}

impl TableQueue {
    pub(super) fn new(client: Client, table: &str, receivers: BTreeSet<String>, clock: Clock) -> TableQueue {
        let known = Arc::new(Mutex::new(Known { receivers, ..Known::default() }));
        TableQueue { client, table: table.to_owned(), clock, known }
    }

    pub(super) fn at(&self, clock: Clock) -> TableQueue {
        TableQueue { clock, ..self.clone() }
    }

    /// Whoever may have something waiting.
    pub(super) fn receivers(&self) -> BTreeSet<String> {
        self.known().receivers.clone()
    }

    /// The next messages for a receiver, of groups that are not kept back.
    pub(super) async fn receive(&self, receiver: &str) -> Result<Vec<Message>, LedgerError> {
        let (mut messages, mut start) = (Vec::new(), None);
        for _ in 0..PAGES {
            let query = self.client.query().table_name(&self.table).key_condition_expression("pk = :pk");
            let query = query.expression_attribute_values(":pk", AttributeValue::S(receiver.to_owned()));
            let query = query.set_exclusive_start_key(start).limit(PAGE).consistent_read(true);
            let found = query.send().await.map_err(unavailable("Query"))?;
            for stored in found.items.unwrap_or_default() {
                let stored: Stored = serde_dynamo::from_item(stored).map_err(damaged)?;
                if messages.len() < AT_ONCE && !self.is_held(&stored.group) {
                    messages.push(message(stored));
                }
            }
            start = found.last_evaluated_key;
            if messages.len() >= AT_ONCE || start.is_none() {
                break;
            }
        }
        Ok(messages)
    }

    /// Lets a message go.
    pub(super) async fn delete(&self, receiver: &str, id: &str) -> Result<(), LedgerError> {
        let delete = self.client.delete_item().table_name(&self.table);
        let delete =
            delete.key("pk", AttributeValue::S(receiver.to_owned())).key("sk", AttributeValue::S(id.to_owned()));
        delete.send().await.map(drop).map_err(unavailable("DeleteItem"))
    }

    /// Keeps a group back whose message failed, unless it is kept back already.
    pub(super) fn hold(&self, group: &str) {
        if !self.is_held(group) {
            self.known().held_until.insert(group.to_owned(), self.clock.now() + HOLD);
        }
    }

    fn is_held(&self, group: &str) -> bool {
        let (mut known, now) = (self.known(), self.clock.now());
        let held = known.held_until.get(group).is_some_and(|until| *until > now);
        if !held {
            known.held_until.remove(group);
        }
        held
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn put(&self, waiting: &Waiting) -> Result<(), LedgerError> {
        let receiver = read_group(&waiting.group).map(|(receiver, _)| receiver.to_owned());
        let receiver = receiver.ok_or_else(|| LedgerError::Damaged("a message without a receiver".to_owned()))?;
        let stored = Stored {
            pk: receiver.clone(),
            sk: waiting.position.clone(),
            group: waiting.group.clone(),
            body: waiting.body.clone(),
            sent: self.clock.now().timestamp_millis(),
        };
        let item = serde_dynamo::to_item(&stored).map_err(damaged)?;
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item));
        match put.condition_expression("attribute_not_exists(pk)").send().await {
            Err(error) if !error.as_service_error().is_some_and(|e| e.is_conditional_check_failed_exception()) => {
                return Err(unavailable("PutItem")(error));
            }
            // Where it is known, it waits there already.
            _ => {}
        }
        self.known().receivers.insert(receiver);
        Ok(())
    }
}

impl Queue for TableQueue {
    fn send<'a>(&'a self, messages: &'a [Waiting]) -> Pending<'a, Result<(), usize>> {
        Box::pin(async move {
            for (place, waiting) in messages.iter().enumerate() {
                if let Err(error) = self.put(waiting).await {
                    tracing::error!(%error, "the queue took nothing");
                    return Err(place);
                }
            }
            Ok(())
        })
    }

    /// A message's receipt is its group here: it is the group that is kept back.
    fn postpone<'a>(&'a self, receipts: &'a [String], by: Duration) -> Pending<'a, ()> {
        let until = self.clock.now() + TimeDelta::from_std(by).unwrap_or(HOLD);
        self.known().held_until.extend(receipts.iter().map(|group| (group.clone(), until)));
        Box::pin(std::future::ready(()))
    }
}

fn message(stored: Stored) -> Message {
    Message {
        message_id: stored.sk,
        receipt_handle: stored.group.clone(),
        body: stored.body,
        attributes: Attributes { message_group_id: stored.group, sent_timestamp: stored.sent.to_string() },
    }
}

fn damaged(error: serde_dynamo::Error) -> LedgerError {
    LedgerError::Damaged(error.to_string())
}
