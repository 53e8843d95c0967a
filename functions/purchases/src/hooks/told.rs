//! What a platform's delivery tells, read into the ledger's types; and why one is left out. Nothing here knows clock or store.

use chrono::{DateTime, FixedOffset, NaiveDate};
use ledger::order::{MAX_LINES, MAX_ORDER_BYTES, content_hash};
use ledger::{CustomerId, Line, Order, OrderId, Return, Settings};
use segmentation::{Minor, RevisionKey};

/// The shop's currency: its code, and how many digits its amounts have behind the point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Money {
    /// ISO 4217.
    pub code: &'static str,
    /// Digits of the minor unit.
    pub digits: u32,
}

impl Money {
    /// A shop's.
    #[must_use]
    pub fn of(settings: &Settings) -> Money {
        Money { code: settings.currency.code(), digits: settings.currency.exponent().unwrap_or(0).into() }
    }
}

/// What a delivery tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// An order as it stands.
    Order(Box<OrderTold>),
    /// Money given back of an order.
    Refund {
        /// Of which order.
        order: OrderId,
        /// When the refund was made.
        time: DateTime<FixedOffset>,
        /// Each payment back.
        returns: Vec<Return>,
    },
}

/// An order as a platform tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderTold {
    /// The platform's id.
    pub id: OrderId,
    /// The platform's id; `None`: a guest.
    pub customer: Option<CustomerId>,
    /// When it was placed.
    pub placed: DateTime<FixedOffset>,
    /// When it was last changed: what comes later counts.
    pub updated: DateTime<FixedOffset>,
    /// Does it count?
    pub standing: Standing,
    /// Before refunds.
    pub total: Minor,
    /// What was bought; only informative.
    pub lines: Vec<Line>,
    /// What was given back so far.
    pub returns: Vec<Return>,
}

/// Does an order count?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It does.
    Counts,
    /// It counts for nothing, until a later revision restores it.
    Cancelled {
        /// Does the delivery itself say that it did count before?
        counted: bool,
    },
    /// This says nothing either way: what is known of the order stays.
    Open,
}

/// A delivery that is left out, since sending it again cannot help.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// Why.
    pub reason: Reason,
    /// Which order, if that could be read.
    pub order: Option<OrderId>,
    /// In words: names the field if one could not be read, and repeats nothing personal.
    pub detail: String,
}

/// Why a delivery, or a part of one, is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It is of a topic that is not taken.
    Topic,
    /// The platform sent it to try the hook.
    Test,
    /// A field is not as the platform documents it.
    Unreadable,
    /// It is in another currency than the shop's.
    OtherCurrency,
    /// It is a guest's order.
    Guest,
    /// The order has not come so far as to count.
    NotPlaced,
    /// A refund that pays nothing back, or nothing yet.
    NothingGivenBack,
    /// A refund of an order that did not come within an hour.
    OrderUnknown,
    /// More would be given back than was paid.
    ReturnExceedsOrder,
    /// The order id belongs to another customer.
    OrderOfAnotherCustomer,
    /// The customer was erased.
    CustomerErased,
    /// The customer has as many orders as can be kept.
    CustomerFull,
    /// The ledger refused it for another reason.
    Refused,
}

impl Reason {
    /// Its name in counts and answers, which stays.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Reason::Topic => "topic",
            Reason::Test => "test",
            Reason::Unreadable => "unreadable",
            Reason::OtherCurrency => "other_currency",
            Reason::Guest => "guest",
            Reason::NotPlaced => "not_placed",
            Reason::NothingGivenBack => "nothing_given_back",
            Reason::OrderUnknown => "order_unknown",
            Reason::ReturnExceedsOrder => "return_exceeds_order",
            Reason::OrderOfAnotherCustomer => "order_of_another_customer",
            Reason::CustomerErased => "customer_erased",
            Reason::CustomerFull => "customer_full",
            Reason::Refused => "refused",
        }
    }

    /// Left out for it.
    pub(crate) fn of(self, order: Option<&OrderId>, detail: impl Into<String>) -> LeftOut {
        LeftOut { reason: self, order: order.cloned(), detail: detail.into() }
    }
}

/// The longest text of a line that is kept, in bytes.
const MAX_TEXT: usize = 200;
/// Digits of the content's hash in a revision's tie.
const TIE_DIGITS: usize = 32;

impl OrderTold {
    /// The ledger's revision of it: numbered by the moment of the change in milliseconds, tied by its content. Of two states that
    /// a platform dates alike, a cancelled one counts, and otherwise the one of the greater hash, whichever came first.
    #[must_use]
    pub fn revision(&self, customer: CustomerId) -> Order {
        let cancelled = matches!(self.standing, Standing::Cancelled { .. });
        let mut order = Order {
            id: self.id.clone(),
            customer,
            time: self.placed,
            total: self.total,
            revision: RevisionKey::default(),
            cancelled,
            lines: self.lines.iter().take(MAX_LINES).cloned().collect(),
        };
        // The order counts by its total: what of its lines cannot be kept must not keep it out.
        while order.size() > MAX_ORDER_BYTES && !order.lines.is_empty() {
            order.lines.truncate(order.lines.len() / 2);
        }
        let mut tie = content_hash(&order);
        tie.truncate(TIE_DIGITS);
        tie.insert(0, if cancelled { '1' } else { '0' });
        order.revision = RevisionKey { number: milliseconds(&self.updated), tie };
        order
    }
}

fn milliseconds(time: &DateTime<FixedOffset>) -> u64 {
    u64::try_from(time.timestamp_millis()).unwrap_or(0).clamp(1, RevisionKey::MAX_NUMBER)
}

/// The same moment, in UTC: content must not differ because a platform spells a moment in another zone.
pub(crate) fn moment<T: chrono::TimeZone>(time: &DateTime<T>) -> Option<DateTime<FixedOffset>> {
    let first = NaiveDate::from_ymd_opt(1970, 1, 2)?;
    let time = time.to_utc();
    (time.date_naive() >= first).then(|| time.fixed_offset())
}

/// A text of a line, cut to what is kept.
pub(crate) fn short(text: Option<String>) -> Option<String> {
    let mut text = text.filter(|text| !text.is_empty())?;
    text.truncate(text.floor_char_boundary(MAX_TEXT));
    Some(text)
}
