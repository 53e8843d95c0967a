//! Prints the OpenAPI document: `cargo run -p e2e --example openapi`. The function `admin` compiles docs/openapi.json in, so it
//! goes there by way of another file.

#![expect(clippy::print_stdout, reason = "it is there to print")]

fn main() {
    println!("{:#}", e2e::openapi::document());
}
