//! A store that throttles: the run gives way and comes to the same end.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::interceptors::{
    BeforeDeserializationInterceptorContextMut, BeforeTransmitInterceptorContextMut,
};
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use aws_smithy_types::config_bag::{Storable, StoreReplace};
use e2e::{World, acme, secrets};
use ledger::{Ledger, LedgerError, RunStatus, Shard, Tables};
use resegment::Steps;

use crate::runs::fill;

/// Every second page is refused.
#[derive(Clone, Debug, Default)]
struct Throttling {
    pages: Arc<AtomicU64>,
}

/// Is this call to be refused?
#[derive(Clone, Copy, Debug)]
struct Refused(bool);

impl Storable for Refused {
    type Storer = StoreReplace<Refused>;
}

impl Intercept for Throttling {
    fn name(&self) -> &'static str {
        "Throttling"
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let is_page = context.request().headers().get("x-amz-target").is_some_and(|target| target.ends_with(".Query"));
        let refused = is_page && self.pages.fetch_add(1, Ordering::Relaxed).is_multiple_of(2);
        bag.interceptor_state().store_put(Refused(refused));
        Ok(())
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if !bag.load::<Refused>().is_some_and(|refused| refused.0) {
            return Ok(());
        }
        let response = context.response_mut();
        *response.status_mut() = 400_u16.try_into()?;
        let body = r#"{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException","message":"put in"}"#;
        response.headers_mut().insert("content-length", body.len().to_string());
        response.headers_mut().remove("x-amz-crc32");
        *response.body_mut() = body.into();
        Ok(())
    }
}

#[tokio::test]
async fn a_throttled_page_is_not_pressed_for_and_the_run_gets_through() {
    let world = World::on("2026-11-01").await;
    fill(&world, 110).await;
    let throttling = Throttling::default();
    let config = world.ledger.client().config().to_builder().interceptor(throttling.clone()).build();
    let ledger = Ledger::new(Client::from_conf(config), Tables::default(), secrets());

    // By itself a page is asked for once, where any other call is tried again.
    let page = ledger.page(&acme(), Shard { index: 0, count: 8 }, None).await;
    assert!(matches!(page, Err(LedgerError::Throttled { .. })), "{page:?}");
    assert_eq!(throttling.pages.load(Ordering::Relaxed), 1);

    let (day, now) = ("2026-11-01".parse().unwrap(), world.app.clock.now());
    let run = resegment::begin_run(&world.ledger, &acme(), day, false, now).await.unwrap();
    tokio::time::pause();
    let ended = resegment::drive(&Steps::new(ledger, world.app.clock), &acme(), run.run, |_| {}).await.unwrap();
    assert_eq!(ended.status, RunStatus::Published, "{:?}", ended.failure);
    assert_eq!(ended.counts.unwrap().census.total().customers, 110);
    // Two passes over 64 buckets, and as many refusals.
    assert!(throttling.pages.load(Ordering::Relaxed) >= 2 * 2 * 64);
}
