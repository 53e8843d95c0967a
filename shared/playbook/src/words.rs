//! The playbook's short texts: why something is withheld, why nothing is given, and a reward in words.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::error::PlaybookError;
use crate::language::{Language, Text};
use crate::mechanic::Placeholder;
use crate::reward::Reward;
use crate::template::{Blank, Template};
use crate::why::{NoReward, Withheld};

/// What a reward's words may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Amount {
    Percent,
    Times,
}

impl Blank for Amount {
    fn named(name: &str) -> Option<Amount> {
        match name {
            "percent" => Some(Amount::Percent),
            "times" => Some(Amount::Times),
            _ => None,
        }
    }
}

/// The words for each kind of reward.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "RewardWords"))]
pub(crate) struct RewardWords<T> {
    pub(crate) discount: T,
    pub(crate) cashback: T,
    pub(crate) rising_cashback: T,
    pub(crate) points: T,
    pub(crate) free_delivery: T,
}

/// What is said of a thing chosen: text and reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ChosenWords {
    /// To the customer; may name category, reward and until.
    pub say: Template,
    /// Why they see it.
    pub why: Template,
}

/// The texts, one for every code and kind. Reading refuses an incomplete set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "SourceWords", into = "SourceWords")]
pub struct Words {
    withheld: BTreeMap<Withheld, Text>,
    no_reward: BTreeMap<NoReward, Text>,
    reward: RewardWords<Template<Amount>>,
    chosen: ChosenWords,
}

/// Their form in the file.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SourceWords {
    pub(crate) withheld: BTreeMap<Withheld, Text>,
    pub(crate) no_reward: BTreeMap<NoReward, Text>,
    pub(crate) reward: RewardWords<Text>,
    pub(crate) chosen: ChosenWords,
}

/// All texts in a fixed order: of what is withheld, of no reward, of the kinds of reward, of a thing chosen.
pub(crate) type Texts = (Vec<Text>, Vec<Text>, [Text; 5], [Template; 2]);

impl Words {
    /// The texts, for [`Words::of_texts`].
    pub(crate) fn texts(&self) -> Texts {
        let SourceWords { withheld, no_reward, reward, chosen } = self.clone().into();
        let RewardWords { discount, cashback, rising_cashback, points, free_delivery } = reward;
        let rewards = [discount, cashback, rising_cashback, points, free_delivery];
        (withheld.into_values().collect(), no_reward.into_values().collect(), rewards, [chosen.say, chosen.why])
    }

    /// The words of these texts; `None` where they are not all of them.
    pub(crate) fn of_texts((withheld, no_reward, rewards, [say, why]): Texts) -> Option<Words> {
        let [discount, cashback, rising_cashback, points, free_delivery] = rewards;
        let words = SourceWords {
            withheld: Withheld::ALL.into_iter().zip(withheld).collect(),
            no_reward: NoReward::ALL.into_iter().zip(no_reward).collect(),
            reward: RewardWords { discount, cashback, rising_cashback, points, free_delivery },
            chosen: ChosenWords { say, why },
        };
        Words::try_from(words).ok()
    }

    /// Why an idea is withheld.
    #[must_use]
    pub fn withheld(&self, why: Withheld, language: Language) -> &str {
        self.withheld.get(&why).map_or(why.name(), |text| text.in_language(language))
    }

    /// Why nothing is given.
    #[must_use]
    pub fn no_reward(&self, why: NoReward, language: Language) -> &str {
        self.no_reward.get(&why).map_or(why.name(), |text| text.in_language(language))
    }

    /// What is said of a thing chosen.
    #[must_use]
    pub fn chosen(&self) -> &ChosenWords {
        &self.chosen
    }

    /// A reward in words. `step`: how many purchases of the slot came before, for a rising one.
    #[must_use]
    pub fn reward(&self, reward: &Reward, step: usize, language: Language) -> String {
        let (words, amount) = match reward {
            Reward::Discount(percent) => (&self.reward.discount, *percent),
            Reward::Cashback(percent) => (&self.reward.cashback, *percent),
            Reward::RisingCashback(percents) => {
                (&self.reward.rising_cashback, percents.get(step).or(percents.last()).copied().unwrap_or_default())
            }
            Reward::Points(times) => (&self.reward.points, *times),
            Reward::FreeDelivery => (&self.reward.free_delivery, 0),
        };
        let amount = amount.to_string();
        words.fill(language, |_| Some(amount.as_str())).unwrap_or_default()
    }
}

impl TryFrom<SourceWords> for Words {
    type Error = PlaybookError;

    fn try_from(source: SourceWords) -> Result<Words, PlaybookError> {
        let SourceWords { withheld, no_reward, reward, chosen } = source;
        let missing = |place: String| Err(PlaybookError::MissingText { place });
        if let Some(code) = Withheld::ALL.into_iter().find(|code| !withheld.contains_key(code)) {
            return missing(format!("withheld.{}", code.name()));
        }
        if let Some(code) = NoReward::ALL.into_iter().find(|code| !no_reward.contains_key(code)) {
            return missing(format!("no_reward.{}", code.name()));
        }
        let reward = RewardWords {
            discount: amount("discount", reward.discount, Some(Amount::Percent))?,
            cashback: amount("cashback", reward.cashback, Some(Amount::Percent))?,
            rising_cashback: amount("rising_cashback", reward.rising_cashback, Some(Amount::Percent))?,
            points: amount("points", reward.points, Some(Amount::Times))?,
            free_delivery: amount("free_delivery", reward.free_delivery, None)?,
        };
        for (name, template) in [("say", &chosen.say), ("why", &chosen.why)] {
            known(&format!("chosen.{name}"), template)?;
        }
        Ok(Words { withheld, no_reward, reward, chosen })
    }
}

/// What is said of a choice names what is known of it.
fn known(place: &str, template: &Template) -> Result<(), PlaybookError> {
    let known = [Placeholder::Category, Placeholder::Reward, Placeholder::Until];
    for language in Language::ALL {
        if let Some(foreign) = template.names(language).find(|named| !known.contains(named)) {
            return Err(PlaybookError::ForeignPlaceholder { place: place.to_owned(), language, name: foreign.name() });
        }
    }
    Ok(())
}

/// A reward's words name its amount and nothing else.
fn amount(kind: &str, text: Text, wanted: Option<Amount>) -> Result<Template<Amount>, PlaybookError> {
    let place = format!("reward.{kind}");
    let template = Template::try_from(text).map_err(|error| PlaybookError::template(&place, error))?;
    for language in Language::ALL {
        let named: Vec<Amount> = template.names(language).collect();
        if named != Vec::from_iter(wanted) {
            return Err(PlaybookError::WrongAmount { place: format!("{place}.{language}") });
        }
    }
    Ok(template)
}

impl From<Words> for SourceWords {
    fn from(words: Words) -> SourceWords {
        let RewardWords { discount, cashback, rising_cashback, points, free_delivery } = words.reward;
        let reward = RewardWords {
            discount: discount.into(),
            cashback: cashback.into(),
            rising_cashback: rising_cashback.into(),
            points: points.into(),
            free_delivery: free_delivery.into(),
        };
        SourceWords { withheld: words.withheld, no_reward: words.no_reward, reward, chosen: words.chosen }
    }
}
