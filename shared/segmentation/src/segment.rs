//! The three scores, the 27 segments made of them, and the 28th place: no segment.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// One of the three axes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Axis {
    /// Days since the last order; few is good.
    Recency,
    /// Number of orders.
    Frequency,
    /// Money spent, net of returns, in minor units.
    Monetary,
}

/// The class of a value on one axis; 3 is best (recent, often, large).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Score {
    /// Long ago, once, small.
    One = 1,
    /// In between.
    Two = 2,
    /// Recent, often, large.
    Three = 3,
}

impl Score {
    /// All three, worst first.
    pub const ALL: [Score; 3] = [Score::One, Score::Two, Score::Three];

    /// 1, 2 or 3.
    #[must_use]
    pub fn number(self) -> u8 {
        self as u8
    }

    /// The next better score, if there is one.
    #[must_use]
    pub fn better(self) -> Option<Score> {
        match self {
            Score::One => Some(Score::Two),
            Score::Two => Some(Score::Three),
            Score::Three => None,
        }
    }

    /// 3 for 1 and 1 for 3: recency is read the other way round.
    #[must_use]
    pub fn reversed(self) -> Score {
        match self {
            Score::One => Score::Three,
            Score::Two => Score::Two,
            Score::Three => Score::One,
        }
    }

    fn from_digit(digit: u8) -> Option<Score> {
        match digit {
            b'1' => Some(Score::One),
            b'2' => Some(Score::Two),
            b'3' => Some(Score::Three),
            _ => None,
        }
    }
}

/// One of the 27 cells, written `r2f3m1`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(extend("pattern" = "^r[1-3]f[1-3]m[1-3]$")))]
pub struct Segment {
    /// Recency's score.
    pub r: Score,
    /// Frequency's score.
    pub f: Score,
    /// Monetary's score.
    pub m: Score,
}

/// The text is no segment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a segment; one is written like r2f3m1, each score 1, 2 or 3")]
pub struct NotASegment(pub String);

impl Segment {
    /// How many there are.
    pub const COUNT: usize = 27;

    /// All 27, `r1f1m1` first, `r3f3m3` last.
    pub fn all() -> impl DoubleEndedIterator<Item = Segment> + Clone {
        (0..Segment::COUNT).map(|i| Segment { r: Score::ALL[i / 9], f: Score::ALL[i / 3 % 3], m: Score::ALL[i % 3] })
    }

    /// Position in [`Segment::all`], 0 to 26.
    #[must_use]
    pub fn index(self) -> usize {
        let nth = |score: Score| usize::from(score.number() - 1);
        nth(self.r) * 9 + nth(self.f) * 3 + nth(self.m)
    }

    /// The score on one axis.
    #[must_use]
    pub fn score(self, axis: Axis) -> Score {
        match axis {
            Axis::Recency => self.r,
            Axis::Frequency => self.f,
            Axis::Monetary => self.m,
        }
    }
}

impl fmt::Display for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("r{}f{}m{}", self.r.number(), self.f.number(), self.m.number());
        f.pad(&text)
    }
}

impl fmt::Debug for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl FromStr for Segment {
    type Err = NotASegment;

    fn from_str(text: &str) -> Result<Segment, NotASegment> {
        let read = || match text.as_bytes() {
            [b'r', r, b'f', f, b'm', m] => {
                Some(Segment { r: Score::from_digit(*r)?, f: Score::from_digit(*f)?, m: Score::from_digit(*m)? })
            }
            _ => None,
        };
        read().ok_or_else(|| NotASegment(text.chars().take(20).collect()))
    }
}

impl TryFrom<String> for Segment {
    type Error = NotASegment;

    fn try_from(text: String) -> Result<Segment, NotASegment> {
        text.parse()
    }
}

impl From<Segment> for String {
    fn from(segment: Segment) -> String {
        segment.to_string()
    }
}

/// Where a customer stands: in one of the 27 segments, or in none (written `none`), so that censuses and matrices add up.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(extend("pattern" = "^(r[1-3]f[1-3]m[1-3]|none)$")))]
pub struct Place(pub Option<Segment>);

impl Place {
    /// How many there are: 27 segments and none.
    pub const COUNT: usize = Segment::COUNT + 1;
    /// No segment.
    pub const NONE: Place = Place(None);

    /// All 28, `none` last.
    pub fn all() -> impl Iterator<Item = Place> + Clone {
        Segment::all().map(|s| Place(Some(s))).chain([Place::NONE])
    }

    /// Position in [`Place::all`], 0 to 27.
    #[must_use]
    pub fn index(self) -> usize {
        self.0.map_or(Segment::COUNT, Segment::index)
    }
}

impl From<Segment> for Place {
    fn from(segment: Segment) -> Place {
        Place(Some(segment))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(segment) => segment.fmt(f),
            None => f.pad("none"),
        }
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl TryFrom<String> for Place {
    type Error = NotASegment;

    fn try_from(text: String) -> Result<Place, NotASegment> {
        if text == "none" {
            return Ok(Place::NONE);
        }
        text.parse().map(|segment| Place(Some(segment)))
    }
}

impl From<Place> for String {
    fn from(place: Place) -> String {
        place.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_segment_prints_and_parses_and_has_its_own_index() {
        let all: Vec<Segment> = Segment::all().collect();
        assert_eq!(all.len(), 27);
        for (i, segment) in all.iter().enumerate() {
            assert_eq!(segment.index(), i);
            assert_eq!(segment.to_string().parse(), Ok(*segment));
        }
        assert_eq!(all.first().map(ToString::to_string).as_deref(), Some("r1f1m1"));
        assert_eq!(all.last().map(ToString::to_string).as_deref(), Some("r3f3m3"));
    }

    #[test]
    fn what_is_no_segment_is_refused() {
        for text in ["", "r0f1m1", "r4f1m1", "r1f1", "R1F1M1", "r1f1m1 ", "r1m1f1", "none"] {
            assert!(text.parse::<Segment>().is_err(), "{text}");
        }
    }

    #[test]
    fn no_segment_is_the_28th_place() {
        let all: Vec<Place> = Place::all().collect();
        assert_eq!(all.len(), 28);
        assert!(all.iter().enumerate().all(|(i, place)| place.index() == i));
        assert_eq!(Place::try_from("none".to_owned()), Ok(Place::NONE));
    }
}
