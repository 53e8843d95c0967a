//! `Shops`: what a shop is, its runs, budgets, jobs and catalogue, and the registry of shops.

use catalogue::ChunkHash;
use chrono::{DateTime, Utc};
use playbook::uplift::Month;
use segmentation::{Activation, CutsVersion, Day, ProductKey};

use crate::api_key::KeyId;
use crate::budgets::BudgetId;
use crate::counters::Charge;
use crate::hooks::HookId;
use crate::ids::{ProductId, ShopId};
use crate::keys::ledger::attempt_of;
use crate::keys::{CustomerKey, Key, key};
use crate::partials::Pass;
use crate::redemption::{Redemption, RedemptionKey};

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

/// What the sort keys of API keys begin with.
pub const API_KEY: &str = "key#";

/// An API key: its hash and its life.
#[must_use]
pub fn api_key(shop: &ShopId, id: &KeyId) -> Key {
    key(shop.to_string(), format!("{API_KEY}{id}"))
}

/// What counts the changes of a shop's API keys.
#[must_use]
pub fn api_keys(shop: &ShopId) -> Key {
    key(shop.to_string(), "keys")
}

/// The shop's hooks.
#[must_use]
pub fn hooks(shop: &ShopId) -> Key {
    key(shop.to_string(), "hooks")
}

/// The partition of what a hook's deliveries came to: what is hot never shares one with settings.
#[must_use]
pub fn hook_counts(shop: &ShopId, hook: &HookId) -> String {
    format!("{shop}#hook#{}", hook.as_str())
}

/// What a hook's deliveries of a day came to.
#[must_use]
pub fn hook_day(shop: &ShopId, hook: &HookId, day: Day) -> Key {
    key(hook_counts(shop, hook), day.to_string())
}

/// What the sort keys of cuts models begin with.
pub const CUTS: &str = "cuts#";

/// A cuts model.
#[must_use]
pub fn cuts(shop: &ShopId, version: &CutsVersion) -> Key {
    key(shop.to_string(), format!("{CUTS}{version}"))
}

/// What the sort keys of activations begin with.
pub const ACTIVATION: &str = "activation#";

/// A numbered activation.
#[must_use]
pub fn activation(shop: &ShopId, activation: Activation) -> Key {
    key(shop.to_string(), format!("{ACTIVATION}{:08}", activation.0))
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

/// What the sort keys of holds begin with.
pub const HOLD: &str = "hold#";

/// What the sort keys of holds begin with that end at this moment.
#[must_use]
pub fn hold_until(moment: DateTime<Utc>) -> String {
    format!("{HOLD}{:016}#", moment.timestamp_millis().max(0))
}

/// The partition of a customer's counts of wrong codes.
#[must_use]
pub fn wrong_codes_of(shop: &ShopId, customer: &CustomerKey) -> String {
    format!("{shop}#wrong#{}", customer.as_str())
}

/// How many wrong codes a customer has sent on a day.
#[must_use]
pub fn wrong_codes(shop: &ShopId, customer: &CustomerKey, day: Day) -> Key {
    key(wrong_codes_of(shop, customer), day.to_string())
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

/// What the sort keys of a shop's runs begin with.
pub const RUN: &str = "run#";

/// A run.
#[must_use]
pub fn run(shop: &ShopId, run: u64) -> Key {
    key(shop.to_string(), format!("{RUN}{run:08}"))
}

/// What was measured of a month.
#[must_use]
pub fn uplift(shop: &ShopId, month: Month) -> Key {
    key(shop.to_string(), format!("uplift#{month}"))
}

/// Which rewards were used and what was answered, as the last run counted it.
#[must_use]
pub fn responses(shop: &ShopId) -> Key {
    key(shop.to_string(), "responses")
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

/// What the sort keys of a run's shards begin with.
pub const SHARD: &str = "shard#";

/// One shard's counts and cursor.
#[must_use]
pub fn shard(shop: &ShopId, run: u64, shard: u32) -> Key {
    key(run_partials(shop, run), format!("{SHARD}{shard:06}"))
}

/// What the sort keys of those begin with who did not move as was previewed.
pub const TOUCHED: &str = "touched#";

/// Who of a stretch did not move as was previewed: named by the write of the shard's item that counts them.
#[must_use]
pub fn touched(shop: &ShopId, run: u64, shard: u32, version: u64) -> Key {
    key(run_partials(shop, run), format!("{TOUCHED}{shard:06}#{version:08}"))
}

/// How far a pass over a shard is; the pieces of what it found have sort keys that go on from this one.
#[must_use]
pub fn partial(shop: &ShopId, run: u64, pass: Pass, shard: u32) -> Key {
    let begins = match pass {
        Pass::Survey => SURVEY,
        Pass::Look => LOOK,
    };
    key(run_partials(shop, run), format!("{begins}{shard:06}"))
}

/// What the sort keys of a run's surveys begin with,
pub const SURVEY: &str = "survey#";
/// and those of its second looks.
pub const LOOK: &str = "look#";

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

/// That a job's one transaction went through, and what it came to.
#[must_use]
pub fn job_settled(shop: &ShopId, number: u64) -> Key {
    key(job_partition(shop, number), "settled")
}

/// The last job of a kind about a customer.
#[must_use]
pub fn customer_job(shop: &ShopId, customer: &CustomerKey, kind: &str) -> Key {
    key(format!("{shop}#customer#{}", customer.as_str()), format!("job#{kind}"))
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
