//! `Customers`: profiles by bucket, and the audiences.

use segmentation::{Day, Segment};

use crate::ids::ShopId;
use crate::keys::{AUDIENCE_PARTS, CustomerKey, Key, key};

/// `shop#bucket`.
#[must_use]
pub fn bucket(shop: &ShopId, bucket: u8) -> String {
    format!("{shop}#{bucket:02}")
}

/// A customer's profile.
#[must_use]
pub fn profile(shop: &ShopId, customer: &CustomerKey) -> Key {
    key(bucket(shop, customer.bucket()), customer.as_str())
}

/// One of the 16 partitions of a segment in the audience index.
#[must_use]
pub fn audience_part(shop: &ShopId, segment: Segment, part: u8) -> String {
    format!("{shop}#{segment}#{part:02}")
}

/// A labelled customer's partition in the audience index.
#[must_use]
pub fn audience(shop: &ShopId, segment: Segment, customer: &CustomerKey) -> String {
    audience_part(shop, segment, customer.modulo(AUDIENCE_PARTS))
}

/// Sort key there: the label's day counted down, so the freshest come first, and the customer.
#[must_use]
pub fn audience_order(day: Day, customer: &CustomerKey) -> String {
    format!("{:07}#{}", Day::MAX.since(day), customer.as_str())
}
