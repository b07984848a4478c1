//! Results on stdout: NDJSON, or tables and sentences.

use std::io::{self, BufWriter, Write};

use crate::failure::Failure;

/// Where results go.
pub(crate) struct Output {
    json: bool,
    out: BufWriter<Box<dyn Write>>,
}

impl Output {
    pub(crate) fn new(json: bool) -> Self {
        Self { json, out: BufWriter::with_capacity(1 << 16, Box::new(io::stdout().lock())) }
    }

    /// For work whose results nobody reads.
    pub(crate) fn silent() -> Self {
        Self { json: false, out: BufWriter::new(Box::new(io::sink())) }
    }

    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// A line of JSON.
    pub(crate) fn line(&mut self, json: &[u8]) -> Result<(), Failure> {
        self.out.write_all(json)?;
        Ok(self.out.write_all(b"\n")?)
    }

    /// A sentence for people; nothing where programs read.
    pub(crate) fn say(&mut self, text: impl std::fmt::Display) -> Result<(), Failure> {
        if !self.json {
            writeln!(self.out, "{text}")?;
        }
        Ok(())
    }

    /// A table for people, its columns as wide as they must be.
    pub(crate) fn table(&mut self, head: &[&str], rows: &[Vec<String>]) -> Result<(), Failure> {
        let width = |column: usize| {
            let cells =
                rows.iter().filter_map(|row| row.get(column)).map(String::as_str).chain(head.get(column).copied());
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0).min(60)
        };
        let widths: Vec<usize> = (0..head.len()).map(width).collect();
        let head: Vec<String> = head.iter().map(|cell| cell.to_string()).collect();
        for row in std::iter::once(&head).chain(rows) {
            let cells: Vec<String> =
                row.iter().zip(&widths).map(|(cell, width)| format!("{:width$}", shorten(cell, *width))).collect();
            writeln!(self.out, "{}", cells.join("  ").trim_end())?;
        }
        Ok(())
    }

    /// Hands everything over.
    pub(crate) fn finish(mut self) -> Result<(), Failure> {
        Ok(self.out.flush()?)
    }

    /// The stream itself, for long results.
    pub(crate) fn stream(&mut self) -> &mut impl Write {
        &mut self.out
    }
}

/// The text, cut to `width` characters.
pub(crate) fn shorten(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    text.chars().take(width.saturating_sub(1)).chain(['…']).collect()
}
