//! One campaign idea: a mechanic with its reward, calendar and texts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::calendar::Calendar;
use crate::campaign::Conditions;
use crate::language::Text;
use crate::mechanic::{Answer, Mechanic};
use crate::reward::Reward;
use crate::template::Template;

/// Where an idea is shown. A mailing also needs the customer's consent, which is not a playbook's business.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum ShownAt {
    /// In a mailing only.
    Mailing,
    /// At checkout only.
    Checkout,
    /// In either.
    Both,
}

impl ShownAt {
    /// May it be shown at checkout?
    #[must_use]
    pub fn checkout(self) -> bool {
        self != ShownAt::Mailing
    }

    /// May it go out in a mailing?
    #[must_use]
    pub fn mailing(self) -> bool {
        self != ShownAt::Checkout
    }
}

/// What an idea asks of the shop, so that code can tell what an entry's [`Rule`](crate::Rule) bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum IdeaKind {
    /// Attention only: a pick, a reminder, a word about prices that everyone gets.
    Message,
    /// A question; its answer may open a [`Rule::AfterAnswer`](crate::Rule::AfterAnswer) entry.
    Survey,
    /// Something given to this customer: a code, cashback, points, free delivery.
    Reward,
}

/// One campaign idea. A code means the same in every entry of a playbook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Idea {
    /// Its stable name, in snake_case.
    #[cfg_attr(feature = "schema", schemars(skip_serializing_if = "may_lack"))]
    pub code: String,
    /// What is done.
    pub mechanic: Mechanic,
    /// Where it is shown.
    pub place: ShownAt,
    /// When it is open.
    pub calendar: Calendar,
    /// What is given; `None`: a message or a question, or it depends (see the next two).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reward: Option<Reward>,
    /// [`Mechanic::CodeByAnswer`]: what each answer earns; every answer to that survey is there.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub by_answer: BTreeMap<Answer, Reward>,
    /// [`Mechanic::Choose`]: what there is to choose from, 1 to 5; with one, the customer chooses the category only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<Reward>,
    /// Days a reward is valid from its slot's first day; 0 where nothing is given; where orders are
    /// counted, the slot's open days. A sale's or a month's ends with it at the latest.
    pub validity: u16,
    /// What the order has to keep for it.
    #[serde(default, skip_serializing_if = "Conditions::is_empty")]
    pub conditions: Conditions,
    /// Products shown at most, 1 to 10, by mechanics that show some.
    pub show: u8,
    /// One sentence to the marketer.
    pub text: Text,
    /// To the customer.
    pub say: Template,
    /// Why this customer sees it, to the customer.
    pub why: Template,
}

impl Idea {
    /// Message, survey or reward.
    #[must_use]
    pub fn kind(&self) -> IdeaKind {
        match self.mechanic {
            Mechanic::Survey(_) => IdeaKind::Survey,
            _ if self.rewards().next().is_some() => IdeaKind::Reward,
            _ => IdeaKind::Message,
        }
    }

    /// Everything it may give.
    pub fn rewards(&self) -> impl Iterator<Item = &Reward> {
        self.reward.iter().chain(self.by_answer.values()).chain(&self.choices)
    }
}
