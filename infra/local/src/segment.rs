//! `tercile segment FILE.csv`: orders in, segments out, without a database.

use std::io::{BufWriter, Write};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use orders_csv::Segmented;
use segmentation::{Groups, LoyaltyGroup, Place};
use serde_json::json;

use crate::cli::{Output, SegmentOptions};
use crate::shop::currency;
use crate::{picture, tell};

pub(crate) fn run(options: SegmentOptions) -> Result<ExitCode> {
    let currency = currency(&options.currency)?;
    let read = orders_csv::SegmentOptions {
        columns: options.columns.columns(),
        as_of: options.as_of,
        time_zone: options.time_zone,
        returns: options.columns.returns(),
        policy: options.cuts.policy(),
        decimals: u32::from(currency.exponent().unwrap_or(0)),
        threads: None,
    };
    let segmented = with_bar(&options, |progress| orders_csv::segment(&options.file, &read, progress))
        .with_context(|| options.file.display().to_string())?;
    let mut out = BufWriter::with_capacity(1 << 16, std::io::stdout().lock());
    let written = match options.format {
        Output::Csv => csv(&segmented, &mut out),
        Output::Json => json(&segmented, &mut out),
        Output::Picture => {
            drop(out);
            picture::base(&picture::Base::of(&segmented), currency);
            report(&segmented, currency);
            return Ok(ExitCode::SUCCESS);
        }
    };
    match written.and_then(|()| out.flush()) {
        // Whoever reads may stop early, as `head` does.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(ExitCode::SUCCESS),
        written => written.context("cannot write the answer").map(|()| ExitCode::SUCCESS),
    }
}

/// Reads while a bar follows; for large files only.
fn with_bar<T>(options: &SegmentOptions, read: impl FnOnce(&AtomicU64) -> T + Send) -> T {
    let bytes = std::fs::metadata(&options.file).map_or(0, |file| file.len());
    let (progress, done) = (AtomicU64::new(0), AtomicBool::new(false));
    if bytes < 64 << 20 {
        return read(&progress);
    }
    std::thread::scope(|scope| {
        let shown = scope.spawn(|| {
            let bar = tell::bar(bytes, "reading");
            while !done.load(Ordering::Relaxed) {
                bar.set_position(progress.load(Ordering::Relaxed));
                std::thread::park_timeout(Duration::from_millis(100));
            }
            bar.finish_and_clear();
        });
        let answer = read(&progress);
        done.store(true, Ordering::Relaxed);
        shown.thread().unpark();
        answer
    })
}

fn csv(segmented: &Segmented, out: &mut impl Write) -> std::io::Result<()> {
    let groups = Groups::default();
    let mut rows = csv::Writer::from_writer(out);
    rows.write_record([
        "customer_id",
        "recency_days",
        "frequency",
        "monetary_minor",
        "r",
        "f",
        "m",
        "segment",
        "group",
    ])?;
    for customer in segmented.customers() {
        let segment = customer.segment;
        rows.write_record([
            customer.id.to_string(),
            customer.recency_days.to_string(),
            customer.frequency.to_string(),
            customer.monetary.to_string(),
            segment.r.number().to_string(),
            segment.f.number().to_string(),
            segment.m.number().to_string(),
            segment.to_string(),
            groups.of(segment).to_string(),
        ])?;
    }
    rows.flush()
}

fn json(segmented: &Segmented, out: &mut impl Write) -> std::io::Result<()> {
    let groups = Groups::default();
    let cell = |place: Place| {
        let held = segmented.census.at(place);
        json!({
            "segment": place,
            "group": place.0.map(|segment| groups.of(segment)),
            "customers": held.customers,
            "revenue": held.revenue,
        })
    };
    let group = |group: LoyaltyGroup| {
        let held = segmented.census.group(group, &groups);
        json!({ "group": group, "customers": held.customers, "revenue": held.revenue })
    };
    let document = json!({
        "as_of": segmented.as_of,
        "cuts_version": segmented.cuts.version(),
        "cuts": segmented.cuts,
        "report": segmented.report,
        "groups": LoyaltyGroup::ALL.map(group),
        "segments": Place::all().map(cell).collect::<Vec<_>>(),
    });
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}

/// What was in the file, and what could not be used.
fn report(segmented: &Segmented, currency: iso_currency::Currency) {
    let report = &segmented.report;
    println!(
        "\n{} rows, {} orders of {} customers, as of {}.",
        tell::grouped(report.rows as i64),
        tell::grouped(report.orders as i64),
        tell::grouped(report.customers as i64),
        segmented.as_of
    );
    let note = |count: u64, text: String| {
        if count > 0 {
            println!("  {} {text}", tell::grouped(count as i64));
        }
    };
    note(report.guest_rows, "rows of guests were passed over.".to_owned());
    note(
        report.returns_matched,
        format!("returns found their orders: {}.", tell::money(report.returns_matched_amount, currency)),
    );
    note(
        report.returns_unmatched,
        format!(
            "returns found no earlier order of that product, or not enough of it: {} lowers nothing.",
            tell::money(report.returns_unmatched_amount, currency)
        ),
    );
    note(report.dropped_rows, "rows were dropped: returns of nothing, or all returns where you said so.".to_owned());
}
