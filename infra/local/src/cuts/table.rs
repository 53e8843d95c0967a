//! Cuts and previews as people read them.

use anyhow::{Context, Result};
use segmentation::{Axis, Cuts, Place, PreviewKind, PreviewRow};
use serde_json::Value;

use crate::tell::grouped;

/// What `GET /v1/cuts` answers.
pub(super) fn shop(answer: &Value) -> Result<()> {
    match answer.get("active").filter(|active| !active.is_null()) {
        Some(active) => {
            println!(
                "In force since {}: cuts {}, activation {}",
                text(active, "since"),
                text(active, "version"),
                active["activation"]
            );
            model(active)?;
        }
        None => println!("No cuts are in force yet; the first run makes them."),
    }
    if let Some(due) = answer.get("due").filter(|due| !due.is_null()) {
        println!("\nDue on {} or later: cuts {}", text(due, "day"), text(due, "cuts"));
    }
    println!("\nActivations");
    for one in list(&answer["activations"]) {
        let back = one["rolls_back"].as_u64().map(|number| format!(", back to that of {number}")).unwrap_or_default();
        println!("  {:>4}  {}  {}{back}", one["activation"], text(one, "day"), text(one, "cuts"));
    }
    println!("\nKnown");
    for one in list(&answer["known"]["items"]) {
        let by = match one["customers"].as_u64() {
            Some(customers) => format!("fitted {} to {} customers", text(one, "fitted"), grouped(customers as i64)),
            None => format!("typed in {}", text(one, "typed")),
        };
        println!("  {}  {by}", text(one, "version"));
    }
    Ok(())
}

/// A model's three axes.
pub(super) fn model(model: &Value) -> Result<()> {
    let cuts: Cuts = serde_json::from_value(model["cuts"].clone()).context("a model without its cuts")?;
    for (name, axis) in [("recency", Axis::Recency), ("frequency", Axis::Frequency), ("monetary", Axis::Monetary)] {
        let cut = cuts.axis(axis);
        println!("  {name:<10} {:>12} {:>12}   {}", grouped(cut.c1), grouped(cut.c2), cut.law);
    }
    Ok(())
}

/// What a preview came to: from the left to the top, of each cell how many, and of them how many did nothing.
pub(super) fn preview(summary: &Value, rows: &[PreviewRow]) {
    let number = |name: &str| grouped(summary[name].as_i64().unwrap_or_default());
    println!(
        "On {}, cuts {} would move {} of {} customers, {} of whom did nothing; {} move because the day comes, {} stay.",
        text(summary, "day"),
        text(summary, "version"),
        number("refit"),
        number("customers"),
        number("refit_idle"),
        number("day_only"),
        number("stay"),
    );
    for (kind, title) in [(PreviewKind::Refit, "By the cuts"), (PreviewKind::Day, "By the day alone")] {
        let rows: Vec<&PreviewRow> = rows.iter().filter(|row| row.kind == kind).collect();
        if rows.is_empty() {
            continue;
        }
        println!("\n{title}: from the left to the top, in brackets who did nothing");
        let columns: Vec<Place> = Place::all().filter(|place| rows.iter().any(|row| row.to == *place)).collect();
        print!("{:8}", "");
        columns.iter().for_each(|place| print!("{:>16}", place.to_string()));
        println!();
        for from in Place::all().filter(|place| rows.iter().any(|row| row.from == *place)) {
            print!("{:8}", from.to_string());
            for to in &columns {
                let cell = rows.iter().find(|row| row.from == from && row.to == *to);
                let cell = cell.map(|row| format!("{} ({})", grouped(row.customers as i64), grouped(row.idle as i64)));
                print!("{:>16}", cell.unwrap_or_else(|| "·".to_owned()));
            }
            println!();
        }
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}
