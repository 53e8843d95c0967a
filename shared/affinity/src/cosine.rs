//! Cosine over customers, for products beyond what EASE^R is given: linear in pairs, and half as good.

use crate::gram::{Gram, quantised, strongest};

/// Per thing from `from` on the `most` strongest others by `together / sqrt(a × b)`, times `together / (together + shrink)`
/// so that one common buyer of two rare things is no law, times `scale`.
#[must_use]
pub fn lists(gram: &Gram, from: usize, shrink: f32, scale: f32, most: usize) -> Vec<Vec<(u32, u16)>> {
    let rows = gram.rows();
    rows.into_iter()
        .enumerate()
        .skip(from)
        .map(|(thing, row)| {
            let weigh = |(other, together): (u32, u32)| {
                let both = together as f32;
                let alone = gram.counts[thing] as f32 * gram.counts[other as usize] as f32;
                (other, quantised(scale * both / alone.sqrt().max(1.0) * both / (both + shrink)))
            };
            strongest(row.into_iter().map(weigh).collect(), most)
        })
        .collect()
}
