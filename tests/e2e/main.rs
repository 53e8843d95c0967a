//! End-to-end tests: requests in, answers out, through the real functions, the real SDK and the embedded engine.

#![expect(clippy::unwrap_used, reason = "a panic is a failed test")]

mod affinities;
mod alerts;
mod asl;
mod auth;
mod bad_input;
mod beacon;
mod bootstraps;
mod browser;
mod campaigns;
mod complete_journey;
mod console;
mod console_campaigns;
mod console_cuts;
mod console_exports;
mod console_movement;
mod customers;
mod cuts;
mod deliveries;
mod edge;
mod endpoints;
mod faults;
mod figures;
mod fire;
mod fuzz;
mod hooks;
mod isolation;
mod keys;
mod limits;
mod logs;
mod lookups;
mod news;
mod offers;
mod openapi;
mod orders;
mod pace;
mod pages;
mod permissions;
mod personal;
mod products;
mod receivers;
mod redemptions;
mod referrals;
mod remembered;
mod replays;
mod runs;
mod schedule;
mod simulations;
mod sketch;
mod state_machine;
mod steps;
mod survey_page;
mod template;
mod units;
mod uplift;
mod vip_alerts;

use serde_json::{Value, json};

/// An order of `customer` for 12.50 pounds.
fn order(id: &str, customer: &str, time: &str) -> Value {
    json!({ "id": id, "customer": customer, "time": time, "currency": "GBP", "total": 1250 })
}
