//! What the origin tells the edge of a customer: all that their offers of the token's days depend on, and no name.

use std::collections::{BTreeMap, BTreeSet};

use playbook::decide::{Candidate, Closed, Inputs, Outlook, SeriesStates};
use playbook::holdout::EVERYTHING;
use playbook::mechanic::Mechanic;
use playbook::{Code, Decision, Language, Playbook};
use segmentation::{Activation, Cuts, Day, Minor};

/// The most products of a token.
pub const MOST_PRODUCTS: usize = 5;

/// A series' name in a token, 4 bytes long: FNV-1a of it. A token holds no more than some dozens of them, and what is taken for
/// another one is told wrong and given to nobody, since the origin is asked before anything is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SeriesKey(pub u32);

impl SeriesKey {
    /// The key of a series.
    #[must_use]
    pub fn of(series: &str) -> SeriesKey {
        SeriesKey(series.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)))
    }
}

/// Which terms of the shop a token was made under: the first 64 bits of SHA-256 over them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TermsVersion(pub [u8; 8]);

/// From a moment on, in seconds since 1970, a shop's days begin so many seconds after those of UTC; before it they do by the
/// entry before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offset {
    /// The moment.
    pub from: i64,
    /// Seconds east of UTC.
    pub seconds: i32,
}

/// The shop day of a moment, by offsets in the order of their moments; before the first one, by that one.
#[must_use]
pub fn day_of(offsets: &[Offset], now: i64) -> Day {
    let in_force = offsets.iter().rev().find(|offset| offset.from <= now).or(offsets.first());
    let seconds = in_force.map_or(0, |offset| i64::from(offset.seconds));
    Day::from_epoch_days(now.saturating_add(seconds).div_euclid(86_400))
}

/// What is known of the series that a decision of the token's days may name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SeriesKnown {
    /// What shifts their slots.
    pub shifts: Vec<(SeriesKey, u32)>,
    /// Is the customer held out of all?
    pub held_out_of_all: bool,
    /// Those the customer is held out of.
    pub held_out: Vec<SeriesKey>,
    /// Those without money left, when the token was made, each with the days on which that would be so: bit n of the day n after the
    /// first, as a limit may be a month's or a segment's.
    pub exhausted: Vec<(SeriesKey, u8)>,
    /// Those paused or ended by then.
    pub not_open: Vec<SeriesKey>,
    /// Rewards used by then.
    pub closed: Vec<(SeriesKey, Closed)>,
}

/// A token's body.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    /// The customer's key: a pseudonym that the origin alone can make of an id, and nobody an id of.
    pub customer: [u8; 16],
    /// Was anything sent of them?
    pub known: bool,
    /// The language they want, where that is known.
    pub language: Option<Language>,
    /// Their first day, and what is known of them from it on.
    pub since: Day,
    /// See there.
    pub outlook: Outlook,
    /// The cuts that were active.
    pub active: Option<(Activation, Cuts)>,
    /// The terms.
    pub terms: TermsVersion,
    /// The shop's time zone, as long as the token lives.
    pub offsets: Vec<Offset>,
    /// Series.
    pub series: SeriesKnown,
    /// Codes of what is open on one of its days.
    pub codes: Vec<(SeriesKey, Code)>,
    /// Products, each with the series it was chosen for; see [`filled`].
    pub products: Vec<(Candidate, Vec<SeriesKey>)>,
    /// The upper edge of the lowest third of the shop's prices.
    pub low_band: Option<Minor>,
    /// What they give to friends.
    pub referral_code: Option<String>,
}

impl Snapshot {
    /// What the token knows of the series of a decision.
    #[must_use]
    pub fn states(&self, inputs: &Inputs, playbook: &Playbook) -> SeriesStates {
        let named = inputs.series_named(playbook);
        let known = &self.series;
        let among = |keys: &[SeriesKey]| {
            let named = named.iter().filter(|series| keys.contains(&SeriesKey::of(series)));
            named.cloned().collect()
        };
        let nth = u32::try_from(inputs.day.since(self.since)).unwrap_or(0);
        let on_the_day = |days: u8| days.checked_shr(nth).unwrap_or(0) & 1 == 1;
        let exhausted = known.exhausted.iter().filter(|(_, days)| on_the_day(*days)).map(|(series, _)| *series);
        let exhausted: Vec<SeriesKey> = exhausted.collect();
        let shift = |series: String| {
            let key = SeriesKey::of(&series);
            known.shifts.iter().find(|(of, _)| *of == key).map(|(_, shift)| (series, *shift))
        };
        let mut held_out: BTreeSet<String> = among(&known.held_out);
        held_out.extend(known.held_out_of_all.then(|| EVERYTHING.to_owned()));
        SeriesStates {
            shifts: inputs.series_needed(playbook).into_iter().filter_map(shift).collect(),
            held_out,
            exhausted: among(&exhausted),
            not_open: among(&known.not_open),
            closed: self.closed(inputs, playbook),
        }
    }

    /// The rewards used of the series of a decision.
    #[must_use]
    pub fn closed(&self, inputs: &Inputs, playbook: &Playbook) -> BTreeMap<String, Vec<Closed>> {
        let mut closed: BTreeMap<String, Vec<Closed>> = BTreeMap::new();
        for series in inputs.series_named(playbook) {
            let key = SeriesKey::of(&series);
            let used: Vec<Closed> =
                self.series.closed.iter().filter(|(of, _)| *of == key).map(|(_, used)| *used).collect();
            if !used.is_empty() {
                closed.insert(series, used);
            }
        }
        closed
    }

    /// Fills in the codes that the token holds.
    pub fn with_codes(&self, decision: &mut Decision) {
        for offer in &mut decision.offers {
            offer.code = offer.redeemable().and_then(|(series, slot, step)| {
                let key = SeriesKey::of(series);
                let fits = |code: &Code| (code.ticket().slot, code.ticket().step) == (slot, step);
                self.codes.iter().find(|(of, code)| *of == key && fits(code)).map(|(_, code)| code.to_string())
            });
        }
    }
}

/// The products that a token can carry of what these decisions show, each under the series that showed it: first the best of each
/// offer, and of a bundle the two it is made of, then the others, at most [`MOST_PRODUCTS`].
#[must_use]
pub fn filled(decisions: &[(Inputs, Decision)]) -> Vec<(Candidate, Vec<SeriesKey>)> {
    let mut shown: Vec<(usize, &Candidate, SeriesKey)> = Vec::new();
    for (inputs, decision) in decisions {
        for offer in &decision.offers {
            let pair = offer.mechanic == Mechanic::Bundles;
            for (nth, product) in offer.products.iter().enumerate() {
                let candidate = inputs.products.iter().find(|candidate| candidate.id == product.id);
                let rank = if pair && nth == 1 { 0 } else { nth };
                shown.extend(candidate.map(|candidate| (rank, candidate, SeriesKey::of(&offer.reason.campaign))));
            }
        }
    }
    // Stable: of one rank in the decisions' order.
    shown.sort_by_key(|(rank, ..)| *rank);
    let mut filled: Vec<(Candidate, Vec<SeriesKey>)> = Vec::new();
    for (_, candidate, series) in shown {
        match filled.iter().position(|(known, _)| known.id == candidate.id) {
            Some(at) if !filled[at].1.contains(&series) => filled[at].1.push(series),
            None if filled.len() < MOST_PRODUCTS => filled.push((candidate.clone(), vec![series])),
            Some(_) | None => {}
        }
    }
    filled
}
