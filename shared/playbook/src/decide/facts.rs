//! What a decision needs to know of a customer on a day. No id, no name, nothing secret. `known` computes it from a profile.

use std::collections::BTreeMap;

use segmentation::answers::{Answer, Survey};
use segmentation::{Day, LoyaltyGroup, Minor, Rfm, Segment, UsualDay};
use serde::{Deserialize, Serialize};

/// A category a customer buys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Favourite {
    /// Its name.
    pub name: String,
    /// Orders that held something of it.
    pub orders: u32,
    /// The last of them.
    pub last: Day,
}

/// A round number of orders, and when it was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Milestone {
    /// How many.
    pub orders: u32,
    /// On which day.
    pub day: Day,
}

/// A segment that the customer left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Left {
    /// Which one, as the playbook was read for it.
    pub segment: Segment,
    /// When they had come there, as far as known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Day>,
    /// When they left it.
    pub day: Day,
}

/// What the customer chose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Chosen {
    /// Of which series.
    pub series: String,
    /// Which category.
    pub category: String,
    /// Which reward, by the code it was offered under.
    pub reward: String,
    /// From when
    pub made: Day,
    /// until when.
    pub until: Day,
}

/// The customer's last answer to a survey.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LastAnswer {
    /// To which survey.
    pub survey: Survey,
    /// What.
    pub answer: Answer,
    /// When.
    pub day: Day,
}

/// A customer on a day.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Facts {
    /// By the active cuts; `None` without a counted order, or before the first cuts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub segment: Option<Segment>,
    /// The segment's group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<LoyaltyGroup>,
    /// A VIP's segment by their own rhythm, where enough gaps are known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reads_as: Option<Segment>,
    /// Recency, frequency, monetary.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub values: Option<Rfm>,
    /// Counted orders of the whole lifetime.
    pub orders: u32,
    /// Their sum, net of returns, in minor units.
    pub spent: Minor,
    /// The first counted order's day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_order: Option<Day>,
    /// Days of the last counted orders, oldest first: at most [`Facts::RECENT`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub recent_orders: Vec<Day>,
    /// How many of the last counted orders came without a gap longer than late.
    pub streak: u32,
    /// The last round number of orders reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub milestone: Option<Milestone>,
    /// Median gap between purchases, in days.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usual_gap_days: Option<f64>,
    /// The day on which they usually buy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usual_day: Option<UsualDay>,
    /// When they came into the segment the playbook is read for, oldest first, as far as known.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub arrived: Vec<Day>,
    /// Segments left in the last [`Facts::LEFT_DAYS`] days, the last left first, each once: at most [`Facts::LEFT`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub left: Vec<Left>,
    /// Categories bought, most orders first, then the last bought: at most [`Facts::FAVOURITES`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<Favourite>,
    /// What they pay for an item: the middle half, in minor units.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price_band: Option<(Minor, Minor)>,
    /// When they joined the loyalty programme.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub programme_since: Option<Day>,
    /// May they be written to?
    pub mailing_consent: bool,
    /// What they chose, while it lasts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub choice: Option<Chosen>,
    /// Of every series they chose from, the day of the last choice, also of one that is over.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub last_chosen: BTreeMap<String, Day>,
    /// Last answers, one a survey.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub answers: Vec<LastAnswer>,
    /// Of surveys answered on more than one day, the days before that of the last answer, oldest first.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub answered_before: BTreeMap<Survey, Vec<Day>>,
    /// When friends they brought ordered, oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub referrals: Vec<Day>,
}

impl Facts {
    /// Days of orders that are kept: enough for every challenge.
    pub const RECENT: usize = 24;
    /// Segments left that are kept.
    pub const LEFT: usize = 4;
    /// For how many days they are: as long as what was begun there may last.
    pub const LEFT_DAYS: i64 = 90;
    /// Favourite categories that are kept.
    pub const FAVOURITES: usize = 5;

    /// The last counted order's day.
    #[must_use]
    pub fn last_order(&self) -> Option<Day> {
        self.recent_orders.last().copied()
    }

    /// When they came here last, as far as known.
    #[must_use]
    pub fn here_since(&self) -> Option<Day> {
        self.arrived.last().copied()
    }

    /// Counted orders since that day, as far as the recent ones tell.
    #[must_use]
    pub fn orders_since(&self, first: Day) -> u32 {
        let recent = self.recent_orders.iter().filter(|day| **day >= first).count();
        u32::try_from(recent).unwrap_or(u32::MAX)
    }

    /// What an order usually comes to.
    #[must_use]
    pub fn average_order(&self) -> Option<Minor> {
        (self.orders > 0).then(|| Minor(self.spent.0 / i64::from(self.orders)))
    }

    /// The last answer to a survey.
    #[must_use]
    pub fn answer(&self, survey: Survey) -> Option<LastAnswer> {
        self.answers.iter().find(|answer| answer.survey == survey).copied()
    }
}
