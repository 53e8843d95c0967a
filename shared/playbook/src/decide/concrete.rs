//! What a mechanic comes to for one customer, before it is said and made an offer.

use segmentation::Day;

use crate::decide::candidate::Candidate;
use crate::decide::decision::{On, Progress};
use crate::mechanic::Placeholder;
use crate::reward::Reward;

/// What a mechanic came to.
pub(super) struct Concrete<'a> {
    pub(super) products: Vec<&'a Candidate>,
    pub(super) reward: Option<Reward>,
    pub(super) on: On,
    pub(super) earned: bool,
    pub(super) step: u8,
    pub(super) progress: Option<Progress>,
    pub(super) valid_from: Day,
    pub(super) valid_until: Day,
    pub(super) choices: Vec<Reward>,
    pub(super) categories: Vec<String>,
    pub(super) values: Vec<(Placeholder, String)>,
}
