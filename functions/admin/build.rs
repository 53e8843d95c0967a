//! The OpenAPI document without its blanks: docs/openapi.json is laid out for those who review it, and the binary need not carry that.

use std::io::{Error, Result};
use std::path::PathBuf;

fn main() -> Result<()> {
    let read = "../../docs/openapi.json";
    println!("cargo::rerun-if-changed={read}");
    let (mut inside, mut escaped) = (false, false);
    let small: String = std::fs::read_to_string(read)?
        .chars()
        .filter(|&c| {
            let kept = inside || !c.is_ascii_whitespace();
            if c == '"' && !escaped {
                inside = !inside;
            }
            escaped = inside && c == '\\' && !escaped;
            kept
        })
        .collect();
    let out = std::env::var_os("OUT_DIR").ok_or_else(|| Error::other("Cargo says where to write"))?;
    std::fs::write(PathBuf::from(out).join("openapi.json"), small)
}
