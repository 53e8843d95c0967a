//! Segments a file and prints how many customers each of the 27 segments holds, as JSON.
//!
//! `cargo run --release -p orders-csv --example segment_file -- FILE [--as-of DAY] [--returns drop] [--zero-orders count] [--customers]`

use std::error::Error;
use std::io::{BufWriter, Write, stdout};
use std::path::PathBuf;
use std::sync::atomic::AtomicU64;

use orders_csv::{Returns, SegmentOptions, segment};
use segmentation::{Segment, ZeroOrders};

fn main() -> Result<(), Box<dyn Error>> {
    let mut options = SegmentOptions::default();
    let mut file = PathBuf::new();
    let mut customers = false;
    // `segment FILE --format json`, as the product is called, is taken too.
    let mut args = std::env::args().skip(1).filter(|arg| arg != "segment");
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--as-of" => options.as_of = Some(args.next().unwrap_or_default().parse()?),
            "--returns" if args.next().as_deref() == Some("drop") => options.returns = Returns::Drop,
            "--zero-orders" if args.next().as_deref() == Some("count") => {
                options.policy.window.zero_orders = ZeroOrders::Count;
            }
            "--format" => drop(args.next()),
            "--threads" => options.threads = Some(args.next().unwrap_or_default().parse()?),
            "--customers" => customers = true,
            path => file = PathBuf::from(path),
        }
    }
    let segmented = segment(&file, &options, &AtomicU64::new(0))?;
    let mut out = BufWriter::new(stdout().lock());
    if customers {
        writeln!(out, "customer_id,recency_days,frequency,monetary,segment")?;
        for c in segmented.customers() {
            writeln!(out, "{},{},{},{},{}", c.id, c.recency_days, c.frequency, c.monetary, c.segment)?;
        }
        return Ok(());
    }
    let counts: serde_json::Map<String, serde_json::Value> = Segment::all()
        .map(|segment| (segment.to_string(), segmented.census.at(segment.into()).customers.into()))
        .collect();
    let report = serde_json::to_value(segmented.report)?;
    let as_of = segmented.as_of.to_string();
    writeln!(
        out,
        "{}",
        serde_json::json!({ "as_of": as_of, "segments": counts, "report": report, "cuts": segmented.cuts })
    )?;
    Ok(())
}
