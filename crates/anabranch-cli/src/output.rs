//! Results on stdout: NDJSON, or tables and sentences.

use std::io::{self, BufWriter, Write};

use crate::failure::Failure;

/// Where results go.
pub(crate) struct Output {
    json: bool,
    outlives_reader: bool,
    out: BufWriter<Box<dyn Write>>,
}

impl Output {
    pub(crate) fn new(json: bool) -> Self {
        Self::to(json, Box::new(io::stdout().lock()))
    }

    /// For work whose results nobody reads.
    pub(crate) fn silent() -> Self {
        Self::to(false, Box::new(io::sink()))
    }

    fn to(json: bool, out: Box<dyn Write>) -> Self {
        Self { json, outlives_reader: false, out: BufWriter::with_capacity(1 << 16, out) }
    }

    /// What was asked for is done even if the reader of its results goes away.
    pub(crate) fn outlive_reader(&mut self) {
        self.outlives_reader = true;
    }

    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// A line of JSON.
    pub(crate) fn line(&mut self, json: &[u8]) -> Result<(), Failure> {
        self.put(|out| out.write_all(json).and_then(|()| out.write_all(b"\n")))
    }

    /// A sentence for people; nothing where programs read.
    pub(crate) fn say(&mut self, text: impl std::fmt::Display) -> Result<(), Failure> {
        if !self.json {
            let text = visible(&text.to_string());
            return self.put(|out| writeln!(out, "{text}"));
        }
        Ok(())
    }

    /// A table for people, its columns as wide as they must be.
    pub(crate) fn table(&mut self, head: &[&str], rows: &[Vec<String>]) -> Result<(), Failure> {
        let rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(|cell| visible(cell)).collect()).collect();
        let width = |column: usize| {
            let cells =
                rows.iter().filter_map(|row| row.get(column)).map(String::as_str).chain(head.get(column).copied());
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0).min(60)
        };
        let widths: Vec<usize> = (0..head.len()).map(width).collect();
        let head: Vec<String> = head.iter().map(|cell| cell.to_string()).collect();
        for row in std::iter::once(&head).chain(&rows) {
            let cells: Vec<String> =
                row.iter().zip(&widths).map(|(cell, width)| format!("{:width$}", shorten(cell, *width))).collect();
            self.say(cells.join("  ").trim_end())?;
        }
        Ok(())
    }

    /// Hands everything over. A verb that writes does so before it commits, so that a full disk behind stdout leaves the
    /// store as it was.
    pub(crate) fn flush(&mut self) -> Result<(), Failure> {
        self.put(|out| out.flush())
    }

    fn put(&mut self, write: impl FnOnce(&mut BufWriter<Box<dyn Write>>) -> io::Result<()>) -> Result<(), Failure> {
        match write(&mut self.out) {
            Err(error) if self.outlives_reader && error.kind() == io::ErrorKind::BrokenPipe => {
                // Taken apart, so that what it still holds is not written once more.
                let nowhere: Box<dyn Write> = Box::new(io::sink());
                drop(std::mem::replace(&mut self.out, BufWriter::new(nowhere)).into_parts());
                Ok(())
            }
            other => Ok(other?),
        }
    }

    /// The stream itself, for long results.
    pub(crate) fn stream(&mut self) -> &mut impl Write {
        &mut self.out
    }
}

/// The text with its control characters spelt out: data must not steer a terminal.
pub(crate) fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '\n' => out.push(char),
            char if char.is_control() => out.extend(char.escape_unicode()),
            char => out.push(char),
        }
    }
    out
}

/// The text, cut to `width` characters.
pub(crate) fn shorten(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    text.chars().take(width.saturating_sub(1)).chain(['…']).collect()
}
