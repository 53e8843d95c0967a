//! Pictures of the console for the documents, from the shop of `tercile demo --serve`: `screenshots DIRECTORY`.
//!
//! Each page in both sets of colours, 1280 pixels wide and cut where the eye would stop; with a palette, as a page has few colours
//! and a repository keeps every picture it ever had.

#![expect(clippy::unwrap_used, reason = "a picture that fails is looked into by hand")]

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use e2e::bootstrap;
use e2e::browser::{Browser, Scheme};
use e2e::processes::Running;
use serde_json::{Value, json};

const WIDTH: u32 = 1280;
const HIGHEST: u32 = 1000;
/// A customer who nearly left, whom the playbook has something to tell.
const SEGMENT: &str = "r2f3m2";

#[tokio::main]
async fn main() {
    let directory = PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| "docs/screenshots".to_owned()));
    std::fs::create_dir_all(&directory).unwrap();
    let mut command = Command::new(bootstrap::built().join("tercile"));
    command.args(["demo", "--serve", "--port", "0"]).stderr(Stdio::null());
    // The first address that it prints is the link.
    let demo = Running::start(command).await.unwrap();
    let (url, _) = demo.address.split_once("/console").unwrap();
    let browser = Browser::start().await.unwrap();
    browser.open(&demo.address).await.unwrap();

    browser.open(&format!("{url}/console/segments/{SEGMENT}")).await.unwrap();
    let first = "return document.querySelector(`tbody a[href^='${arguments[0]}']`).getAttribute('href')";
    let customer = browser.run(first, json!("/console/customers/")).await.unwrap().as_str().unwrap().to_owned();
    browser.open(&format!("{url}/console/campaigns?only=own")).await.unwrap();
    let campaign = browser.run(first, json!("/console/campaigns/")).await.unwrap().as_str().unwrap().to_owned();
    let pages = [
        ("base", "/console".to_owned()),
        ("segment", format!("/console/segments/{SEGMENT}")),
        ("movement", "/console/movement".to_owned()),
        ("customer", customer),
        ("campaign", campaign),
        ("cuts", "/console/cuts".to_owned()),
    ];
    for (name, path) in pages {
        for scheme in [Scheme::Light, Scheme::Dark] {
            browser.prefer(scheme).await.unwrap();
            browser.resize(WIDTH, HIGHEST).await.unwrap();
            browser.open(&format!("{url}{path}")).await.unwrap();
            let height = browser.run("return document.documentElement.scrollHeight", Value::Null).await.unwrap();
            let height = u32::try_from(height.as_u64().unwrap()).unwrap().min(HIGHEST);
            browser.resize(WIDTH, height).await.unwrap();
            let file = directory.join(format!("{name}-{}.png", scheme.name()));
            let bytes = write(&file, &browser.picture().await.unwrap());
            println!("{}: {WIDTH} x {height}, {bytes} bytes", file.display());
        }
    }
}

/// Writes a picture with a palette of its commonest colours, each other one as the nearest of those. Gives its bytes.
fn write(file: &Path, taken: &[u8]) -> u64 {
    let mut decoder = png::Decoder::new(std::io::Cursor::new(taken));
    decoder.set_transformations(png::Transformations::STRIP_16 | png::Transformations::EXPAND);
    let mut reader = decoder.read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    let colours: Vec<[u8; 3]> = pixels[..info.buffer_size()]
        .chunks_exact(info.color_type.samples())
        .map(|pixel| [pixel[0], pixel[1], pixel[2]])
        .collect();
    let mut counted: HashMap<[u8; 3], usize> = HashMap::new();
    for colour in &colours {
        *counted.entry(*colour).or_default() += 1;
    }
    let mut commonest: Vec<([u8; 3], usize)> = counted.into_iter().collect();
    commonest.sort_by_key(|(colour, count)| (std::cmp::Reverse(*count), *colour));
    let palette: Vec<[u8; 3]> = commonest.iter().take(256).map(|(colour, _)| *colour).collect();
    let distance = |one: &[u8; 3], other: &[u8; 3]| -> u32 {
        one.iter().zip(other).map(|(one, other)| u32::from(one.abs_diff(*other)).pow(2)).sum()
    };
    let nearest =
        |colour: &[u8; 3]| (0_u8..=255).zip(&palette).min_by_key(|(_, known)| distance(colour, known)).unwrap().0;
    let places: HashMap<[u8; 3], u8> = commonest.iter().map(|(colour, _)| (*colour, nearest(colour))).collect();
    let indexed: Vec<u8> = colours.iter().map(|colour| places[colour]).collect();
    let mut encoder = png::Encoder::new(std::fs::File::create(file).unwrap(), info.width, info.height);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_palette(palette.concat());
    encoder.set_compression(png::Compression::High);
    encoder.set_filter(png::Filter::NoFilter);
    encoder.write_header().unwrap().write_image_data(&indexed).unwrap();
    std::fs::metadata(file).unwrap().len()
}
