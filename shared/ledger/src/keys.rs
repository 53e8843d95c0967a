//! Every key string of the three tables is built here, and every key begins with the shop (law 15), but for the registry.

use std::fmt;

use catalogue::ChunkHash;
use chrono::{DateTime, Utc};
use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use playbook::uplift::Month;
use segmentation::answers::Survey;
use segmentation::{Activation, CutsVersion, Day, ProductKey, RevisionKey, Segment};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::budgets::BudgetId;
use crate::counters::Charge;
use crate::ids::{AnswerId, ChoiceId, CustomerId, OrderId, ProductId, ReturnId, ShopId};
use crate::redemption::{Redemption, RedemptionKey};

/// The deployment's secret under customer keys. It never rotates: a new one would orphan every profile.
#[derive(Clone)]
pub struct KeySecret(Vec<u8>);

impl KeySecret {
    /// Takes the secret's bytes; 32 random ones are right.
    #[must_use]
    pub fn new(bytes: impl Into<Vec<u8>>) -> KeySecret {
        KeySecret(bytes.into())
    }

    /// The key of a shop's customer: 128 bits of HMAC-SHA-256 over shop and id, so keys are uniform and tell nothing.
    #[must_use]
    pub fn customer(&self, shop: &ShopId, customer: &CustomerId) -> CustomerKey {
        // A shop's name has no `#`, so the pair cannot be read another way.
        let digest = self.digest(&[shop.as_str().as_bytes(), b"#", customer.as_str().as_bytes()]);
        CustomerKey(HEXLOWER.encode(&digest[..16]))
    }
}

impl KeySecret {
    /// A number that is fixed for customer and series, and tells nothing: it shifts the series' slots (law 12).
    #[must_use]
    pub fn shift(&self, customer: &CustomerKey, series: &str) -> u32 {
        let digest = self.digest(&[b"shift#", customer.0.as_bytes(), b"#", series.as_bytes()]);
        let [a, b, c, d, ..] = digest;
        u32::from_be_bytes([a, b, c, d])
    }

    /// A number, uniform over all of them and fixed for customer, salt and series: it draws the holdout (law 14).
    #[must_use]
    pub fn draw(&self, customer: &CustomerKey, salt: &str, series: &str) -> u32 {
        // The key's length is fixed, so customer and series cannot run into the salt.
        let digest = self.digest(&[b"holdout#", customer.0.as_bytes(), b"#", series.as_bytes(), b"#", salt.as_bytes()]);
        let [a, b, c, d, ..] = digest;
        u32::from_be_bytes([a, b, c, d])
    }

    /// 128 bits that prove that we told this: they stand in links.
    pub(crate) fn proof(&self, told: &[u8]) -> [u8; 16] {
        // No shop's name begins with a `#`, so no customer's id can be chosen such that the key it gets is a proof.
        let [proof @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = self.digest(&[b"#link#", told]);
        proof
    }

    fn digest(&self, parts: &[&[u8]]) -> [u8; 32] {
        #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        parts.iter().for_each(|part| mac.update(part));
        mac.finalize().into_bytes().into()
    }
}

impl fmt::Debug for KeySecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeySecret")
    }
}

/// A customer's key: 32 small hex digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CustomerKey(String);

impl CustomerKey {
    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The key modulo 64: which bucket its profile lies in.
    #[must_use]
    pub fn bucket(&self) -> u8 {
        self.modulo(BUCKETS)
    }

    /// The key's 16 bytes.
    pub(crate) fn to_bytes(&self) -> [u8; 16] {
        let bits = u128::from_str_radix(&self.0, 16).unwrap_or(0);
        bits.to_be_bytes()
    }

    fn modulo(&self, n: u8) -> u8 {
        let last = self.0.get(30..).unwrap_or("0");
        u8::from_str_radix(last, 16).unwrap_or(0) % n
    }

    /// Takes a stored key.
    pub(crate) fn stored(text: &str) -> CustomerKey {
        CustomerKey(text.to_owned())
    }
}

/// Buckets of every shop.
pub const BUCKETS: u8 = 64;
/// Partitions per segment of the audience index.
pub const AUDIENCE_PARTS: u8 = 16;

/// Partition and sort key of an item.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Key {
    /// Partition key.
    pub pk: String,
    /// Sort key.
    pub sk: String,
}

fn key(pk: String, sk: impl Into<String>) -> Key {
    Key { pk, sk: sk.into() }
}

// --- Customers ---

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

// --- Ledger ---

/// The partition of a customer's story.
#[must_use]
pub fn story(shop: &ShopId, customer: &CustomerKey) -> String {
    format!("{shop}#{}", customer.as_str())
}

/// A revision of an order, in its customer's story.
#[must_use]
pub fn revision(shop: &ShopId, customer: &CustomerKey, order: &OrderId, revision: &RevisionKey) -> Key {
    key(story(shop, customer), format!("order#{}#{:016}#{}", order.path_form(), revision.number, revision.tie))
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

fn attempt_of(RedemptionKey { order, series, attempt, .. }: &RedemptionKey) -> String {
    format!("{}#{series}#{attempt:05}", order.path_form())
}

/// Every use of a series by a customer: beside the story, as it is no accepted item.
#[must_use]
pub fn uses(shop: &ShopId, customer: &CustomerKey, series: &str) -> Key {
    key(format!("{}#uses", story(shop, customer)), series)
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

/// The partition of a shop's alerts. The word is no customer key.
#[must_use]
pub fn alerts(shop: &ShopId) -> String {
    format!("{shop}#alerts")
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

// --- Shops ---

/// What is in force: pointers to settings, activation and last run.
#[must_use]
pub fn current(shop: &ShopId) -> Key {
    key(shop.to_string(), "current")
}

/// The shop's settings.
#[must_use]
pub fn settings(shop: &ShopId) -> Key {
    key(shop.to_string(), "settings")
}

/// An API key's hash.
#[must_use]
pub fn api_key(shop: &ShopId, key_id: &str) -> Key {
    key(shop.to_string(), format!("key#{key_id}"))
}

/// A cuts model.
#[must_use]
pub fn cuts(shop: &ShopId, version: &CutsVersion) -> Key {
    key(shop.to_string(), format!("cuts#{version}"))
}

/// A numbered activation.
#[must_use]
pub fn activation(shop: &ShopId, activation: Activation) -> Key {
    key(shop.to_string(), format!("activation#{:08}", activation.0))
}

/// A published playbook.
#[must_use]
pub fn playbook(shop: &ShopId, version: &str) -> Key {
    key(shop.to_string(), format!("playbook#{version}"))
}

/// The shop's limits.
#[must_use]
pub fn budgets(shop: &ShopId) -> Key {
    key(shop.to_string(), "budgets")
}

/// The partition of one of a limit's counters.
#[must_use]
pub fn budget_part(shop: &ShopId, budget: &BudgetId, shard: u8) -> String {
    format!("{shop}#budget#{budget}#{shard:02}")
}

/// A counter.
#[must_use]
pub fn counter(shop: &ShopId, budget: &BudgetId, shard: u8) -> Key {
    key(budget_part(shop, budget, shard), "counter")
}

/// What is held of a counter for a reservation, sorted by the reservation's end.
#[must_use]
pub fn hold(shop: &ShopId, Charge { budget, shard }: &Charge, redemption: &Redemption) -> Key {
    let until = hold_until(redemption.expires_at);
    let Redemption { key: RedemptionKey { customer_key, .. }, .. } = redemption;
    key(budget_part(shop, budget, *shard), format!("{until}{}#{}", customer_key.as_str(), attempt_of(&redemption.key)))
}

/// What the sort keys of holds begin with that end at this moment.
#[must_use]
pub fn hold_until(moment: DateTime<Utc>) -> String {
    format!("hold#{:016}#", moment.timestamp_millis().max(0))
}

/// How many wrong codes a customer has sent on a day.
#[must_use]
pub fn wrong_codes(shop: &ShopId, customer: &CustomerKey, day: Day) -> Key {
    key(format!("{shop}#wrong#{}", customer.as_str()), day.to_string())
}

/// The register of the shop's campaigns.
#[must_use]
pub fn campaigns(shop: &ShopId) -> Key {
    key(shop.to_string(), "campaigns")
}

/// The terms of campaigns, by the first number of those that were published together; 0 sorts before all.
#[must_use]
pub fn terms(shop: &ShopId, first: u16) -> Key {
    key(shop.to_string(), format!("terms#{first:05}"))
}

/// A run.
#[must_use]
pub fn run(shop: &ShopId, run: u64) -> Key {
    key(shop.to_string(), format!("run#{run:08}"))
}

/// What was measured of a month.
#[must_use]
pub fn uplift(shop: &ShopId, month: Month) -> Key {
    key(shop.to_string(), format!("uplift#{month}"))
}

/// The lease that keeps two runs of a shop apart.
#[must_use]
pub fn lease(shop: &ShopId) -> Key {
    key(shop.to_string(), "lease")
}

/// The partition of a run's own partial results: what is hot never shares one with settings.
#[must_use]
pub fn run_partials(shop: &ShopId, run: u64) -> String {
    format!("{shop}#run#{run:08}")
}

/// One shard's counts and cursor.
#[must_use]
pub fn shard(shop: &ShopId, run: u64, shard: u32) -> Key {
    key(run_partials(shop, run), format!("shard#{shard:06}"))
}

/// The last learning: how it stands, and its lease.
#[must_use]
pub fn learning(shop: &ShopId) -> Key {
    key(shop.to_string(), "learning")
}

/// The partition in which a learning notes which shards are counted and which parts are merged.
fn learning_notes(shop: &ShopId, number: u64) -> String {
    format!("{shop}#learn#{number:08}")
}

/// That a shard is counted, and where its counts lie.
#[must_use]
pub fn shard_counted(shop: &ShopId, number: u64, shard: u32) -> Key {
    key(learning_notes(shop, number), format!("shard#{shard:06}"))
}

/// That a part is merged, and where it lies.
#[must_use]
pub fn part_merged(shop: &ShopId, number: u64, part: u16) -> Key {
    key(learning_notes(shop, number), format!("merged#{part:05}"))
}

/// The partition of one part's counts: the parts are written and read side by side, and DynamoDB takes 1 MB a second of
/// a partition.
#[must_use]
pub fn learning_part(shop: &ShopId, number: u64, part: u16) -> String {
    format!("{shop}#learn#{number:08}#{part:05}")
}

/// What the pieces of such counts' sort keys begin with: what they are counts of, and the hash of their content.
#[must_use]
pub fn pieces(of_shard: Option<u32>, hash: &str) -> String {
    of_shard.map_or_else(|| format!("merged#{hash}#"), |shard| format!("shard#{shard:06}#{hash}#"))
}

/// The register of a shop's jobs: how many there were, and the last of each kind.
#[must_use]
pub fn jobs(shop: &ShopId) -> Key {
    key(shop.to_string(), "jobs")
}

/// The partition of a job: its item, what it works on, its parts and its result.
#[must_use]
pub fn job_partition(shop: &ShopId, number: u64) -> String {
    format!("{shop}#job#{number:08}")
}

/// A job: what it is and how far.
#[must_use]
pub fn job(shop: &ShopId, number: u64) -> Key {
    key(job_partition(shop, number), "job")
}

/// The note that a part of a job is done, and where its outcome lies.
#[must_use]
pub fn job_part(shop: &ShopId, number: u64, part: u32) -> Key {
    key(job_partition(shop, number), format!("done#{part:06}"))
}

/// A run of rows of a job's result.
#[must_use]
pub fn job_rows(shop: &ShopId, number: u64, chunk: u32) -> Key {
    key(job_partition(shop, number), format!("rows#{chunk:06}"))
}

/// What the pieces of a job's input, or of a part's outcome, begin with in their sort keys.
#[must_use]
pub fn job_pieces(part: Option<u32>, hash: &str) -> String {
    part.map_or_else(|| format!("input#{hash}#"), |part| format!("part#{part:06}#{hash}#"))
}

/// Partitions of a shop's products.
pub const PRODUCT_PARTS: u8 = 16;

/// One of the 16 partitions of a shop's products.
#[must_use]
pub fn product_part(shop: &ShopId, part: u8) -> String {
    format!("{shop}#products#{part:02}")
}

/// A product.
#[must_use]
pub fn product(shop: &ShopId, product: &ProductId) -> Key {
    let [.., last] = ProductKey::of(product.as_str()).to_bytes();
    key(product_part(shop, last % PRODUCT_PARTS), product.path_form())
}

/// How far the shop's catalogue is published, and the lease of who publishes.
#[must_use]
pub fn publishing(shop: &ShopId) -> Key {
    key(shop.to_string(), "publish")
}

/// How often a publish was asked for: apart from the lease, so that no request is in the way of who publishes.
#[must_use]
pub fn publish_requests(shop: &ShopId) -> Key {
    key(shop.to_string(), "publish-requests")
}

/// The partition of what is published: chunks and the lists of them.
fn published(shop: &ShopId) -> String {
    format!("{shop}#catalogue")
}

/// A chunk of one kind of content; the same content of another kind is another chunk.
#[must_use]
pub fn chunk(shop: &ShopId, kind: &str, hash: &ChunkHash) -> Key {
    key(published(shop), format!("chunk#{kind}#{}", hash.as_str()))
}

/// Which chunks make up a version.
#[must_use]
pub fn manifest(shop: &ShopId, kind: &str, version: &str) -> Key {
    key(published(shop), format!("manifest#{kind}#{version}"))
}

/// Parts of the registry of shops, which the scheduler reads.
pub const REGISTRY_PARTS: u8 = 16;

/// One part of the registry.
#[must_use]
pub fn registry_part(part: u8) -> String {
    format!("registry#{part:02}")
}

/// A shop's entry in the registry: the one key that does not begin with the shop.
#[must_use]
pub fn registry(shop: &ShopId) -> Key {
    let part = shop.as_str().bytes().fold(0_u8, u8::wrapping_add) % REGISTRY_PARTS;
    key(registry_part(part), shop.to_string())
}

/// A key under which nothing lies: to be read where only the connection matters.
#[must_use]
pub fn nothing() -> Key {
    key(registry_part(0), "-")
}

#[cfg(test)]
mod tests {
    use playbook::Holdout;
    use playbook::holdout::EVERYTHING;

    use super::*;

    fn shop(name: &str) -> ShopId {
        name.parse().unwrap()
    }

    fn customer(id: &str) -> CustomerId {
        CustomerId::try_from(id.to_owned()).unwrap()
    }

    #[test]
    fn customer_keys_differ_by_shop_customer_and_secret() {
        let secret = KeySecret::new(*b"one");
        let key = secret.customer(&shop("a"), &customer("b"));
        assert_eq!(key.as_str().len(), 32);
        assert_eq!(key, secret.customer(&shop("a"), &customer("b")));
        assert_ne!(key, secret.customer(&shop("b"), &customer("b")));
        assert_ne!(key, secret.customer(&shop("a"), &customer("B")));
        assert_ne!(key, KeySecret::new(*b"two").customer(&shop("a"), &customer("b")));
    }

    #[test]
    fn customers_spread_evenly_over_the_buckets() {
        let secret = KeySecret::new(*b"spread");
        let mut held = [0_u32; 64];
        for n in 0..6_400 {
            held[usize::from(secret.customer(&shop("a"), &customer(&n.to_string())).bucket())] += 1;
        }
        assert!(held.iter().all(|n| (50..160).contains(n)), "{held:?}");
    }

    #[test]
    fn a_series_slots_are_shifted_evenly_over_customers_and_apart_from_other_series() {
        let secret = KeySecret::new(*b"shift");
        let mut shifts = [0_u32; 30];
        let mut same = 0;
        for n in 0..9_000 {
            let key = secret.customer(&shop("a"), &customer(&n.to_string()));
            let (one, other) = (secret.shift(&key, "r2f3m2/bundles"), secret.shift(&key, "r2f3m2/gamification"));
            shifts[(one % 30) as usize] += 1;
            same += u32::from(one % 30 == other % 30);
        }
        assert!(shifts.iter().all(|n| (230..370).contains(n)), "{shifts:?}");
        assert!((230..370).contains(&same), "{same}");
    }

    #[test]
    fn a_holdout_draws_its_share_for_good_and_apart_from_series_and_salts() {
        let secret = KeySecret::new(*b"draw");
        let held = |percent, customer: &CustomerKey, salt: &str, series: &str| {
            Holdout { percent, ..Holdout::default() }.takes(EVERYTHING, secret.draw(customer, salt, series))
        };
        let (mut tenth, mut both_series, mut both_salts) = (0, 0, 0);
        for n in 0..20_000 {
            let key = secret.customer(&shop("a"), &customer(&n.to_string()));
            let drawn = held(10, &key, "", EVERYTHING);
            assert_eq!(drawn, held(10, &key, "", EVERYTHING));
            assert!(!drawn || held(20, &key, "", EVERYTHING), "a larger share keeps whom the smaller one held out");
            assert!(!held(0, &key, "", EVERYTHING));
            tenth += u32::from(drawn);
            both_series += u32::from(drawn && held(10, &key, "", "r2f3m2/bundles"));
            both_salts += u32::from(drawn && held(10, &key, "spring", EVERYTHING));
        }
        // Of 20,000: 2,000 and 200, give or take four standard deviations.
        assert!((1_830..=2_170).contains(&tenth), "{tenth}");
        assert!((144..=256).contains(&both_series), "{both_series}");
        assert!((144..=256).contains(&both_salts), "{both_salts}");
    }

    #[test]
    fn fresher_labels_sort_first() {
        let key = KeySecret::new(*b"x").customer(&shop("a"), &customer("b"));
        let on = |day| audience_order(Day::from_epoch_days(day), &key);
        assert!(on(20_001) < on(20_000));
        assert_eq!(on(0).len(), on(2_932_896).len());
    }

    #[test]
    fn no_id_escapes_its_part_of_a_key() {
        let order = OrderId::try_from("x#head".to_owned()).unwrap();
        assert_eq!(head(&shop("a"), &order).pk.matches('#').count(), 2);
        let long = OrderId::try_from("é".repeat(127)).unwrap();
        let back = ReturnId::try_from("ü".repeat(127)).unwrap();
        let key = KeySecret::new(*b"x").customer(&shop("a"), &customer("b"));
        assert!(return_of(&shop("a"), &key, &long, &back).sk.len() <= 1024);
    }
}
