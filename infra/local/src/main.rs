//! `tercile`: the whole service on one machine, and its tools.

mod api;
mod cli;
mod cuts;
mod cuts_cli;
mod data_dir;
mod demo;
mod export;
mod import;
mod keys;
mod keys_cli;
mod learn;
mod machine;
mod picture;
mod products;
mod resegment;
mod segment;
mod serve;
mod shed;
mod shop;
mod simulate;
mod tell;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Cli, Command, ShopCommand};

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    start_logs(matches!(cli.command, Command::Serve(_)));
    let done = match cli.command {
        Command::Demo(options) => demo::run(options).await,
        Command::Serve(options) => serve::run(options).await,
        Command::Shop(ShopCommand::Create(options)) => shop::create(options).await,
        Command::Keys(command) => keys::run(command).await,
        Command::Import(options) => import::run(options).await,
        Command::Products(options) => products::run(options).await,
        Command::Export(options) => export::run(options).await,
        Command::Resegment(options) => resegment::run(options).await,
        Command::Cuts(command) => cuts::run(command).await,
        Command::Learn(options) => learn::run(options).await,
        Command::Segment(options) => segment::run(options),
        Command::Simulate(options) => simulate::run(options),
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            tell::error(&error);
            ExitCode::FAILURE
        }
    }
}

/// The server logs what it does; commands show their work themselves and log only what went wrong.
fn start_logs(serving: bool) {
    // The engine warns of every condition that does not hold, which is how the ledger keeps its laws.
    let quiet = if serving { "info,dynoxide=error" } else { "error" };
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| quiet.into());
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
        .with_writer(std::io::stderr)
        .init();
}
