//! The items of `Customers` and `Ledger` as they are stored, and the profile as it is read.

use chrono::{DateTime, Utc};
use segmentation::moves::RecentMoves;
use segmentation::{
    Alert, Answered, Answers, AttributeUpdate, Attributes, Baskets, Choice, Choices, ClosedSteps, Day, Move, OrderFold,
    Orders, Profile, Referral, Referrals, Regrouped, Tastes,
};
use serde::{Deserialize, Serialize};

use crate::error::LedgerError;
use crate::ids::{CustomerId, ShopId};
use crate::keys::{self, CustomerKey, Key};
use crate::order::{AcceptedReturn, Order};
use crate::redemption::{Redemption, RedemptionKey};
use crate::store::{Item, item, parse};

/// A customer as the store knows them.
#[derive(Clone, Debug, PartialEq)]
pub struct Customer {
    /// The shop's id.
    pub id: CustomerId,
    /// The key it lies under.
    pub key: CustomerKey,
    /// What the ledger's items fold into.
    pub profile: Profile,
    /// That the customer was erased once: everything dated before is gone for good (law 17).
    pub erased: Option<Erased>,
    /// Who else this customer is, by their keys: at most [`Customer::MAX_ALIASES`].
    pub aliases: Vec<CustomerKey>,
    /// The layout it was read in.
    pub(crate) format: u8,
}

/// That a customer was erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erased {
    /// What is dated before this moment is refused for good.
    pub at: DateTime<Utc>,
    /// The version of the marker: items with a version up to it are gone, or about to go.
    pub version: u64,
}

/// The profile's item; its attributes beside the fold are derived from it.
#[derive(Serialize, Deserialize)]
struct ProfileItem {
    // No `flatten`, which would make serde hold every attribute twice: a run reads each of these.
    pk: String,
    sk: String,
    /// Of this layout.
    format: u8,
    customer: CustomerId,
    version: u64,
    orders: Orders,
    #[serde(with = "segmentation::moves::stored")]
    moves: RecentMoves,
    #[serde(default, skip_serializing_if = "Tastes::is_empty")]
    tastes: Tastes,
    #[serde(default, skip_serializing_if = "Baskets::is_empty")]
    baskets: Baskets,
    #[serde(default, skip_serializing_if = "Attributes::is_empty")]
    attributes: Attributes,
    #[serde(default, skip_serializing_if = "Choices::is_empty")]
    choices: Choices,
    #[serde(default, skip_serializing_if = "Answers::is_empty")]
    answers: Answers,
    #[serde(default, skip_serializing_if = "ClosedSteps::is_empty")]
    closed: ClosedSteps,
    #[serde(default, skip_serializing_if = "Referrals::is_empty")]
    referrals: Referrals,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_alerted: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_slip: Option<Day>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    regrouped: Option<Regrouped>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    aliases: Vec<CustomerKey>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    erased: Option<Erased>,
    /// The version at which it was last merged, parted or erased: what was decided on before holds no more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    since: Option<u64>,
    /// Absent without a segment: that is what makes the index sparse.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    audience_pk: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    audience_sk: Option<String>,
}

/// 1: moves as a list of maps. 2: moves packed. 3: merged, parted or erased once, and aliases and markers, which only they have.
/// A release reads all up to its own and writes its own; a run writes those anew that it meets in an older one.
pub(crate) const FORMAT: u8 = 3;
/// What a profile is written in that needs no later one, so that the release before this one reads it too.
const PLAIN: u8 = 2;

impl Customer {
    /// The most aliases one customer can have.
    pub const MAX_ALIASES: usize = 20;

    /// A customer of whom nothing is known yet.
    #[must_use]
    pub fn unknown(id: CustomerId, key: CustomerKey) -> Customer {
        Customer { id, key, profile: Profile::default(), erased: None, aliases: Vec::new(), format: PLAIN }
    }

    /// Was it written by an older release, in another layout?
    #[must_use]
    pub fn is_outdated(&self) -> bool {
        self.format < PLAIN
    }

    /// Is this one of the keys under which the customer is known?
    #[must_use]
    pub fn is(&self, key: &CustomerKey) -> bool {
        self.key == *key || self.aliases.contains(key)
    }

    /// All keys under which the customer is known, their own first.
    pub fn keys(&self) -> impl Iterator<Item = &CustomerKey> {
        std::iter::once(&self.key).chain(&self.aliases)
    }

    /// The version at which they were last merged, parted or erased.
    pub(crate) fn since(&self) -> Option<u64> {
        self.profile.regrouped.map(|at| at.version).max(self.erased.map(|erased| erased.version))
    }

    /// The version to find in the store when this is written back; `None` when it is not there yet.
    pub(crate) fn read_version(&self) -> Option<u64> {
        (self.profile.version > 0).then_some(self.profile.version)
    }

    /// The index attributes of the label: partition and sort key, or `None` without a segment.
    pub(crate) fn audience(&self, shop: &ShopId) -> Option<(String, String)> {
        let label = self.profile.label()?;
        let segment = label.place.0?;
        Some((keys::audience(shop, segment, &self.key), keys::audience_order(label.day, &self.key)))
    }

    /// As it is stored.
    ///
    /// # Errors
    /// [`LedgerError::Damaged`] when it cannot be written down.
    pub fn to_item(&self, shop: &ShopId) -> Result<Item, LedgerError> {
        let (audience_pk, audience_sk) = self.audience(shop).unzip();
        let Key { pk, sk } = keys::profile(shop, &self.key);
        let since = self.since();
        item(&ProfileItem {
            pk,
            sk,
            format: if since.is_some() { FORMAT } else { PLAIN },
            customer: self.id.clone(),
            version: self.profile.version,
            orders: self.profile.orders.clone(),
            moves: self.profile.moves.clone(),
            tastes: self.profile.tastes.clone(),
            baskets: self.profile.baskets.clone(),
            attributes: self.profile.attributes.clone(),
            choices: self.profile.choices.clone(),
            answers: self.profile.answers.clone(),
            closed: self.profile.closed.clone(),
            referrals: self.profile.referrals.clone(),
            last_alerted: self.profile.last_alerted,
            last_slip: self.profile.last_slip,
            regrouped: self.profile.regrouped,
            aliases: self.aliases.clone(),
            erased: self.erased,
            since,
            audience_pk,
            audience_sk,
        })
    }

    /// As it is read; the item must be a profile, see [`Held`](crate::standing::Held).
    pub(crate) fn from_profile(stored: Item) -> Result<Customer, LedgerError> {
        let stored: ProfileItem = parse(stored)?;
        if !(1..=FORMAT).contains(&stored.format) {
            let format = stored.format;
            return Err(LedgerError::damaged(format!(
                "a profile of format {format}; this release knows 1 to {FORMAT}"
            )));
        }
        let customer = stored.customer;
        let profile = Profile {
            version: stored.version,
            orders: stored.orders,
            moves: stored.moves,
            tastes: stored.tastes,
            baskets: stored.baskets,
            attributes: stored.attributes,
            choices: stored.choices,
            answers: stored.answers,
            closed: stored.closed,
            referrals: stored.referrals,
            last_alerted: stored.last_alerted,
            regrouped: stored.regrouped,
            last_slip: stored.last_slip,
        };
        Ok(Customer {
            id: customer,
            key: CustomerKey::stored(&stored.sk),
            profile,
            erased: stored.erased,
            aliases: stored.aliases,
            format: stored.format,
        })
    }
}

/// The place of an item in its customer's sequence: the profile version its transaction made, and where in that it stood.
/// A lower revision changes no profile and has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Sequence {
    /// The profile's version after the transaction.
    pub version: u64,
    /// Counted from 0 within it.
    pub place: u32,
}

/// One accepted item of a customer's story.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum StoryItem {
    /// A revision of an order.
    Order {
        /// Where it stands in the sequence.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sequence: Option<Sequence>,
        /// Of the content as sent.
        hash: String,
        /// The revision.
        order: Order,
    },
    /// A return.
    Return {
        /// Where it stands in the sequence.
        sequence: Sequence,
        /// Of the content as sent.
        hash: String,
        /// The return and what it came to.
        #[serde(rename = "return")]
        returned: AcceptedReturn,
    },
    /// An update of attributes.
    Attributes {
        /// Where it stands in the sequence.
        sequence: Sequence,
        /// Of the content as sent.
        hash: String,
        /// The update.
        attributes: AttributeUpdate,
    },
    /// What the customer chose.
    Choice {
        /// Where it stands in the sequence.
        sequence: Sequence,
        /// Of the content as sent.
        hash: String,
        /// The choice.
        choice: Choice,
    },
    /// An answer to a survey.
    Answer {
        /// Where it stands in the sequence.
        sequence: Sequence,
        /// Of the content as sent.
        hash: String,
        /// The answer.
        answer: Answered,
    },
    /// A reward set aside for an order, and how that ended; immutable once it is settled.
    Redemption {
        /// Where it stands in the sequence: only what was confirmed changed the profile.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sequence: Option<Sequence>,
        /// 1 while it is reserved, 2 when it is settled.
        version: u64,
        /// The redemption.
        redemption: Redemption,
    },
    /// A used reward that was given back with its order.
    GivenBack {
        /// Where it stands in the sequence.
        sequence: Sequence,
        /// Which redemption.
        #[serde(flatten)]
        redemption: RedemptionKey,
        /// Its slot, by the first day.
        slot: Day,
        /// Its step.
        step: u8,
    },
    /// A friend they brought has ordered.
    Referral {
        /// Where it stands in the sequence.
        sequence: Sequence,
        /// Who, and when.
        referral: Referral,
    },
    /// What the shop was told at once, under a move's key: a transaction is one event, and one that moves nobody has these alone.
    Alert {
        /// Where it stands in the sequence: last in its transaction.
        sequence: Sequence,
        /// The version of the event before it, so that a receiver of events sees a gap.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        previous: Option<u64>,
        /// What.
        alert: Alert,
    },
    /// Became one with another customer, or was parted from one; in the stories of both.
    Merge {
        /// Where it stands in the sequence: before the move of its transaction.
        sequence: Sequence,
        /// Which of the two.
        what: Regroup,
        /// The other one.
        other: CustomerKey,
        /// The shop day.
        day: Day,
    },
    /// A move.
    Move {
        /// Where it stands in the sequence: last in its transaction.
        sequence: Sequence,
        /// The version of the event before it, so that a receiver of events sees a gap.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        previous: Option<u64>,
        /// The move.
        #[serde(rename = "move")]
        moved: Move,
        /// What the shop is told of it at once.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        alert: Option<Alert>,
    },
}

/// A merge or an unmerge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Regroup {
    /// Two became one.
    Merge,
    /// One became two again.
    Unmerge,
}

#[derive(Serialize)]
struct KeyedStory<'a> {
    #[serde(flatten)]
    key: Key,
    #[serde(flatten)]
    story: &'a StoryItem,
}

impl StoryItem {
    /// Its place in the sequence; `None` of what changed no profile: a lower revision, a reward not used.
    #[must_use]
    pub fn sequence(&self) -> Option<Sequence> {
        match self {
            StoryItem::Order { sequence, .. } | StoryItem::Redemption { sequence, .. } => *sequence,
            StoryItem::Return { sequence, .. }
            | StoryItem::Attributes { sequence, .. }
            | StoryItem::Choice { sequence, .. }
            | StoryItem::Answer { sequence, .. }
            | StoryItem::GivenBack { sequence, .. }
            | StoryItem::Referral { sequence, .. }
            | StoryItem::Alert { sequence, .. }
            | StoryItem::Merge { sequence, .. }
            | StoryItem::Move { sequence, .. } => Some(*sequence),
        }
    }

    pub(crate) fn to_item(&self, key: Key) -> Result<Item, LedgerError> {
        item(&KeyedStory { key, story: self })
    }
}

/// An order's head: whose the order is, and the fold of its revisions and returns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Head {
    #[serde(flatten)]
    pub(crate) key: Key,
    /// In whose story its revisions and returns lie: the one under whose id it was first sent. `None`: erased.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) customer_key: Option<CustomerKey>,
    /// The version of that one's last marker when the order came; 0 where there was none. A later marker means that it is gone.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) epoch: u64,
    #[serde(default, skip_serializing_if = "OrderFold::is_empty")]
    pub(crate) fold: OrderFold,
    /// 0 while it is not stored.
    pub(crate) version: u64,
}

/// No marker: nothing is stored of it.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
pub(crate) fn is_zero(version: &u64) -> bool {
    *version == 0
}

/// Stands in an order's head for the customer's key where a guest bought: it is none, as it is no 32 digits.
const GUEST: &str = "guest";

impl Head {
    /// The head of a guest's order, which counts for nobody. If it becomes a customer's, theirs takes its place.
    pub(crate) fn of_guest(key: Key) -> Head {
        let customer_key = Some(CustomerKey::stored(GUEST));
        Head { key, customer_key, epoch: 0, fold: OrderFold::default(), version: 1 }
    }

    pub(crate) fn is_guests(&self) -> bool {
        self.customer_key.as_ref().is_some_and(|key| key.as_str() == GUEST)
    }

    /// That an order was there, and of whom nothing is left.
    pub(crate) fn blank(self) -> Head {
        Head { customer_key: None, epoch: 0, fold: OrderFold::default(), ..self }
    }

    pub(crate) fn read_version(&self) -> Option<u64> {
        (self.version > 0).then_some(self.version)
    }
}
