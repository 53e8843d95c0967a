//! Facts that change only the profile: attributes, choices, survey answers. Each is taken exactly once (law 2), in one
//! transaction of its item and the profile; recency, frequency and monetary value stay as they are, so nobody moves.

use chrono::{DateTime, Utc};
use segmentation::answers::{Answer, Answered, Survey};
use segmentation::{Alert, AttributeUpdate, Choice, Day, Profile, Regrouped};
use serde::Serialize;

use crate::alerts::listed;
use crate::error::{LedgerError, RecordError, Refusal};
use crate::ids::{AnswerId, ChoiceId, CustomerId, ShopId};
use crate::items::{Customer, Sequence, StoryItem};
use crate::keys::{self, CustomerKey, Key};
use crate::order::{content_hash, shop_day};
use crate::record::Status;
use crate::shop::Shop;
use crate::store::{Backoff, Item, Ledger};

/// What is answered to an accepted update of attributes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AttributesReceipt {
    /// Stored now or before.
    pub status: Status,
    /// Whose they are.
    pub customer: CustomerId,
    /// When the shop changed them, to the millisecond.
    pub updated_at: DateTime<Utc>,
}

/// A choice as it is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Chosen {
    /// Unique for its customer.
    pub id: ChoiceId,
    /// The campaign's lasting name.
    pub series: String,
    /// The category, as the offer named it.
    pub category: String,
    /// The reward, as the offer named it.
    pub reward: String,
    /// Its first day; by default the day it is accepted.
    pub made: Option<Day>,
    /// For how many days it holds, from 1.
    pub days: u16,
}

/// What is answered to an accepted choice: the choice as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ChoiceReceipt {
    /// Stored now or before.
    pub status: Status,
    /// Who chose.
    pub customer: CustomerId,
    /// What.
    #[serde(flatten)]
    pub choice: Choice,
}

/// A survey answer as it is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Said {
    /// Unique for its customer and survey.
    pub id: AnswerId,
    /// To which survey.
    pub survey: Survey,
    /// What it says.
    pub answer: Answer,
    /// The score it was given as.
    pub score: Option<u8>,
}

/// What is answered to an accepted survey answer: the answer as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AnswerReceipt {
    /// Stored now or before.
    pub status: Status,
    /// Whose it is.
    pub customer: CustomerId,
    /// The answer.
    #[serde(flatten)]
    pub answered: Answered,
}

/// One fact on its way in.
pub(crate) struct Fact<'a> {
    /// Whose.
    pub(crate) customer: &'a CustomerId,
    /// What it is called when its id was taken with other content, and that id.
    pub(crate) what: (&'static str, String),
    /// Where the item lies.
    pub(crate) key: Key,
    /// Of its content.
    pub(crate) hash: &'a str,
    /// Is it dated before this moment of erasure?
    pub(crate) before: &'a (dyn Fn(DateTime<Utc>) -> bool + Sync),
    /// May it be, as the customer stands? Asked on what the transaction then rests on.
    pub(crate) allowed: &'a (dyn Fn(&Customer) -> Result<(), Refusal> + Sync),
    /// The item, given its place in the sequence.
    pub(crate) story: &'a (dyn Fn(Sequence) -> StoryItem + Sync),
    /// Another item of the ledger that must not be there yet either.
    pub(crate) beside: Option<Item>,
}

impl Ledger {
    /// Records an update of a customer's attributes; of a customer nobody knew, too. Who brought them is thanked, see
    /// [`Ledger::earn_referral`]: the update names them by the shop's id, and is stored with their key, so that nobody who was
    /// erased is named among what is kept of others.
    ///
    /// # Errors
    /// [`RecordError::Refused`] with the reason, or [`RecordError::Store`]; in both cases nothing was changed.
    pub async fn record_attributes(
        &self,
        shop: &Shop,
        today: Day,
        customer: &CustomerId,
        update: &AttributeUpdate,
    ) -> Result<AttributesReceipt, RecordError> {
        let by = update.referred_by.clone().map(|by| by.map(|by| self.key_of_referrer(&shop.id, by)));
        let update = &AttributeUpdate { referred_by: by, ..update.clone() };
        let hash = content_hash(update);
        let moment = i64::try_from(update.updated_at).ok().and_then(DateTime::from_timestamp_millis);
        let moment = moment.ok_or_else(|| LedgerError::damaged("a moment beyond all calendars"))?;
        let key = keys::attributes(&shop.id, &self.customer_key(&shop.id, customer), update.updated_at, head_of(&hash));
        let fact = Fact {
            customer,
            what: ("attributes", customer.to_string()),
            key,
            hash: &hash,
            before: &|erased| moment < erased,
            allowed: &|_| Ok(()),
            story: &|sequence| StoryItem::Attributes { sequence, hash: hash.clone(), attributes: update.clone() },
            beside: None,
        };
        let (status, _) = self.record_fact(shop, fact).await?;
        if let Some(Some(_)) = update.referred_by
            && let Some(friend) = self.customer_now(&shop.id, &self.customer_key(&shop.id, customer)).await?
        {
            self.thank_for(shop, &friend, today).await;
        }
        Ok(AttributesReceipt { status, customer: customer.clone(), updated_at: moment })
    }

    /// An id that is none is nobody's, and stays as it is.
    fn key_of_referrer(&self, shop: &ShopId, by: String) -> String {
        CustomerId::try_from(by.clone()).map_or(by, |by| self.customer_key(shop, &by).as_str().to_owned())
    }

    /// Records what a customer chose, if it is `offered` to them as they stand then: two choices sent at once are weighed one
    /// after the other.
    ///
    /// # Errors
    /// [`RecordError::Refused`] with the reason, or [`RecordError::Store`]; in both cases nothing was changed.
    pub async fn record_choice(
        &self,
        shop: &Shop,
        today: Day,
        customer: &CustomerId,
        chosen: &Chosen,
        offered: &(dyn Fn(&Customer) -> Result<(), Refusal> + Sync),
    ) -> Result<ChoiceReceipt, RecordError> {
        let hash = content_hash(chosen);
        let made = chosen.made.unwrap_or(today);
        let choice = Choice {
            id: chosen.id.to_string(),
            series: chosen.series.clone(),
            category: chosen.category.clone(),
            reward: chosen.reward.clone(),
            made,
            until: made.plus(i64::from(chosen.days.max(1)) - 1),
        };
        let fact = Fact {
            customer,
            what: ("choice", chosen.id.to_string()),
            key: keys::choice(&shop.id, &self.customer_key(&shop.id, customer), &chosen.id),
            hash: &hash,
            before: &|erased| made < shop_day(erased, shop.settings.time_zone),
            allowed: offered,
            story: &|sequence| StoryItem::Choice { sequence, hash: hash.clone(), choice: choice.clone() },
            beside: None,
        };
        match self.record_fact(shop, fact).await? {
            (status, StoryItem::Choice { choice, .. }) => {
                Ok(ChoiceReceipt { status, customer: customer.clone(), choice })
            }
            (_, other) => Err(misplaced(&other)),
        }
    }

    /// Records what a customer answered to a survey.
    ///
    /// # Errors
    /// [`RecordError::Refused`] with the reason, or [`RecordError::Store`]; in both cases nothing was changed.
    pub async fn record_answer(
        &self,
        shop: &Shop,
        today: Day,
        customer: &CustomerId,
        said: &Said,
    ) -> Result<AnswerReceipt, RecordError> {
        let hash = content_hash(said);
        let answer = Answered {
            id: said.id.to_string(),
            survey: said.survey,
            answer: said.answer,
            score: said.score,
            day: today,
            earlier: Vec::new(),
        };
        let fact = Fact {
            customer,
            what: ("answer", said.id.to_string()),
            key: keys::answer(&shop.id, &self.customer_key(&shop.id, customer), said.survey, &said.id),
            hash: &hash,
            before: &|erased| today < shop_day(erased, shop.settings.time_zone),
            allowed: &|_| Ok(()),
            story: &|sequence| StoryItem::Answer { sequence, hash: hash.clone(), answer: answer.clone() },
            beside: None,
        };
        match self.record_fact(shop, fact).await? {
            (status, StoryItem::Answer { answer, .. }) => {
                Ok(AnswerReceipt { status, customer: customer.clone(), answered: answer })
            }
            (_, other) => Err(misplaced(&other)),
        }
    }

    /// Records a fact that changes only the profile, and gives the item as it is stored.
    pub(crate) async fn record_fact(&self, shop: &Shop, fact: Fact<'_>) -> Result<(Status, StoryItem), RecordError> {
        let customer_key: CustomerKey = self.customer_key(&shop.id, fact.customer);
        let (ledger, customers) = (&self.tables().ledger, &self.tables().customers);
        let mut backoff = Backoff::default();
        loop {
            let standing = self.standing(&shop.id, &customer_key).await?;
            if standing.erased().is_some_and(|erased| (fact.before)(erased.at)) {
                return Err(Refusal::CustomerErased.into());
            }
            if let Some(stored) = self.get::<StoryItem>(ledger, &fact.key, true).await? {
                let (what, id) = fact.what;
                return match stored.hash() {
                    Some(hash) if hash == fact.hash => Ok((Status::Duplicate, stored)),
                    _ => Err(Refusal::OtherContent { what, id }.into()),
                };
            }
            let before = standing.or_new(fact.customer);
            (fact.allowed)(&before)?;
            let story = (fact.story)(Sequence { version: before.profile.version + 1, place: 0 });
            let mut after = before.clone();
            story.fold_into(&mut after.profile);
            after.profile.commit(None);
            let mut writes = vec![self.put_new(ledger, story.to_item(fact.key.clone())?)?];
            writes.extend(standing.check(self)?);
            if let Some(beside) = &fact.beside {
                writes.push(self.put_new(ledger, beside.clone())?);
            }
            if let Some(alert) = story.alert() {
                let version = after.profile.version;
                let previous = before.profile.last_event();
                let event =
                    StoryItem::Alert { sequence: Sequence { version, place: 1 }, previous, alert: alert.clone() };
                event.fold_into(&mut after.profile);
                let event_key = keys::move_of(&shop.id, &before.key, version);
                writes.push(self.put_new(ledger, event.to_item(event_key)?)?);
                writes.push(self.put_new(ledger, listed(&shop.id, &before, version, &alert)?)?);
            }
            writes.push(self.put_as_read(customers, after.to_item(&shop.id)?, before.read_version())?);
            if self.transact(writes).await? {
                return Ok((Status::Recorded, story));
            }
            backoff.wait().await?;
        }
    }
}

impl StoryItem {
    /// Of the content as sent; a move or an alert was sent by nobody, and a redemption changes.
    fn hash(&self) -> Option<&str> {
        match self {
            StoryItem::Order { hash, .. }
            | StoryItem::Return { hash, .. }
            | StoryItem::Attributes { hash, .. }
            | StoryItem::Choice { hash, .. }
            | StoryItem::Answer { hash, .. } => Some(hash),
            // Its whole content but for the day, which is that of the first time.
            StoryItem::Referral { referral, .. } => Some(&referral.friend),
            StoryItem::Redemption { .. }
            | StoryItem::GivenBack { .. }
            | StoryItem::Alert { .. }
            | StoryItem::Merge { .. }
            | StoryItem::Move { .. } => None,
        }
    }

    /// What the shop is told of it at once.
    fn alert(&self) -> Option<Alert> {
        match self {
            StoryItem::Answer { answer, .. } => Alert::of(answer),
            _ => None,
        }
    }

    /// Folds what changes only the profile into it; anything else is left to those who know its order's head.
    pub(crate) fn fold_into(&self, profile: &mut Profile) {
        match self {
            StoryItem::Attributes { hash, attributes, .. } => profile.attributes.update(attributes, head_of(hash)),
            StoryItem::Choice { choice, .. } => profile.choices.push(choice.clone()),
            StoryItem::Answer { answer, .. } => profile.answers.put(answer.clone()),
            StoryItem::Redemption { sequence: Some(_), redemption, .. } => profile.closed.push(redemption.closes()),
            StoryItem::GivenBack { redemption, slot, step, .. } => {
                profile.closed.give_back(&redemption.series, *slot, *step);
            }
            StoryItem::Redemption { sequence: None, .. } => {}
            StoryItem::Referral { referral, .. } => profile.referrals.push(referral.clone()),
            StoryItem::Merge { sequence, day, .. } => {
                profile.regrouped = Some(Regrouped { version: sequence.version, day: *day });
            }
            StoryItem::Alert { sequence, alert, .. } => {
                profile.last_alerted = Some(sequence.version);
                profile.last_slip = alert.slip().or(profile.last_slip);
            }
            // Where it moved to is folded by those who know the other moves.
            StoryItem::Move { alert, .. } => {
                profile.last_slip = alert.as_ref().and_then(Alert::slip).or(profile.last_slip);
            }
            StoryItem::Order { .. } | StoryItem::Return { .. } => {}
        }
    }
}

/// The first 64 bits of a hash in hex.
fn head_of(hash: &str) -> u64 {
    hash.get(..16).and_then(|head| u64::from_str_radix(head, 16).ok()).unwrap_or(0)
}

fn misplaced(story: &StoryItem) -> RecordError {
    LedgerError::damaged(format!("an item under another kind's key, of hash {:?}", story.hash())).into()
}
