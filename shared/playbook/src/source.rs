//! The playbook's form as data: the same in the TOML files, in a shop's override and in what `source_json` answers.

use std::collections::BTreeMap;

use segmentation::Segment;
use serde::de::IntoDeserializer;
use serde::{Deserialize, Deserializer};

use crate::calendar::Calendar;
use crate::campaign::Conditions;
use crate::entry::Rule;
use crate::error::PlaybookError;
use crate::idea::{Idea, ShownAt};
use crate::language::Text;
use crate::mechanic::{Answer, Mechanic};
use crate::reward::{Limit, Reward};
use crate::template::Template;
use crate::why::{NoReward, Withheld};
use crate::words::{ChosenWords, RewardWords};

/// A playbook, whole.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "PlaybookForm"))]
pub struct Source {
    pub(crate) newcomer: SourceEntry,
    pub(crate) segment: BTreeMap<Segment, SourceEntry>,
    pub(crate) idea: BTreeMap<String, SourceIdea>,
    pub(crate) withheld: BTreeMap<Named<Withheld>, Text>,
    pub(crate) no_reward: BTreeMap<Named<NoReward>, Text>,
    pub(crate) reward: RewardWords<Text>,
    pub(crate) chosen: ChosenWords,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "EntryForm"))]
pub(crate) struct SourceEntry {
    pub(crate) reward: Rule,
    #[cfg_attr(feature = "schema", schemars(skip_serializing_if = "may_lack"))]
    #[serde(default = "nothing")]
    pub(crate) limit: Limit,
    pub(crate) goal: Text,
    pub(crate) mechanic: Text,
    #[cfg_attr(feature = "schema", schemars(skip_serializing_if = "may_lack"))]
    pub(crate) caution: Option<Text>,
    #[cfg_attr(feature = "schema", schemars(skip_serializing_if = "may_lack"))]
    pub(crate) opens_unanswered_after: Option<u16>,
    #[cfg_attr(feature = "schema", schemars(skip_serializing_if = "may_lack"))]
    #[serde(default)]
    pub(crate) gentle_days: u16,
    #[cfg_attr(feature = "schema", schemars(skip_serializing_if = "may_lack"))]
    pub(crate) ends_after: Option<u16>,
    /// Codes.
    pub(crate) ideas: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "IdeaForm"))]
pub(crate) struct SourceIdea {
    pub(crate) mechanic: Mechanic,
    pub(crate) place: ShownAt,
    #[cfg_attr(feature = "schema", schemars(skip_serializing_if = "may_lack"))]
    #[serde(default)]
    pub(crate) calendar: Calendar,
    #[cfg_attr(feature = "schema", schemars(skip_serializing_if = "may_lack"))]
    pub(crate) reward: Option<Reward>,
    #[cfg_attr(feature = "schema", schemars(skip_serializing_if = "may_lack"))]
    #[serde(default)]
    pub(crate) by_answer: BTreeMap<Named<Answer>, Reward>,
    #[cfg_attr(feature = "schema", schemars(skip_serializing_if = "may_lack"))]
    #[serde(default)]
    pub(crate) choices: Vec<Reward>,
    #[cfg_attr(feature = "schema", schemars(skip_serializing_if = "may_lack"))]
    #[serde(default)]
    pub(crate) validity: u16,
    #[cfg_attr(feature = "schema", schemars(skip_serializing_if = "may_lack"))]
    #[serde(default)]
    pub(crate) conditions: Conditions,
    #[cfg_attr(feature = "schema", schemars(skip_serializing_if = "may_lack"))]
    #[serde(default = "three")]
    pub(crate) show: u8,
    pub(crate) text: Text,
    pub(crate) say: Text,
    pub(crate) why: Text,
}

impl SourceIdea {
    /// The idea under its code; `at`: its place in what was read.
    pub(crate) fn idea(self, code: String, at: &str) -> Result<Idea, PlaybookError> {
        let template = |field: &str, text: Text| {
            Template::try_from(text).map_err(|error| PlaybookError::template(&format!("{at}.{field}"), error))
        };
        let (say, why) = (template("say", self.say)?, template("why", self.why)?);
        Ok(Idea {
            code,
            mechanic: self.mechanic,
            place: self.place,
            calendar: self.calendar,
            reward: self.reward,
            by_answer: by_code(self.by_answer),
            choices: self.choices,
            validity: self.validity,
            conditions: self.conditions,
            show: self.show,
            text: self.text,
            say,
            why,
        })
    }
}

/// A code as a map's key, read by way of its text: only so does a fault's place name it.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct Named<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Named<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Named<T>, D::Error> {
        let text = String::deserialize(deserializer)?;
        T::deserialize(text.into_deserializer()).map(Named)
    }
}

/// The map by the codes themselves.
pub(crate) fn by_code<T: Ord, V>(named: BTreeMap<Named<T>, V>) -> BTreeMap<T, V> {
    named.into_iter().map(|(Named(code), value)| (code, value)).collect()
}

/// For schemas alone: what is answered may lack a field that may be left out.
#[cfg(feature = "schema")]
fn may_lack<T>(_: &T) -> bool {
    false
}

fn nothing() -> Limit {
    Limit { percent: 0, rewards: 0 }
}

fn three() -> u8 {
    3
}

impl Source {
    /// The form, or the dotted place that has another one.
    pub(crate) fn read(value: &serde_json::Value) -> Result<Source, PlaybookError> {
        serde_path_to_error::deserialize(value).map_err(|error| {
            let place = error.path().to_string();
            PlaybookError::Form { place, message: error.into_inner().to_string() }
        })
    }
}
