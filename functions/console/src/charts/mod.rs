//! Pictures as SVG, drawn here. Colours are classes of the style sheet, which knows light and dark; what a picture shows stands beside it as
//! a table, for those who would rather read or listen.

pub(crate) mod bars;
pub(crate) mod sankey;
pub(crate) mod trend;

/// A coordinate: tenths of a pixel are enough.
fn at(value: f64) -> String {
    format!("{value:.1}")
}

/// The part of `length` that `value` is of `whole`.
fn part(value: u64, whole: u64, length: f64) -> f64 {
    if whole == 0 { 0.0 } else { value as f64 / whole as f64 * length }
}
