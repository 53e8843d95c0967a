//! `tercile export SEGMENT`: a mailing, or a segment's customers, page after page into one file that appears when it is whole.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use tempfile::NamedTempFile;

use crate::api::Connection;
use crate::cli::{ExportFormat, ExportOptions};
use crate::tell;

/// Customers of a page.
const LIMIT: u32 = 500;

pub(crate) async fn run(options: ExportOptions) -> Result<ExitCode> {
    let connection = Connection::open(&options.api).await?;
    let path = first_page(&options);
    let directory = options.output.as_deref().and_then(Path::parent).filter(|parent| !parent.as_os_str().is_empty());
    let mut file =
        NamedTempFile::new_in(directory.unwrap_or(Path::new("."))).context("no temporary file beside the output")?;
    let spinner = indicatif::ProgressBar::new_spinner();
    let (mut cursor, mut rows): (Option<String>, u64) = (None, 0);
    loop {
        let page = match &cursor {
            Some(cursor) => format!("{path}&cursor={cursor}"),
            None => path.clone(),
        };
        let (bytes, next) = connection.api.page(&page).await?;
        // Every page of CSV has the header; a file has it once. No column's name holds a line end.
        let skip = if options.format == ExportFormat::Csv && cursor.is_some() {
            bytes.iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |end| end + 1)
        } else {
            0
        };
        file.write_all(&bytes[skip..])?;
        rows += records(&bytes, options.format)?;
        spinner.set_message(format!("{} customers", tell::grouped(rows)));
        spinner.tick();
        match next {
            Some(next) => cursor = Some(next),
            None => break,
        }
    }
    spinner.finish_and_clear();
    connection.close().await?;
    match &options.output {
        Some(output) => {
            file.persist(output).with_context(|| output.display().to_string())?;
            anstream::eprintln!("{}: {} customers", output.display(), tell::grouped(rows));
        }
        None => {
            std::io::copy(&mut file.reopen()?, &mut std::io::stdout().lock())?;
            anstream::eprintln!("{} customers", tell::grouped(rows));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn first_page(options: &ExportOptions) -> String {
    let list = if options.customers { "customers" } else { "mailing" };
    let format = match options.format {
        ExportFormat::Csv => "csv",
        ExportFormat::Ndjson => "ndjson",
    };
    let mut path = format!("/v1/segments/{}/{list}?limit={LIMIT}&format={format}", options.segment);
    for (name, value) in [("campaign", &options.campaign), ("lang", &options.lang)] {
        if let Some(value) = value {
            path.push_str(&format!("&{name}={}", escaped(value)));
        }
    }
    path
}

/// A value in a query: whatever is not plain as percent and two digits.
fn escaped(value: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~/".contains(&byte);
    let mut text = String::new();
    for byte in value.bytes() {
        if plain(byte) {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

fn records(page: &[u8], format: ExportFormat) -> Result<u64> {
    Ok(match format {
        ExportFormat::Ndjson => page.iter().filter(|byte| **byte == b'\n').count() as u64,
        ExportFormat::Csv => {
            csv::Reader::from_reader(page).into_byte_records().try_fold(0, |n, row| row.map(|_| n + 1))?
        }
    })
}
