//! One line per invocation in CloudWatch's embedded metric format: metrics are made of the log, and the log has all that a query
//! wants to part them by. The format is one small document, so no crate is taken for it.
//!
//! Source: "Specification: Embedded metric format", Amazon CloudWatch User Guide.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ledger::Units;
use serde::Serialize;
use tokio::time::Instant;

use super::variable;
use crate::clock::Clock;

/// A function's metrics. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Metrics(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    namespace: String,
    function: &'static str,
    units: Units,
    warm: AtomicBool,
}

/// What is counted of each invocation, by function; its length and its end are Lambda's own metrics already.
const OF_INVOCATIONS: &[&str] = &["ServerErrors", "ColdStart", "ReadUnits", "WriteUnits"];

/// What an invocation came to as long as nobody said otherwise: it panicked, or was cut off.
const INCOMPLETE: &str = "incomplete";

impl Metrics {
    /// Metrics of this function, in the namespace that the variable `METRICS_NAMESPACE` says, by default `Tercile`.
    #[must_use]
    pub fn of(function: &'static str) -> Metrics {
        let namespace = variable("METRICS_NAMESPACE").unwrap_or_else(|_| "Tercile".to_owned());
        Metrics(Arc::new(Inner { namespace, function, units: Units::default(), warm: AtomicBool::new(false) }))
    }

    /// What counts the store's units, for its client.
    #[must_use]
    pub fn units(&self) -> Units {
        self.0.units.clone()
    }

    /// An invocation begins. Its line is written when what is returned here goes, whatever happened.
    #[must_use]
    pub fn begin(&self, request_id: Option<&str>, xray_trace_id: Option<&str>) -> Invocation {
        // What was read while the environment started, or behind the last answer, is nobody's.
        self.0.units.take();
        Invocation {
            metrics: self.clone(),
            began: Instant::now(),
            cold: !self.0.warm.swap(true, Ordering::Relaxed),
            request_id: request_id.map(str::to_owned),
            xray_trace_id: xray_trace_id.map(str::to_owned),
            route: "none".to_owned(),
            status: None,
            outcome: INCOMPLETE,
            failed: true,
        }
    }

    /// Counts of the whole stack, such as runs published: metrics without a dimension.
    pub fn count(&self, counts: &[(&'static str, u64)]) {
        if counts.is_empty() {
            return;
        }
        let names: Vec<&str> = counts.iter().map(|(name, _)| *name).collect();
        let values: serde_json::Map<String, serde_json::Value> =
            counts.iter().map(|(name, count)| ((*name).to_owned(), (*count).into())).collect();
        write(&line(&self.0.namespace, &[], &names, &values));
    }
}

/// An invocation under way.
#[derive(Debug)]
pub struct Invocation {
    metrics: Metrics,
    began: Instant,
    cold: bool,
    request_id: Option<String>,
    xray_trace_id: Option<String>,
    route: String,
    status: Option<u16>,
    outcome: &'static str,
    failed: bool,
}

impl Invocation {
    /// A request was answered: on which route (its pattern: paths hold personal ids), and how.
    pub fn answered(&mut self, method: &str, route: &str, status: u16) {
        self.route = format!("{method} {route}");
        self.status = Some(status);
        self.failed = status >= 500;
        self.outcome = match status {
            ..400 => "ok",
            400..500 => "refused",
            _ => "failed",
        };
    }

    /// An event was handled: what it was, and `None` or the kind of failure.
    pub fn handled(&mut self, what: &str, failure: Option<&'static str>) {
        self.route = what.to_owned();
        self.failed = failure.is_some();
        self.outcome = failure.unwrap_or("ok");
    }
}

#[derive(Serialize)]
struct Values<'a> {
    #[serde(rename = "Function")]
    function: &'static str,
    #[serde(rename = "ServerErrors")]
    server_errors: u8,
    #[serde(rename = "ColdStart")]
    cold_start: u8,
    #[serde(rename = "ReadUnits")]
    read_units: f64,
    #[serde(rename = "WriteUnits")]
    write_units: f64,
    duration_ms: f64,
    cold: bool,
    route: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    xray_trace_id: Option<&'a str>,
}

impl Drop for Invocation {
    fn drop(&mut self) {
        let Inner { namespace, function, units, .. } = &*self.metrics.0;
        let used = units.take();
        let values = Values {
            function,
            server_errors: self.failed.into(),
            cold_start: self.cold.into(),
            read_units: used.values().map(|used| used.reads).sum(),
            write_units: used.values().map(|used| used.writes).sum(),
            duration_ms: self.began.elapsed().as_micros() as f64 / 1000.0,
            cold: self.cold,
            route: &self.route,
            status: self.status,
            outcome: self.outcome,
            request_id: self.request_id.as_deref(),
            xray_trace_id: self.xray_trace_id.as_deref(),
        };
        write(&line(namespace, &["Function"], OF_INVOCATIONS, &values));
    }
}

/// The document: what its metrics are, and its values beside that.
#[derive(Serialize)]
struct Line<'a, V> {
    #[serde(rename = "_aws")]
    aws: Aws<'a>,
    #[serde(flatten)]
    values: &'a V,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Aws<'a> {
    timestamp: i64,
    cloud_watch_metrics: [Directive<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Directive<'a> {
    namespace: &'a str,
    dimensions: [&'a [&'a str]; 1],
    metrics: Vec<Metric<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Metric<'a> {
    name: &'a str,
    unit: &'static str,
}

fn line(namespace: &str, dimensions: &[&str], metrics: &[&str], values: &impl Serialize) -> String {
    let metrics = metrics.iter().map(|name| Metric { name, unit: "Count" }).collect();
    let aws = Aws {
        timestamp: Clock::System.now().timestamp_millis(),
        cloud_watch_metrics: [Directive { namespace, dimensions: [dimensions], metrics }],
    };
    serde_json::to_string(&Line { aws, values }).unwrap_or_default()
}

fn write(line: &str) {
    // Where the log cannot be written there is nobody to tell.
    writeln!(std::io::stdout().lock(), "{line}").ok();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_that_a_line_promises_is_a_number_beside_it() {
        let metrics = Metrics::of("offers");
        let mut invocation = metrics.begin(Some("r-1"), None);
        invocation.answered("GET", "/v1/customers/{id}/offers", 503);
        let values = serde_json::json!({ "Function": "offers", "ServerErrors": 1, "ColdStart": 1, "ReadUnits": 0.5, "WriteUnits": 0 });
        let told: serde_json::Value =
            serde_json::from_str(&line("Tercile/test", &["Function"], OF_INVOCATIONS, &values)).unwrap();
        let directive = &told["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(
            (&directive["Namespace"], &directive["Dimensions"][0][0]),
            (&"Tercile/test".into(), &"Function".into())
        );
        let names: Vec<&str> =
            directive["Metrics"].as_array().unwrap().iter().map(|m| m["Name"].as_str().unwrap()).collect();
        assert_eq!(names, OF_INVOCATIONS);
        assert!(names.iter().all(|name| told[*name].is_number()), "{told}");
        assert!(told["_aws"]["Timestamp"].as_i64().unwrap() > 1_700_000_000_000);
    }
}
