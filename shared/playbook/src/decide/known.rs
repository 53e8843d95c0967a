//! The facts of a profile on a day: nothing that came after it, as far as a profile can tell.

use segmentation::{Activation, Cuts, Day, Groups, Profile};

use crate::decide::facts::Facts;
use crate::decide::inputs::RhythmRule;
use crate::decide::outlook::Outlook;

/// What of a shop facts depend on.
#[derive(Clone, Copy, Debug)]
pub struct Standing<'a> {
    /// The active cuts and their number.
    pub active: Option<(Activation, &'a Cuts)>,
    /// Which group each segment belongs to.
    pub groups: &'a Groups,
    /// How a VIP's rhythm is read.
    pub rhythm: RhythmRule,
}

impl Facts {
    /// The facts of a profile on the day `on`.
    #[must_use]
    pub fn of(profile: &Profile, standing: &Standing<'_>, on: Day) -> Facts {
        Outlook::of(profile, standing, on, on).facts(standing, on)
    }
}
