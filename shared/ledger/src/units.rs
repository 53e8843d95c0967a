//! Read and write units of every call of the SDK, as the store itself counts them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_dynamodb::config::interceptors::{
    AfterDeserializationInterceptorContextRef, BeforeSerializationInterceptorContextMut,
};
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use aws_sdk_dynamodb::operation::batch_get_item::{BatchGetItemInput, BatchGetItemOutput};
use aws_sdk_dynamodb::operation::get_item::{GetItemInput, GetItemOutput};
use aws_sdk_dynamodb::operation::put_item::{PutItemInput, PutItemOutput};
use aws_sdk_dynamodb::operation::query::{QueryInput, QueryOutput};
use aws_sdk_dynamodb::operation::transact_get_items::{TransactGetItemsInput, TransactGetItemsOutput};
use aws_sdk_dynamodb::operation::transact_write_items::{TransactWriteItemsInput, TransactWriteItemsOutput};
use aws_sdk_dynamodb::operation::update_item::{UpdateItemInput, UpdateItemOutput};
use aws_sdk_dynamodb::types::{ConsumedCapacity, ReturnConsumedCapacity};

/// Units of one table.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Used {
    /// Read units.
    pub reads: f64,
    /// Write units, those of indexes included.
    pub writes: f64,
}

/// Units by table; an interceptor of the SDK's client that asks for them in every call. A failed call's are not known.
#[derive(Clone, Debug, Default)]
pub struct Units(Arc<Mutex<BTreeMap<String, Used>>>);

impl Units {
    /// The units since the last time, which begin anew.
    pub fn take(&self) -> BTreeMap<String, Used> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn add<'a>(&self, used: impl IntoIterator<Item = &'a ConsumedCapacity>, writes: bool) {
        let mut sums = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for used in used {
            let sum = sums.entry(used.table_name().unwrap_or_default().to_owned()).or_default();
            let of = if writes { &mut sum.writes } else { &mut sum.reads };
            *of += used.capacity_units().unwrap_or(0.0);
        }
    }
}

/// Does something with the value of whichever of the types it is.
macro_rules! whichever {
    ($value:expr, $downcast:ident: $($kind:ty),+ => |$found:ident| $do:expr) => {
        $(if let Some($found) = $value.$downcast::<$kind>() { $do; })+
    };
}

impl Intercept for Units {
    fn name(&self) -> &'static str {
        "Units"
    }

    fn modify_before_serialization(
        &self,
        context: &mut BeforeSerializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let input = context.input_mut();
        whichever!(input, downcast_mut: QueryInput, GetItemInput, BatchGetItemInput, PutItemInput, UpdateItemInput,
            TransactGetItemsInput, TransactWriteItemsInput => |input| input.return_consumed_capacity = Some(ReturnConsumedCapacity::Total));
        Ok(())
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Ok(output) = context.output_or_error() else { return Ok(()) };
        whichever!(output, downcast_ref: QueryOutput, GetItemOutput => |output| self.add(output.consumed_capacity(), false));
        whichever!(output, downcast_ref: BatchGetItemOutput, TransactGetItemsOutput => |output| self.add(output.consumed_capacity(), false));
        whichever!(output, downcast_ref: PutItemOutput, UpdateItemOutput => |output| self.add(output.consumed_capacity(), true));
        whichever!(output, downcast_ref: TransactWriteItemsOutput => |output| self.add(output.consumed_capacity(), true));
        Ok(())
    }
}
