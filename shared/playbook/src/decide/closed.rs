//! What a reward that was used closes: its step until the next slot, whatever the calendar has become meanwhile (law 12).

use crate::calendar::Slot;
use crate::decide::inputs::Inputs;
use crate::idea::Idea;
use crate::mechanic::Mechanic;

/// Has the customer had what this slot gives? A slot that begins while the period of one that was used still runs gives
/// nothing anew: answering twice earns one code, and neither does a corrected calendar give twice.
pub(crate) fn redeemed(inputs: &Inputs, idea: &Idea, series: &str, slot: Slot) -> bool {
    // In a rise, the slot's own steps open the next ones.
    let rising = idea.mechanic == Mechanic::RisingCashback;
    let mut used = inputs.series.used(series).iter();
    used.any(|used| slot.first <= used.until && !(rising && used.slot == slot.first))
}

/// The highest step of the slot that was used; 0 without one.
pub(crate) fn steps(inputs: &Inputs, series: &str, slot: Slot) -> u8 {
    let of_slot = inputs.series.used(series).iter().filter(|used| used.slot == slot.first);
    of_slot.map(|used| used.step).max().unwrap_or(0)
}
