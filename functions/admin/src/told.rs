//! Bodies that the code handles as JSON values, in the form that they have. They are there for the OpenAPI document alone.

#![expect(dead_code, reason = "told of, and never made")]

use std::collections::BTreeMap;

use ledger::Changeable;
use segmentation::Segment;
use serde_json::Value;

/// Changes to lay over the built-in playbook, or `version` alone, which puts an earlier one in force again. Objects are merged, anything
/// else replaces, null takes away.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub(crate) struct PlaybookIn {
    version: Option<String>,
    newcomer: Option<BTreeMap<String, Value>>,
    segment: Option<BTreeMap<Segment, Value>>,
    idea: Option<BTreeMap<String, Value>>,
    withheld: Option<BTreeMap<String, Value>>,
    no_reward: Option<BTreeMap<String, Value>>,
    reward: Option<BTreeMap<String, Value>>,
    chosen: Option<BTreeMap<String, Value>>,
}

/// What may be changed; what is left out takes its default.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub(crate) struct SettingsIn {
    /// The changes are refused where this is not the current version any more.
    version: Option<u64>,
    /// It never changes: only what it is already.
    currency: Option<String>,
    /// It never changes: only what it is already.
    time_zone: Option<String>,
    #[cfg_attr(feature = "schema", schemars(flatten))]
    changeable: Changeable,
}

#[cfg(feature = "schema")]
pub(crate) use answered::*;

#[cfg(feature = "schema")]
mod answered {
    use chrono::{DateTime, Utc};
    use ledger::keys::CustomerKey;
    use playbook::reward::Limit;
    use playbook::simulate::Line;
    use playbook::{Idea, OwnCampaign};
    use schemars::JsonSchema;
    use segmentation::{Cuts, CutsVersion, Day, Segment};

    /// What a job was asked for, by its kind.
    #[derive(JsonSchema)]
    #[schemars(untagged, rename = "JobAsked")]
    pub(crate) enum Asked {
        Simulation { playbook: String, from: Day, until: Day },
        Preview { cuts: CutsVersion, day: Day },
        Audience { segment: Segment },
        Fit { day: Day },
        Merge { customer_key: CustomerKey, into: CustomerKey },
        OfCustomer { customer_key: CustomerKey },
    }

    /// What came of a job, by its kind.
    #[derive(JsonSchema)]
    #[schemars(untagged, rename = "JobSummary")]
    pub(crate) enum Summary {
        Simulation {
            playbook: String,
            customers: u64,
            days: u64,
            total: Line,
        },
        Fit {
            version: CutsVersion,
            day: Day,
            customers: u64,
            cuts: Cuts,
        },
        Preview {
            version: CutsVersion,
            day: Day,
            customers: u64,
            /// Who would move by the new cuts, and who of them did nothing meanwhile.
            refit: u64,
            refit_idle: u64,
            /// Who would move by the day alone.
            day_only: u64,
            stay: u64,
        },
        Audience {
            segment: Segment,
            customers: u64,
        },
        Export {
            rows: u64,
            ids: u64,
        },
        Erase {
            erased_at: DateTime<Utc>,
            ids: u64,
        },
        Merge {
            customer_key: CustomerKey,
            into: CustomerKey,
        },
        Unmerge {
            customer_key: CustomerKey,
        },
    }

    /// Terms: of a shop's own campaign, as it was published, or of an idea of the playbook.
    #[derive(JsonSchema)]
    #[schemars(untagged, rename = "CampaignTerms")]
    pub(crate) enum Terms {
        Own(OwnCampaign),
        OfPlaybook { playbook: String, limit: Option<Limit>, idea: Idea },
    }
}
