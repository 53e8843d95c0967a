//! Transactions without `ClientRequestToken`: the SDK makes one for each, and the engine (dynoxide-rs 3.2) looks through all
//! tokens of the last ten minutes at every transaction, so an import would grow slower with each order.
//!
//! Nothing is lost: a token only protects the SDK's own retry, and the ledger's transactions carry conditions, so one that
//! went through before finds its own items there.

use aws_sdk_dynamodb::config::interceptors::BeforeTransmitInterceptorContextMut;
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;

#[derive(Debug)]
pub(crate) struct WithoutTokens;

impl Intercept for WithoutTokens {
    fn name(&self) -> &'static str {
        "WithoutTokens"
    }

    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request_mut();
        if let Some(shorter) = request.body().bytes().and_then(without_token) {
            request.headers_mut().insert("content-length", shorter.len().to_string());
            *request.body_mut() = shorter.into();
        }
        Ok(())
    }
}

/// The body without its token, which the SDK writes as one of the last members, after every item; `None` without one.
fn without_token(body: &[u8]) -> Option<Vec<u8>> {
    const MEMBER: &[u8] = b",\"ClientRequestToken\":\"";
    // What follows the items is short; within them a quote would be escaped.
    let tail = body.len().saturating_sub(256);
    let start = tail + body[tail..].windows(MEMBER.len()).rposition(|window| window == MEMBER)?;
    let value = start + MEMBER.len();
    let end = value + body[value..].iter().position(|byte| *byte == b'"')? + 1;
    Some([&body[..start], &body[end..]].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_token_is_taken_out() {
        let body = br#"{"TransactItems":[{"Put":{}}],"ClientRequestToken":"ab-12","ReturnConsumedCapacity":"TOTAL"}"#;
        let expected = br#"{"TransactItems":[{"Put":{}}],"ReturnConsumedCapacity":"TOTAL"}"#;
        assert_eq!(without_token(body).as_deref(), Some(expected.as_slice()));
        let last = br#"{"TransactItems":[],"ClientRequestToken":"ab-12"}"#;
        assert_eq!(without_token(last).as_deref(), Some(br#"{"TransactItems":[]}"#.as_slice()));
    }

    #[test]
    fn a_text_that_looks_like_a_token_stays() {
        let body = br#"{"Item":{"name":{"S":",\"ClientRequestToken\":\"x\""}}}"#;
        assert_eq!(without_token(body), None);
    }
}
