//! How a base spreads over the values of an axis, with cuts drawn in.

use maud::{Markup, html};
use segmentation::spread::{Bars, bar, position};

use super::{at, part};

/// Cuts drawn over the bars: a class for their line, and their two values with what they are called.
pub(crate) struct Marks<'a> {
    pub(crate) class: &'a str,
    pub(crate) values: [(i64, String); 2],
}

/// About as wide as it is shown, three in a row: so letters are as large as elsewhere.
const WIDTH: f64 = 400.0;
const HEIGHT: f64 = 190.0;
const FOOT: f64 = 26.0;
/// Room for what the cuts are called, one line for each set of them.
const ROW: f64 = 18.0;

/// The picture: bars of equal width, each of values that grow by a quarter at most, so that small and large values are both to be seen.
/// `says` is its text in one sentence, `named` writes a value.
pub(crate) fn bars(says: &str, spread: &Bars, marks: &[Marks<'_>], named: impl Fn(i64) -> String) -> Markup {
    let most = spread.iter().map(|(_, customers)| customers).max().unwrap_or(0);
    let cuts = || marks.iter().flat_map(|marks| marks.values.iter().map(|(value, _)| *value));
    let values = || spread.iter().map(|(first, _)| first).chain(cuts());
    let (Some(least), Some(greatest)) = (values().min(), values().max()) else { return html! {} };
    let (first, last) = (position(bar(least).0), position(bar(greatest).1) + 1.0);
    let width = WIDTH / (last - first).max(1.0);
    let x = |place: f64| (place - first) * width;
    let head = ROW * marks.len() as f64;
    let foot = HEIGHT - FOOT;
    html! {
        svg.chart viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) role="img" aria-label=(says) {
            @for (value, customers) in spread.iter() {
                @let height = part(customers, most, foot - head).max(1.0);
                rect.bar x=(at(x(position(value)) + 0.5)) y=(at(foot - height)) width=(at((width - 1.0).max(0.5))) height=(at(height)) {
                    title {
                        @let (first, last) = bar(value);
                        (named(first)) @if last > first { "–" (named(last)) } ": " (customers)
                    }
                }
            }
            line.grid x1="0" x2=(at(WIDTH)) y1=(at(foot)) y2=(at(foot)) {}
            text.label x="0" y=(at(HEIGHT - 8.0)) { (named(least)) }
            text.label x=(at(WIDTH)) y=(at(HEIGHT - 8.0)) text-anchor="end" { (named(greatest)) }
            @for (nth, marks) in marks.iter().enumerate() {
                @for (upper, (value, name)) in marks.values.iter().enumerate() {
                    // A cut is the last value of its score.
                    @let place = x(position(value.saturating_add(1)));
                    // The two are called on their outer sides, where there is room: they may lie close together.
                    @let before = if upper == 0 { place > WIDTH * 0.25 } else { place > WIDTH * 0.75 };
                    line class={ "cut " (marks.class) } x1=(at(place)) x2=(at(place)) y1=(at(ROW * nth as f64)) y2=(at(foot)) {}
                    text.label x=(at(if before { place - 4.0 } else { place + 4.0 })) y=(at(ROW * nth as f64 + 12.0))
                        text-anchor=(if before { "end" } else { "start" }) { (name) }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_bar_and_each_cut_is_drawn_inside_the_picture() {
        let spread = Bars::from(vec![(1, 10), (5, 3), (900, 1)]);
        let marks = [Marks { class: "in-force", values: [(3, "3".to_owned()), (2_000, "2000".to_owned())] }];
        let drawn = bars("said", &spread, &marks, |value| value.to_string()).into_string();
        assert_eq!((drawn.matches("class=\"bar\"").count(), drawn.matches("class=\"cut").count()), (3, 2), "{drawn}");
        let places = drawn.split("x1=\"").skip(1).map(|rest| rest.split('"').next().unwrap_or_default());
        let places: Vec<f64> = places.map(|place| place.parse().unwrap_or(f64::NAN)).collect();
        assert!(places.iter().all(|place| (0.0..=WIDTH).contains(place)), "{places:?}");
        assert!(drawn.contains("896–1023: 1"), "{drawn}");
        assert_eq!(bars("nothing", &Bars::default(), &[], |value| value.to_string()).into_string(), "");
    }
}
