//! From data to playbook. What passes answers for all 27 segments; what does not is refused by place.

use std::collections::{BTreeMap, BTreeSet};

use segmentation::Segment;
use serde_json::Value;

use crate::calendar::Calendar;
use crate::checks;
use crate::entry::{Entry, Rule};
use crate::error::PlaybookError;
use crate::idea::{Idea, IdeaKind};
use crate::mechanic::Mechanic;
use crate::merge;
use crate::playbook::Playbook;
use crate::source::{Source, SourceEntry, SourceIdea, by_code};
use crate::words::{SourceWords, Words};

/// Most ideas of one entry.
const MOST_OF_AN_ENTRY: usize = 20;
/// Most ideas of a playbook.
const MOST_IDEAS: usize = 200;
/// Longest term of an entry, in days.
const LONGEST_TERM: usize = 730;

impl Playbook {
    /// Reads a whole playbook in the form of the built-in TOML files, one after another.
    ///
    /// # Errors
    /// The first fault found, with its place: see [`PlaybookError`].
    pub fn parse(text: &str) -> Result<Playbook, PlaybookError> {
        Playbook::from_source(toml::from_str(text)?, |_| false)
    }

    /// The playbook of this data. Every idea is named by an entry, or may be unused.
    pub(crate) fn from_source(source: Value, may_be_unused: impl Fn(&str) -> bool) -> Result<Playbook, PlaybookError> {
        let Source { newcomer, mut segment, idea, withheld, no_reward, reward, chosen } = Source::read(&source)?;
        let mut catalogue = Catalogue::new(idea)?;
        let newcomer = catalogue.entry("newcomer", "newcomer".to_owned(), newcomer)?;
        let mut entries = Vec::with_capacity(Segment::COUNT);
        for cell in Segment::all() {
            let entry = segment.remove(&cell).ok_or(PlaybookError::NoEntry { segment: cell })?;
            entries.push(catalogue.entry(&format!("segment.{cell}"), cell.to_string(), entry)?.into());
        }
        catalogue.all_used(may_be_unused)?;
        let words = words(SourceWords { withheld: by_code(withheld), no_reward: by_code(no_reward), reward, chosen })?;
        Ok(Playbook { version: merge::version(&source), source, newcomer, entries, packed: None, words })
    }
}

fn words(source: SourceWords) -> Result<Words, PlaybookError> {
    for (code, text) in &source.withheld {
        checks::text(text, &format!("withheld.{}", code.name()))?;
    }
    for (code, text) in &source.no_reward {
        checks::text(text, &format!("no_reward.{}", code.name()))?;
    }
    let reward = &source.reward;
    let kinds = [
        ("discount", &reward.discount),
        ("cashback", &reward.cashback),
        ("rising_cashback", &reward.rising_cashback),
        ("points", &reward.points),
        ("free_delivery", &reward.free_delivery),
    ];
    kinds.into_iter().try_for_each(|(kind, text)| checks::text(text, &format!("reward.{kind}")))?;
    checks::text(source.chosen.say.text(), "chosen.say")?;
    checks::text(source.chosen.why.text(), "chosen.why")?;
    Words::try_from(source)
}

/// The ideas described, each checked, and which of them entries have named so far.
struct Catalogue {
    ideas: BTreeMap<String, Idea>,
    used: BTreeSet<String>,
}

impl Catalogue {
    fn new(described: BTreeMap<String, SourceIdea>) -> Result<Catalogue, PlaybookError> {
        if described.len() > MOST_IDEAS {
            return Err(PlaybookError::TooManyIdeas { place: "idea".to_owned(), most: MOST_IDEAS });
        }
        let mut ideas = BTreeMap::new();
        for (code, source) in described {
            if !checks::is_snake_case(&code) {
                return Err(PlaybookError::NotSnakeCase { code: code.chars().take(80).collect() });
            }
            let place = format!("idea.{code}");
            let idea = source.idea(code.clone(), &place)?;
            checks::idea(&idea, &place)?;
            ideas.insert(code, idea);
        }
        Ok(Catalogue { ideas, used: BTreeSet::new() })
    }

    /// The entry with its ideas in place of their codes.
    fn entry(&mut self, place: &str, name: String, source: SourceEntry) -> Result<Entry, PlaybookError> {
        let texts =
            [("goal", Some(&source.goal)), ("mechanic", Some(&source.mechanic)), ("caution", source.caution.as_ref())];
        for (field, text) in texts {
            text.map_or(Ok(()), |text| checks::text(text, &format!("{place}.{field}")))?;
        }
        checks::range(|| format!("{place}.limit.percent"), source.limit.percent.into(), 0, 90)?;
        checks::range(|| format!("{place}.limit.rewards"), source.limit.rewards.into(), 0, 5)?;
        let terms = [
            ("opens_unanswered_after", source.opens_unanswered_after),
            ("gentle_days", Some(source.gentle_days)),
            ("ends_after", source.ends_after),
        ];
        for (field, days) in terms {
            checks::range(|| format!("{place}.{field}"), days.unwrap_or_default().into(), 0, LONGEST_TERM)?;
        }
        let ideas = self.named(place, source.ideas)?;
        keeps_rule(place, source.reward, &ideas)?;
        Ok(Entry {
            name,
            reward: source.reward,
            limit: source.limit,
            goal: source.goal,
            mechanic: source.mechanic,
            caution: source.caution,
            opens_unanswered_after: source.opens_unanswered_after,
            gentle_days: source.gentle_days,
            ends_after: source.ends_after,
            ideas,
        })
    }

    fn named(&mut self, place: &str, codes: Vec<String>) -> Result<Vec<Idea>, PlaybookError> {
        let entry = || place.to_owned();
        if codes.is_empty() {
            return Err(PlaybookError::NoIdeas { entry: entry() });
        }
        if codes.len() > MOST_OF_AN_ENTRY {
            return Err(PlaybookError::TooManyIdeas { place: format!("{place}.ideas"), most: MOST_OF_AN_ENTRY });
        }
        let mut ideas: Vec<Idea> = Vec::with_capacity(codes.len());
        for code in codes {
            let Some(idea) = self.ideas.get(&code) else {
                return Err(PlaybookError::UnknownIdea { entry: entry(), code });
            };
            if ideas.iter().any(|earlier| earlier.code == code) {
                return Err(PlaybookError::DuplicateIdea { entry: entry(), code });
            }
            ideas.push(idea.clone());
            self.used.insert(code);
        }
        Ok(ideas)
    }

    /// To be called when every entry is made.
    fn all_used(mut self, may_be_unused: impl Fn(&str) -> bool) -> Result<(), PlaybookError> {
        self.ideas.retain(|code, _| !self.used.contains(code) && !may_be_unused(code));
        self.ideas.into_keys().next().map_or(Ok(()), |code| Err(PlaybookError::UnusedIdea { code }))
    }
}

/// What an entry's rule asks of its ideas.
fn keeps_rule(place: &str, rule: Rule, ideas: &[Idea]) -> Result<(), PlaybookError> {
    let entry = || place.to_owned();
    let mut rewarded = ideas.iter().filter(|idea| idea.kind() == IdeaKind::Reward);
    let offence = match rule {
        Rule::None => {
            rewarded.next().map(|idea| PlaybookError::RewardNotAllowed { entry: entry(), code: idea.code.clone() })
        }
        Rule::Rare => rewarded
            .find(|idea| !matches!(idea.calendar, Calendar::Event { .. }))
            .map(|idea| PlaybookError::NeedsOccasion { entry: entry(), code: idea.code.clone() }),
        Rule::AfterAnswer => {
            let asks = ideas.first().is_some_and(|idea| idea.kind() == IdeaKind::Survey);
            (!asks).then(|| PlaybookError::AsksNothing { entry: entry() })
        }
        Rule::Modest | Rule::Personal => None,
    };
    let unasked = ideas.iter().enumerate().find(|(nth, idea)| match idea.mechanic {
        Mechanic::CodeByAnswer(survey) => {
            !ideas[..*nth].iter().any(|earlier| earlier.mechanic == Mechanic::Survey(survey))
        }
        _ => false,
    });
    let unasked = unasked.map(|(_, idea)| PlaybookError::Unasked { entry: entry(), code: idea.code.clone() });
    offence.or(unasked).map_or(Ok(()), Err)
}
