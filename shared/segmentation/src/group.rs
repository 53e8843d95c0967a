//! Loyalty groups: the level a segment belongs to. The mapping is data (`groups.json`); a shop may remap it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::segment::Segment;

/// The five levels of loyalty, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum LoyaltyGroup {
    /// Buy often and much: a source of revenue, and a beacon when their activity drops.
    Vip,
    /// Recent and regular.
    Loyal,
    /// One step from loyal, and sliding if nothing is done.
    Promising,
    /// Were regular and stopped.
    Churning,
    /// Bought once, or hardly more; the recent ones are newcomers.
    OneTime,
}

impl LoyaltyGroup {
    /// All five, best first.
    pub const ALL: [LoyaltyGroup; 5] = [
        LoyaltyGroup::Vip,
        LoyaltyGroup::Loyal,
        LoyaltyGroup::Promising,
        LoyaltyGroup::Churning,
        LoyaltyGroup::OneTime,
    ];

    /// The name used in the API.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            LoyaltyGroup::Vip => "vip",
            LoyaltyGroup::Loyal => "loyal",
            LoyaltyGroup::Promising => "promising",
            LoyaltyGroup::Churning => "churning",
            LoyaltyGroup::OneTime => "one_time",
        }
    }
}

impl fmt::Display for LoyaltyGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Which group each of the 27 segments belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<LoyaltyGroup, Vec<Segment>>", into = "BTreeMap<LoyaltyGroup, Vec<Segment>>")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Groups([LoyaltyGroup; Segment::COUNT]);

/// A mapping must name each of the 27 segments exactly once.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadGroups {
    /// No group names this segment.
    #[error("no group has segment {0}")]
    Missing(Segment),
    /// Two groups, or one twice, name this segment.
    #[error("segment {0} stands in more than one place")]
    Twice(Segment),
}

static DEFAULT: LazyLock<Groups> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "the file is compiled in, and a test reads it")]
    serde_json::from_str(include_str!("groups.json")).expect("groups.json names each segment once")
});

impl Groups {
    /// The group of a segment.
    #[must_use]
    pub fn of(&self, segment: Segment) -> LoyaltyGroup {
        self.0[segment.index()]
    }

    /// The segments of a group, best first.
    pub fn segments(&self, group: LoyaltyGroup) -> impl Iterator<Item = Segment> {
        Segment::all().rev().filter(move |s| self.of(*s) == group)
    }
}

impl Default for Groups {
    fn default() -> Groups {
        DEFAULT.clone()
    }
}

impl TryFrom<BTreeMap<LoyaltyGroup, Vec<Segment>>> for Groups {
    type Error = BadGroups;

    fn try_from(lists: BTreeMap<LoyaltyGroup, Vec<Segment>>) -> Result<Groups, BadGroups> {
        let mut found: [Option<LoyaltyGroup>; Segment::COUNT] = [None; Segment::COUNT];
        for (group, segments) in lists {
            for segment in segments {
                if found[segment.index()].replace(group).is_some() {
                    return Err(BadGroups::Twice(segment));
                }
            }
        }
        let mut groups = [LoyaltyGroup::OneTime; Segment::COUNT];
        for segment in Segment::all() {
            groups[segment.index()] = found[segment.index()].ok_or(BadGroups::Missing(segment))?;
        }
        Ok(Groups(groups))
    }
}

impl From<Groups> for BTreeMap<LoyaltyGroup, Vec<Segment>> {
    fn from(groups: Groups) -> Self {
        LoyaltyGroup::ALL.into_iter().map(|group| (group, groups.segments(group).collect())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_mapping_has_the_seeds_sizes() {
        let groups = Groups::default();
        let sizes = LoyaltyGroup::ALL.map(|group| groups.segments(group).count());
        assert_eq!(sizes, [3, 5, 5, 5, 9]);
    }

    #[test]
    fn each_churning_segment_is_the_r1_twin_of_a_promising_one() {
        let groups = Groups::default();
        for segment in groups.segments(LoyaltyGroup::Promising) {
            let twin = Segment { r: crate::Score::One, ..segment };
            assert_eq!(groups.of(twin), LoyaltyGroup::Churning, "{segment}");
        }
    }

    #[test]
    fn a_mapping_with_a_gap_or_a_double_is_refused_by_name() {
        let lists: BTreeMap<LoyaltyGroup, Vec<Segment>> = Groups::default().into();
        let mut gap = lists.clone();
        gap.entry(LoyaltyGroup::Vip).or_default().retain(|s| s.to_string() != "r1f3m3");
        assert_eq!(Groups::try_from(gap).map_err(|e| e.to_string()), Err("no group has segment r1f3m3".to_owned()));
        let mut double = lists;
        double.entry(LoyaltyGroup::OneTime).or_default().extend("r3f3m3".parse::<Segment>());
        assert_eq!(
            Groups::try_from(double).map_err(|e| e.to_string()),
            Err("segment r3f3m3 stands in more than one place".to_owned())
        );
    }
}
