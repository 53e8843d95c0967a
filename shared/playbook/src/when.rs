//! Which segments a group's entry is for: the scores it names, on one to three axes, or `any`. The narrower one wins.

use std::fmt;

use segmentation::{Axis, Score, Segment};
use serde::Deserialize;

const AXES: [(char, Axis); 3] = [('r', Axis::Recency), ('f', Axis::Frequency), ('m', Axis::Monetary)];

/// Written `any`, `r3`, `m3`, `r3m3`, `f2m1`, with the axes in the order of a segment's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct When([Option<Score>; 3]);

impl When {
    /// Does it fit this segment?
    pub(crate) fn fits(self, segment: Segment) -> bool {
        AXES.iter().zip(self.0).all(|((_, axis), score)| score.is_none_or(|score| score == segment.score(*axis)))
    }

    /// How many axes it names.
    pub(crate) fn axes(self) -> usize {
        self.0.iter().flatten().count()
    }
}

#[derive(Debug, thiserror::Error)]
#[error("`{0}` names no segments; write `any` or scores like `r3`, `m3`, `r1m3`")]
pub(crate) struct NamesNoSegments(String);

impl TryFrom<String> for When {
    type Error = NamesNoSegments;

    fn try_from(text: String) -> Result<When, NamesNoSegments> {
        let mut scores = [None; 3];
        let mut rest = if text == "any" { "" } else { text.as_str() };
        for (score, (letter, _)) in scores.iter_mut().zip(AXES) {
            let Some(after) = rest.strip_prefix(letter) else { continue };
            *score = Score::ALL.into_iter().find(|score| after.starts_with(char::from(b'0' + score.number())));
            rest = if score.is_some() { &after[1..] } else { rest };
        }
        let names_some = text == "any" || scores.iter().any(Option::is_some);
        if rest.is_empty() && names_some { Ok(When(scores)) } else { Err(NamesNoSegments(text)) }
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.axes() == 0 {
            return f.write_str("any");
        }
        for ((letter, _), score) in AXES.iter().zip(self.0) {
            if let Some(score) = score {
                write!(f, "{letter}{}", score.number())?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<When> {
        When::try_from(text.to_owned()).ok()
    }

    #[test]
    fn what_is_named_has_to_fit_and_the_rest_may_be_anything() {
        let table = [("any", 27), ("r3", 9), ("m1", 9), ("r3m3", 3), ("f2m1", 3), ("r1f2m3", 1)];
        for (text, fitting) in table {
            let when = read(text);
            let count = Segment::all().filter(|segment| when.is_some_and(|when| when.fits(*segment))).count();
            assert_eq!((count, when.map(|when| when.to_string())), (fitting, Some(text.to_owned())));
        }
    }

    #[test]
    fn what_names_no_segments_is_refused() {
        for text in ["", "r", "r0", "r4", "3", "m3r3", "r3r3", "r3 ", "anyr3", "R3", "rя", "all"] {
            assert_eq!(read(text), None, "`{text}`");
        }
    }
}
