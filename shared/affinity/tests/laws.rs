//! Laws of counting and learning: shards in any order, damage, pruning, EASE^R by hand, the tail, no look into the future.

use affinity::gram::Gram;
use affinity::{Basket, Collector, Damage, PartCounts, Policy, Terms, ease, learn};
use proptest::prelude::*;
use segmentation::{Day, ProductKey};

type Customer = Vec<Basket>;

const ON: i64 = 1_000;
const CATEGORIES: [Option<&str>; 3] = [Some("shoes"), Some("care"), None];

fn product(number: u8) -> ProductKey {
    ProductKey::of(&number.to_string())
}

fn category(key: ProductKey) -> Option<&'static str> {
    (0..40).find(|number| product(*number) == key).and_then(|number| CATEGORIES[usize::from(number % 3)])
}

fn terms() -> Terms {
    Terms { parts: 4, on: Day::from_epoch_days(ON), recent_days: 60 }
}

fn count(customers: &[Customer]) -> Vec<PartCounts> {
    let mut collector = Collector::new(terms());
    customers.iter().for_each(|baskets| collector.add(baskets, category));
    collector.into_parts()
}

fn baskets(of: &[(i64, &[u8])]) -> Customer {
    of.iter()
        .map(|(day, numbers)| Basket {
            day: Day::from_epoch_days(*day),
            products: numbers.iter().map(|n| product(*n)).collect(),
        })
        .collect()
}

fn customers() -> impl Strategy<Value = Vec<Customer>> {
    let basket = (800..=ON, prop::collection::vec(0..40_u8, 0..6));
    let baskets = prop::collection::vec(basket, 0..5).prop_map(|mut list| {
        list.sort();
        let basket = |(day, numbers): (i64, Vec<u8>)| Basket {
            day: Day::from_epoch_days(day),
            products: numbers.into_iter().map(product).collect(),
        };
        list.into_iter().map(basket).collect()
    });
    prop::collection::vec(baskets, 0..6)
}

fn merged(shards: &[&[PartCounts]]) -> Vec<PartCounts> {
    let mut sum: Vec<PartCounts> = (0..4).map(|part| PartCounts::new(terms(), part)).collect();
    for shard in shards {
        for (sum, part) in sum.iter_mut().zip(*shard) {
            assert_eq!(sum.merge(part.clone()), Ok(()));
        }
    }
    sum
}

fn bytes(parts: &[PartCounts]) -> Vec<Vec<u8>> {
    parts.iter().map(PartCounts::to_bytes).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn shards_merge_in_any_order_to_the_bytes_of_one_shard(a in customers(), b in customers(), c in customers()) {
        let whole = bytes(&count(&[a.clone(), b.clone(), c.clone()].concat()));
        let [a, b, c] = [count(&a), count(&b), count(&c)];
        let right = merged(&[&b, &c]);
        for order in [merged(&[&a, &b, &c]), merged(&[&c, &a, &b]), merged(&[&a, &right]), merged(&[&right, &a])] {
            prop_assert_eq!(bytes(&order), whole.clone());
        }
    }

    #[test]
    fn counts_come_back_from_their_bytes(customers in customers()) {
        for part in count(&customers) {
            prop_assert_eq!(PartCounts::from_bytes(&part.to_bytes()), Ok(part));
        }
    }

    #[test]
    fn a_changed_lost_or_added_byte_is_damage(customers in customers(), at in any::<prop::sample::Index>(), change in 1..=255_u8) {
        let whole = count(&customers)[1].to_bytes();
        let at = at.index(whole.len());
        let mut changed = whole.clone();
        changed[at] ^= change;
        prop_assert_eq!(PartCounts::from_bytes(&changed), Err(Damage::Checksum));
        prop_assert_eq!(PartCounts::from_bytes(&whole[..at]), Err(Damage::Checksum));
        let longer = [whole.as_slice(), &[change]].concat();
        prop_assert_eq!(PartCounts::from_bytes(&longer), Err(Damage::Checksum));
    }

    #[test]
    fn what_is_bought_after_the_steps_day_changes_nothing(customers in customers(), later in prop::collection::vec(0..40_u8, 1..30)) {
        let before = count(&customers);
        let with_later: Vec<Customer> = customers
            .into_iter()
            .map(|mut baskets| {
                let after = |(day, n): (i64, &u8)| Basket { day: Day::from_epoch_days(ON + day), products: vec![product(*n)] };
                baskets.extend((1..).zip(&later).map(after));
                baskets
            })
            .collect();
        let after = count(&with_later);
        prop_assert_eq!(bytes(&after), bytes(&before));
        prop_assert_eq!(learn(&after, &Policy::default()), learn(&before, &Policy::default()));
    }

    #[test]
    fn parts_may_come_in_any_order(customers in customers()) {
        let mut parts = count(&customers);
        let learned = learn(&parts, &Policy::default());
        parts.reverse();
        prop_assert_eq!(learn(&parts, &Policy::default()), learned);
    }

    #[test]
    fn ease_is_the_closed_form_by_a_plain_inverse(counts in prop::collection::vec(5..50_u32, 1..7), together in prop::collection::vec(0..5_u32, 36), ridge in 30..600_u32) {
        let size = counts.len();
        let pairs: Vec<(u32, u32, u32)> = (0..size as u32)
            .flat_map(|a| (0..a).map(move |b| (a, b)))
            .map(|(a, b)| (a, b, together[(a * 6 + b) as usize % 36]))
            .filter(|pair| pair.2 > 0)
            .collect();
        let mut matrix = vec![vec![0.0_f64; size]; size];
        (0..size).for_each(|at| matrix[at][at] = f64::from(counts[at] + ridge));
        for (a, b, n) in &pairs {
            matrix[*a as usize][*b as usize] = f64::from(*n);
            matrix[*b as usize][*a as usize] = f64::from(*n);
        }
        let inverse = plain_inverse(matrix);
        let lists = ease::lists(&Gram { counts, pairs }, ridge, &vec![1.0; size], size);
        for (a, list) in lists.iter().enumerate() {
            for b in (0..size).filter(|b| *b != a) {
                let wanted = (-inverse[a][b] / inverse[b][b] * 65_536.0).clamp(0.0, 65_535.0);
                let got = list.iter().find(|(other, _)| *other as usize == b).map_or(0.0, |(_, weight)| f64::from(*weight));
                prop_assert!((wanted - got).abs() <= 1.0, "{} {}: {} {}", a, b, wanted, got);
            }
        }
    }
}

/// Gauss and Jordan, without pivots: enough for what is dominated by its diagonal.
fn plain_inverse(mut matrix: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    let size = matrix.len();
    let mut inverse: Vec<Vec<f64>> =
        (0..size).map(|a| (0..size).map(|b| f64::from(u8::from(a == b))).collect()).collect();
    for at in 0..size {
        let pivot = matrix[at][at];
        for column in 0..size {
            matrix[at][column] /= pivot;
            inverse[at][column] /= pivot;
        }
        for row in (0..size).filter(|row| *row != at) {
            let factor = matrix[row][at];
            for column in 0..size {
                matrix[row][column] -= factor * matrix[at][column];
                inverse[row][column] -= factor * inverse[at][column];
            }
        }
    }
    inverse
}

#[test]
fn a_pair_that_is_rare_in_each_shard_survives_a_floor_over_all() {
    let shard = count(&[baskets(&[(900, &[1, 2])])]);
    let mut parts = merged(&[&shard, &shard]);
    parts.iter_mut().for_each(|part| part.prune(2));
    let pairs: Vec<_> = parts.iter().flat_map(|part| part.pairs()).map(|pair| (pair.customers, pair.baskets)).collect();
    assert_eq!(pairs, [(2, 2)]);
    parts.iter_mut().for_each(|part| part.prune(3));
    assert!(parts.iter().all(|part| part.pairs().is_empty()));
}

#[test]
fn parts_of_another_step_or_number_do_not_add_up() {
    let mut part = PartCounts::new(terms(), 0);
    assert!(part.merge(PartCounts::new(terms(), 1)).is_err());
    assert!(part.merge(PartCounts::new(Terms { recent_days: 61, ..terms() }, 0)).is_err());
    assert!(part.merge(PartCounts::new(terms(), 0)).is_ok());
}

#[test]
fn products_beyond_the_dense_ones_have_lists_by_cosine() {
    // 1 and 2 are bought most; 3 goes with 1, seldom.
    let mut all = vec![baskets(&[(900, &[1, 2])]); 20];
    all.extend(vec![baskets(&[(900, &[1, 3])]); 4]);
    let learned = learn(&count(&all), &Policy { dense: 2, ..Policy::default() });
    let list = |number: u8| -> Vec<ProductKey> {
        learned.of_history[&product(number)].iter().map(|neighbour| neighbour.product).collect()
    };
    assert_eq!(list(3), [product(1)]);
    assert_eq!(list(1), [product(2)], "a product of the tail stands in lists of the tail only");
}

#[test]
fn intervals_categories_and_popularity_are_of_what_was_bought() {
    let all = vec![baskets(&[(900, &[0, 1]), (930, &[0]), (990, &[0])]); 5];
    let learned = learn(&count(&all), &Policy::default());
    let interval = learned.intervals[&product(0)];
    assert_eq!((interval.early, interval.median, interval.late, interval.pairs), (30, 30, 60, 10));
    assert_eq!(learned.category_intervals["shoes"], interval);
    assert_eq!(learned.categories["shoes"].iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["care"]);
    assert_eq!(learned.popular, [(product(0), 5)], "product 1 was not bought within 60 days");
}
