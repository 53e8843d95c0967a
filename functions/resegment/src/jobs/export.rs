//! An export: all that is stored about a customer, as rows. What lies under each of their ids is a part.

use ledger::{Customer, ExportBlueprint, ExportRow, Job, JobEnd, JobStatus, ShopId};
use segmentation::Rhythm;
use serde_json::{Value, json};
use web::Remembered;

use crate::jobs::parts::Doing;
use crate::jobs::simulation::{damaged, read};
use crate::steps::{RunError, Steps, Until};

/// Reads all parts and puts their rows down; `None`: it had to return before.
pub(super) async fn drive(steps: &Steps, shop: &ShopId, job: &Job, until: Until) -> Result<Option<Job>, RunError> {
    let ledger = &steps.ledger;
    let blueprint: ExportBlueprint = read(&ledger.job_input(shop, job).await?)?;
    let part = |at: u32| {
        let (steps, shop, keys) = (steps.clone(), shop.clone(), blueprint.keys.clone());
        async move {
            let key = keys.get(at as usize).ok_or_else(|| damaged("an export without its keys"))?;
            let mut rows = Vec::new();
            if at == 0
                && let Some(customer) = steps.ledger.customer_now(&shop, key).await?
            {
                rows.push(profile(&steps, &shop, &customer).await?);
            }
            rows.extend(steps.ledger.export_of(&shop, key).await?);
            serde_json::to_vec(&rows).map_err(damaged)
        }
    };
    let doing = Doing { shop, job: job.number, at_once: 1, until };
    if !doing.each(steps, 0..job.of, part).await? {
        return Ok(None);
    }
    let mut rows: Vec<Value> = Vec::new();
    for at in 0..job.of {
        let outcome = ledger.job_part(shop, job.number, at).await?;
        let part: Vec<Value> = read(&outcome.ok_or_else(|| damaged("a part of an export is missing"))?)?;
        rows.extend(part);
    }
    let now = steps.clock.now();
    ledger.put_job_rows(shop, job.number, &rows, now).await?;
    let end = if ledger.customer_of(shop, &blueprint).await?.is_some() {
        JobEnd::Done { rows: rows.len() as u64, summary: json!({ "rows": rows.len(), "ids": blueprint.keys.len() }) }
    } else {
        JobEnd::Failed("the customer was erased, merged or parted meanwhile".to_owned())
    };
    let job = ledger.end_job(shop, job.number, end, now).await?;
    if job.status == JobStatus::Failed {
        // Whoever erased the customer may have come before the last rows.
        ledger.withdraw_export(shop, &job, now).await?;
    }
    Ok(Some(job))
}

/// The profile in words: what is packed is unpacked, and what follows from it is said.
async fn profile(steps: &Steps, shop: &ShopId, customer: &Customer) -> Result<ExportRow, RunError> {
    let whole = steps.ledger.shop(shop).await?.ok_or_else(|| RunError::NoShop(shop.clone()))?;
    let today = steps.clock.today(whole.settings.time_zone);
    let profile = &customer.profile;
    let order = |entry: &segmentation::Entry| {
        use segmentation::Flags;
        json!({
            "day": entry.day,
            "net": entry.net,
            "of_nothing": entry.flags.has(Flags::ZERO),
            "returned": entry.flags.has(Flags::RETURNED),
            "cancelled": entry.flags.has(Flags::CANCELLED),
        })
    };
    let stored = json!({
        "customer": customer.id,
        "version": profile.version,
        "aliases": customer.aliases,
        "erased_before": customer.erased.map(|erased| erased.at),
        "orders": profile.orders.iter().map(order).collect::<Vec<Value>>(),
        "label": profile.label(),
        "moves": profile.moves,
        "rhythm": Rhythm::of(&profile.orders, today, whole.window()),
        "remembered": Remembered::named(profile, &steps.ledger, shop).await?,
        "used_rewards": profile.closed,
    });
    Ok(ExportRow { of: "customer".to_owned(), customer_key: customer.key.clone(), stored })
}
