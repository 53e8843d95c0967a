//! What comes from outside, mutated, by the thousand: nothing crashes, and what is refused changes nothing (docs/fuzzing.md).
//!
//! Each target is a file here. It gives its name, the form of its inputs and a function that takes one and says what became of it
//! ([`Verdict`]); the harness brings the inputs. They begin with the kept corpus, `tests/corpus/NAME`, as it is; then come mutations of what
//! is in the pool, which is the corpus and each input that met with something new, those mostly that were taken. So runs go deeper the longer
//! they are, without knowing anything of the code. A run is the same each time, unless it is asked to last.

mod codes;
mod csv;
mod mutate;
mod orders;
mod paths;
mod playbook;
mod tokens;
mod webhooks;

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use data_encoding::HEXLOWER;
use fastrand::Rng;
pub(crate) use mutate::Form;
use sha2::{Digest, Sha256};

/// What became of an input.
pub(crate) struct Verdict {
    /// Was it taken for what it may be, and worked on?
    pub(crate) taken: bool,
    /// What it met with, in few words: an input that meets with something new is mutated further.
    pub(crate) met: String,
}

impl Verdict {
    pub(crate) fn taken(met: impl Into<String>) -> Verdict {
        Verdict { taken: true, met: met.into() }
    }

    pub(crate) fn refused(met: impl Into<String>) -> Verdict {
        Verdict { taken: false, met: met.into() }
    }
}

/// Something that takes inputs.
pub(crate) struct Target {
    /// The name of its corpus.
    pub(crate) name: &'static str,
    pub(crate) form: Form,
    /// How many mutations a plain test tries.
    pub(crate) cases: u64,
    /// Of 100 mutations so many must be taken, and so many refused: a target that sees one kind alone tests nothing.
    pub(crate) at_least: u64,
    /// So many different things must be met with.
    pub(crate) kinds: usize,
}

/// No input may take longer.
const SLOWEST: Duration = Duration::from_secs(20);
/// Inputs in the pool, of those taken and of those refused.
const POOL: usize = 2_000;
/// Bytes of an input.
const LONGEST: usize = 64 * 1024;

/// How long, and from where.
struct Plan {
    cases: u64,
    until: Option<Instant>,
    seed: u64,
    keep: bool,
}

impl Plan {
    /// `TERCILE_FUZZ_SECONDS` (for each target, instead of a number of cases), `TERCILE_FUZZ_CASES`, `TERCILE_FUZZ_SEED`, and
    /// `TERCILE_FUZZ_KEEP`, which puts what met with something new into the corpus.
    #[expect(clippy::disallowed_methods, reason = "a test has no other way to be told")]
    fn of(target: &Target) -> Plan {
        let number = |name: &str| std::env::var(name).ok().map(|value| value.parse::<u64>().unwrap());
        let until = number("TERCILE_FUZZ_SECONDS").map(|seconds| Instant::now() + Duration::from_secs(seconds));
        let cases = number("TERCILE_FUZZ_CASES").unwrap_or(if until.is_some() { u64::MAX } else { target.cases });
        Plan {
            cases,
            until,
            seed: number("TERCILE_FUZZ_SEED").unwrap_or(1),
            keep: std::env::var("TERCILE_FUZZ_KEEP").is_ok(),
        }
    }
}

/// What is mutated.
#[derive(Default)]
struct Pool {
    taken: Vec<Vec<u8>>,
    refused: Vec<Vec<u8>>,
}

impl Pool {
    fn put(&mut self, taken: bool, input: Vec<u8>) {
        let side = if taken { &mut self.taken } else { &mut self.refused };
        if side.len() < POOL {
            side.push(input);
        }
    }

    /// One of them; of what was refused, one in five: a mutation of that is refused again, mostly.
    fn any(&self, rng: &mut Rng) -> &[u8] {
        let refused = self.taken.is_empty() || (rng.u8(..5) == 0 && !self.refused.is_empty());
        let side = if refused { &self.refused } else { &self.taken };
        &side[rng.usize(..side.len())]
    }
}

fn corpus_of(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name)
}

/// The kept inputs, by file name.
fn corpus(name: &str) -> Vec<Vec<u8>> {
    let directory = corpus_of(name);
    let listed = std::fs::read_dir(&directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
    let files: BTreeSet<PathBuf> = listed.map(|entry| entry.unwrap().path()).collect();
    assert!(!files.is_empty(), "{} has no corpus", directory.display());
    files.into_iter().map(|file| std::fs::read(file).unwrap()).collect()
}

/// Puts an input into the corpus, under its hash.
fn keep(name: &str, kind: &str, input: &[u8]) -> PathBuf {
    let hash = HEXLOWER.encode(&Sha256::digest(input)[..8]);
    let file = corpus_of(name).join(format!("{kind}-{hash}"));
    std::fs::write(&file, input).unwrap();
    file
}

/// Runs a target. `case` is what a `@N@` in an input becomes: ids that are new each time.
///
/// # Panics
/// Where an input makes the target panic: it is in the corpus then, and so is tried first from then on.
pub(crate) fn fuzz(target: &Target, mut run: impl FnMut(&[u8]) -> Verdict) {
    let plan = Plan::of(target);
    let mut pool = Pool::default();
    let mut seen: BTreeMap<String, u64> = BTreeMap::new();
    let mut slowest = Duration::ZERO;
    let mut one = |input: &[u8], case: u64| {
        let input = numbered(input, case);
        let began = Instant::now();
        let verdict = match catch_unwind(AssertUnwindSafe(|| run(&input))) {
            Ok(verdict) => verdict,
            Err(panic) => {
                let file = keep(target.name, "crash", &input);
                eprintln!(
                    "target {}: case {case} of seed {} fails; its input is {}",
                    target.name,
                    plan.seed,
                    file.display()
                );
                eprintln!("again: cargo test --workspace --test e2e fuzz:: (the corpus is tried first)");
                resume_unwind(panic);
            }
        };
        let took = began.elapsed();
        if took > SLOWEST {
            panic!("{}: {took:?} for {}", target.name, keep(target.name, "slow", &input).display());
        }
        slowest = slowest.max(took);
        verdict
    };
    for (at, input) in corpus(target.name).into_iter().enumerate() {
        let verdict = one(&input, u64::MAX - at as u64);
        *seen.entry(verdict.met).or_default() += 1;
        pool.put(verdict.taken, input);
    }
    let (mut case, mut taken, mut new) = (0, 0, 0);
    while case < plan.cases && plan.until.is_none_or(|until| Instant::now() < until) {
        let mut rng = Rng::with_seed(plan.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(case));
        let input = target.form.mutated(pool.any(&mut rng), pool.any(&mut rng), LONGEST, &mut rng);
        let verdict = one(&input, case);
        taken += u64::from(verdict.taken);
        let times = seen.entry(verdict.met).or_default();
        *times += 1;
        if *times == 1 {
            new += 1;
            if plan.keep {
                keep(target.name, "met", &input);
            }
            pool.put(verdict.taken, input);
        }
        case += 1;
    }
    let refused = case - taken;
    println!(
        "{}: {case} cases, {taken} taken, {refused} refused, {} things met with ({new} by mutation), slowest {slowest:.1?}",
        target.name,
        seen.len()
    );
    let enough = case * target.at_least / 100;
    assert!(taken >= enough, "{} of {case} mutations only {taken} were taken: the target is not reached", target.name);
    assert!(refused >= enough, "{} of {case} mutations only {refused} were refused", target.name);
    assert!(seen.len() >= target.kinds, "{}: only {} things were met with: {seen:?}", target.name, seen.len());
}

fn numbered(input: &[u8], case: u64) -> Vec<u8> {
    const MARK: &[u8] = b"@N@";
    let (mut out, mut rest) = (Vec::with_capacity(input.len() + 8), input);
    while let Some(at) = rest.windows(MARK.len()).position(|window| window == MARK) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(case.to_string().as_bytes());
        rest = &rest[at + MARK.len()..];
    }
    out.extend_from_slice(rest);
    out
}

#[test]
fn a_crash_is_kept_and_a_target_that_is_not_reached_fails() {
    let target = Target { name: "harness", form: Form::Text, cases: 200, at_least: 10, kinds: 1 };
    let fails = |run: fn(&[u8]) -> Verdict| catch_unwind(|| fuzz(&target, run)).is_err();
    assert!(fails(|_| Verdict::refused("all")), "only refusals");
    assert!(fails(|_| Verdict::taken("all")), "no refusals");
    assert!(!fails(|input| Verdict { taken: input.len() % 2 == 0, met: "both".to_owned() }));
    assert_eq!(numbered(b"{\"id\":\"@N@\",\"at\":\"@N@@\"}", 7), b"{\"id\":\"7\",\"at\":\"7@\"}");
    // Of what was kept nothing stays.
    let before = corpus("harness").len();
    let file = keep("harness", "crash", b"a test's own");
    assert_eq!(corpus("harness").len(), before + 1);
    std::fs::remove_file(file).unwrap();
}
