//! `Shops` again: events as they were told, and the endpoints that they are sent to. They lie here and not in `Ledger`, as they expire,
//! and the ledger's items never do; but for what asks for a replay, which the ledger's stream hands on.

use chrono::{DateTime, Utc};
use segmentation::Day;

use crate::ids::ShopId;
use crate::keys::{CustomerKey, Key, key};

/// Partitions of a day's events.
pub const OUT_PARTS: u8 = 16;

/// Which of them a customer's events lie in; alerts of the shop's own lie in the first.
#[must_use]
pub fn out_part_of(customer: Option<&CustomerKey>) -> u8 {
    customer.map_or(0, |customer| customer.modulo(OUT_PARTS))
}

/// A partition of a day's events. The day is one of UTC: the moment alone says where an event lies.
#[must_use]
pub fn out_part(shop: &ShopId, day: Day, part: u8) -> String {
    format!("{shop}#out#{day}#{part:02}")
}

/// What the position of an event begins with that was written at this moment.
#[must_use]
pub fn out_from(at: DateTime<Utc>) -> String {
    format!("{:016}#", at.timestamp_millis().max(0))
}

/// An event's position: its moment, whose it is, and its place among those.
#[must_use]
pub fn out_position(at: DateTime<Utc>, customer: Option<&CustomerKey>, place: &str) -> String {
    format!("{}{}#{place}", out_from(at), customer.map_or("alerts", CustomerKey::as_str))
}

/// An event as it was told.
#[must_use]
pub fn out(shop: &ShopId, day: Day, customer: Option<&CustomerKey>, position: &str) -> Key {
    key(out_part(shop, day, out_part_of(customer)), position)
}

/// The shop's endpoints.
#[must_use]
pub fn endpoints(shop: &ShopId) -> Key {
    key(shop.to_string(), "endpoints")
}

/// The partition of what becomes of deliveries to an endpoint.
#[must_use]
pub fn endpoint_part(shop: &ShopId, endpoint: &str) -> String {
    format!("{shop}#endpoint#{endpoint}")
}

/// How deliveries to an endpoint went lately.
#[must_use]
pub fn endpoint_state(shop: &ShopId, endpoint: &str) -> Key {
    key(endpoint_part(shop, endpoint), "state")
}

/// An endpoint's last replay, and how far it is.
#[must_use]
pub fn endpoint_replay(shop: &ShopId, endpoint: &str) -> Key {
    key(endpoint_part(shop, endpoint), "replay")
}

/// What the sort keys of events begin with that an endpoint was never brought to take.
pub const DEAD: &str = "dead#";

/// An event that no try brought to an endpoint.
#[must_use]
pub fn dead(shop: &ShopId, endpoint: &str, position: &str) -> Key {
    key(endpoint_part(shop, endpoint), format!("{DEAD}{position}"))
}

/// That a replay was asked for: in `Ledger`, whose stream hands it on. The word is no customer key.
#[must_use]
pub fn replay_request(shop: &ShopId, endpoint: &str, number: u64) -> Key {
    key(format!("{shop}#replays"), format!("{endpoint}#{number:08}"))
}

/// The shop of a partition of replays asked for; `None`: it is another partition.
pub(crate) fn read_replays(pk: &str) -> Option<ShopId> {
    pk.strip_suffix("#replays")?.parse().ok()
}
