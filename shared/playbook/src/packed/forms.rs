//! What of a playbook, a campaign and the settings is packed, in postcard's form: that has no names of fields, so nothing may be left out
//! of it, as JSON leaves out what is empty; and reading it takes a tenth of the code that reading JSON does.

use std::collections::{BTreeMap, BTreeSet};

use segmentation::{Day, Minor, Segment};
use serde::{Deserialize, Serialize};

use crate::calendar::{Calendar, Sale};
use crate::campaign::{Conditions, OwnCampaign};
use crate::decide::{CategoryPair, OfferSettings, RhythmRule, Tier};
use crate::entry::{Entry, Rule};
use crate::idea::{Idea, ShownAt};
use crate::language::Text;
use crate::mechanic::{Answer, Mechanic};
use crate::reward::{Limit, Reward, RewardCosts};
use crate::template::Template;

#[derive(Serialize, Deserialize)]
pub(super) struct PackedEntry {
    name: String,
    reward: Rule,
    limit: Limit,
    goal: Text,
    mechanic: Text,
    caution: Option<Text>,
    opens_unanswered_after: Option<u16>,
    gentle_days: u16,
    ends_after: Option<u16>,
    /// Numbers of ideas.
    pub(super) ideas: Vec<u16>,
}

impl PackedEntry {
    pub(super) fn of(entry: &Entry, ideas: Vec<u16>) -> PackedEntry {
        let its = Entry { ideas: Vec::new(), ..entry.clone() };
        PackedEntry {
            name: its.name,
            reward: its.reward,
            limit: its.limit,
            goal: its.goal,
            mechanic: its.mechanic,
            caution: its.caution,
            opens_unanswered_after: its.opens_unanswered_after,
            gentle_days: its.gentle_days,
            ends_after: its.ends_after,
            ideas,
        }
    }

    pub(super) fn with(self, ideas: Vec<Idea>) -> Entry {
        Entry {
            name: self.name,
            reward: self.reward,
            limit: self.limit,
            goal: self.goal,
            mechanic: self.mechanic,
            caution: self.caution,
            opens_unanswered_after: self.opens_unanswered_after,
            gentle_days: self.gentle_days,
            ends_after: self.ends_after,
            ideas,
        }
    }
}

/// Without `text`, which only the shop's staff reads.
#[derive(Serialize, Deserialize)]
pub(super) struct PackedIdea {
    code: String,
    mechanic: Mechanic,
    place: ShownAt,
    calendar: Calendar,
    reward: Option<Reward>,
    by_answer: BTreeMap<Answer, Reward>,
    choices: Vec<Reward>,
    validity: u16,
    min_total: Option<Minor>,
    stacks: bool,
    show: u8,
    say: Template,
    why: Template,
}

impl From<&Idea> for PackedIdea {
    fn from(idea: &Idea) -> PackedIdea {
        let its = idea.clone();
        let Conditions { min_total, stacks } = its.conditions;
        PackedIdea {
            code: its.code,
            mechanic: its.mechanic,
            place: its.place,
            calendar: its.calendar,
            reward: its.reward,
            by_answer: its.by_answer,
            choices: its.choices,
            validity: its.validity,
            min_total,
            stacks,
            show: its.show,
            say: its.say,
            why: its.why,
        }
    }
}

impl From<PackedIdea> for Idea {
    fn from(packed: PackedIdea) -> Idea {
        Idea {
            code: packed.code,
            mechanic: packed.mechanic,
            place: packed.place,
            calendar: packed.calendar,
            reward: packed.reward,
            by_answer: packed.by_answer,
            choices: packed.choices,
            validity: packed.validity,
            conditions: Conditions { min_total: packed.min_total, stacks: packed.stacks },
            show: packed.show,
            text: Text { en: String::new(), ru: String::new() },
            say: packed.say,
            why: packed.why,
        }
    }
}

/// A shop's own campaign, packed.
#[derive(Serialize, Deserialize)]
pub struct PackedCampaign {
    series: String,
    segments: Option<BTreeSet<Segment>>,
    from: Option<Day>,
    until: Option<Day>,
    beyond_rules: bool,
    idea: PackedIdea,
    /// The idea's, as the document of a decision holds own campaigns whole, and its hash goes over it.
    text: Text,
}

impl From<&OwnCampaign> for PackedCampaign {
    fn from(own: &OwnCampaign) -> PackedCampaign {
        let OwnCampaign { series, segments, from, until, beyond_rules, idea } = own;
        PackedCampaign {
            series: series.clone(),
            segments: segments.clone(),
            from: *from,
            until: *until,
            beyond_rules: *beyond_rules,
            idea: idea.into(),
            text: idea.text.clone(),
        }
    }
}

impl From<PackedCampaign> for OwnCampaign {
    fn from(packed: PackedCampaign) -> OwnCampaign {
        let PackedCampaign { series, segments, from, until, beyond_rules, idea, text } = packed;
        OwnCampaign { series, segments, from, until, beyond_rules, idea: Idea { text, ..idea.into() } }
    }
}

/// What of the settings offers depend on, packed.
#[derive(Serialize, Deserialize)]
pub struct PackedSettings {
    tiers: Vec<Tier>,
    sales: Vec<Sale>,
    season: Option<String>,
    delivery: Option<Minor>,
    points_percent: Option<u8>,
    rhythm: RhythmRule,
    complements: Vec<CategoryPair>,
}

impl From<&OfferSettings> for PackedSettings {
    fn from(settings: &OfferSettings) -> PackedSettings {
        let OfferSettings { tiers, sales, season, costs, rhythm, complements } = settings.clone();
        let RewardCosts { delivery, points_percent } = costs;
        PackedSettings { tiers, sales, season, delivery, points_percent, rhythm, complements }
    }
}

impl From<PackedSettings> for OfferSettings {
    fn from(packed: PackedSettings) -> OfferSettings {
        let PackedSettings { tiers, sales, season, delivery, points_percent, rhythm, complements } = packed;
        OfferSettings { tiers, sales, season, costs: RewardCosts { delivery, points_percent }, rhythm, complements }
    }
}
