//! How customers went between bands from column to column, as ribbons.

use maud::{Markup, html};

use super::{at, part};

/// A band: its name and the class of its colour.
#[derive(Clone, Copy)]
pub(crate) struct Band<'a> {
    pub(crate) name: &'a str,
    pub(crate) class: &'a str,
}

/// A point in time, with how many stood in each band.
pub(crate) struct Column {
    pub(crate) title: String,
    pub(crate) standing: Vec<u64>,
}

/// From band to band, between a column and the next: `flows[from][to]`.
pub(crate) type Flows = Vec<Vec<u64>>;

const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 420.0;
/// Room for the bands' names at both sides, and for the columns' titles.
const SIDE: f64 = 150.0;
const FOOT: f64 = 28.0;
const NODE: f64 = 10.0;
const GAP: f64 = 14.0;
/// So many titles fit side by side.
const TITLES: usize = 8;

/// Where the bands of a column lie.
struct Laid {
    x: f64,
    /// Top and height of each.
    nodes: Vec<(f64, f64)>,
}

/// The picture; `says` is its text in one sentence.
pub(crate) fn sankey(says: &str, bands: &[Band<'_>], columns: &[Column], flows: &[Flows]) -> Markup {
    let sizes = sizes(bands.len(), columns, flows);
    let most = sizes.iter().map(|column| column.iter().sum::<u64>()).max().unwrap_or(0);
    let room = HEIGHT - FOOT - GAP * (bands.len().saturating_sub(1)) as f64;
    let step = (WIDTH - 2.0 * SIDE - NODE) / (columns.len().saturating_sub(1).max(1)) as f64;
    let laid: Vec<Laid> = sizes
        .iter()
        .enumerate()
        .map(|(nth, column)| {
            let mut top = 0.0;
            let nodes = column.iter().map(|size| {
                let height = part(*size, most, room);
                let node = (top, height);
                top += height + GAP;
                node
            });
            Laid { x: SIDE + step * nth as f64, nodes: nodes.collect() }
        })
        .collect();
    let every = columns.len().div_ceil(TITLES).max(1);
    html! {
        svg.chart viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) role="img" aria-label=(says) {
            @for ((here, there), flows) in laid.iter().zip(laid.iter().skip(1)).zip(flows) {
                (ribbons(bands, here, there, flows, most, room))
            }
            @for (nth, (laid, column)) in laid.iter().zip(columns).enumerate() {
                @for ((band, (top, height)), standing) in bands.iter().zip(&laid.nodes).zip(&column.standing) {
                    @if *height > 0.0 {
                        rect class={ "ink " (band.class) } x=(at(laid.x)) y=(at(*top)) width=(at(NODE)) height=(at(height.max(1.0))) {
                            title { (column.title) ", " (band.name) ": " (standing) }
                        }
                    }
                    @if nth == 0 && *height > 0.0 {
                        text.label x=(at(laid.x - 6.0)) y=(at(top + height / 2.0 + 4.0)) text-anchor="end" { (band.name) " " (standing) }
                    }
                    @if nth + 1 == columns.len() && *height > 0.0 {
                        text.label x=(at(laid.x + NODE + 6.0)) y=(at(top + height / 2.0 + 4.0)) { (band.name) " " (standing) }
                    }
                }
                @if nth % every == 0 || nth + 1 == columns.len() {
                    text.label x=(at(laid.x + NODE / 2.0)) y=(at(HEIGHT - 6.0)) text-anchor="middle" { (column.title) }
                }
            }
        }
    }
}

/// A band is drawn as large as those who stood in it, those who came and those who went ask for: whoever came new stood nowhere.
fn sizes(bands: usize, columns: &[Column], flows: &[Flows]) -> Vec<Vec<u64>> {
    let of = |nth: usize, band: usize| {
        let standing = columns[nth].standing.get(band).copied().unwrap_or(0);
        let came = nth.checked_sub(1).and_then(|before| flows.get(before));
        let came: u64 = came.map_or(0, |flows| flows.iter().map(|to| to[band]).sum());
        let went: u64 = flows.get(nth).map_or(0, |flows| flows[band].iter().sum());
        standing.max(came).max(went)
    };
    (0..columns.len()).map(|nth| (0..bands).map(|band| of(nth, band)).collect()).collect()
}

fn ribbons(bands: &[Band<'_>], here: &Laid, there: &Laid, flows: &Flows, most: u64, room: f64) -> Markup {
    let mut arrived: Vec<f64> = there.nodes.iter().map(|(top, _)| *top).collect();
    let (left, right) = (here.x + NODE, there.x);
    let middle = f64::midpoint(left, right);
    let mut drawn = Vec::new();
    for ((from, row), (top, _)) in bands.iter().zip(flows).zip(&here.nodes) {
        let mut leaves = *top;
        for ((to, customers), arrives) in bands.iter().zip(row).zip(&mut arrived) {
            let height = part(*customers, most, room);
            let path = format!(
                "M{l} {a}C{m} {a} {m} {b} {r} {b}V{d}C{m} {d} {m} {c} {l} {c}Z",
                l = at(left),
                m = at(middle),
                r = at(right),
                a = at(leaves),
                b = at(*arrives),
                c = at(leaves + height),
                d = at(*arrives + height),
            );
            leaves += height;
            *arrives += height;
            if *customers > 0 {
                drawn.push((path, from, to, *customers));
            }
        }
    }
    html! {
        @for (path, from, to, customers) in drawn {
            path class={ "ribbon " (from.class) } d=(path) { title { (from.name) " → " (to.name) ": " (customers) } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_band_has_room_for_all_who_came_stood_and_went() {
        let column = |standing: [u64; 2]| Column { title: String::new(), standing: standing.to_vec() };
        let columns = [column([10, 0]), column([12, 5])];
        let flows = [vec![vec![9, 1], vec![7, 0]]];
        assert_eq!(sizes(2, &columns, &flows), [[10, 7], [16, 5]]);
    }

    #[test]
    fn every_flow_has_a_ribbon_and_no_ribbon_is_of_nobody() {
        let bands = [Band { name: "A", class: "vip" }, Band { name: "<B>", class: "loyal" }];
        let columns = [10, 12].map(|all| Column { title: "day".to_owned(), standing: vec![all, 1] });
        let drawn = sankey("said", &bands, &columns, &[vec![vec![9, 1], vec![0, 0]]]).into_string();
        assert_eq!(drawn.matches("class=\"ribbon").count(), 2, "{drawn}");
        assert!(drawn.contains("A → &lt;B&gt;: 1") && drawn.contains("aria-label=\"said\""), "{drawn}");
    }
}
