//! A whole playbook: an entry for every segment in every group, found without failing.

use segmentation::{LoyaltyGroup, Segment};

use crate::entry::Entry;

/// Goal, mechanic, ideas and reward limits for all 27 segments, whatever group a shop maps them to. Immutable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Playbook {
    pub(crate) version: String,
    pub(crate) newcomer: Entry,
    pub(crate) entries: Vec<Entry>,
    /// Per group and segment, a position in `entries`.
    pub(crate) cells: [[usize; Segment::COUNT]; LoyaltyGroup::ALL.len()],
}

impl Playbook {
    /// What to do for a segment: its own entry, else the one of its group that names most of its scores.
    #[must_use]
    pub fn entry(&self, segment: Segment, group: LoyaltyGroup) -> &Entry {
        &self.entries[self.cells[group as usize][segment.index()]]
    }

    /// What to do for a customer nobody knows, and for everyone before the first cuts model.
    #[must_use]
    pub fn newcomer(&self) -> &Entry {
        &self.newcomer
    }

    /// Every entry but the newcomer's: the segments' own, then the groups'.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }

    /// 16 hex digits of the source text, comments included: equal texts have equal versions, on every platform.
    ///
    /// It tells versions apart and is not for security: two texts of one version can be made on purpose.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }
}

/// FNV-1a, 64 bits.
pub(crate) fn fingerprint(text: &str) -> String {
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    let hash = text.bytes().fold(OFFSET, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(PRIME));
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fingerprint_is_fnv_1a_by_its_published_vectors() {
        let table = [("", "cbf29ce484222325"), ("a", "af63dc4c8601ec8c"), ("foobar", "85944171f73967e8")];
        for (text, hash) in table {
            assert_eq!(fingerprint(text), hash);
        }
    }

    #[test]
    fn a_group_stands_at_its_own_number() {
        let numbers: Vec<usize> = LoyaltyGroup::ALL.iter().map(|group| *group as usize).collect();
        assert_eq!(numbers, [0, 1, 2, 3, 4]);
    }
}
