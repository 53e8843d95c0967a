//! What can go wrong: the store's errors, told apart by what a caller can do about them, and refusals of single items.

use std::sync::Arc;

use aws_sdk_dynamodb::error::{BoxError, ProvideErrorMetadata, SdkError};
use segmentation::order::ReturnExceedsOrder;
use segmentation::{Minor, Orders};

/// The store failed; nothing is known to be half-written, since every change is one transaction.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// Not reachable, too slow, or busy with the same items: the same call may go through later.
    #[error("the store is not available ({operation})")]
    Unavailable {
        /// Which call.
        operation: &'static str,
        /// What the SDK said.
        #[source]
        source: BoxError,
    },
    /// The store has no room for the call just now: the same call may go through later.
    #[error("the store throttles ({operation})")]
    Throttled {
        /// Which call.
        operation: &'static str,
        /// What the SDK said.
        #[source]
        source: BoxError,
    },
    /// Too many writers at the same items at once: the same call may go through later.
    #[error("too many concurrent changes of the same item")]
    Busy,
    /// The store refused the call: our mistake, or a missing permission or table.
    #[error("the store refused {operation}")]
    Refused {
        /// Which call.
        operation: &'static str,
        /// What the SDK said.
        #[source]
        source: BoxError,
    },
    /// An item does not read back, or two items contradict each other.
    #[error("damaged item: {0}")]
    Damaged(String),
    /// The item changed since it was read.
    #[error("{0} was changed meanwhile")]
    Changed(&'static str),
}

impl LedgerError {
    /// May the same call go through later?
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        matches!(self, LedgerError::Unavailable { .. } | LedgerError::Throttled { .. } | LedgerError::Busy)
    }

    pub(crate) fn damaged(what: impl std::fmt::Display) -> LedgerError {
        LedgerError::Damaged(what.to_string())
    }
}

/// Maps an SDK error, keeping it as the source.
pub(crate) fn store<E>(operation: &'static str) -> impl FnOnce(SdkError<E>) -> LedgerError
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    move |error| {
        let (throttled, refused) = match &error {
            SdkError::ServiceError(service) => {
                // What is called an error of the service and has no name is an answer that broke off, whatever its status.
                let unread = service.err().code().is_none();
                let passes = service.raw().status().is_server_error() || unread || contends(service.err());
                (throttles(service.err()), !passes)
            }
            SdkError::ConstructionFailure(_) => (false, true),
            _ => (false, false),
        };
        let source: BoxError = Box::new(error);
        match (throttled, refused) {
            (true, _) => LedgerError::Throttled { operation, source },
            (_, true) => LedgerError::Refused { operation, source },
            _ => LedgerError::Unavailable { operation, source },
        }
    }
}

fn throttles(error: &impl ProvideErrorMetadata) -> bool {
    matches!(
        error.code(),
        Some("ProvisionedThroughputExceededException" | "ThrottlingException" | "RequestLimitExceeded")
    )
}

/// Somebody else is at the same items at this moment, or our own transaction is, whose answer we did not wait for.
fn contends(error: &impl ProvideErrorMetadata) -> bool {
    matches!(error.code(), Some("TransactionConflictException" | "TransactionInProgressException"))
}

/// Why an item was not accepted. Nothing of it is stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Same key, other content.
    #[error("{what} `{id}` was accepted before with other content")]
    OtherContent {
        /// `order`, `return`, `attributes`, `choice` or `answer`.
        what: &'static str,
        /// Its id.
        id: String,
    },
    /// The order id belongs to somebody else.
    #[error("order `{0}` belongs to another customer")]
    OrderOfAnotherCustomer(String),
    /// The order is not known, or not yet: to be sent again.
    #[error("order `{0}` is not known; send the return again when it is")]
    OrderUnknown(String),
    /// The order is a guest's, of whom nothing is kept.
    #[error("order `{0}` is a guest's, and guests are ignored")]
    OrderOfGuest(String),
    /// The order has no such line.
    #[error("order `{order}` has no line `{line}`")]
    LineUnknown {
        /// The order.
        order: String,
        /// The line asked for.
        line: String,
    },
    /// More would be given back than was ever paid.
    #[error(transparent)]
    ReturnExceedsOrder(#[from] ReturnExceedsOrder),
    /// A line would give back more than its amount.
    #[error("line `{line}` came to {amount}; {asked} cannot be given back of it")]
    ReturnExceedsLine {
        /// The line.
        line: String,
        /// Its amount.
        amount: Minor,
        /// What was asked.
        asked: Minor,
    },
    /// The customer was not offered what was chosen.
    #[error("{field}: {detail}")]
    NotOffered {
        /// The field that was not offered.
        field: &'static str,
        /// What was.
        detail: String,
    },
    /// Nothing would be given back.
    #[error("the return gives nothing back")]
    NothingToReturn,
    /// The customer was erased after this was placed.
    #[error("the customer was erased, with everything before that moment")]
    CustomerErased,
    /// Stock of a product that was never sent.
    #[error("product `{0}` is not known; send it to PUT /v1/products")]
    ProductUnknown(String),
    /// The profile can hold no more orders.
    #[error("the customer has {max} orders, and no more can be kept", max = Orders::MAX)]
    CustomerFull,
}

/// Why one item of a batch was not recorded.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// It was refused, for good or until something changes.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The store failed; shared by the items of one transaction.
    #[error(transparent)]
    Store(Arc<LedgerError>),
}

impl From<LedgerError> for RecordError {
    fn from(error: LedgerError) -> RecordError {
        RecordError::Store(Arc::new(error))
    }
}
