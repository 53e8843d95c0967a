//! Sums merge in any order to the same bytes.

use playbook::uplift::{Outcome, Tally};
use proptest::prelude::*;
use segmentation::{Minor, Segment};

type Added = (usize, u8, bool, u32, i64, i64);

fn added() -> impl Strategy<Value = Added> {
    // Amounts up to the most that a customer's orders can come to, whose squares end at the largest sum.
    let revenue = prop_oneof![0..1_000_000_i64, Just(4_000_000_000_000_000_000)];
    (0..27_usize, 0..4_u8, any::<bool>(), 0..500_u32, revenue, 0..100_000_i64)
}

fn add(tally: &mut Tally, (segment, series, held_out, orders, revenue, cost): Added) {
    let segment = Segment::all().nth(segment).unwrap();
    let mut outcome = Outcome { orders, revenue: Minor(revenue), ..Outcome::default() };
    if cost > 50_000 {
        outcome.redeem(Minor(cost));
    }
    tally.add(segment, ["*", "r2f3m2/rising_cashback", "own", "other"][usize::from(series)], held_out, &outcome);
}

fn bytes(tally: &Tally) -> Vec<u8> {
    serde_json::to_vec(tally).unwrap()
}

proptest! {
    #[test]
    fn any_order_of_shards_and_customers_gives_the_same_bytes(
        customers in prop::collection::vec((added(), 0..5_usize), 0..80),
        order in Just(vec![0, 1, 2, 3, 4]).prop_shuffle(),
        rotate in 0..80_usize,
    ) {
        let mut whole = Tally::default();
        customers.iter().for_each(|(customer, _)| add(&mut whole, *customer));
        let mut shards = vec![Tally::default(); 5];
        let mut turned = customers.clone();
        turned.rotate_left(rotate % customers.len().max(1));
        turned.iter().for_each(|(customer, shard)| add(&mut shards[*shard], *customer));
        let merged = order.iter().fold(Tally::default(), |sum, shard| sum.merge(&shards[*shard]));
        prop_assert_eq!(bytes(&merged), bytes(&whole));
        // A tree of merges instead of a chain, and through the stored form.
        let stored = |tally: &Tally| serde_json::from_slice::<Tally>(&bytes(tally)).unwrap();
        let left = stored(&shards[0]).merge(&shards[1]);
        let right = stored(&shards[2]).merge(&shards[3].clone().merge(&shards[4]));
        prop_assert_eq!(bytes(&right.merge(&left)), bytes(&whole));
    }
}

#[test]
fn a_damaged_line_is_refused() {
    let read = |line: &str| serde_json::from_value::<Tally>(serde_json::json!([line]));
    assert!(read("r2f2m2 * 1 1 1 1 1 1 1 1").is_ok() && read("r2f2m2 * 1 1 1 1 1 1 1 1 2 2 2 2 2 2 2 2").is_ok());
    for line in ["", "r2f2m2 *", "r2f2m4 * 1 1 1 1 1 1 1 1", "r2f2m2 * 1 1 1 1 1 1 1", "r2f2m2 * 1 1 1 1 1 1 1 -1"] {
        assert!(read(line).is_err(), "{line}");
    }
}
