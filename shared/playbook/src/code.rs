//! Personal codes (law 13): 16 letters of Crockford's base 32 that name a campaign, a slot and a step, and prove that we made
//! them for this customer. Nothing is written when one is given out.
//!
//! 16 bits campaign number, 15 bits slot, 4 bits step, 40 bits of HMAC-SHA-256 over shop, customer and those, and one check
//! letter (Luhn modulo 32), which tells a slip of the finger from a wrong code.

use std::fmt;
use std::str::FromStr;

use hmac::{Hmac, KeyInit, Mac};
use segmentation::Day;
use sha2::Sha256;

use crate::crockford;

/// Letters of a code.
pub const LETTERS: usize = 16;
/// The highest step a code can name.
pub const LAST_STEP: u8 = 15;

/// Days since 1970 of 2020-01-01, the first day a code can name.
const FIRST_DAY: i64 = 18_262;
const SLOT_BITS: u32 = 15;
const STEP_BITS: u32 = 4;
/// Bytes of the proof: 40 bits.
const PROOF: usize = 5;

/// What a code is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ticket {
    /// The campaign's number.
    pub number: u16,
    /// The slot's first day.
    pub slot: Day,
    /// The step, 1 to [`LAST_STEP`].
    pub step: u8,
}

/// A code as it is typed: what it is for, and its proof, not yet checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Code {
    ticket: Ticket,
    proof: [u8; PROOF],
}

/// It cannot have been given out as it stands: letters are missing, foreign or mistyped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Mistyped {
    /// Not 16 letters.
    #[error("has {0} letters and figures, not {LETTERS}")]
    Length(usize),
    /// A sign that no code has.
    #[error("has `{0}`, which is in no code")]
    Letter(char),
    /// The check letter does not fit the rest.
    #[error("is mistyped: its check letter does not fit")]
    Check,
}

/// The secrets under codes. The current one makes new codes; both prove old ones, so that a change takes nothing from anybody
/// as long as the previous one is kept.
#[derive(Clone)]
pub struct CodeSecrets {
    current: Vec<u8>,
    previous: Option<Vec<u8>>,
}

impl fmt::Debug for CodeSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CodeSecrets")
    }
}

impl CodeSecrets {
    /// Takes the secrets' bytes; 32 random ones are right.
    #[must_use]
    pub fn new(current: impl Into<Vec<u8>>, previous: Option<Vec<u8>>) -> CodeSecrets {
        CodeSecrets { current: current.into(), previous }
    }

    /// The code for this customer of this shop; `None` where a code cannot name the ticket's slot or step. `customer` is the
    /// customer's key, a hash of fixed length.
    #[must_use]
    pub fn code(&self, shop: &str, customer: &str, ticket: Ticket) -> Option<Code> {
        ticket.bits()?;
        let digest: [u8; 32] = message(&self.current, shop, customer, ticket).finalize().into_bytes().into();
        let mut proof = [0; PROOF];
        proof.copy_from_slice(&digest[..PROOF]);
        Some(Code { ticket, proof })
    }

    /// Was this code made for this customer of this shop? Compared in constant time.
    #[must_use]
    pub fn made(&self, shop: &str, customer: &str, code: &Code) -> bool {
        let secrets = [Some(&self.current), self.previous.as_ref()];
        // Both are always tried: the time tells nothing about which of them fitted.
        let fits =
            |secret: &Vec<u8>| message(secret, shop, customer, code.ticket).verify_truncated_left(&code.proof).is_ok();
        secrets.into_iter().flatten().fold(false, |made, secret| made | fits(secret))
    }
}

fn message(secret: &[u8], shop: &str, customer: &str, ticket: Ticket) -> Hmac<Sha256> {
    #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes keys of any length");
    // Neither a shop's name nor a customer's key has a `#`.
    for part in ["code#", shop, "#", customer, "#"] {
        mac.update(part.as_bytes());
    }
    mac.update(&ticket.number.to_be_bytes());
    mac.update(&ticket.slot.epoch_days().to_be_bytes());
    mac.update(&[ticket.step]);
    mac
}

impl Ticket {
    /// Its 35 bits.
    fn bits(self) -> Option<u128> {
        let slot = i64::from(self.slot.epoch_days()) - FIRST_DAY;
        let slot = u128::try_from(slot).ok().filter(|slot| *slot < 1 << SLOT_BITS)?;
        let step = (1..=LAST_STEP).contains(&self.step).then_some(u128::from(self.step))?;
        Some((u128::from(self.number) << SLOT_BITS | slot) << STEP_BITS | step)
    }
}

impl Code {
    /// What it is for.
    #[must_use]
    pub fn ticket(&self) -> Ticket {
        self.ticket
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let proof = self.proof.iter().fold(0_u128, |bits, byte| bits << 8 | u128::from(*byte));
        // A ticket that fits no code makes none, so there is nothing to write for it.
        let bits = self.ticket.bits().unwrap_or(0) << (8 * PROOF) | proof;
        let body: Vec<u8> = (0..LETTERS - 1).rev().map(|at| (bits >> (5 * at) & 31) as u8).collect();
        f.write_str(&crockford::letters(&body))
    }
}

impl FromStr for Code {
    type Err = Mistyped;

    fn from_str(text: &str) -> Result<Code, Mistyped> {
        let body = crockford::digits(text, LETTERS)?;
        let bits = body.iter().fold(0_u128, |bits, digit| bits << 5 | u128::from(*digit));
        let mut proof = [0; PROOF];
        proof.copy_from_slice(&bits.to_be_bytes()[16 - PROOF..]);
        let ticket = bits >> (8 * PROOF);
        let step = (ticket & 15) as u8;
        let slot = (ticket >> STEP_BITS & ((1 << SLOT_BITS) - 1)) as i64;
        let number = (ticket >> (STEP_BITS + SLOT_BITS)) as u16;
        // Step 0 is in no code; its proof cannot fit either, but a typed code need not go that far.
        let step = if step == 0 { return Err(Mistyped::Check) } else { step };
        Ok(Code { ticket: Ticket { number, slot: Day::from_epoch_days(FIRST_DAY + slot), step }, proof })
    }
}
