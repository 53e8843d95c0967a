//! Segments and decisions by the interface in `../wit/offers.wit`. What is checked is in [`decisions`] and tested on any machine; the
//! component itself is made on WebAssembly only.

pub mod decisions;

#[cfg(target_arch = "wasm32")]
mod component;
