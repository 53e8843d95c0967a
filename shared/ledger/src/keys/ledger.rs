//! `Ledger`: customers' stories, orders' heads and rewards, alerts.

use segmentation::answers::Survey;
use segmentation::{Day, RevisionKey};

use crate::ids::{AnswerId, ChoiceId, OrderId, ReturnId, ShopId};
use crate::keys::{CustomerKey, Key, key};
use crate::redemption::RedemptionKey;

/// The partition of a customer's story.
#[must_use]
pub fn story(shop: &ShopId, customer: &CustomerKey) -> String {
    format!("{shop}#{}", customer.as_str())
}

/// A revision of an order, in its customer's story.
#[must_use]
pub fn revision(shop: &ShopId, customer: &CustomerKey, order: &OrderId, revision: &RevisionKey) -> Key {
    key(story(shop, customer), format!("{}{:016}#{}", revisions(order), revision.number, revision.tie))
}

/// What the sort keys of an order's revisions begin with, in its customer's story.
#[must_use]
pub fn revisions(order: &OrderId) -> String {
    format!("order#{}#", order.path_form())
}

/// That a customer was merged or parted at a version, in their story.
#[must_use]
pub fn regrouped(shop: &ShopId, customer: &CustomerKey, version: u64) -> Key {
    key(story(shop, customer), format!("merge#{version:016}"))
}

/// A return, in its customer's story.
#[must_use]
pub fn return_of(shop: &ShopId, customer: &CustomerKey, order: &OrderId, id: &ReturnId) -> Key {
    key(story(shop, customer), format!("return#{}#{}", order.path_form(), id.path_form()))
}

/// An update of attributes, in its customer's story: the moment in milliseconds, and the first 64 bits of the content's hash.
#[must_use]
pub fn attributes(shop: &ShopId, customer: &CustomerKey, updated_at: u64, hash: u64) -> Key {
    key(story(shop, customer), format!("attributes#{updated_at:016}#{hash:016x}"))
}

/// A choice, in its customer's story.
#[must_use]
pub fn choice(shop: &ShopId, customer: &CustomerKey, id: &ChoiceId) -> Key {
    key(story(shop, customer), format!("choice#{}", id.path_form()))
}

/// A survey answer, in its customer's story.
#[must_use]
pub fn answer(shop: &ShopId, customer: &CustomerKey, survey: Survey, id: &AnswerId) -> Key {
    key(story(shop, customer), format!("answer#{survey}#{}", id.path_form()))
}

/// The move of one version, in its customer's story.
#[must_use]
pub fn move_of(shop: &ShopId, customer: &CustomerKey, version: u64) -> Key {
    key(story(shop, customer), format!("move#{version:016}"))
}

/// Is this the sort key of a move, or of an alert in its place?
pub(crate) fn is_move(sk: &str) -> bool {
    sk.starts_with("move#")
}

/// Shop and customer of a story's partition; `None`: it is another partition.
pub(crate) fn read_story(pk: &str) -> Option<(ShopId, CustomerKey)> {
    let (shop, customer) = pk.split_once('#')?;
    Some((shop.parse().ok()?, CustomerKey::read(customer)?))
}

/// A redemption, in its customer's story.
#[must_use]
pub fn redemption(shop: &ShopId, redemption: &RedemptionKey) -> Key {
    key(story(shop, &redemption.customer_key), format!("redemption#{}", attempt_of(redemption)))
}

/// That a redemption was given back, in its customer's story.
#[must_use]
pub fn given_back(shop: &ShopId, redemption: &RedemptionKey) -> Key {
    key(story(shop, &redemption.customer_key), format!("given-back#{}", attempt_of(redemption)))
}

pub(super) fn attempt_of(RedemptionKey { order, series, attempt, .. }: &RedemptionKey) -> String {
    format!("{}#{series}#{attempt:05}", order.path_form())
}

/// The partition of a customer's uses of series: beside the story, as they are no accepted items.
#[must_use]
pub fn uses_of(shop: &ShopId, customer: &CustomerKey) -> String {
    format!("{}#uses", story(shop, customer))
}

/// Every use of a series by a customer.
#[must_use]
pub fn uses(shop: &ShopId, customer: &CustomerKey, series: &str) -> Key {
    key(uses_of(shop, customer), series)
}

/// The rewards on an order, beside its head.
#[must_use]
pub fn order_rewards(shop: &ShopId, order: &OrderId) -> Key {
    key(head(shop, order).pk, "redemptions")
}

/// A friend who ordered, in the story of who brought them.
#[must_use]
pub fn referral(shop: &ShopId, customer: &CustomerKey, friend: &CustomerKey) -> Key {
    key(story(shop, customer), format!("referral#{friend}", friend = friend.as_str()))
}

/// That somebody was thanked for bringing this friend: beside the friend's story, as it is no fact of theirs.
#[must_use]
pub fn thanked(shop: &ShopId, friend: &CustomerKey) -> Key {
    key(format!("{}#thanked", story(shop, friend)), "by")
}

/// The partition of a shop's alerts. The word is no customer key.
#[must_use]
pub fn alerts(shop: &ShopId) -> String {
    format!("{shop}#alerts")
}

/// The shop of a partition of alerts; `None`: it is another partition.
pub(crate) fn read_alerts(pk: &str) -> Option<ShopId> {
    pk.strip_suffix("#alerts")?.parse().ok()
}

/// Is this the sort key of an alert of the shop's own, and not of a customer's?
pub(crate) fn is_shop_alert(sk: &str) -> bool {
    sk.split('#').nth(1) == Some("run")
}

/// An alert of the shop's own, found by a run. The word sorts after every customer key.
#[must_use]
pub fn shop_alert(shop: &ShopId, day: Day, run: u64, cause: &str, subject: &str) -> Key {
    key(alerts(shop), format!("{day}#run#{run:08}#{cause}#{subject}"))
}

/// That a run of a day failed.
#[must_use]
pub fn failure_alert(shop: &ShopId, day: Day) -> Key {
    key(alerts(shop), format!("{day}#run#failed"))
}

/// An alert that came with one version of a customer's profile.
#[must_use]
pub fn alert(shop: &ShopId, day: Day, customer: &CustomerKey, version: u64) -> Key {
    key(alerts(shop), format!("{day}#{}#{version:016}", customer.as_str()))
}

/// An order's head: whose it is and what it counts for. The word `order` is no customer key, which has 32 digits.
#[must_use]
pub fn head(shop: &ShopId, order: &OrderId) -> Key {
    key(format!("{shop}#order#{}", order.path_form()), "head")
}
