//! How many over time, a line for each of a few series.

use maud::{Markup, html};

use super::{at, part};
use crate::numbers::grouped;

/// A line: its name, the class of its colour, and a value per point in time.
pub(crate) struct Line<'a> {
    pub(crate) name: &'a str,
    pub(crate) class: &'a str,
    pub(crate) values: Vec<u64>,
}

const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 64.0;
/// Room for the lines' names.
const RIGHT: f64 = 150.0;
const FOOT: f64 = 28.0;
const HEAD: f64 = 10.0;
/// Names lie at least so far apart.
const APART: f64 = 16.0;
const TITLES: usize = 8;

/// The picture; `says` is its text in one sentence, `titles` name the points in time.
pub(crate) fn trend(says: &str, titles: &[String], lines: &[Line<'_>]) -> Markup {
    let most = lines.iter().flat_map(|line| &line.values).copied().max().unwrap_or(0);
    let top = round_up(most);
    let step = (WIDTH - LEFT - RIGHT) / (titles.len().saturating_sub(1).max(1)) as f64;
    let x = |nth: usize| LEFT + step * nth as f64;
    let y = |value: u64| HEIGHT - FOOT - part(value, top, HEIGHT - FOOT - HEAD);
    let named = names(lines, y);
    let every = titles.len().div_ceil(TITLES).max(1);
    html! {
        svg.chart viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) role="img" aria-label=(says) {
            @for value in [0, top / 2, top] {
                line.grid x1=(at(LEFT)) x2=(at(WIDTH - RIGHT)) y1=(at(y(value))) y2=(at(y(value))) {}
                text.label x=(at(LEFT - 8.0)) y=(at(y(value) + 4.0)) text-anchor="end" { (grouped(value)) }
            }
            @for (nth, title) in titles.iter().enumerate() {
                @if nth % every == 0 {
                    text.label x=(at(x(nth))) y=(at(HEIGHT - 6.0)) text-anchor="middle" { (title) }
                }
            }
            @for line in lines {
                @let points: Vec<String> =
                    line.values.iter().enumerate().map(|(nth, value)| format!("{},{}", at(x(nth)), at(y(*value)))).collect();
                polyline class={ "line " (line.class) } points=(points.join(" ")) {}
                @for (nth, value) in line.values.iter().enumerate() {
                    circle class={ "ink " (line.class) } cx=(at(x(nth))) cy=(at(y(*value))) r="3" {
                        title { (titles.get(nth).map_or("", String::as_str)) ", " (line.name) ": " (grouped(*value)) }
                    }
                }
            }
            @for (name, place) in named {
                text.label x=(at(WIDTH - RIGHT + 10.0)) y=(at(place + 4.0)) { (name) }
            }
        }
    }
}

/// Where the lines' names stand: at their ends, and moved down where they would lie on each other.
fn names<'a>(lines: &[Line<'a>], y: impl Fn(u64) -> f64) -> Vec<(&'a str, f64)> {
    let mut named: Vec<(&str, f64)> =
        lines.iter().map(|line| (line.name, y(line.values.last().copied().unwrap_or(0)))).collect();
    named.sort_by(|a, b| a.1.total_cmp(&b.1));
    let over = (named.len() as f64 * APART - (HEIGHT - FOOT)).max(0.0);
    let mut free = -over;
    for (_, place) in &mut named {
        *place = place.max(free);
        free = *place + APART;
    }
    // What ran over the foot is pushed back up.
    let mut free = HEIGHT - FOOT;
    for (_, place) in named.iter_mut().rev() {
        *place = place.min(free);
        free = *place - APART;
    }
    named
}

/// The next of 1, 2, 5, 10, 20, 50 … that is not below.
fn round_up(value: u64) -> u64 {
    let mut power = 1_u64;
    loop {
        for step in [1, 2, 5] {
            let round = power.saturating_mul(step);
            if round >= value {
                return round.max(2);
            }
        }
        power = power.saturating_mul(10);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_end_at_round_numbers() {
        assert_eq!([0, 1, 3, 10, 11, 51, 4_999].map(round_up), [2, 2, 5, 10, 20, 100, 5_000]);
    }

    #[test]
    fn names_never_lie_on_each_other() {
        let line = |name, value| Line { name, class: "vip", values: vec![value] };
        let lines = [line("a", 0), line("b", 0), line("c", 1), line("d", 100)];
        let named = names(&lines, |value| HEIGHT - FOOT - value as f64);
        assert!(named.windows(2).all(|pair| pair[1].1 - pair[0].1 >= APART - 0.001), "{named:?}");
        assert!(named.iter().all(|(_, y)| *y <= HEIGHT - FOOT + 0.001), "{named:?}");
    }

    #[test]
    fn every_value_is_a_point() {
        let lines = [Line { name: "a", class: "vip", values: vec![1, 2, 3] }];
        let titles = ["x", "y", "z"].map(str::to_owned);
        let drawn = trend("said", &titles, &lines).into_string();
        assert_eq!(drawn.matches("<circle").count(), 3);
    }
}
