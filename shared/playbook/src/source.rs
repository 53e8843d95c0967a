//! The file's form, before it is checked: ideas are described once and named by code in entries.

use std::collections::{BTreeMap, BTreeSet};

use segmentation::{LoyaltyGroup, Segment};
use serde::Deserialize;

use crate::entry::{Entry, Idea, IdeaKind, Reward, ShownAt};
use crate::error::PlaybookError;
use crate::language::{Language, Text};
use crate::when::When;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Source {
    pub(crate) newcomer: SourceEntry,
    pub(crate) segment: BTreeMap<Segment, SourceEntry>,
    pub(crate) group: BTreeMap<LoyaltyGroup, BTreeMap<When, SourceEntry>>,
    pub(crate) idea: BTreeMap<String, SourceIdea>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SourceEntry {
    reward: Reward,
    goal: Text,
    mechanic: Text,
    caution: Option<Text>,
    ideas: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SourceIdea {
    kind: IdeaKind,
    place: ShownAt,
    text: Text,
}

/// The ideas a file describes, each checked, and which of them its entries have named so far.
pub(crate) struct Catalogue {
    ideas: BTreeMap<String, Idea>,
    used: BTreeSet<String>,
}

impl Catalogue {
    pub(crate) fn new(described: BTreeMap<String, SourceIdea>) -> Result<Catalogue, PlaybookError> {
        let mut ideas = BTreeMap::new();
        for (code, SourceIdea { kind, place, text }) in described {
            if !is_snake_case(&code) {
                return Err(PlaybookError::NotSnakeCase { code });
            }
            said(&text, || format!("idea.{code}.text"))?;
            ideas.insert(code.clone(), Idea { code, kind, place, text });
        }
        Ok(Catalogue { ideas, used: BTreeSet::new() })
    }

    /// The entry with its ideas in place of their codes.
    pub(crate) fn entry(&mut self, name: String, source: SourceEntry) -> Result<Entry, PlaybookError> {
        let SourceEntry { reward, goal, mechanic, caution, ideas: codes } = source;
        let texts = [("goal", Some(&goal)), ("mechanic", Some(&mechanic)), ("caution", caution.as_ref())];
        for (field, text) in texts {
            text.map_or(Ok(()), |text| said(text, || format!("{name}.{field}")))?;
        }
        let mut ideas: Vec<Idea> = Vec::with_capacity(codes.len());
        for code in codes {
            let Some(idea) = self.ideas.get(&code) else {
                return Err(PlaybookError::UnknownIdea { entry: name, code });
            };
            if ideas.iter().any(|earlier| earlier.code == code) {
                return Err(PlaybookError::DuplicateIdea { entry: name, code });
            }
            if reward == Reward::None && idea.kind == IdeaKind::Reward {
                return Err(PlaybookError::RewardNotAllowed { entry: name, code });
            }
            ideas.push(idea.clone());
            self.used.insert(code);
        }
        match ideas.first() {
            None => Err(PlaybookError::NoIdeas { entry: name }),
            Some(first) if reward == Reward::AfterAnswer && first.kind != IdeaKind::Survey => {
                Err(PlaybookError::AsksNothing { entry: name })
            }
            Some(_) => Ok(Entry { name, reward, goal, mechanic, caution, ideas }),
        }
    }

    /// To be called when every entry is made.
    pub(crate) fn all_used(mut self) -> Result<(), PlaybookError> {
        self.ideas.retain(|code, _| !self.used.contains(code));
        self.ideas.into_keys().next().map_or(Ok(()), |code| Err(PlaybookError::UnusedIdea { code }))
    }
}

fn said(text: &Text, place: impl Fn() -> String) -> Result<(), PlaybookError> {
    match Language::ALL.into_iter().find(|language| text.in_language(*language).trim().is_empty()) {
        Some(language) => Err(PlaybookError::EmptyText { place: place(), language }),
        None => Ok(()),
    }
}

fn is_snake_case(code: &str) -> bool {
    let word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    code.starts_with(|c: char| c.is_ascii_lowercase()) && code.split('_').all(word)
}
