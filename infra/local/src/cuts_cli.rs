//! The command line of `tercile cuts`.

use clap::{Args, Subcommand};
use segmentation::Day;
use segmentation::fit::TypedCuts;

use crate::cli::{ApiOptions, typed_cuts};

#[derive(Debug, Subcommand)]
pub(crate) enum CutsCommand {
    /// What is in force and due, and what is known
    Show(CutsShowOptions),
    /// Make a candidate: fitted to the base as it is, or with cuts that are given here
    Fit(CutsFitOptions),
    /// Who would move under a candidate
    Preview(CutsPreviewOptions),
    /// Let the next run activate a candidate; the cuts in force withdraw what is due
    Activate(CutsActivateOptions),
    /// Let the next run go back to the cuts of an earlier activation
    Rollback(CutsRollbackOptions),
}

impl CutsCommand {
    /// The shop's API.
    pub(crate) fn api(&self) -> &ApiOptions {
        match self {
            CutsCommand::Show(options) => &options.api,
            CutsCommand::Fit(options) => &options.api,
            CutsCommand::Preview(options) => &options.api,
            CutsCommand::Activate(options) => &options.api,
            CutsCommand::Rollback(options) => &options.api,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct CutsShowOptions {
    #[command(flatten)]
    pub(crate) api: ApiOptions,
}

#[derive(Debug, Args)]
pub(crate) struct CutsFitOptions {
    #[command(flatten)]
    pub(crate) api: ApiOptions,
    /// Recency's cuts, in days; axes that are not given keep those in force
    #[arg(long, value_name = "C1,C2", value_parser = typed_cuts)]
    pub(crate) recency: Option<TypedCuts>,
    /// Frequency's cuts, in orders
    #[arg(long, value_name = "C1,C2", value_parser = typed_cuts)]
    pub(crate) frequency: Option<TypedCuts>,
    /// Monetary's cuts, in minor units
    #[arg(long, value_name = "C1,C2", value_parser = typed_cuts)]
    pub(crate) monetary: Option<TypedCuts>,
    /// Fit to the base as of this day; by default today
    #[arg(long, value_name = "DATE", conflicts_with_all = ["recency", "frequency", "monetary"])]
    pub(crate) day: Option<Day>,
}

#[derive(Debug, Args)]
pub(crate) struct CutsPreviewOptions {
    /// Which candidate
    #[arg(id = "model", value_name = "VERSION")]
    pub(crate) version: String,
    #[command(flatten)]
    pub(crate) api: ApiOptions,
    /// On which day; by default the next run's
    #[arg(long, value_name = "DATE")]
    pub(crate) day: Option<Day>,
}

#[derive(Debug, Args)]
pub(crate) struct CutsActivateOptions {
    /// Which candidate
    #[arg(id = "model", value_name = "VERSION")]
    pub(crate) version: String,
    #[command(flatten)]
    pub(crate) api: ApiOptions,
    /// By the first run of this day or later; by default the preview's, else today
    #[arg(long, value_name = "DATE")]
    pub(crate) day: Option<Day>,
    /// The job of its preview: the run then lists who moved otherwise
    #[arg(long, value_name = "JOB")]
    pub(crate) preview: Option<u64>,
}

#[derive(Debug, Args)]
pub(crate) struct CutsRollbackOptions {
    #[command(flatten)]
    pub(crate) api: ApiOptions,
    /// The number of an activation; by default the one before that in force
    #[arg(long, value_name = "N")]
    pub(crate) to: Option<u32>,
}
