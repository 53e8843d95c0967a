//! What a run counts: customers and revenue per place, and who went from where to where. Both merge over shards.

use serde::{Deserialize, Serialize};

use crate::group::{Groups, LoyaltyGroup};
use crate::money::Minor;
use crate::segment::Place;
use crate::values::Rfm;

/// What one place holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Holding {
    /// Customers.
    pub customers: u64,
    /// Their monetary value inside the window, in minor units.
    pub revenue: Minor,
}

impl Holding {
    fn plus(self, other: Holding) -> Holding {
        Holding { customers: self.customers + other.customers, revenue: self.revenue + other.revenue }
    }
}

/// Customers and revenue in each of the 28 places.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<(Place, Holding)>", into = "Vec<(Place, Holding)>")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Census([Holding; Place::COUNT]);

impl Default for Census {
    fn default() -> Census {
        Census([Holding::default(); Place::COUNT])
    }
}

impl Census {
    /// Counts one customer who stands in `place` with these values.
    pub fn count(&mut self, place: Place, rfm: Option<&Rfm>) {
        let revenue = rfm.map_or(Minor::ZERO, |rfm| rfm.monetary);
        let holding = &mut self.0[place.index()];
        *holding = holding.plus(Holding { customers: 1, revenue });
    }

    /// What a place holds.
    #[must_use]
    pub fn at(&self, place: Place) -> Holding {
        self.0[place.index()]
    }

    /// What a loyalty group holds under a mapping.
    #[must_use]
    pub fn group(&self, group: LoyaltyGroup, groups: &Groups) -> Holding {
        groups.segments(group).fold(Holding::default(), |sum, segment| sum.plus(self.at(segment.into())))
    }

    /// What all 28 places hold.
    #[must_use]
    pub fn total(&self) -> Holding {
        self.0.iter().fold(Holding::default(), |sum, holding| sum.plus(*holding))
    }

    /// Both together; associative and commutative.
    #[must_use]
    pub fn merge(&self, other: &Census) -> Census {
        let mut merged = self.clone();
        merged.0.iter_mut().zip(other.0).for_each(|(holding, more)| *holding = holding.plus(more));
        merged
    }
}

impl From<Vec<(Place, Holding)>> for Census {
    fn from(listed: Vec<(Place, Holding)>) -> Census {
        let mut census = Census::default();
        for (place, holding) in listed {
            census.0[place.index()] = census.0[place.index()].plus(holding);
        }
        census
    }
}

impl From<Census> for Vec<(Place, Holding)> {
    fn from(census: Census) -> Self {
        Place::all().map(|place| (place, census.at(place))).filter(|(_, holding)| holding.customers > 0).collect()
    }
}

/// How many customers went from each place to each: 28 x 28, each customer counted once, those who stayed on the diagonal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<(Place, Place, u64)>", into = "Vec<(Place, Place, u64)>")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MoveMatrix(Vec<u64>);

impl Default for MoveMatrix {
    fn default() -> MoveMatrix {
        MoveMatrix(vec![0; Place::COUNT * Place::COUNT])
    }
}

impl MoveMatrix {
    /// Counts one customer.
    pub fn count(&mut self, from: Place, to: Place) {
        self.0[from.index() * Place::COUNT + to.index()] += 1;
    }

    /// How many went from `from` to `to`.
    #[must_use]
    pub fn at(&self, from: Place, to: Place) -> u64 {
        self.0[from.index() * Place::COUNT + to.index()]
    }

    /// Every cell off the diagonal that is not zero.
    pub fn moves(&self) -> impl Iterator<Item = (Place, Place, u64)> {
        self.cells().filter(|(from, to, _)| from != to)
    }

    /// How many changed place.
    #[must_use]
    pub fn moved(&self) -> u64 {
        self.moves().map(|(_, _, customers)| customers).sum()
    }

    /// How many were counted.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// Both together; associative and commutative.
    #[must_use]
    pub fn merge(&self, other: &MoveMatrix) -> MoveMatrix {
        MoveMatrix(self.0.iter().zip(&other.0).map(|(a, b)| a + b).collect())
    }

    fn cells(&self) -> impl Iterator<Item = (Place, Place, u64)> {
        Place::all()
            .flat_map(|from| Place::all().map(move |to| (from, to)))
            .zip(self.0.iter())
            .filter(|(_, customers)| **customers > 0)
            .map(|((from, to), customers)| (from, to, *customers))
    }
}

impl From<Vec<(Place, Place, u64)>> for MoveMatrix {
    fn from(listed: Vec<(Place, Place, u64)>) -> MoveMatrix {
        let mut matrix = MoveMatrix::default();
        for (from, to, customers) in listed {
            matrix.0[from.index() * Place::COUNT + to.index()] += customers;
        }
        matrix
    }
}

impl From<MoveMatrix> for Vec<(Place, Place, u64)> {
    fn from(matrix: MoveMatrix) -> Self {
        matrix.cells().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str) -> Place {
        Place::try_from(text.to_owned()).unwrap_or(Place::NONE)
    }

    fn rfm(monetary: i64) -> Rfm {
        Rfm { recency_days: 1, frequency: 1, monetary: Minor(monetary) }
    }

    #[test]
    fn a_census_adds_up_over_groups_and_shards() {
        let (mut one, mut other) = (Census::default(), Census::default());
        one.count(place("r3f3m3"), Some(&rfm(900)));
        one.count(place("none"), None);
        other.count(place("r3f3m3"), Some(&rfm(100)));
        other.count(place("r1f1m1"), Some(&rfm(50)));
        let both = one.merge(&other);
        assert_eq!(both, other.merge(&one));
        assert_eq!(both.total(), Holding { customers: 4, revenue: Minor(1050) });
        assert_eq!(both.group(LoyaltyGroup::Vip, &Groups::default()), Holding { customers: 2, revenue: Minor(1000) });
        let grouped: u64 = LoyaltyGroup::ALL.iter().map(|g| both.group(*g, &Groups::default()).customers).sum();
        assert_eq!(grouped + both.at(Place::NONE).customers, both.total().customers);
    }

    #[test]
    fn a_matrix_counts_each_customer_once_and_reads_back() {
        let mut matrix = MoveMatrix::default();
        matrix.count(place("r3f1m1"), place("r2f1m1"));
        matrix.count(place("none"), place("r3f1m1"));
        matrix.count(place("r3f3m3"), place("r3f3m3"));
        assert_eq!((matrix.moved(), matrix.total()), (2, 3));
        let listed: Vec<_> = matrix.clone().into();
        assert_eq!(MoveMatrix::from(listed), matrix);
        assert_eq!(matrix.merge(&matrix).at(place("r3f3m3"), place("r3f3m3")), 2);
    }
}
