//! The store throttles, its transactions conflict and their answers get lost, as happens to DynamoDB's and never to the embedded
//! engine's: a faulty go-between puts it in. Exactly as many win as the budget pays, and nothing leaks.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::interceptors::{
    BeforeDeserializationInterceptorContextMut, BeforeTransmitInterceptorContextMut,
};
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use aws_smithy_types::config_bag::{Storable, StoreReplace};
use ledger::{Ledger, NotRedeemed, RedeemError, RedemptionState};
use tokio::task::JoinSet;

use crate::redemptions::{limit, minutes, noon, redemption};
use crate::{World, secrets};

/// What befalls a call.
#[derive(Clone, Copy, Debug)]
enum Fault {
    /// It does not reach the store, which is too busy.
    Throttled,
    /// A transaction that does not go through, as another one is at the same items.
    Conflict,
    /// It went through, and nobody is told.
    AnswerLost,
    /// Nothing.
    None,
}

/// Every third transaction and every seventh other call meets a fault, in turn.
#[derive(Clone, Debug, Default)]
struct Faulty {
    calls: Arc<AtomicU64>,
    faults: Arc<AtomicU64>,
}

const TARGET: &str = "x-amz-target";

impl Storable for Fault {
    type Storer = StoreReplace<Fault>;
}

impl Intercept for Faulty {
    fn name(&self) -> &'static str {
        "Faulty"
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let nth = self.calls.fetch_add(1, Ordering::Relaxed);
        let request = context.request_mut();
        let target = request.headers().get(TARGET).unwrap_or_default().to_owned();
        let fault = match (target.ends_with("TransactWriteItems"), nth % 21) {
            (true, 0 | 9 | 15) => Fault::Conflict,
            (true, 3 | 12) => Fault::AnswerLost,
            (true, 6 | 18) | (false, 0 | 7 | 14) => Fault::Throttled,
            _ => Fault::None,
        };
        bag.interceptor_state().store_put(fault);
        if matches!(fault, Fault::None) {
            return Ok(());
        }
        self.faults.fetch_add(1, Ordering::Relaxed);
        if !matches!(fault, Fault::AnswerLost) {
            // The store is asked for something harmless instead.
            request.headers_mut().insert(TARGET, "DynamoDB_20120810.ListTables");
            request.headers_mut().insert("content-length", "2");
            *request.body_mut() = "{}".into();
        }
        Ok(())
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let (status, kind, more) = match bag.load::<Fault>() {
            None | Some(Fault::None) => return Ok(()),
            Some(Fault::Throttled) => (400_u16, "ProvisionedThroughputExceededException", ""),
            Some(Fault::Conflict) => {
                (400, "TransactionCanceledException", r#","CancellationReasons":[{"Code":"TransactionConflict"}]"#)
            }
            Some(Fault::AnswerLost) => (500, "InternalServerError", ""),
        };
        let response = context.response_mut();
        *response.status_mut() = status.try_into()?;
        let body = format!(r#"{{"__type":"com.amazonaws.dynamodb.v20120810#{kind}","message":"put in"{more}}}"#);
        response.headers_mut().insert("content-length", body.len().to_string());
        response.headers_mut().remove("x-amz-crc32");
        *response.body_mut() = body.into();
        Ok(())
    }
}

impl World {
    fn behind(&self, faulty: &Faulty) -> Ledger {
        let config = self.ledger.client().config().to_builder().interceptor(faulty.clone()).build();
        Ledger::new(Client::from_conf(config), self.ledger.tables().clone(), secrets())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_store_that_throttles_conflicts_and_loses_answers_exactly_100_of_500_win() {
    for shards in [1, 8] {
        let world = World::limited([limit(Some(50_000), None, shards)]).await;
        let faulty = Faulty::default();
        let ledger = world.behind(&faulty);
        let mut tasks = JoinSet::new();
        for n in 0..500 {
            let new = redemption(&world, &format!("c{n}"), &format!("o{n}"), noon());
            let (ledger, shop) = (ledger.clone(), Arc::clone(&world.shop));
            tasks.spawn(async move {
                loop {
                    match ledger.reserve(&shop, &new, false, noon()).await {
                        // A shop sends it again.
                        Err(RedeemError::Store(error)) if error.is_temporary() => {}
                        Ok(_) => return true,
                        Err(RedeemError::Not(NotRedeemed::Exhausted(_))) => return false,
                        Err(other) => panic!("{other}"),
                    }
                }
            });
        }
        let won = tasks.join_all().await.into_iter().filter(|won| *won).count();
        assert_eq!(won, 100, "{shards} counters");
        assert_eq!(world.used().await, [(50_000, 100)], "{shards} counters");
        assert!(faulty.faults.load(Ordering::Relaxed) > 200, "faults were put in");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_settled_behind_such_a_store_is_settled_once() {
    let world = World::limited([limit(None, Some(40), 4)]).await;
    let ledger = world.behind(&Faulty::default());
    let mut settled = Vec::new();
    for n in 0..40 {
        let new = redemption(&world, &format!("c{n}"), &format!("o{n}"), noon());
        world.ledger.reserve(&world.shop, &new, false, noon()).await.unwrap();
        settled.push(new);
    }
    for (n, one) in settled.iter().enumerate() {
        loop {
            let later = noon() + minutes(1);
            let done = match n % 2 {
                0 => ledger.confirm(&world.shop, &one.key, later).await,
                _ => ledger.release(&world.shop, &one.key, later).await,
            };
            match done {
                Err(RedeemError::Store(error)) if error.is_temporary() => {}
                done => break assert!(done.is_ok(), "{done:?}"),
            }
        }
    }
    assert_eq!(world.used().await, [(20 * 500, 20)]);
    for (n, one) in settled.iter().enumerate() {
        let state = world.ledger.redemption(&world.shop, &one.key).await.unwrap().unwrap().state;
        assert_eq!(state, if n % 2 == 0 { RedemptionState::Confirmed } else { RedemptionState::Released });
    }
    // Nothing is held any more: a new customer finds as much room as was released.
    let all = (100..200).map(|n| redemption(&world, &format!("c{n}"), &format!("o{n}"), noon())).collect();
    let raced = crate::redemptions::race(&world.ledger, &world.shop, all).await;
    assert_eq!(raced.get("won"), Some(&20), "{raced:?}");
}
