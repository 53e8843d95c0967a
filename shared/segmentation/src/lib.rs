//! RFM segmentation as pure functions: what a customer bought goes in, one of 27 segments comes out, with the reason.
//!
//! Nothing here does I/O, knows the time or a time zone: a [`Day`] comes in, already counted in the shop's time zone.
//! The way of data: an order, its revisions and returns fold into one [`Entry`] ([`OrderFold`]); a customer's entries are
//! a multiset ([`Orders`]); on a day and under a [`Cuts`] model they have three values ([`Rfm`]) and so a [`Segment`].
//! What else a profile remembers: [`Tastes`] and [`Baskets`] of orders as first accepted, [`Attributes`], [`Choices`] and
//! survey [`Answers`], rewards used as [`ClosedSteps`],
//! friends brought as [`Referrals`]. [`Responses`] counts what was used and answered. [`buying`] fits how long customers go on, for the [`beacon`]; [`falls`] compares a group with its trend. [`fit()`] makes a cuts model from [`Histogram`]s; [`label::bring_up_to_date`] says which moves a change caused.

pub mod aim;
pub mod alerts;
pub mod answers;
pub mod attributes;
pub mod baskets;
pub mod beacon;
pub mod bought;
pub mod buying;
pub mod census;
pub mod choices;
pub mod closed;
pub mod cuts;
pub mod day;
pub mod explain;
pub mod falls;
pub mod fit;
pub mod group;
pub mod histogram;
pub mod label;
pub mod money;
pub mod movement;
pub mod moves;
pub mod order;
pub mod orders;
pub mod packed;
pub mod preview;
pub mod prices;
pub mod product;
pub mod profile;
pub mod referrals;
pub mod responses;
pub mod rhythm;
pub mod segment;
pub mod spread;
pub mod summary;
pub mod tastes;
pub mod values;

pub use aim::AimCount;
pub use alerts::{Alert, AlertCause};
pub use answers::{Answer, Answered, Answers};
pub use attributes::{AttributeUpdate, Attributes};
pub use baskets::{Basket, Baskets};
pub use beacon::{BeaconCount, BeaconRule};
pub use bought::{Bought, BoughtLine};
pub use census::{Census, MoveMatrix};
pub use choices::{Choice, Choices};
pub use closed::{ClosedStep, ClosedSteps};
pub use cuts::{Activation, AxisCuts, Cuts, CutsVersion, Law};
pub use day::Day;
pub use explain::{Explanation, explain};
pub use falls::Fall;
pub use fit::{FitPolicy, Survey, fit};
pub use group::{Groups, LoyaltyGroup};
pub use histogram::{Histogram, Tally};
pub use label::{Cause, Label, Move, Step};
pub use money::Minor;
pub use movement::Movement;
pub use order::{GivenBack, OrderFold, Revision, RevisionKey};
pub use orders::{Entry, Flags, Orders};
pub use preview::{Preview, PreviewKind, PreviewRow};
pub use prices::Prices;
pub use product::ProductKey;
pub use profile::{Profile, Regrouped};
pub use referrals::{Referral, Referrals};
pub use responses::{Answering, Responses, UsedRewards};
pub use rhythm::{Rhythm, UsualDay};
pub use segment::{Axis, Place, Score, Segment};
pub use spread::Spread;
pub use summary::{Bucket, Looked, Summary};
pub use tastes::{Taste, TasteList, Tastes};
pub use values::{Rfm, Window, ZeroOrders};
