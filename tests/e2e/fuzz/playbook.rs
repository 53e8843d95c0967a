//! A shop's changes of the playbook, and its own campaigns.

use playbook::{OwnCampaign, Playbook};
use serde_json::Value;

use super::{Form, Target, Verdict, fuzz};

#[test]
fn a_playbook_holds_together_or_is_refused_at_its_place() {
    let target = Target { name: "playbook", form: Form::Json, cases: 600, at_least: 8, kinds: 40 };
    fuzz(&target, |input| {
        let Ok(value) = serde_json::from_slice::<Value>(input) else { return Verdict::refused("no JSON") };
        if let Some(campaign) = value.get("series").is_some().then(|| OwnCampaign::parse(&value)) {
            return match campaign {
                Ok(campaign) => {
                    let again = OwnCampaign::parse(&campaign.to_value());
                    assert_eq!(again.map(|again| again.to_value()).ok(), Some(campaign.to_value()), "{value}");
                    Verdict::taken("a campaign")
                }
                Err(error) => Verdict::refused(place(&error.to_string())),
            };
        }
        match Playbook::overridden(&value) {
            Ok(playbook) => {
                let stored = Playbook::stored(playbook.version(), playbook.source_json().clone());
                assert_eq!(stored.as_ref().map(Playbook::source_json), Ok(playbook.source_json()), "{value}");
                let builtin = playbook.version() == Playbook::builtin().version();
                Verdict::taken(format!("a playbook, {}", if builtin { "the built-in one" } else { "another one" }))
            }
            Err(error) => Verdict::refused(place(&error.to_string())),
        }
    });
}

/// What is wrong, and where, without what was sent.
fn place(message: &str) -> String {
    assert!(!message.is_empty());
    message.chars().take(40).collect()
}
