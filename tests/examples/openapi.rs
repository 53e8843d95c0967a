//! Prints the OpenAPI document: `cargo run -p e2e --example openapi > docs/openapi.json`.

#![expect(clippy::print_stdout, reason = "it is there to print")]

fn main() {
    println!("{:#}", e2e::openapi::document());
}
