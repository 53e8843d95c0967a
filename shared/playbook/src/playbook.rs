//! A whole playbook: an entry for every segment, found without failing.

use std::sync::OnceLock;

use segmentation::Segment;
use serde_json::Value;

use crate::entry::Entry;
use crate::idea::{Idea, IdeaKind};
use crate::language::Language;
use crate::packed::Packed;
use crate::reward::Reward;
use crate::why::{NoReward, Withheld};
use crate::words::Words;

/// Goal, mechanic, ideas and reward limits for all 27 segments, and the words for them. Immutable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Playbook {
    pub(crate) version: String,
    pub(crate) source: Value,
    pub(crate) newcomer: Entry,
    /// By [`Segment::index`]; of a packed one, those that were asked for.
    pub(crate) entries: Vec<OnceLock<Entry>>,
    /// Where the others are.
    pub(crate) packed: Option<Packed>,
    pub(crate) words: Words,
}

impl Playbook {
    /// What to do for a segment.
    #[must_use]
    pub fn entry(&self, segment: Segment) -> &Entry {
        self.read(segment.index())
    }

    /// What to do for a customer nobody knows, and for everyone before the first cuts model.
    #[must_use]
    pub fn newcomer(&self) -> &Entry {
        &self.newcomer
    }

    /// The segments' entries, `r1f1m1` first.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        (0..self.entries.len()).map(|at| self.read(at))
    }

    fn read(&self, at: usize) -> &Entry {
        let packed = || self.packed.as_ref().and_then(|packed| packed.entry(at + 1));
        // What cannot be read is spoiled: then who asks is nobody known, who is given nothing.
        self.entries[at].get_or_init(|| packed().unwrap_or_else(|| self.newcomer.clone()))
    }

    /// 16 hex digits of the data: equal data has equal versions, on every platform.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The data itself, a shop's changes laid in: of the same form as the TOML files.
    #[must_use]
    pub fn source_json(&self) -> &Value {
        &self.source
    }

    /// The short texts, to hand on without the rest.
    #[must_use]
    pub fn words(&self) -> &Words {
        &self.words
    }

    /// A reward in words. `step`: how many purchases of the slot came before, for a rising one.
    #[must_use]
    pub fn reward_words(&self, reward: &Reward, step: usize, language: Language) -> String {
        self.words.reward(reward, step, language)
    }

    /// Why an idea is withheld.
    #[must_use]
    pub fn withheld(&self, why: Withheld, language: Language) -> &str {
        self.words.withheld(why, language)
    }

    /// Why nothing is given.
    #[must_use]
    pub fn no_reward(&self, why: NoReward, language: Language) -> &str {
        self.words.no_reward(why, language)
    }

    /// Every idea that gives something, with its entry: the newcomer's first, then by segment. Each is a series of its own.
    pub fn rewarded(&self) -> impl Iterator<Item = (&Entry, &Idea)> {
        let entries = std::iter::once(&self.newcomer).chain(self.entries());
        entries.flat_map(|entry| {
            entry.ideas.iter().filter(|idea| idea.kind() == IdeaKind::Reward).map(move |idea| (entry, idea))
        })
    }

    /// The idea behind a series of this playbook, with its entry; `None` where it has no such idea, or where that gives nothing.
    #[must_use]
    pub fn rewarded_by(&self, series: &str) -> Option<(&Entry, &Idea)> {
        self.rewarded().find(|(entry, idea)| {
            series.strip_prefix(entry.name.as_str()).and_then(|rest| rest.strip_prefix('/')) == Some(idea.code.as_str())
        })
    }

    /// The lasting name of an idea in an entry, on which phase, closed slots, holdout and budgets hang: `r2f3m2/rising_cashback`.
    #[must_use]
    pub fn series(entry: &Entry, idea: &Idea) -> String {
        format!("{}/{}", entry.name, idea.code)
    }
}
