//! One row into its fields, by RFC 4180: quoted fields may hold commas, doubled quotes and newlines.
//!
//! A quote that does not begin a field is text. This is the careful way, which every row can go; `fast` takes the plain rows.

use memchr::{memchr, memchr2};

use crate::error::Problem;

/// The fields of one row, unquoted; reused from row to row.
#[derive(Default)]
pub(crate) struct Fields {
    text: Vec<u8>,
    ends: Vec<usize>,
}

impl Fields {
    /// Reads the row that begins at `at`, in `rows` that end with a newline; returns where the next one begins.
    ///
    /// # Errors
    /// The problem, and where reading can go on: behind the next newline.
    pub(crate) fn split(&mut self, rows: &[u8], mut at: usize) -> Result<usize, (Problem, usize)> {
        self.text.clear();
        self.ends.clear();
        let resume = |at: usize| memchr(b'\n', &rows[at..]).map_or(rows.len(), |found| at + found + 1);
        loop {
            let end = if rows.get(at) == Some(&b'"') {
                let Some(end) = behind_closing_quote(rows, at) else {
                    return Err((Problem::OpenQuote, rows.len()));
                };
                self.unquote(&rows[at + 1..end - 1]);
                if !matches!(rows[end..], [b',' | b'\n', ..] | [b'\r', b'\n', ..]) {
                    return Err((Problem::TextAfterQuote, resume(end)));
                }
                if rows[end] == b'\r' { end + 1 } else { end }
            } else {
                let end = memchr2(b',', b'\n', &rows[at..]).map_or(rows.len(), |found| at + found);
                let field = &rows[at..end];
                let carriage_return = rows.get(end) != Some(&b',') && field.last() == Some(&b'\r');
                self.text.extend_from_slice(if carriage_return { &field[..field.len() - 1] } else { field });
                end
            };
            self.ends.push(self.text.len());
            if rows.get(end) != Some(&b',') {
                return Ok((end + 1).min(rows.len()));
            }
            at = end + 1;
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The text of a field; empty beyond the last.
    pub(crate) fn get(&self, n: usize) -> &[u8] {
        let start = if n == 0 { 0 } else { self.ends.get(n - 1).copied().unwrap_or(self.text.len()) };
        let end = self.ends.get(n).copied().unwrap_or(self.text.len());
        &self.text[start..end]
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.len()).map(|n| self.get(n))
    }

    fn unquote(&mut self, mut inner: &[u8]) {
        while let Some(quote) = memchr(b'"', inner) {
            self.text.extend_from_slice(&inner[..=quote]);
            inner = inner.get(quote + 2..).unwrap_or_default();
        }
        self.text.extend_from_slice(inner);
    }
}

/// The position behind the quote that closes the one at `open`; `None` if it is not among these bytes.
pub(crate) fn behind_closing_quote(bytes: &[u8], open: usize) -> Option<usize> {
    let mut at = open + 1;
    loop {
        at += memchr(b'"', bytes.get(at..)?)? + 1;
        if bytes.get(at) != Some(&b'"') {
            return Some(at);
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(row: &str) -> Result<Vec<String>, Problem> {
        let mut fields = Fields::default();
        fields.split(row.as_bytes(), 0).map_err(|(problem, _)| problem)?;
        Ok(fields.iter().map(|field| String::from_utf8_lossy(field).into_owned()).collect())
    }

    #[test]
    fn quoted_fields_hold_commas_quotes_and_newlines() {
        let cases: [(&str, &[&str]); 7] = [
            ("a,b,c\n", &["a", "b", "c"]),
            ("a,,\r\n", &["a", "", ""]),
            ("\"a,b\",\"say \"\"hi\"\"\",\"two\nlines\"\n", &["a,b", "say \"hi\"", "two\nlines"]),
            ("\"\",\"\"\"\"\r\n", &["", "\""]),
            ("5\" pipe,x\"y\"\n", &["5\" pipe", "x\"y\""]),
            ("\"only\"\n", &["only"]),
            ("no newline,at the end", &["no newline", "at the end"]),
        ];
        for (row, fields) in cases {
            assert_eq!(split(row), Ok(fields.iter().map(|field| (*field).to_owned()).collect()), "{row}");
        }
    }

    #[test]
    fn broken_quotes_are_refused() {
        assert_eq!(split("\"a\"b,c\n"), Err(Problem::TextAfterQuote));
        assert_eq!(split("a,\"b\n"), Err(Problem::OpenQuote));
    }

    #[test]
    fn reading_goes_on_behind_the_row() {
        let mut fields = Fields::default();
        let rows = b"\"x\ny\",1\nz,2\n";
        assert_eq!(fields.split(rows, 0), Ok(8));
        assert_eq!(fields.split(rows, 8), Ok(12));
        assert_eq!((fields.len(), fields.get(1)), (2, b"2".as_slice()));
    }
}
