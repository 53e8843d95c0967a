//! From text to playbook. What passes answers for all 27 segments in all five groups; what does not is refused by place.

use std::collections::BTreeMap;

use segmentation::{LoyaltyGroup, Segment};

use crate::entry::Entry;
use crate::error::PlaybookError;
use crate::playbook::{Playbook, fingerprint};
use crate::source::{Catalogue, Source, SourceEntry};
use crate::when::When;

impl Playbook {
    /// Reads a playbook in the form of `playbook.toml`.
    ///
    /// # Errors
    /// The first fault found, with its place: see [`PlaybookError`].
    pub fn parse(text: &str) -> Result<Playbook, PlaybookError> {
        let source: Source = toml::from_str(text)?;
        let mut catalogue = Catalogue::new(source.idea)?;
        let newcomer = catalogue.entry("newcomer".to_owned(), source.newcomer)?;

        let mut entries = Vec::new();
        let mut own = [None; Segment::COUNT];
        for (segment, entry) in source.segment {
            own[segment.index()] = Some(entries.len());
            entries.push(catalogue.entry(format!("segment.{segment}"), entry)?);
        }

        let mut groups = source.group;
        let mut cells = [[0; Segment::COUNT]; LoyaltyGroup::ALL.len()];
        for group in LoyaltyGroup::ALL {
            let variants = groups.remove(&group).unwrap_or_default();
            let variants = add_variants(group, variants, &mut catalogue, &mut entries)?;
            cells[group as usize] = choose(group, &variants, &own, &entries)?;
        }
        catalogue.all_used()?;
        Ok(Playbook { version: fingerprint(text), newcomer, entries, cells })
    }
}

/// Appends a group's entries; returns which segments each is for and where it stands.
fn add_variants(
    group: LoyaltyGroup,
    variants: BTreeMap<When, SourceEntry>,
    catalogue: &mut Catalogue,
    entries: &mut Vec<Entry>,
) -> Result<Vec<(When, usize)>, PlaybookError> {
    let mut places = Vec::with_capacity(variants.len());
    for (when, entry) in variants {
        places.push((when, entries.len()));
        entries.push(catalogue.entry(format!("group.{group}.{when}"), entry)?);
    }
    Ok(places)
}

/// Per segment the entry that answers for it in this group.
fn choose(
    group: LoyaltyGroup,
    variants: &[(When, usize)],
    own: &[Option<usize>; Segment::COUNT],
    entries: &[Entry],
) -> Result<[usize; Segment::COUNT], PlaybookError> {
    let name = |position: usize| entries[position].name.clone();
    let mut chosen = [0; Segment::COUNT];
    let mut reached = vec![false; variants.len()];
    for segment in Segment::all() {
        let fitting = || variants.iter().enumerate().filter(|(_, (when, _))| when.fits(segment));
        let best = fitting().max_by_key(|(_, (when, _))| when.axes());
        if let Some((nth, (when, position))) = best {
            let rival = fitting().find(|(other, (also, _))| *other != nth && also.axes() == when.axes());
            if let Some((_, (_, other))) = rival {
                return Err(PlaybookError::Ambiguous { first: name(*other), second: name(*position), segment });
            }
            reached[nth] = true;
        }
        let of_group = best.map(|(_, (_, position))| *position);
        chosen[segment.index()] = own[segment.index()].or(of_group).ok_or(PlaybookError::NoEntry { group, segment })?;
    }
    match reached.iter().position(|reached| !reached) {
        Some(nth) => Err(PlaybookError::Unreachable { entry: name(variants[nth].1) }),
        None => Ok(chosen),
    }
}
