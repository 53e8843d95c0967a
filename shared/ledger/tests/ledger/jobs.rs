//! Jobs: one of a kind at a time, parts of which the first outcome holds, results in rows.

use chrono::{DateTime, TimeDelta, Utc};
use ledger::{BeginJobError, Job, JobEnd, JobKind, JobStatus, LEASE, NewJob};
use serde_json::json;
use tokio::task::JoinSet;

use crate::World;

fn now() -> DateTime<Utc> {
    "2026-11-22T12:00:00Z".parse().unwrap()
}

fn new(asked: &str) -> NewJob {
    NewJob { kind: JobKind::Simulation, asked: json!(asked), input: b"what to do".to_vec(), of: 3 }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_begin_at_once_one_does() {
    let world = World::new().await;
    let mut tasks = JoinSet::new();
    for n in 0..16 {
        let (ledger, shop) = (world.ledger.clone(), world.shop.id.clone());
        tasks.spawn(async move { ledger.begin_job(&shop, new(&n.to_string()), now()).await });
    }
    let mut begun = 0;
    while let Some(one) = tasks.join_next().await {
        match one.unwrap() {
            Ok(job) => begun += job.number,
            Err(BeginJobError::InProgress(number)) => assert_eq!(number, 1),
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(begun, 1, "job 1, once");
}

#[tokio::test]
async fn a_broken_job_is_taken_over_by_the_same_question_and_given_up_by_another() {
    let world = World::new().await;
    let (ledger, shop) = (&world.ledger, &world.shop.id);
    let job = ledger.begin_job(shop, new("a"), now()).await.unwrap();
    assert_eq!((job.number, job.status, job.done, job.of), (1, JobStatus::Queued, 0, 3));
    assert_eq!(ledger.job_input(shop, &job).await.unwrap(), b"what to do");
    assert!(ledger.broken_jobs(shop, now()).await.unwrap().is_empty());
    let later = now() + LEASE + TimeDelta::seconds(1);
    assert_eq!(ledger.broken_jobs(shop, later).await.unwrap(), [job]);
    let taken = ledger.begin_job(shop, new("a"), later).await.unwrap();
    assert_eq!((taken.number, taken.status), (1, JobStatus::Running));
    assert!(ledger.broken_jobs(shop, later).await.unwrap().is_empty());
    let other = ledger.begin_job(shop, new("b"), later + LEASE + TimeDelta::seconds(1)).await.unwrap();
    assert_eq!(other.number, 2);
    let given_up = ledger.job(shop, 1).await.unwrap().unwrap();
    assert!(given_up.status == JobStatus::Failed && given_up.failure.is_some(), "{given_up:?}");
    assert_eq!(ledger.take_job(shop, 1, later).await.unwrap(), None, "it is at its end");
    assert_eq!(ledger.take_job(shop, 3, later).await.unwrap(), None, "there is none");
}

#[tokio::test]
async fn a_parts_first_outcome_holds_and_a_job_ends_once() {
    let world = World::new().await;
    let (ledger, shop) = (&world.ledger, &world.shop.id);
    ledger.begin_job(shop, new("a"), now()).await.unwrap();
    assert_eq!(ledger.job_part(shop, 1, 2).await.unwrap(), None);
    for outcome in ["first", "second"] {
        ledger.note_job_part(shop, 1, 2, outcome.into(), now()).await.unwrap();
        assert_eq!(ledger.job_part(shop, 1, 2).await.unwrap().unwrap(), b"first");
    }
    for done in [2, 1] {
        ledger.job_progress(shop, 1, done).await.unwrap();
        assert_eq!(ledger.job(shop, 1).await.unwrap().unwrap().done, 2, "it never goes back");
    }
    let end = |rows| JobEnd::Done { rows, summary: json!({ "rows": rows }) };
    let ended = ledger.end_job(shop, 1, end(7), now()).await.unwrap();
    assert_eq!((ended.status, ended.rows, ended.finished), (JobStatus::Done, Some(7), Some(now())));
    assert_eq!(ledger.end_job(shop, 1, end(8), now()).await.unwrap(), ended);
    assert_eq!(ledger.end_job(shop, 1, JobEnd::Failed("late".into()), now()).await.unwrap(), ended);
    ledger.expire_job_leases(shop).await.unwrap();
    assert_eq!(ledger.job(shop, 1).await.unwrap(), Some(ended));
}

#[tokio::test]
async fn a_result_is_read_from_any_row_on_and_goes_after_a_week() {
    let world = World::new().await;
    let (ledger, shop) = (&world.ledger, &world.shop.id);
    ledger.begin_job(shop, new("a"), now()).await.unwrap();
    let all: Vec<u32> = (0..Job::ROWS as u32 * 2 + 7).collect();
    for _ in 0..2 {
        ledger.put_job_rows(shop, 1, &all, now()).await.unwrap();
    }
    for (from, limit) in [(0, 1), (0, 500), (0, 501), (499, 2), (250, 1000), (1006, 5), (1007, 5), (5000, 5)] {
        let rows: Vec<u32> = ledger.job_rows(shop, 1, from, limit).await.unwrap();
        let expected = &all[from.min(all.len())..(from + limit).min(all.len())];
        assert_eq!(rows, expected, "{limit} from {from}");
    }
    let mut items = ledger.client().scan().table_name(&ledger.tables().shops).into_paginator().items().send();
    let week = (now() + TimeDelta::days(7)).timestamp().to_string();
    let mut of_job = 0;
    while let Some(item) = items.next().await {
        let item = item.unwrap();
        if item["pk"].as_s().unwrap() == "acme#job#00000001" {
            of_job += 1;
            assert_eq!(item["expires_at"].as_n().unwrap(), &week, "{:?}", item["sk"]);
        }
    }
    assert_eq!(of_job, 2 + 3 + 3, "the job, its input, three runs of rows and their notes");
}
