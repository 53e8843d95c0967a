//! What a shop tells of a customer beyond orders. Each field keeps its latest value, so updates fold in any order (law 2).

use std::cmp::Reverse;

use serde::{Deserialize, Deserializer, Serialize};

use crate::day::Day;

/// One update: each field is left alone (outer `None`), cleared (inner `None`) or set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AttributeUpdate {
    /// When the shop changed it, in milliseconds since 1970.
    pub updated_at: u64,
    /// Since when they are in the loyalty programme.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    pub programme_since: Option<Option<Day>>,
    /// Their language.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    pub language: Option<Option<String>>,
    /// May they be written to?
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    pub mailing_consent: Option<Option<bool>>,
    /// The customer who brought them: the shop's id as it is told, their key as it is stored.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    pub referred_by: Option<Option<String>>,
}

/// A field that stands there: `null` clears it. Public, as whoever reads an update at the wire reads it so.
///
/// # Errors
/// Those of the value.
pub fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(deserializer).map(Some)
}

/// A value with what decides over it: the moment in milliseconds, and the first 64 bits of the update's content hash.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Dated<T>(u64, u64, Option<T>);

/// A customer's attributes: per field the latest value. At equal times the smaller consent wins, so a doubt is no consent;
/// of the other fields the one whose update has the greater hash, so that the order of arrival never decides.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attributes {
    #[serde(default, rename = "p", skip_serializing_if = "Option::is_none")]
    programme_since: Option<Dated<Day>>,
    #[serde(default, rename = "l", skip_serializing_if = "Option::is_none")]
    language: Option<Dated<String>>,
    #[serde(default, rename = "m", skip_serializing_if = "Option::is_none")]
    mailing_consent: Option<Dated<bool>>,
    #[serde(default, rename = "r", skip_serializing_if = "Option::is_none")]
    referred_by: Option<Dated<String>>,
}

impl Attributes {
    /// Takes in an update, of which `hash` is the first 64 bits of its content's hash.
    pub fn update(&mut self, update: &AttributeUpdate, hash: u64) {
        let at = update.updated_at;
        latest(&mut self.programme_since, &update.programme_since, at, hash);
        latest(&mut self.language, &update.language, at, hash);
        latest(&mut self.referred_by, &update.referred_by, at, hash);
        if let Some(value) = update.mailing_consent {
            let new = Dated(at, hash, value);
            let rank = |dated: &Dated<bool>| (dated.0, Reverse(dated.2), dated.1);
            if self.mailing_consent.as_ref().is_none_or(|old| rank(old) < rank(&new)) {
                self.mailing_consent = Some(new);
            }
        }
    }

    /// Since when they are in the loyalty programme.
    #[must_use]
    pub fn programme_since(&self) -> Option<Day> {
        self.programme_since.as_ref()?.2
    }

    /// Their language, as the shop sent it: BCP 47, such as `en` or `pt-BR`.
    #[must_use]
    pub fn language(&self) -> Option<&str> {
        self.language.as_ref()?.2.as_deref()
    }

    /// What is known of their consent to mailings.
    #[must_use]
    pub fn mailing_consent(&self) -> Option<bool> {
        self.mailing_consent.as_ref()?.2
    }

    /// May they be written to? Only who said yes.
    #[must_use]
    pub fn consents(&self) -> bool {
        self.mailing_consent() == Some(true)
    }

    /// The key of the customer who brought them.
    #[must_use]
    pub fn referred_by(&self) -> Option<&str> {
        self.referred_by.as_ref()?.2.as_deref()
    }

    /// Was never anything told?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Attributes::default()
    }
}

fn latest<T: Ord + Clone>(held: &mut Option<Dated<T>>, update: &Option<Option<T>>, at: u64, hash: u64) {
    if let Some(value) = update {
        let new = Dated(at, hash, value.clone());
        if held.as_ref().is_none_or(|old| *old < new) {
            *held = Some(new);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn consent(at: u64, value: Option<bool>) -> AttributeUpdate {
        AttributeUpdate { updated_at: at, mailing_consent: Some(value), ..AttributeUpdate::default() }
    }

    #[test]
    fn nobody_consents_by_default_and_at_one_moment_the_smaller_consent_wins() {
        let mut attributes = Attributes::default();
        assert!(!attributes.consents());
        attributes.update(&consent(10, Some(true)), 99);
        assert!(attributes.consents());
        attributes.update(&consent(10, Some(false)), 1);
        assert_eq!(attributes.mailing_consent(), Some(false));
        attributes.update(&consent(9, Some(true)), 100);
        assert!(!attributes.consents(), "an older yes does not undo a no");
        attributes.update(&consent(11, Some(true)), 0);
        assert!(attributes.consents());
        attributes.update(&consent(12, None), 0);
        assert_eq!(attributes.mailing_consent(), None);
    }

    #[test]
    fn a_field_left_out_stays_and_null_clears_it() {
        let mut attributes = Attributes::default();
        let read = |json: &str| serde_json::from_str::<AttributeUpdate>(json).unwrap();
        attributes.update(&read(r#"{"updated_at":1,"language":"pt-BR","programme_since":"2025-03-01"}"#), 1);
        attributes.update(&read(r#"{"updated_at":2,"language":null}"#), 1);
        assert_eq!((attributes.language(), attributes.programme_since().is_some()), (None, true));
        attributes.update(&read(r#"{"updated_at":1,"language":"de"}"#), u64::MAX);
        assert_eq!(attributes.language(), None, "what was cleared later stays cleared");
    }

    fn updates() -> impl Strategy<Value = Vec<(AttributeUpdate, u64)>> {
        use prop::option::of;
        let fields = (of(of("[a-c]")), of(of(any::<bool>())), of(of(0..3_i64)), of(of("[xy]")));
        let update = (0..3_u64, 0..3_u64, fields).prop_map(|(updated_at, hash, (language, consent, since, by))| {
            let programme_since = since.map(|since| since.map(Day::from_epoch_days));
            let fields =
                AttributeUpdate { updated_at, language, mailing_consent: consent, programme_since, referred_by: by };
            (fields, hash)
        });
        prop::collection::vec(update, 0..8)
    }

    fn folded<'a>(updates: impl IntoIterator<Item = &'a (AttributeUpdate, u64)>) -> Attributes {
        let mut attributes = Attributes::default();
        updates.into_iter().for_each(|(update, hash)| attributes.update(update, *hash));
        attributes
    }

    proptest! {
        #[test]
        fn updates_fold_to_the_same_in_any_order_and_however_often(
            (updates, shuffled) in updates().prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
        ) {
            let expected = folded(&updates);
            prop_assert_eq!(&folded(&shuffled), &expected);
            prop_assert_eq!(&folded(shuffled.iter().chain(&updates)), &expected);
            let json = serde_json::to_string(&expected).unwrap();
            prop_assert_eq!(serde_json::from_str::<Attributes>(&json).unwrap(), expected);
        }
    }
}
