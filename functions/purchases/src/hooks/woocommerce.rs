//! WooCommerce's deliveries: `order.created`, `order.updated`.
//!
//! Each carries the whole order. It counts from the status `processing` or `completed` on; `refunded` is that with all of it given
//! back. `cancelled` and `failed` cancel it. Any other status says nothing, so shops' own ones may lie between. Each entry of
//! `refunds` is a return. Times are those in GMT, which say no zone.
//!
//! Source: "Orders" and "Webhooks" of WooCommerce's REST API, version 3; `WC_Webhook`, `WC_Order::maybe_set_date_paid`.

use ledger::{Asked, CustomerId, Line, LineId, ProductId, Return};
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
    status: String,
    currency: String,
    date_created_gmt: Option<String>,
    date_modified_gmt: Option<String>,
    date_paid_gmt: Option<String>,
    date_completed_gmt: Option<String>,
    payment_method: Option<String>,
    total: Written,
    customer_id: Option<Written>,
    line_items: Option<Vec<LineItem>>,
    refunds: Option<Vec<Refund>>,
}

#[derive(Deserialize)]
struct LineItem {
    id: Written,
    name: Option<String>,
    product_id: Option<Written>,
    quantity: Option<Value>,
    total: Option<Written>,
    total_tax: Option<Written>,
}

#[derive(Deserialize)]
struct Refund {
    id: Written,
    total: Written,
}

/// Is this the body that WooCommerce sends, unsigned, when a webhook is saved? It wants 200 and tells nothing.
#[must_use]
pub fn is_ping(body: &[u8]) -> bool {
    let number = body.strip_prefix(b"webhook_id=");
    number.is_some_and(|number| (1..=20).contains(&number.len()) && number.iter().all(u8::is_ascii_digit))
}

/// Reads a delivery of a topic.
///
/// # Errors
/// [`LeftOut`], with the field that is not as documented.
pub fn parse(topic: &str, body: &[u8], money: Money) -> Result<Told, LeftOut> {
    match topic {
        "order.created" | "order.updated" => payload::<Order>(body)?.read(money),
        _ => Err(Reason::Topic.of(None, "takes order.created and order.updated")),
    }
}

impl Order {
    fn read(self, money: Money) -> Result<Told, LeftOut> {
        let standing = self.standing();
        let fields = Fields::of_order("id", self.id, money)?;
        let id = fields.order.clone().ok_or_else(|| fields.not("id", "is missing"))?;
        fields.currency(&self.currency)?;
        let created = self.date_created_gmt.ok_or_else(|| fields.not("date_created_gmt", "is missing"))?;
        let placed = fields.time_gmt("date_created_gmt", &created)?;
        let updated = match &self.date_modified_gmt {
            Some(modified) => fields.time_gmt("date_modified_gmt", modified)?,
            None => placed,
        };
        // 0 is nobody.
        let customer = self.customer_id.filter(|id| id.0 != "0");
        let customer: Option<CustomerId> = customer.map(|id| fields.id("customer_id", id)).transpose()?;
        let lines = self.line_items.unwrap_or_default().into_iter().enumerate();
        let lines = lines.map(|(at, line)| line.read(at, &fields)).collect::<Result<_, _>>()?;
        let mut returns = Vec::new();
        for (at, refund) in self.refunds.unwrap_or_default().into_iter().enumerate() {
            // Written below zero.
            let amount = Minor(fields.amount(&format!("refunds[{at}].total"), &refund.total)?.0.abs());
            if amount > Minor::ZERO {
                let id = fields.id(&format!("refunds[{at}].id"), refund.id)?;
                // A refund says no time, and it lowers the order on the order's own day in any case.
                let order = fields.order.clone().ok_or_else(|| fields.not("id", "is missing"))?;
                returns.push(Return { id, order, time: placed, asked: Asked::Amount(amount) });
            }
        }
        Ok(Told::Order(Box::new(OrderTold {
            id,
            customer,
            placed,
            updated,
            standing,
            total: fields.total("total", &self.total)?,
            lines,
            returns,
        })))
    }

    /// The date of payment is set when `processing` or `completed` is first reached, but for cash on delivery, whose orders begin there.
    fn standing(&self) -> Standing {
        match self.status.as_str() {
            "processing" | "completed" | "refunded" => Standing::Counts,
            "cancelled" | "failed" => Standing::Cancelled {
                counted: self.date_paid_gmt.is_some()
                    || self.date_completed_gmt.is_some()
                    || self.payment_method.as_deref() == Some("cod"),
            },
            _ => Standing::Open,
        }
    }
}

impl LineItem {
    /// What was paid for it: its total after discounts, with its tax. Without delivery.
    fn read(self, at: usize, fields: &Fields) -> Result<Line, LeftOut> {
        let field = |name: &str| format!("line_items[{at}].{name}");
        let amount = |name: &str, amount: Option<Written>| match amount.filter(|amount| !amount.0.is_empty()) {
            Some(amount) => decimal(&amount.0).map_err(|detail| fields.not(&field(name), detail)),
            None => Ok(Decimal::ZERO),
        };
        let paid = amount("total", self.total)?.saturating_add(amount("total_tax", self.total_tax)?);
        let product = self.product_id.filter(|id| id.0 != "0");
        Ok(Line {
            id: fields.id::<LineId>(&field("id"), self.id)?,
            product: product.map(|id| fields.id::<ProductId>(&field("product_id"), id)).transpose()?,
            name: short(self.name),
            category: None,
            brand: None,
            quantity: quantity(self.quantity.as_ref()),
            amount: rounded(paid, fields.money.digits),
            unit_price: None,
        })
    }
}
