//! What shards hand over is enough: cuts to within 0.1 % in rank by one look, and exact by two (law 5).

use std::path::Path;

use e2e::{accuracy, synthetic};

#[test]
fn merged_surveys_of_a_base_with_heavy_ties_are_near_by_one_look_and_exact_by_two() {
    let on = "2026-11-01".parse().unwrap();
    for shards in [1, 64] {
        let base = (0..40_000).map(|number| synthetic::orders(number, on));
        let found = accuracy::measure(base, shards, on).unwrap();
        assert_eq!(found.customers, 40_000);
        assert!((1..=4).contains(&found.looked_at), "the base must be too large for single counts: {found:?}");
        assert!(found.one_look <= 0.001, "{found:?}");
        assert!(found.exact && found.two_looks == 0.0, "{found:?}");
        assert!(found.merged_bytes < 400_000, "{found:?}");
    }
}

#[test]
fn so_are_those_of_real_shops() {
    for name in ["cdnow_master.csv", "online_retail.csv"] {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data").join(name);
        let Some((base, on)) = accuracy::customers_of(&file).unwrap() else {
            eprintln!("{name} is not there: skipped");
            continue;
        };
        for shards in [1, 20] {
            let found = accuracy::measure(base.iter().cloned(), shards, on).unwrap();
            assert!(found.one_look <= 0.001, "{name}: {found:?}");
            assert!(found.exact && found.two_looks == 0.0, "{name}: {found:?}");
        }
    }
}
