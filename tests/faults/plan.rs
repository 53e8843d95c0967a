//! Which request meets which fault.

use fastrand::Rng;

/// What can befall a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// It is passed on after a pause.
    Late,
    /// The store has no room for it: it is not passed on.
    Throttled,
    /// Another transaction is at the same items: it is not passed on. Of writes only.
    Conflict,
    /// 500, and it is not passed on.
    ErrorBefore,
    /// It is carried out, and the answer is a 500.
    ErrorAfter,
    /// The connection breaks before it is passed on.
    NotReached,
    /// It is carried out, and the connection breaks without an answer.
    AnswerLost,
    /// It is carried out, and half the answer comes: the connection breaks in the middle, or the JSON ends there.
    CutOff,
    /// Half of what was asked for is left to be asked for again. Of `BatchGetItem` only.
    Unprocessed,
}

impl Fault {
    /// Every kind.
    pub const ALL: [Fault; 9] = [
        Fault::Late,
        Fault::Throttled,
        Fault::Conflict,
        Fault::ErrorBefore,
        Fault::ErrorAfter,
        Fault::NotReached,
        Fault::AnswerLost,
        Fault::CutOff,
        Fault::Unprocessed,
    ];

    /// Does the store do this to requests of such an operation?
    #[must_use]
    pub fn befalls(self, operation: &str) -> bool {
        match self {
            Fault::Conflict => matches!(operation, "TransactWriteItems" | "PutItem" | "UpdateItem" | "DeleteItem"),
            Fault::Unprocessed => operation == "BatchGetItem",
            _ => true,
        }
    }
}

/// How often which fault is put in, and where.
#[derive(Clone, Debug)]
pub struct Plan {
    seed: u64,
    /// Of a thousand requests that a kind can befall, by the place in [`Fault::ALL`].
    per_mille: [u16; 9],
}

/// What befalls one request: the fault, and the rest of its randomness.
#[derive(Debug)]
pub(super) struct Fate {
    pub(super) fault: Fault,
    pub(super) rng: Rng,
}

impl Plan {
    /// So many of a thousand requests meet each kind.
    #[must_use]
    pub fn each(seed: u64, per_mille: u16) -> Plan {
        Plan { seed, per_mille: [per_mille; 9] }
    }

    /// So many of a thousand meet this kind, none any other.
    #[must_use]
    pub fn only(seed: u64, fault: Fault, per_mille: u16) -> Plan {
        Plan { seed, per_mille: Fault::ALL.map(|one| if one == fault { per_mille } else { 0 }) }
    }

    /// The fate of the `nth` request of an operation.
    pub(super) fn fate(&self, operation: &str, nth: u64) -> Option<Fate> {
        let mut rng = Rng::with_seed(self.seed ^ fnv(operation) ^ nth.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mut drawn = rng.u16(0..1000);
        for (fault, per_mille) in Fault::ALL.into_iter().zip(self.per_mille) {
            if !fault.befalls(operation) {
                continue;
            }
            match drawn.checked_sub(per_mille) {
                None => return Some(Fate { fault, rng }),
                Some(rest) => drawn = rest,
            }
        }
        None
    }
}

/// FNV-1a: the same for the same text in every build, as the standard hasher need not be.
fn fnv(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
