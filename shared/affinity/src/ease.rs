//! EASE^R (H. Steck, "Embarrassingly shallow autoencoders for sparse data", 2019): weights B that best tell each product of
//! a customer from their other products, in closed form. With G the counts of buyers (alone on the diagonal, together
//! beside it) and P = (G + λI)⁻¹, B = I − P · diag(1 / diag(P)); only positive weights are of use as a list.
//!
//! n things take about 2 n³ multiplications on one core and 4 n² bytes: the matrix, factored and inverted in its own place,
//! beside which P appears only some columns at a time.

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::cholesky::llt::factor::{LltRegularization, cholesky_in_place, cholesky_in_place_scratch};
use faer::linalg::matmul::matmul;
use faer::linalg::triangular_solve::{solve_lower_triangular_in_place, solve_upper_triangular_in_place};
use faer::reborrow::{Reborrow, ReborrowMut};
use faer::{Accum, Mat, MatMut, Par, Spec};

use crate::gram::{Gram, quantised, strongest};

/// Columns of P at a time: enough for the multiplication to be fast, few beside the matrix.
const COLUMNS: usize = 128;

/// Per thing the `most` others that those who bought it will buy soonest, strongest first. Each weight is
/// multiplied by the `liveliness` of the thing it proposes.
#[must_use]
pub fn lists(gram: &Gram, ridge: u32, liveliness: &[f32], most: usize) -> Vec<Vec<(u32, u16)>> {
    let size = gram.counts.len();
    let inverse = inverse_factor(gram, ridge);
    // P = KᵀK with K the inverse factor, so its diagonal is the squared length of K's columns.
    let diagonal: Vec<f32> = (0..size).map(|at| inverse.col(at).squared_norm_l2()).collect();
    let mut lists = Vec::with_capacity(size);
    let mut columns = Mat::<f32>::zeros(size, COLUMNS.min(size));
    for from in (0..size).step_by(COLUMNS) {
        let width = COLUMNS.min(size - from);
        // K is lower triangular: its columns from `from` on are zero above row `from`.
        let below = inverse.as_ref().subrows(from, size - from);
        let mut columns = columns.as_mut().subcols_mut(0, width);
        matmul(columns.rb_mut(), Accum::Replace, below.transpose(), below.subcols(from, width), 1.0, Par::Seq);
        for at in 0..width {
            // P is symmetric: the column of a thing is its row.
            let weights = columns.rb().col(at).iter().zip(&diagonal).zip(liveliness).enumerate();
            let list = weights
                .filter(|(other, ((covariance, _), _))| *other != from + at && **covariance < 0.0)
                .map(|(other, ((covariance, diagonal), lively))| {
                    (other as u32, quantised(-covariance / diagonal * lively))
                })
                .collect();
            lists.push(strongest(list, most));
        }
    }
    lists
}

/// K with KᵀK = (G + λI)⁻¹, lower triangular with zeros above.
fn inverse_factor(gram: &Gram, ridge: u32) -> Mat<f32> {
    let size = gram.counts.len();
    let mut ridge = ridge.max(1) as f32;
    loop {
        let mut matrix = Mat::<f32>::zeros(size, size);
        gram.counts.iter().enumerate().for_each(|(at, count)| matrix[(at, at)] = *count as f32 + ridge);
        for (a, b, together) in &gram.pairs {
            matrix[((*a).max(*b) as usize, (*a).min(*b) as usize)] = *together as f32;
        }
        let mut memory = MemBuffer::new(cholesky_in_place_scratch::<f32>(size, Par::Seq, Spec::default()));
        let stack = MemStack::new(&mut memory);
        let factored =
            cholesky_in_place(matrix.as_mut(), LltRegularization::default(), Par::Seq, stack, Spec::default());
        if factored.is_ok() {
            for at in 1..size {
                matrix.as_mut().col_mut(at).subrows_mut(0, at).fill(0.0);
            }
            invert_lower(matrix.as_mut());
            return matrix;
        }
        // Counts of whole histories have a factor for any λ. Pruned ones may need a larger λ, and have a factor when it
        // outweighs all that lies beside the diagonal: some doublings.
        ridge *= 2.0;
    }
}

/// Inverts a lower triangular matrix in its own place: of [A 0; C D] it is [A⁻¹ 0; −D⁻¹CA⁻¹ D⁻¹]. (The library's own
/// inverse wants a second matrix, and with it the double memory.)
fn invert_lower(matrix: MatMut<'_, f32>) {
    let size = matrix.nrows();
    if size <= 1 {
        let mut matrix = matrix;
        matrix.rb_mut().col_iter_mut().for_each(|mut column| column[0] = column[0].recip());
        return;
    }
    let (top, _, mut corner, bottom) = matrix.split_at_mut(size / 2, size / 2);
    solve_lower_triangular_in_place(bottom.rb(), corner.rb_mut(), Par::Seq);
    solve_upper_triangular_in_place(top.rb().transpose(), corner.rb_mut().transpose_mut(), Par::Seq);
    corner.rb_mut().col_iter_mut().for_each(|column| column.iter_mut().for_each(|value| *value = -*value));
    invert_lower(top);
    invert_lower(bottom);
}
