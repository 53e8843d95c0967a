//! `tercile serve`: the API on a port, the schedule on a clock, until Ctrl-C.

use std::net::IpAddr;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use axum::Router;
use axum::middleware::from_fn_with_state;
use events::{Here, Sender, Tables};
use resegment::Steps;
use resegment::schedule::tick;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use web::{App, Clock, Rate, Receivers};

use crate::cli::ServeOptions;
use crate::machine::{Machine, job_here, learn_here, router, start_here};
use crate::shed::{Places, shed};

const HOUR: Duration = Duration::from_secs(3600);

pub(crate) async fn run(options: ServeOptions) -> Result<ExitCode> {
    let machine = match &options.store {
        Some(store) => Machine::over(store, &options.data.data).await?,
        None => Machine::open(&options.data.data).await?,
    };
    let listener = listen(options.host, options.port).await?;
    let address = listener.local_addr()?;
    let receivers = if options.allow_local_receivers { Receivers::LocalToo } else { Receivers::Public };
    let app = machine.app(options.as_of).with_rate(Rate::per_second(options.rate));
    let app = app.with_public_url(&format!("http://{address}")).with_receivers(receivers);
    let telling = telling(&app).await?;
    let places = Places::new(Semaphore::new(options.at_once.get() as usize));
    let service = router(&app).layer(from_fn_with_state(places, shed));
    println!("Tercile serves {} on http://{address}", options.data.data.display());
    if let Some(day) = options.as_of {
        println!("Every answer is as of {day}.");
    }
    println!("Ctrl-C ends it.");
    until_stopped(&machine, &app, telling, listener, service).await?;
    machine.stop().await?;
    println!("Ended in order.");
    Ok(ExitCode::SUCCESS)
}

/// Takes an address, or says that it cannot be had.
pub(crate) async fn listen(host: IpAddr, port: u16) -> Result<TcpListener> {
    TcpListener::bind((host, port)).await.with_context(|| format!("cannot listen on {host}:{port}"))
}

/// What tells events, at their own time, whatever day is played.
pub(crate) async fn telling(app: &App) -> Result<Here> {
    let tables = Tables { stream: engine::STREAM, queue: engine::QUEUE };
    Ok(Here::new(&app.ledger, tables, Sender::new(app.receivers), Clock::System).await?)
}

/// Answers on a port, looks at the schedule each hour and tells events, until Ctrl-C.
pub(crate) async fn until_stopped(
    machine: &Machine,
    app: &App,
    telling: Here,
    listener: TcpListener,
    service: Router,
) -> Result<()> {
    let hourly = async {
        let mut hours = tokio::time::interval(HOUR);
        loop {
            hours.tick().await;
            look_at_schedule(machine, app).await;
        }
    };
    let serving = axum::serve(listener, service).with_graceful_shutdown(stopped());
    tokio::select! {
        ended = serving => ended.context("the server broke off")?,
        () = hourly => {}
        () = telling.run() => {}
    }
    Ok(())
}

/// What the scheduler does in a deployment: begins the runs and learnings that are due, publishes what is
/// left, and lets go what has expired.
async fn look_at_schedule(machine: &Machine, app: &App) {
    let steps = Steps::new(app.ledger.clone(), app.clock);
    match tick(&steps, &start_here(app), &learn_here(app), &job_here(app)).await {
        Ok(found) => tracing::info!(?found, "looked at the schedule"),
        Err(error) => tracing::error!(%error, "the schedule could not be read"),
    }
    if let Some(engine) = &machine.engine
        && let Err(error) = engine.sweep_expired().await
    {
        tracing::error!(%error, "expired items were not swept");
    }
}

/// Ctrl-C, or a supervisor's SIGTERM.
async fn stopped() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
