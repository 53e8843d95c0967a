//! A shop's settings: what is given when the shop is made and never changes, and what its staff may change.

use chrono_tz::Tz;
use iso_currency::Currency;
use playbook::Holdout;
use playbook::decide::OfferSettings;
use segmentation::{BeaconRule, FitPolicy, Groups};
use serde::{Deserialize, Serialize};

/// What happens to an order without a customer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Guests {
    /// It is refused by name.
    #[default]
    Refuse,
    /// It is answered as ignored, and nothing is stored.
    Ignore,
}

/// When cuts are fitted anew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Refit {
    /// Only on request.
    Manual,
    /// At the first run of each calendar month.
    #[default]
    Monthly,
    /// At every run; people who did nothing will move.
    EveryRun,
}

/// How rewards are reserved, given back and measured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RewardSettings {
    /// How many minutes a reservation holds, 1 to 1,440.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 1_440)))]
    pub hold_minutes: u16,
    /// Does the return of a whole order give its rewards back, as its cancellation does?
    pub return_gives_back: bool,
    /// After so many wrong codes of one customer on one day, 1 to 1,000, no code is tried any more that day.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 1_000)))]
    pub wrong_codes_a_day: u16,
    /// Who gets nothing, so that the effect can be measured.
    pub holdout: Holdout,
}

impl Default for RewardSettings {
    fn default() -> RewardSettings {
        RewardSettings {
            hold_minutes: 30,
            return_gives_back: false,
            wrong_codes_a_day: 20,
            holdout: Holdout::default(),
        }
    }
}

impl RewardSettings {
    fn check(&self) -> Result<(), BadSetting> {
        let must = |holds: bool, field, detail| if holds { Ok(()) } else { Err(BadSetting { field, detail }) };
        must((1..=1_440).contains(&self.hold_minutes), "rewards.hold_minutes", "must be from 1 to 1440")?;
        let wrong = (1..=1_000).contains(&self.wrong_codes_a_day);
        must(wrong, "rewards.wrong_codes_a_day", "must be from 1 to 1000")?;
        let holdout = &self.holdout;
        let share = |percent: u8| percent <= Holdout::MOST;
        must(share(holdout.percent), "rewards.holdout.percent", "must be from 0 to 50")?;
        must(holdout.series.len() <= 1_000, "rewards.holdout.series", "may have at most 1000 entries")?;
        must(holdout.series.values().all(|p| share(*p)), "rewards.holdout.series", "must be from 0 to 50 each")?;
        must(holdout.salt.len() <= 100, "rewards.holdout.salt", "must be a text of at most 100 bytes")
    }
}

/// What components at the edge answer from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EdgeSettings {
    /// The number of the key that tokens are made with. Raised by one, the one before it goes on opening tokens, and components
    /// that were built before know the new one; raised by two, what was given out before is worth nothing.
    #[cfg_attr(feature = "schema", schemars(range(max = EdgeSettings::MOST)))]
    pub key: u32,
}

impl EdgeSettings {
    const MOST: u32 = 1_000_000;
}

/// What a shop's staff may change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Changeable {
    /// From which hour of the shop's day the daily run may start, 0 to 23.
    #[cfg_attr(feature = "schema", schemars(range(max = 23)))]
    pub run_hour: u8,
    /// Orders without a customer.
    pub guests: Guests,
    /// When cuts are fitted anew.
    pub refit: Refit,
    /// How cuts are fitted: window, zero-total rule, fallback and fixed cuts. Takes effect with the next fit.
    pub segmentation: FitPolicy,
    /// Which group each segment belongs to.
    pub groups: Groups,
    /// How rewards are reserved, given back and measured.
    pub rewards: RewardSettings,
    /// What offers depend on: tiers, sale periods, the season, what rewards cost, how a VIP's rhythm is read.
    pub offers: OfferSettings,
    /// By what a VIP is said to slip, and over which days the promising group's aim is told.
    pub beacon: BeaconRule,
    /// What components at the edge answer from.
    pub edge: EdgeSettings,
}

impl Default for Changeable {
    fn default() -> Changeable {
        Changeable {
            run_hour: 3,
            guests: Guests::default(),
            refit: Refit::default(),
            segmentation: FitPolicy::default(),
            groups: Groups::default(),
            rewards: RewardSettings::default(),
            offers: OfferSettings::default(),
            beacon: BeaconRule::default(),
            edge: EdgeSettings::default(),
        }
    }
}

/// A shop's settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Settings {
    /// Counts the changes.
    pub version: u64,
    /// Of every amount; never changes (law 3).
    #[cfg_attr(feature = "schema", schemars(with = "String", regex(pattern = "^[A-Z]{3}$")))]
    pub currency: Currency,
    /// In which days are counted; never changes (law 4).
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub time_zone: Tz,
    /// The rest.
    #[serde(flatten)]
    pub changeable: Changeable,
}

/// A setting that does not hold together, by the name of its field.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {detail}")]
pub struct BadSetting {
    /// Which field.
    pub field: &'static str,
    /// What is wrong.
    pub detail: &'static str,
}

impl Changeable {
    /// Checks what types cannot say.
    ///
    /// # Errors
    /// [`BadSetting`] for the first field that does not hold.
    pub fn check(&self) -> Result<(), BadSetting> {
        let must = |holds: bool, field, detail| if holds { Ok(()) } else { Err(BadSetting { field, detail }) };
        must(self.run_hour < 24, "run_hour", "must be from 0 to 23")?;
        let policy = &self.segmentation;
        must(
            policy.window.days != Some(0),
            "segmentation.window.days",
            "must be at least 1, or null for the lifetime",
        )?;
        let typed = [
            ("segmentation.fallback_recency", Some(policy.fallback_recency)),
            ("segmentation.fallback_frequency", Some(policy.fallback_frequency)),
            ("segmentation.fallback_monetary_orders", Some(policy.fallback_monetary_orders)),
            ("segmentation.fixed_recency", policy.fixed_recency),
            ("segmentation.fixed_frequency", policy.fixed_frequency),
            ("segmentation.fixed_monetary", policy.fixed_monetary),
        ];
        for (field, cuts) in typed {
            let Some(cuts) = cuts else { continue };
            must(0 <= cuts.c1 && cuts.c1 < cuts.c2, field, "needs 0 <= c1 < c2")?;
        }
        must(self.edge.key <= EdgeSettings::MOST, "edge.key", "must be from 0 to 1000000")?;
        self.rewards.check()?;
        self.beacon.check().map_err(|(field, detail)| BadSetting { field, detail })?;
        self.offers.check().map_err(|(field, detail)| BadSetting { field, detail })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_hold_together() {
        assert_eq!(Changeable::default().check(), Ok(()));
    }

    #[test]
    fn a_setting_that_does_not_hold_is_named() {
        let mut settings = Changeable { run_hour: 24, ..Changeable::default() };
        assert_eq!(settings.check().map_err(|bad| bad.field), Err("run_hour"));
        settings.run_hour = 5;
        settings.segmentation.fixed_recency = Some(segmentation::fit::TypedCuts { c1: 9, c2: 9 });
        assert_eq!(settings.check().map_err(|bad| bad.field), Err("segmentation.fixed_recency"));
    }
}
