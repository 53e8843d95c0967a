//! Shopify's deliveries: `orders/create`, `orders/updated`, `orders/cancelled`, `refunds/create`.
//!
//! An order counts unless `cancelled_at` says otherwise; its total is `total_price`, before refunds and in the shop's currency.
//! What is given back is what was paid back: each transaction of the kind `refund` that succeeded is one return, under the
//! transaction's id. A refund's lines and adjustments say what for and are not added up. An order carries its refunds, so
//! each may come twice, and what a `refunds/create` could not tell yet comes with the order's next update.
//!
//! Source: the Order, Refund and Transaction resources of Shopify's REST Admin API, which its webhooks deliver.

use ledger::{Asked, CustomerId, Line, LineId, OrderId, ProductId, Return};
use rust_decimal::Decimal;
use segmentation::Minor;
use serde::Deserialize;
use serde_json::Value;

use super::amount::{Written, decimal, quantity, rounded};
use super::fields::{Fields, payload};
use super::told::{LeftOut, Money, OrderTold, Reason, Standing, Told, short};

#[derive(Deserialize)]
struct Order {
    id: Written,
    created_at: String,
    /// When it was placed, where it was brought in from elsewhere later.
    processed_at: Option<String>,
    updated_at: String,
    cancelled_at: Option<String>,
    currency: String,
    total_price: Written,
    test: Option<bool>,
    taxes_included: Option<bool>,
    customer: Option<Customer>,
    line_items: Option<Vec<LineItem>>,
    refunds: Option<Vec<Refund>>,
}

#[derive(Deserialize)]
struct Customer {
    id: Option<Written>,
}

#[derive(Deserialize)]
struct LineItem {
    id: Written,
    product_id: Option<Written>,
    title: Option<String>,
    vendor: Option<String>,
    quantity: Option<Value>,
    price: Option<Written>,
    discount_allocations: Option<Vec<Allocation>>,
    tax_lines: Option<Vec<TaxLine>>,
}

#[derive(Deserialize)]
struct Allocation {
    amount: Option<Written>,
}

#[derive(Deserialize)]
struct TaxLine {
    price: Option<Written>,
}

#[derive(Deserialize)]
struct Refund {
    order_id: Option<Written>,
    created_at: String,
    transactions: Option<Vec<Transaction>>,
}

#[derive(Deserialize)]
struct Transaction {
    id: Written,
    kind: String,
    status: String,
    amount: Written,
    currency: Option<String>,
    created_at: Option<String>,
    test: Option<bool>,
}

/// Reads a delivery of a topic.
///
/// # Errors
/// [`LeftOut`], with the field that is not as documented.
pub fn parse(topic: &str, body: &[u8], money: Money) -> Result<Told, LeftOut> {
    match topic {
        "orders/create" | "orders/updated" | "orders/cancelled" => payload::<Order>(body)?.read(money),
        "refunds/create" => payload::<Refund>(body)?.read(money),
        _ => Err(Reason::Topic.of(None, "takes orders/create, orders/updated, orders/cancelled and refunds/create")),
    }
}

impl Order {
    fn read(self, money: Money) -> Result<Told, LeftOut> {
        let fields = Fields::of_order("id", self.id, money)?;
        let id = fields.order.clone().ok_or_else(|| fields.not("id", "is missing"))?;
        if self.test == Some(true) {
            return Err(Reason::Test.of(Some(&id), "is a test order"));
        }
        fields.currency(&self.currency)?;
        let placed = match &self.processed_at {
            Some(processed) => fields.time("processed_at", processed)?,
            None => fields.time("created_at", &self.created_at)?,
        };
        let customer = self.customer.and_then(|customer| customer.id);
        let customer: Option<CustomerId> = customer.map(|id| fields.id("customer.id", id)).transpose()?;
        let taxes_included = self.taxes_included == Some(true);
        let lines = self.line_items.unwrap_or_default().into_iter().enumerate();
        let lines = lines.map(|(at, line)| line.read(at, taxes_included, &fields)).collect::<Result<_, _>>()?;
        let mut returns = Vec::new();
        for (at, refund) in self.refunds.unwrap_or_default().into_iter().enumerate() {
            returns.extend(refund.returns(&id, &format!("refunds[{at}]."), &fields)?.0);
        }
        Ok(Told::Order(Box::new(OrderTold {
            customer,
            placed,
            updated: fields.time("updated_at", &self.updated_at)?,
            standing: if self.cancelled_at.is_some() {
                Standing::Cancelled { counted: true }
            } else {
                Standing::Counts
            },
            total: fields.total("total_price", &self.total_price)?,
            lines,
            returns,
            id,
        })))
    }
}

impl LineItem {
    /// What was paid for it: its price by its quantity, less its discounts, with its tax. Without delivery.
    fn read(self, at: usize, taxes_included: bool, fields: &Fields) -> Result<Line, LeftOut> {
        let field = |name: &str| format!("line_items[{at}].{name}");
        let sum = |name: &str, amounts: Vec<Option<Written>>| {
            amounts.into_iter().flatten().try_fold(Decimal::ZERO, |sum, amount| {
                let amount = decimal(&amount.0).map_err(|detail| fields.not(&field(name), detail))?;
                Ok(sum.saturating_add(amount))
            })
        };
        let quantity = quantity(self.quantity.as_ref());
        let discounts = self.discount_allocations.unwrap_or_default().into_iter().map(|discount| discount.amount);
        let taxes = self.tax_lines.unwrap_or_default().into_iter().map(|tax| tax.price).filter(|_| !taxes_included);
        let price = sum("price", vec![self.price])?.saturating_mul(quantity.unwrap_or(Decimal::ONE));
        let amount = price
            .saturating_sub(sum("discount_allocations", discounts.collect())?)
            .saturating_add(sum("tax_lines", taxes.collect())?);
        let product = self.product_id.map(|id| fields.id::<ProductId>(&field("product_id"), id)).transpose()?;
        Ok(Line {
            id: fields.id::<LineId>(&field("id"), self.id)?,
            product,
            name: short(self.title),
            category: None,
            brand: short(self.vendor),
            quantity,
            amount: rounded(amount, fields.money.digits),
            unit_price: None,
        })
    }
}

impl Refund {
    fn read(mut self, money: Money) -> Result<Told, LeftOut> {
        let missing = || Reason::Unreadable.of(None, "order_id: is missing, or not as documented");
        let fields = Fields::of_order("order_id", self.order_id.take().ok_or_else(missing)?, money)?;
        let order = fields.order.clone().ok_or_else(missing)?;
        let time = fields.time("created_at", &self.created_at)?;
        let (returns, foreign) = self.returns(&order, "", &fields)?;
        match (returns.is_empty(), foreign) {
            (true, Some(foreign)) => Err(foreign),
            (true, None) => {
                Err(Reason::NothingGivenBack.of(Some(&order), "no transaction of the kind refund has succeeded"))
            }
            (false, _) => Ok(Told::Refund { order, time, returns }),
        }
    }

    /// Each payment back in the shop's currency; and, if one is in another, what is to be said of it.
    fn returns(
        &self,
        order: &OrderId,
        under: &str,
        fields: &Fields,
    ) -> Result<(Vec<Return>, Option<LeftOut>), LeftOut> {
        let (mut returns, mut foreign) = (Vec::new(), None);
        for (at, paid) in self.transactions.iter().flatten().enumerate() {
            let field = |name: &str| format!("{under}transactions[{at}].{name}");
            if paid.kind != "refund" || paid.status != "success" || paid.test == Some(true) {
                continue;
            }
            if let Some(Err(other)) = paid.currency.as_deref().map(|code| fields.currency(code)) {
                foreign = Some(other);
                continue;
            }
            let amount = fields.total(&field("amount"), &paid.amount)?;
            if amount == Minor::ZERO {
                continue;
            }
            let time = match &paid.created_at {
                Some(time) => fields.time(&field("created_at"), time)?,
                None => fields.time(&format!("{under}created_at"), &self.created_at)?,
            };
            let id = fields.id(&field("id"), paid.id.clone())?;
            returns.push(Return { id, order: order.clone(), time, asked: Asked::Amount(amount) });
        }
        Ok((returns, foreign))
    }
}
