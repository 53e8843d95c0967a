//! How often things were bought, alone and together: what every method of learning starts from.

/// Things by number, and who bought them: customers, or baskets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gram {
    /// How many bought each thing.
    pub counts: Vec<u32>,
    /// Two different things and how many bought both; each pair once, in any order.
    pub pairs: Vec<(u32, u32, u32)>,
}

impl Gram {
    /// Per thing the other things and how many bought both.
    #[must_use]
    pub fn rows(&self) -> Vec<Vec<(u32, u32)>> {
        let mut rows = vec![Vec::new(); self.counts.len()];
        for (a, b, together) in &self.pairs {
            rows[*a as usize].push((*b, *together));
            rows[*b as usize].push((*a, *together));
        }
        rows
    }

    /// The first `most` things and their pairs among themselves.
    #[must_use]
    pub fn head(&self, most: usize) -> Gram {
        let most = most.min(self.counts.len());
        let pairs = self.pairs.iter().filter(|(a, b, _)| (*a).max(*b) < most as u32);
        Gram { counts: self.counts[..most].to_vec(), pairs: pairs.copied().collect() }
    }
}

/// A weight below 1 in 65,536ths, as lists hold it.
#[must_use]
pub fn quantised(weight: f32) -> u16 {
    // Saturates: a weight of 1 and more is the strongest there is, a negative one nothing.
    (weight * 65_536.0).round() as u16
}

/// The `most` strongest of (thing, weight), strongest first, equal ones by number; nothings left out.
#[must_use]
pub fn strongest(mut list: Vec<(u32, u16)>, most: usize) -> Vec<(u32, u16)> {
    list.retain(|(_, weight)| *weight > 0);
    let order = |a: &(u32, u16), b: &(u32, u16)| b.1.cmp(&a.1).then(a.0.cmp(&b.0));
    if list.len() > most {
        list.select_nth_unstable_by(most, order);
        list.truncate(most);
    }
    list.sort_unstable_by(order);
    list
}
