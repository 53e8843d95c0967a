//! A playbook as bytes for where it is read anew for every question: an instance at the edge lives as long as one answer, and reads
//! the two or three entries that the answer asks for, not all 28.
//!
//! A format byte, then sections, each behind its length in 4 bytes, big-endian: the version; the words; the newcomer's entry and one
//! for each segment; the ideas, each once. All but the version is in postcard's form; of an idea what only the shop's staff reads is
//! left out.

mod forms;

use std::borrow::Cow;
use std::ops::Range;
use std::sync::OnceLock;

use segmentation::Segment;
use serde_json::Value;

use crate::entry::Entry;
use crate::idea::Idea;
use crate::playbook::Playbook;
use crate::words::Words;

pub use forms::{PackedCampaign, PackedSettings};
use forms::{PackedEntry, PackedIdea};

const FORMAT: u8 = 1;
/// Version and words stand before the entries.
const BEFORE_ENTRIES: usize = 2;
const ENTRIES: usize = 1 + Segment::COUNT;

/// Where entries come from that were not asked for yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Packed {
    bytes: Cow<'static, [u8]>,
    sections: Vec<Range<usize>>,
}

impl Playbook {
    /// The playbook for [`Playbook::unpack`], without its source and what its ideas say to the staff.
    #[must_use]
    pub fn pack(&self) -> Vec<u8> {
        let mut ideas: Vec<&Idea> = Vec::new();
        let mut entries = Vec::with_capacity(ENTRIES);
        for entry in std::iter::once(self.newcomer()).chain(self.entries()) {
            let numbers = entry.ideas.iter().map(|idea| {
                let known = ideas.iter().position(|known| *known == idea);
                let at = known.unwrap_or_else(|| {
                    ideas.push(idea);
                    ideas.len() - 1
                });
                u16::try_from(at).unwrap_or(u16::MAX)
            });
            let numbers = numbers.collect();
            entries.push(written(&PackedEntry::of(entry, numbers)));
        }
        let mut bytes = vec![FORMAT];
        let before = [self.version().as_bytes().to_vec(), written(&self.words().texts())];
        let ideas = ideas.into_iter().map(|idea| written(&PackedIdea::from(idea)));
        for section in before.into_iter().chain(entries).chain(ideas) {
            bytes.extend(u32::try_from(section.len()).unwrap_or(u32::MAX).to_be_bytes());
            bytes.extend(section);
        }
        bytes
    }

    /// Takes what [`Playbook::pack`] made, and reads version and words; an entry is read when it is asked for. [`Playbook::source_json`]
    /// of it is null. `None` where the bytes are none of ours.
    #[must_use]
    pub fn unpack(bytes: impl Into<Cow<'static, [u8]>>) -> Option<Playbook> {
        let bytes = bytes.into();
        let packed = Packed { sections: sections(&bytes)?, bytes };
        let version = std::str::from_utf8(packed.section(0)?).ok()?.to_owned();
        let words = Words::of_texts(postcard::from_bytes(packed.section(1)?).ok()?)?;
        let newcomer = packed.entry(0)?;
        (packed.sections.len() > BEFORE_ENTRIES + ENTRIES).then_some(())?;
        let entries = vec![OnceLock::new(); Segment::COUNT];
        Some(Playbook { version, source: Value::Null, newcomer, entries, packed: Some(packed), words })
    }
}

fn written(value: &impl serde::Serialize) -> Vec<u8> {
    // What postcard cannot write would be a bug that the test of all entries sees.
    postcard::to_allocvec(value).unwrap_or_default()
}

fn sections(bytes: &[u8]) -> Option<Vec<Range<usize>>> {
    let mut at = 1;
    (*bytes.first()? == FORMAT).then_some(())?;
    let mut sections = Vec::with_capacity(128);
    while at < bytes.len() {
        let (length, _) = bytes[at..].split_first_chunk::<4>()?;
        let begin = at + 4;
        at = begin.checked_add(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
        (at <= bytes.len()).then_some(())?;
        sections.push(begin..at);
    }
    Some(sections)
}

impl Packed {
    fn section(&self, number: usize) -> Option<&[u8]> {
        self.bytes.get(self.sections.get(number)?.clone())
    }

    /// The newcomer's entry, 0, or that of a segment, from 1 on.
    pub(crate) fn entry(&self, number: usize) -> Option<Entry> {
        let entry: PackedEntry = postcard::from_bytes(self.section(BEFORE_ENTRIES + number)?).ok()?;
        let idea = |number: &u16| -> Option<Idea> {
            let section = self.section(BEFORE_ENTRIES + ENTRIES + usize::from(*number))?;
            Some(postcard::from_bytes::<PackedIdea>(section).ok()?.into())
        };
        let ideas = entry.ideas.iter().map(idea).collect::<Option<Vec<Idea>>>()?;
        Some(entry.with(ideas))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Text;

    fn nothing() -> Text {
        Text { en: String::new(), ru: String::new() }
    }

    #[test]
    fn what_is_unpacked_says_the_same() {
        let (whole, packed) = (Playbook::builtin(), Playbook::builtin().pack());
        let read = Playbook::unpack(packed).unwrap();
        assert_eq!((read.version(), read.words()), (whole.version(), whole.words()));
        // To customers.
        let said = |entry: &Entry| {
            let ideas = entry.ideas.iter().map(|idea| Idea { text: nothing(), ..idea.clone() });
            Entry { ideas: ideas.collect(), ..entry.clone() }
        };
        assert_eq!(read.newcomer(), &said(whole.newcomer()));
        assert!(read.entries().cloned().eq(whole.entries().map(said)));
        assert!(Segment::all().all(|segment| read.entry(segment) == &said(whole.entry(segment))));
    }

    #[test]
    fn ideas_that_entries_share_are_packed_once() {
        let playbook = Playbook::builtin();
        let whole: usize = playbook.entries().map(|entry| serde_json::to_vec(entry).unwrap().len()).sum();
        assert!(playbook.pack().len() * 3 < whole, "{} of {whole}", playbook.pack().len());
    }

    #[test]
    fn bytes_that_are_broken_are_no_playbook_or_give_nothing() {
        let packed = Playbook::builtin().pack();
        for end in (0..packed.len()).step_by(997) {
            assert!(Playbook::unpack(packed[..end].to_vec()).is_none(), "the first {end}");
        }
        let mut spoiled = packed;
        let length = spoiled.len();
        spoiled[length / 2..].iter_mut().for_each(|byte| *byte = byte.wrapping_add(1));
        if let Some(read) = Playbook::unpack(spoiled) {
            assert!(
                read.entries()
                    .all(|entry| entry == read.newcomer() || Segment::all().any(|s| s.to_string() == entry.name))
            );
        }
    }
}
