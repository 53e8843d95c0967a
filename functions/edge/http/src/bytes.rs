//! Bodies, in and out. How long somebody waits for them is the caller's: `wait` says whether there is any use in going on.

use wasip2::io::poll::Pollable;
use wasip2::io::streams::{InputStream, OutputStream, StreamError};

/// The most that a host is asked for at once.
const CHUNK: usize = 64 * 1024;

/// The first `most` bytes; `None` where they broke off or did not come in time.
pub(crate) fn read(stream: &InputStream, most: usize, mut wait: impl FnMut(&Pollable) -> bool) -> Option<Vec<u8>> {
    let mut all: Vec<u8> = Vec::new();
    while all.len() < most {
        match stream.read((most - all.len()).min(CHUNK) as u64) {
            // Nothing yet: reading is never waiting, so that a deadline holds in between.
            Ok(chunk) if chunk.is_empty() => {
                if !wait(&stream.subscribe()) {
                    return None;
                }
            }
            Ok(chunk) if all.is_empty() => all = chunk,
            Ok(chunk) => all.extend_from_slice(&chunk),
            Err(StreamError::Closed) => break,
            Err(StreamError::LastOperationFailed(_)) => return None,
        }
    }
    Some(all)
}

/// All of them; `None` where the other side is gone or does not take them in time.
pub(crate) fn write(stream: &OutputStream, mut bytes: &[u8], mut wait: impl FnMut(&Pollable) -> bool) -> Option<()> {
    while !bytes.is_empty() {
        match usize::try_from(stream.check_write().ok()?).unwrap_or(usize::MAX) {
            0 => {
                if !wait(&stream.subscribe()) {
                    return None;
                }
            }
            room => {
                let (first, rest) = bytes.split_at(room.min(bytes.len()));
                stream.write(first).ok()?;
                bytes = rest;
            }
        }
    }
    Some(())
}
