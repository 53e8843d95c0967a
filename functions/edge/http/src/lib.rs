//! The edge for a host of the world `wasi:http/proxy`: reads what is asked, lets `edge` answer, carries its question to the origin.
//!
//! Nothing is decided here, and there is nothing to test without a host: on any other target the library is empty, so that
//! `cargo test --workspace` needs no WebAssembly. A whole component is tested under a real host.

#[cfg(target_arch = "wasm32")]
mod asked;
#[cfg(target_arch = "wasm32")]
mod bytes;
#[cfg(target_arch = "wasm32")]
mod origin;
#[cfg(target_arch = "wasm32")]
mod shell;
