//! The OpenAPI document, packed: docs/openapi.json is laid out for those who review it, and the binary need not carry that.

use std::fs::File;
use std::io::{Error, Result, copy};
use std::path::PathBuf;

use flate2::Compression;
use flate2::write::GzEncoder;

fn main() -> Result<()> {
    let document = "../../docs/openapi.json";
    println!("cargo::rerun-if-changed={document}");
    let out = std::env::var_os("OUT_DIR").ok_or_else(|| Error::other("Cargo says where to write"))?;
    let mut packed = GzEncoder::new(File::create(PathBuf::from(out).join("openapi.json.gz"))?, Compression::best());
    copy(&mut File::open(document)?, &mut packed)?;
    packed.finish().map(|_| ())
}
