//! Cuts a file into blocks of whole rows, in order, so that workers can read blocks side by side.
//!
//! Only the cut is made in sequence: whether a newline ends a row depends on the quotes before it. It costs a copy from the page
//! cache and a search for quotes, a small part of what reading the rows takes.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use memchr::{memchr, memrchr};

use crate::columns::{Columns, Layout};
use crate::error::{Error, Problem, Refused};
use crate::fields::{Fields, behind_closing_quote};

/// Bytes read at once: a block stays in the second-level cache while its rows are read.
pub(crate) const BLOCK: usize = 512 << 10;
/// A row longer than this is taken for a quote left open.
const LONGEST_ROW: usize = 16 << 20;

/// A run of whole rows; reused from block to block.
#[derive(Default)]
pub(crate) struct Block {
    bytes: Vec<u8>,
    end: usize,
    /// Its place in the file, from 0.
    pub(crate) index: u32,
}

impl Block {
    /// The rows; the last byte is a newline.
    pub(crate) fn rows(&self) -> &[u8] {
        &self.bytes[..self.end]
    }

    fn reach(&mut self, length: usize) {
        if self.bytes.len() < length {
            self.bytes.resize(length, 0);
        }
    }
}

/// Why there is no next block.
pub(crate) enum NoBlock {
    /// Reading failed.
    Io(io::Error),
    /// The row that would begin this block is longer than a row may be.
    RowTooLong(u32, Problem),
}

/// The rest of a file, from which blocks are cut.
pub(crate) struct Source<'p> {
    file: Box<dyn Read + Send>,
    carry: Vec<u8>,
    at_end: bool,
    next: u32,
    /// Lines in the header and before it.
    pub(crate) header_lines: u64,
    progress: &'p AtomicU64,
    block: usize,
}

impl<'p> Source<'p> {
    /// Opens a file, to be cut at about `block` bytes, and reads its header. `progress` is set to the bytes read so far, from 0.
    pub(crate) fn open(
        path: &Path,
        block: usize,
        columns: &Columns,
        progress: &'p AtomicU64,
    ) -> Result<(Source<'p>, Layout), Error> {
        let io = |source| Error::Io { path: PathBuf::from(path), source };
        let file = File::open(path).map_err(io)?;
        Source::of(Box::new(file), block, columns, progress).map_err(|error| error.at(path))
    }

    fn of(
        file: Box<dyn Read + Send>,
        block: usize,
        columns: &Columns,
        progress: &'p AtomicU64,
    ) -> Result<(Source<'p>, Layout), NoHeader> {
        progress.store(0, Ordering::Relaxed);
        let mut source = Source { file, carry: Vec::new(), at_end: false, next: 0, header_lines: 0, progress, block };
        let mut first = Block::default();
        let filled = source.fill(&mut first).map_err(|stop| match stop {
            NoBlock::Io(error) => NoHeader::Io(error),
            NoBlock::RowTooLong(_, problem) => NoHeader::Bad(problem),
        })?;
        if !filled {
            return Err(NoHeader::Other(Error::NoHeader));
        }
        let rows = first.rows();
        let mut at = if rows.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
        while let Some(length) = blank_line(&rows[at..]) {
            at += length;
        }
        let mut fields = Fields::default();
        let next = fields.split(rows, at).map_err(|(problem, _)| NoHeader::Bad(problem))?;
        let names: Vec<String> = fields.iter().map(|name| String::from_utf8_lossy(name).into_owned()).collect();
        if names == [""] {
            return Err(NoHeader::Other(Error::NoHeader));
        }
        let layout = Layout::new(columns, names).map_err(NoHeader::Other)?;
        source.header_lines = lines(&rows[..next]);
        // What follows the header in this block is cut again.
        source.carry.splice(0..0, rows[next..].iter().copied());
        source.next = 0;
        Ok((source, layout))
    }

    /// Fills `block` with the next rows; `false` at the end of the file.
    pub(crate) fn fill(&mut self, block: &mut Block) -> Result<bool, NoBlock> {
        let mut filled = self.carry.len();
        // Where blocks end depends on the file alone, not on how large the buffer has grown: `locate` cuts the same ones again.
        let mut limit = filled + self.block;
        block.reach(limit);
        block.bytes[..filled].copy_from_slice(&self.carry);
        self.carry.clear();
        loop {
            filled += self.read(&mut block.bytes[filled..limit]).map_err(NoBlock::Io)?;
            if self.at_end {
                break;
            }
            if let Some(end) = last_row_end(&block.bytes[..filled]) {
                self.carry.extend_from_slice(&block.bytes[end..filled]);
                filled = end;
                break;
            }
            if filled > LONGEST_ROW {
                return Err(NoBlock::RowTooLong(self.next, Problem::RowTooLong(LONGEST_ROW >> 20)));
            }
            limit = filled * 2;
            block.reach(limit);
        }
        if filled == 0 {
            return Ok(false);
        }
        if block.bytes[filled - 1] != b'\n' {
            // Only at the end of the file: its last line may lack the newline.
            block.bytes.truncate(filled);
            block.bytes.push(b'\n');
            filled += 1;
        }
        block.end = filled;
        block.index = self.next;
        self.next += 1;
        Ok(true)
    }

    fn read(&mut self, mut into: &mut [u8]) -> io::Result<usize> {
        let wanted = into.len();
        while !into.is_empty() && !self.at_end {
            match self.file.read(into) {
                Ok(0) => self.at_end = true,
                Ok(read) => {
                    self.progress.fetch_add(read as u64, Ordering::Relaxed);
                    into = &mut into[read..];
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(wanted - into.len())
    }
}

enum NoHeader {
    Io(io::Error),
    Bad(Problem),
    Other(Error),
}

impl NoHeader {
    fn at(self, path: &Path) -> Error {
        match self {
            NoHeader::Io(source) => Error::Io { path: PathBuf::from(path), source },
            NoHeader::Bad(problem) => Error::Row(Refused { row: 1, column: None, problem }),
            NoHeader::Other(error) => error,
        }
    }
}

/// Lines that end in these bytes.
pub(crate) fn lines(bytes: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', bytes).count() as u64
}

/// The length of an empty line at the front, if there is one.
pub(crate) fn blank_line(rows: &[u8]) -> Option<usize> {
    match rows {
        [b'\n', ..] => Some(1),
        [b'\r', b'\n', ..] => Some(2),
        _ => None,
    }
}

/// Where the last whole row ends, that is, behind the last newline outside quotes.
fn last_row_end(bytes: &[u8]) -> Option<usize> {
    let mut last = None;
    let mut at = 0;
    loop {
        let quote = memchr(b'"', &bytes[at..]).map(|found| at + found);
        let outside = &bytes[at..quote.unwrap_or(bytes.len())];
        last = memrchr(b'\n', outside).map(|found| at + found + 1).or(last);
        let Some(quote) = quote else { return last };
        // A quote opens a field only at the field's beginning; anywhere else it is text.
        let opens = quote == 0 || matches!(bytes[quote - 1], b',' | b'\n');
        at = match opens.then(|| behind_closing_quote(bytes, quote)) {
            Some(Some(behind)) => behind,
            Some(None) => return last,
            None => quote + 1,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rows of every block, as text, when blocks are cut at `size` bytes.
    fn blocks(text: &str, size: usize) -> Vec<String> {
        let progress = AtomicU64::new(0);
        let columns = Columns {
            customer: "a".to_owned(),
            order: "b".to_owned(),
            time: "c".to_owned(),
            amount: "d".to_owned(),
            ..Columns::default()
        };
        let text = format!("a,b,c,d\n{text}");
        let file = Box::new(io::Cursor::new(text.clone().into_bytes()));
        let (mut source, _) = Source::of(file, size, &columns, &progress).unwrap_or_else(|_| panic!("no header"));
        assert_eq!(source.header_lines, 1);
        let mut block = Block::default();
        let mut cut = Vec::new();
        while source.fill(&mut block).unwrap_or_else(|_| panic!("no block")) {
            assert_eq!(block.index as usize, cut.len());
            cut.push(String::from_utf8_lossy(block.rows()).into_owned());
        }
        assert_eq!(progress.load(Ordering::Relaxed), text.len() as u64);
        cut
    }

    #[test]
    fn blocks_are_whole_rows_whatever_their_size() {
        let text = "1,2,3,4\n5,\"a\nb\"\"\n\",7,8\n\n5\" pipe,\"x\ny\",1,1\nlast,one,no,newline";
        let rows = ["1,2,3,4\n", "5,\"a\nb\"\"\n\",7,8\n", "\n", "5\" pipe,\"x\ny\",1,1\n", "last,one,no,newline\n"];
        for size in 1..100 {
            let cut = blocks(text, size);
            assert_eq!(cut.concat(), format!("{text}\n"));
            let mut ends = vec![0];
            rows.iter().for_each(|row| ends.push(ends.last().unwrap() + row.len()));
            let mut at = 0;
            for block in &cut {
                at += block.len();
                assert!(ends.contains(&at), "block of {size} ends inside a row: {block:?}");
            }
        }
        assert_eq!(blocks("", 10), [""; 0]);
    }
}
