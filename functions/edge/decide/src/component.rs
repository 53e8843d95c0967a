//! The interface's two exports.

use exports::tercile::offers::{decisions, segmentation as wire};
use segmentation::{AxisCuts, Cuts, Law, Minor, Rfm, Window};

/// Made of the interface, where all of it is described.
mod made {
    wit_bindgen::generate!({ path: "../wit", world: "decider" });
}
use made::exports;

struct Component;

made::export!(Component with_types_in made);

impl wire::Guest for Component {
    fn segment(values: wire::Values, cuts: wire::Cuts) -> wire::Scores {
        // Neither law nor window is asked when three values are scored: the window was applied when they were counted.
        let axis = |cuts: wire::AxisCuts| AxisCuts { c1: cuts.c1, c2: cuts.c2, law: Law::Fixed };
        let wire::Cuts { recency, frequency, monetary } = cuts;
        let (recency, frequency, monetary) = (axis(recency), axis(frequency), axis(monetary));
        let cuts = Cuts { recency, frequency, monetary, window: Window::default() };
        let wire::Values { recency_days, frequency, monetary } = values;
        let segment = cuts.segment(&Rfm { recency_days, frequency, monetary: Minor(monetary) });
        wire::Scores { r: segment.r.number(), f: segment.f.number(), m: segment.m.number() }
    }
}

impl decisions::Guest for Component {
    fn decide(document: String, changes: Option<String>) -> Result<String, String> {
        crate::decisions::decide(&document, changes)
    }
}
