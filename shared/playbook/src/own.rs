//! A shop's own campaign from data: one idea with its series, for whom and when, under the same checks as the playbook's ideas.

use std::collections::BTreeSet;

use segmentation::{Day, Segment};
use serde::Deserialize;
use serde_json::Value;

use crate::campaign::OwnCampaign;
use crate::checks;
use crate::decide::Inputs;
use crate::error::PlaybookError;
use crate::idea::IdeaKind;
use crate::mechanic::Mechanic;
use crate::source::SourceIdea;

/// A campaign as a shop writes it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "CampaignForm"))]
pub struct Source {
    #[cfg_attr(feature = "schema", schemars(regex(pattern = "^[a-z][a-z0-9]*(_[a-z0-9]+)*$"), length(max = 60)))]
    series: String,
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    segments: Option<BTreeSet<Segment>>,
    from: Option<Day>,
    until: Option<Day>,
    #[serde(default)]
    beyond_rules: bool,
    idea: SourceIdea,
}

impl OwnCampaign {
    /// Reads `{"series", "segments"?, "from"?, "until"?, "beyond_rules"?, "idea"}`; the idea is of the playbook's form.
    ///
    /// # Errors
    /// The first fault found, with its place: see [`PlaybookError`].
    pub fn parse(body: &Value) -> Result<OwnCampaign, PlaybookError> {
        let form =
            |place: &str, message: &str| PlaybookError::Form { place: place.to_owned(), message: message.to_owned() };
        let Source { series, segments, from, until, beyond_rules, idea } = serde_path_to_error::deserialize(body)
            .map_err(|error| form(&error.path().to_string(), &error.inner().to_string()))?;
        if !checks::is_snake_case(&series) {
            let message =
                "a series is snake_case: a-z, 0-9 and single underscores, a letter first, at most 60 characters";
            return Err(form("series", message));
        }
        if segments.as_ref().is_some_and(BTreeSet::is_empty) {
            return Err(form("segments", "names at least one segment; without it the campaign is for everyone"));
        }
        if from.zip(until).is_some_and(|(from, until)| until < from) {
            return Err(form("until", "must not be before `from`"));
        }
        let idea = idea.idea(series.clone(), "idea")?;
        if matches!(idea.mechanic, Mechanic::Choose | Mechanic::CodeByAnswer(_)) {
            return Err(form(
                "idea.mechanic",
                "hangs on a question of a playbook entry, so it belongs in the playbook",
            ));
        }
        checks::idea(&idea, "idea")?;
        if idea.kind() != IdeaKind::Reward {
            return Err(form("idea.reward", "is missing: a campaign gives something"));
        }
        Ok(OwnCampaign { series, segments, from, until, beyond_rules, idea })
    }

    /// The data that [`OwnCampaign::parse`] reads back.
    #[must_use]
    pub fn to_value(&self) -> Value {
        // What serde cannot write would be a bug that the test of the round trip sees.
        let mut value = serde_json::to_value(self).unwrap_or_default();
        if let Some(idea) = value.get_mut("idea").and_then(Value::as_object_mut) {
            idea.remove("code");
        }
        value
    }

    /// Is the customer of the document among those it is for?
    #[must_use]
    pub fn concerns(&self, inputs: &Inputs) -> bool {
        let Some(segments) = &self.segments else { return true };
        inputs.reading().is_some_and(|segment| segments.contains(&segment))
    }
}
