//! What is sent, and its way into the ledger's types: every field is checked here, once, and named in the error.

use chrono::{DateTime, FixedOffset, NaiveDate};
use ledger::order::{MAX_LINES, MAX_ORDER_BYTES};
use ledger::{Asked, Line, LineId, Order, OrderId, Return, Shop};
use rust_decimal::Decimal;
use segmentation::{Minor, RevisionKey};
use serde::{Deserialize, Serialize};
use web::{Clock, FieldError, Problem};

/// An order as a shop sends it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OrderIn {
    /// Unique in the shop. May be left out of a PUT, whose path names it.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = OrderId::MAX_BYTES)))]
    pub id: Option<String>,
    /// Who bought; `null` or absent: a guest.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = ledger::CustomerId::MAX_BYTES)))]
    pub customer: Option<String>,
    /// RFC 3339, with an offset.
    #[cfg_attr(feature = "schema", schemars(extend("format" = "date-time")))]
    pub time: String,
    /// ISO 4217; must be the shop's.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = "^[A-Z]{3}$")))]
    pub currency: String,
    /// Before refunds, in minor units; by default the sum of the lines.
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = Minor::MAX.0)))]
    pub total: Option<i64>,
    /// What was bought.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(length(max = MAX_LINES)))]
    pub lines: Vec<LineIn>,
    /// Of a PUT: which revision this is, 1 to 2^53-1.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = RevisionKey::MAX_NUMBER)))]
    pub revision: Option<u64>,
    /// Of a PUT: tells revisions of one number apart, at most 64 of `[A-Za-z0-9]`.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = "^[A-Za-z0-9]{0,64}$")))]
    pub tie: Option<String>,
    /// Of a PUT: `placed` (the default) or `cancelled`.
    pub status: Option<StatusIn>,
}

/// Does the order stand?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "OrderStatus"))]
pub enum StatusIn {
    /// It stands.
    Placed,
    /// It counts for nothing, until a later revision restores it.
    Cancelled,
}

/// A line as a shop sends it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "OrderLineIn"))]
pub struct LineIn {
    /// Unique in the order; by default its position, counted from 1.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = LineId::MAX_BYTES)))]
    pub id: Option<String>,
    /// What was bought.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = ledger::ProductId::MAX_BYTES)))]
    pub product: Option<String>,
    /// Its name.
    #[cfg_attr(feature = "schema", schemars(length(max = MAX_TEXT)))]
    pub name: Option<String>,
    /// Its category.
    #[cfg_attr(feature = "schema", schemars(length(max = MAX_TEXT)))]
    pub category: Option<String>,
    /// Its brand.
    #[cfg_attr(feature = "schema", schemars(length(max = MAX_TEXT)))]
    pub brand: Option<String>,
    /// How much: a decimal, not below zero, as a number or a string.
    #[cfg_attr(feature = "schema", schemars(schema_with = "crate::schema::quantity"))]
    pub quantity: Option<Decimal>,
    /// The line's total in minor units.
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = Minor::MAX.0)))]
    pub amount: i64,
    /// Only informative.
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = Minor::MAX.0)))]
    pub unit_price: Option<i64>,
}

/// A return as a shop sends it: of the whole order, of an amount, or of lines.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(transform = crate::schema::one_amount))]
pub struct ReturnIn {
    /// Unique in its order.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = ledger::ReturnId::MAX_BYTES)))]
    pub id: String,
    /// Of which order.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = OrderId::MAX_BYTES)))]
    pub order: String,
    /// RFC 3339, with an offset.
    #[cfg_attr(feature = "schema", schemars(extend("format" = "date-time")))]
    pub time: String,
    /// `true`: all of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub whole: bool,
    /// This much, in minor units.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = Minor::MAX.0)))]
    pub amount: Option<i64>,
    /// These lines.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = MAX_LINES)))]
    pub lines: Option<Vec<ReturnLineIn>>,
}

/// A line that is given back.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReturnLineIn {
    /// Its id in the order.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = LineId::MAX_BYTES)))]
    pub line: String,
    /// This much of it, in minor units; by default all.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = Minor::MAX.0)))]
    pub amount: Option<i64>,
}

/// What a request to record an order comes to.
pub(crate) enum Read {
    /// An order of a customer.
    Order(Box<Order>),
    /// A guest's, and the shop ignores them.
    IgnoredGuest,
}

/// The longest name, category or brand, in bytes.
pub(crate) const MAX_TEXT: usize = 1024;

/// Collects what is wrong, so that an answer names every field at once.
#[derive(Default)]
pub(crate) struct Checks(pub(crate) Vec<FieldError>);

impl Checks {
    pub(crate) fn fail(&mut self, field: impl Into<String>, detail: impl ToString) {
        self.0.push(FieldError { field: field.into(), detail: detail.to_string() });
    }

    pub(crate) fn take<T, E: ToString>(&mut self, field: &str, value: Result<T, E>) -> Option<T> {
        value.map_err(|error| self.fail(field, error.to_string())).ok()
    }

    pub(crate) fn amount(&mut self, field: &str, amount: i64) -> Minor {
        if !(0..=Minor::MAX.0).contains(&amount) {
            self.fail(field, format!("is from 0 to {} minor units", Minor::MAX));
        }
        Minor(amount)
    }

    pub(crate) fn text(&mut self, field: &str, text: Option<String>) -> Option<String> {
        let text = text.filter(|text| !text.is_empty())?;
        if text.len() > MAX_TEXT {
            self.fail(field, format!("has {} bytes of UTF-8, at most {MAX_TEXT} are allowed", text.len()));
        }
        Some(text)
    }

    fn time(&mut self, time: &str, shop: &Shop, clock: Clock) -> Option<DateTime<FixedOffset>> {
        let Ok(parsed) = DateTime::parse_from_rfc3339(time) else {
            self.fail("time", "must be RFC 3339 with an offset, such as 2026-11-22T14:05:00+03:00 or …Z");
            return None;
        };
        if clock.is_ahead(&parsed, shop.settings.time_zone) {
            self.fail("time", "lies in the future");
        }
        if NaiveDate::from_ymd_opt(1970, 1, 2).is_some_and(|first| parsed.date_naive() < first) {
            self.fail("time", "lies before 1970-01-02");
        }
        Some(parsed)
    }

    pub(crate) fn end<T>(self, value: Option<T>) -> Result<T, Problem> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            _ => Err(Problem::fields(self.0)),
        }
    }
}

impl OrderIn {
    /// Checks an order as first placed.
    pub(crate) fn placed(self, shop: &Shop, clock: Clock) -> Result<Read, Problem> {
        for (field, given) in
            [("revision", self.revision.is_some()), ("tie", self.tie.is_some()), ("status", self.status.is_some())]
        {
            if given {
                return Err(Problem::field(field, "belongs to a revision: send it by PUT /v1/orders/{id}"));
            }
        }
        self.read(shop, clock, RevisionKey::default())
    }

    /// Checks a revision of the order that the path names.
    pub(crate) fn revised(mut self, id: &OrderId, shop: &Shop, clock: Clock) -> Result<Read, Problem> {
        if self.id.get_or_insert_with(|| id.to_string()) != id.as_str() {
            return Err(Problem::field("id", "is not the id in the path"));
        }
        let number =
            self.revision.ok_or_else(|| Problem::field("revision", "must be given: a number from 1, which grows"))?;
        if !(1..=RevisionKey::MAX_NUMBER).contains(&number) {
            return Err(Problem::field("revision", format!("is from 1 to {}", RevisionKey::MAX_NUMBER)));
        }
        let tie = self.tie.take().unwrap_or_default();
        if tie.len() > 64 || !tie.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return Err(Problem::field("tie", "has at most 64 letters A-Z, a-z and digits"));
        }
        self.read(shop, clock, RevisionKey { number, tie })
    }

    fn read(self, shop: &Shop, clock: Clock, revision: RevisionKey) -> Result<Read, Problem> {
        let mut checks = Checks(Vec::new());
        let currency = shop.settings.currency.code();
        if self.currency != currency {
            checks.fail(
                "currency",
                format!("is `{}`; this shop's is {currency}, and nothing is converted", short(&self.currency)),
            );
        }
        let id = checks.take(
            "id",
            self.id.ok_or("must be given".to_owned()).and_then(|id| OrderId::try_from(id).map_err(|e| e.to_string())),
        );
        let time = checks.time(&self.time, shop, clock);
        if self.lines.len() > MAX_LINES {
            checks.fail("lines", format!("are {}, at most {MAX_LINES} are allowed", self.lines.len()));
            return checks.end(None);
        }
        let lines: Vec<Line> =
            self.lines.into_iter().enumerate().filter_map(|(at, line)| line.read(at, &mut checks)).collect();
        let mut ids: Vec<&LineId> = lines.iter().map(|line| &line.id).collect();
        ids.sort_unstable();
        if let Some(double) = ids.windows(2).find(|pair| pair[0] == pair[1]) {
            checks.fail("lines", format!("two have the id `{}`", double[0]));
        }
        let total = match self.total {
            Some(total) => checks.amount("total", total),
            None if lines.is_empty() => {
                checks.fail("total", "must be given where there are no lines");
                Minor::ZERO
            }
            // A line's amount that was refused above stands here as it was sent: it may be any number.
            None => checks.amount("total", lines.iter().fold(0, |sum, line| line.amount.0.saturating_add(sum))),
        };
        let Some(customer) = self.customer else {
            let read = checks.end(Some(Read::IgnoredGuest))?;
            return match shop.settings.changeable.guests {
                ledger::Guests::Ignore => Ok(read),
                ledger::Guests::Refuse => Err(Problem::field(
                    "customer",
                    "is missing: orders of guests are refused (the setting `guests` can be `ignore`)",
                )),
            };
        };
        let customer = checks.take("customer", customer.try_into() as Result<_, ledger::BadId>);
        let cancelled = self.status == Some(StatusIn::Cancelled);
        let whole = id.zip(time).zip(customer);
        let order = whole.map(|((id, time), customer)| Order { id, customer, time, total, revision, cancelled, lines });
        if let Some(order) = &order
            && order.size() > MAX_ORDER_BYTES
        {
            checks.fail(
                "lines",
                format!("the order takes {} bytes, at most {MAX_ORDER_BYTES} can be kept", order.size()),
            );
        }
        checks.end(order).map(|order| Read::Order(Box::new(order)))
    }
}

impl LineIn {
    fn read(self, at: usize, checks: &mut Checks) -> Option<Line> {
        let field = |name: &str| format!("lines[{at}].{name}");
        let id = self.id.unwrap_or_else(|| (at + 1).to_string());
        let id = checks.take(&field("id"), LineId::try_from(id));
        let product =
            self.product.map(|product| checks.take(&field("product"), product.try_into() as Result<_, ledger::BadId>));
        if self.quantity.is_some_and(|quantity| quantity.is_sign_negative() && !quantity.is_zero()) {
            checks.fail(field("quantity"), "is below zero; send what is given back to POST /v1/returns");
        }
        let name = checks.text(&field("name"), self.name);
        let category = checks.text(&field("category"), self.category);
        let brand = checks.text(&field("brand"), self.brand);
        let amount = checks.amount(&field("amount"), self.amount);
        let unit_price = self.unit_price.map(|price| checks.amount(&field("unit_price"), price));
        let quantity = self.quantity.map(|quantity| quantity.normalize());
        Some(Line { id: id?, product: product.flatten(), name, category, brand, quantity, amount, unit_price })
    }
}

impl ReturnIn {
    /// Checks a return.
    pub(crate) fn read(self, shop: &Shop, clock: Clock) -> Result<Return, Problem> {
        let mut checks = Checks(Vec::new());
        let id = checks.take("id", self.id.try_into() as Result<_, ledger::BadId>);
        let order = checks.take("order", self.order.try_into() as Result<_, ledger::BadId>);
        let time = checks.time(&self.time, shop, clock);
        let asked = match (self.whole, self.amount, self.lines) {
            (true, None, None) => Some(Asked::Whole),
            (false, Some(amount), None) => {
                if amount < 1 {
                    checks.fail("amount", "is at least 1 minor unit");
                }
                Some(Asked::Amount(checks.amount("amount", amount)))
            }
            (false, None, Some(lines)) => Some(Asked::Lines(read_lines(lines, &mut checks))),
            _ => {
                checks.fail("amount", "give exactly one of `whole`: true, `amount`, `lines`");
                None
            }
        };
        let whole = id.zip(order).zip(time).zip(asked);
        checks.end(whole.map(|(((id, order), time), asked)| Return { id, order, time, asked }))
    }
}

fn read_lines(lines: Vec<ReturnLineIn>, checks: &mut Checks) -> Vec<(LineId, Option<Minor>)> {
    if lines.is_empty() || lines.len() > MAX_LINES {
        checks.fail("lines", format!("are from 1 to {MAX_LINES}"));
    }
    let mut read: Vec<(LineId, Option<Minor>)> = Vec::new();
    for (at, line) in lines.into_iter().take(MAX_LINES).enumerate() {
        let amount = line.amount.map(|amount| checks.amount(&format!("lines[{at}].amount"), amount));
        let Some(id) = checks.take(&format!("lines[{at}].line"), LineId::try_from(line.line)) else { continue };
        if read.iter().any(|(known, _)| *known == id) {
            checks.fail(format!("lines[{at}].line"), "stands twice");
        }
        read.push((id, amount));
    }
    read
}

/// What was sent, cut to what an error may repeat.
fn short(text: &str) -> String {
    text.chars().take(20).collect()
}
