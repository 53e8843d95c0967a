//! What the pages say, in English and Russian: both stand where they are said.

use playbook::Language;
use segmentation::{Cause, LoyaltyGroup, Place, Score, Segment};

/// The language of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Words(pub(crate) Language);

impl Words {
    /// One of the two.
    pub(crate) fn say<'a>(self, english: &'a str, russian: &'a str) -> &'a str {
        match self.0 {
            Language::En => english,
            Language::Ru => russian,
        }
    }

    /// How many of what: English tells one from more, Russian one, two to four, and more.
    pub(crate) fn count(self, many: u64, english: [&str; 2], russian: [&str; 3]) -> String {
        let word = match self.0 {
            Language::En => english[usize::from(many != 1)],
            Language::Ru => match (many % 10, many % 100) {
                (1, last) if last != 11 => russian[0],
                (2..=4, last) if !(12..=14).contains(&last) => russian[1],
                _ => russian[2],
            },
        };
        format!("{} {word}", crate::numbers::grouped(many))
    }

    pub(crate) fn customers(self, many: u64) -> String {
        self.count(many, ["customer", "customers"], ["клиент", "клиента", "клиентов"])
    }

    pub(crate) fn rewards(self, many: u64) -> String {
        self.count(many, ["reward", "rewards"], ["вознаграждение", "вознаграждения", "вознаграждений"])
    }

    pub(crate) fn group(self, group: LoyaltyGroup) -> &'static str {
        let (english, russian) = match group {
            LoyaltyGroup::Vip => ("VIP", "VIP"),
            LoyaltyGroup::Loyal => ("Loyal", "Лояльные"),
            LoyaltyGroup::Promising => ("Promising", "Перспективные"),
            LoyaltyGroup::Churning => ("Churning", "Уходящие"),
            LoyaltyGroup::OneTime => ("One-time", "Разовые"),
        };
        self.say(english, russian)
    }

    pub(crate) fn recency(self, score: Score) -> &'static str {
        match score {
            Score::Three => self.say("recently", "недавно"),
            Score::Two => self.say("some time ago", "не так давно"),
            Score::One => self.say("long ago", "давно"),
        }
    }

    pub(crate) fn frequency(self, score: Score) -> &'static str {
        match score {
            Score::Three => self.say("often", "часто"),
            Score::Two => self.say("sometimes", "иногда"),
            Score::One => self.say("seldom", "редко"),
        }
    }

    pub(crate) fn monetary(self, score: Score) -> &'static str {
        match score {
            Score::Three => self.say("much", "много"),
            Score::Two => self.say("middling", "средне"),
            Score::One => self.say("little", "мало"),
        }
    }

    /// `bought recently, often, for much`.
    pub(crate) fn segment(self, segment: Segment) -> String {
        let (r, f, m) = (self.recency(segment.r), self.frequency(segment.f), self.monetary(segment.m));
        match self.0 {
            Language::En => format!("bought {r}, {f}, for {m}"),
            Language::Ru => format!("покупали {r}, {f}, на сумму: {m}"),
        }
    }

    pub(crate) fn cause(self, cause: Cause) -> &'static str {
        match cause {
            Cause::Decay => self.say("time passed", "прошло время"),
            Cause::Refit => self.say("new cuts", "новые границы"),
            Cause::Order => self.say("order", "заказ"),
            Cause::Return => self.say("return", "возврат"),
            Cause::Correction => self.say("correction", "исправление"),
            Cause::Merge => self.say("merged", "объединение"),
            Cause::Unmerge => self.say("parted", "разделение"),
            Cause::Erase => self.say("erased", "удаление"),
        }
    }

    pub(crate) fn place(self, place: Place) -> String {
        match place.0 {
            Some(segment) => segment.to_string(),
            None => self.say("no segment", "вне сегментов").to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counted_things_agree_with_their_number() {
        let russian = |many| Words(Language::Ru).customers(many);
        assert_eq!(
            [0, 1, 2, 5, 11, 12, 21, 104, 111].map(russian).join(", "),
            "0 клиентов, 1 клиент, 2 клиента, 5 клиентов, 11 клиентов, 12 клиентов, 21 клиент, 104 клиента, 111 клиентов"
        );
        assert_eq!(
            [0, 1, 2].map(|many| Words(Language::En).customers(many)).join(", "),
            "0 customers, 1 customer, 2 customers"
        );
    }
}
