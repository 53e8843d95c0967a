//! The way out on one machine: what Lambda, the stream and SQS do in AWS is done by one task over two tables that the engine has for
//! it. The same code stores, signs, delivers and tries again; and as both tables are on the file, a machine that is killed loses nothing.

mod queue;
mod stream;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use ledger::{Ledger, LedgerError};
use tokio::task::JoinSet;
use web::Clock;

use crate::function::{Batch, Out, Record, Written, handle};
use crate::queue::{Queue, REPLAY};
use crate::send::Sender;

use queue::TableQueue;
use stream::Stream;

/// How often is looked whether there is something to tell.
const LOOK: Duration = Duration::from_millis(250);
/// How long to wait where the store failed.
const PAUSE: Duration = Duration::from_secs(5);

/// The engine's two tables.
#[derive(Clone, Copy, Debug)]
pub struct Tables<'a> {
    /// What was written into `Ledger` and is to be told.
    pub stream: &'a str,
    /// What waits to be delivered.
    pub queue: &'a str,
}

/// The task that tells. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Here {
    out: Out,
    stream: Stream,
    queue: TableQueue,
}

impl Here {
    /// Over the ledger's own client, with what an earlier process left.
    ///
    /// # Errors
    /// [`LedgerError`] when shops and their endpoints cannot be read.
    pub async fn new(ledger: &Ledger, tables: Tables<'_>, sender: Sender, clock: Clock) -> Result<Here, LedgerError> {
        let client: &Client = ledger.client();
        let stream = Stream::new(client.clone(), tables.stream);
        let mut receivers = BTreeSet::from([REPLAY.to_owned()]);
        for registered in ledger.registered_shops().await? {
            receivers.extend(ledger.endpoints(&registered.shop).await?.into_iter().map(|endpoint| endpoint.id));
        }
        let queue = TableQueue::new(client.clone(), tables.queue, receivers, clock);
        let (ledger, waiting): (_, Arc<dyn Queue>) = (ledger.clone(), Arc::new(queue.clone()));
        let out = Out { ledger, queue: waiting, bus: None, sender, clock };
        Ok(Here { out, stream, queue })
    }

    /// The same at another time.
    #[must_use]
    pub fn at(&self, clock: Clock) -> Here {
        let queue = self.queue.at(clock);
        Here { out: Out { clock, queue: Arc::new(queue.clone()), ..self.out.clone() }, queue, ..self.clone() }
    }

    /// Tells as long as the process lives.
    pub async fn run(self) {
        let (mut busy, mut working) = (BTreeSet::new(), JoinSet::new());
        loop {
            let fed = self.feed().await;
            for receiver in self.queue.receivers() {
                if busy.insert(receiver.clone()) {
                    let here = self.clone();
                    working.spawn(async move {
                        while here.deliver(&receiver).await > 0 {}
                        receiver
                    });
                }
            }
            let pause = if fed.is_ok() { LOOK } else { PAUSE };
            if fed.is_ok_and(|fed| fed > 0) {
                tokio::task::yield_now().await;
            } else {
                tokio::time::sleep(pause).await;
            }
            while let Some(done) = working.try_join_next() {
                match done {
                    Ok(receiver) => drop(busy.remove(&receiver)),
                    Err(error) => {
                        tracing::error!(%error, "a delivery broke off; its receiver waits for the next start")
                    }
                }
            }
        }
    }

    /// Tells what there is to tell now, and gives how many messages were done with.
    ///
    /// # Errors
    /// [`LedgerError`] when the stream cannot be read.
    pub async fn once(&self) -> Result<usize, LedgerError> {
        while self.feed().await? > 0 {}
        let mut done = 0;
        loop {
            let before = done;
            for receiver in self.queue.receivers() {
                done += self.deliver(&receiver).await;
            }
            if done == before {
                return Ok(done);
            }
        }
    }

    /// From the stream into the queue: how many records.
    async fn feed(&self) -> Result<usize, LedgerError> {
        let records = self.stream.read().await?;
        let all: Vec<String> = records.iter().map(|record| record.sequence_number.clone()).collect();
        if all.is_empty() {
            return Ok(0);
        }
        let written = |dynamodb| Record::Written(Box::new(Written { dynamodb }));
        let answer = handle(&self.out, Batch { records: records.into_iter().map(written).collect() }).await;
        let failed = answer.batch_item_failures.first().map(|failed| failed.item_identifier.clone());
        let done: Vec<String> = all.into_iter().take_while(|record| Some(record) != failed.as_ref()).collect();
        self.stream.forget(&done).await?;
        match failed {
            None => Ok(done.len()),
            // As in AWS, a record that cannot be handed on stops those behind it until it can.
            Some(_) => Err(LedgerError::Busy),
        }
    }

    /// Out of the queue to a receiver: how many messages were done with.
    async fn deliver(&self, receiver: &str) -> usize {
        let messages = match self.queue.receive(receiver).await {
            Ok(messages) => messages,
            Err(error) => {
                tracing::error!(%error, "the queue cannot be read");
                return 0;
            }
        };
        let ids: Vec<(String, String)> =
            messages.iter().map(|one| (one.message_id.clone(), one.receipt_handle.clone())).collect();
        if ids.is_empty() {
            return 0;
        }
        let waiting = |message| Record::Waiting(Box::new(message));
        let answer = handle(&self.out, Batch { records: messages.into_iter().map(waiting).collect() }).await;
        let failed: BTreeSet<&str> =
            answer.batch_item_failures.iter().map(|failed| failed.item_identifier.as_str()).collect();
        let mut done = 0;
        for (id, group) in &ids {
            if failed.contains(id.as_str()) {
                self.queue.hold(group);
            } else if let Err(error) = self.queue.delete(receiver, id).await {
                // It is delivered once more, with the same id.
                tracing::error!(%error, "a delivered message stays in the queue");
            } else {
                done += 1;
            }
        }
        done
    }
}
