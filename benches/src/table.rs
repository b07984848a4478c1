//! What was measured, as JSON lines or as a table of ratios.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::work::Work;

/// What was measured of one engine at one work: the median of its runs.
pub(crate) struct Row {
    pub(crate) engine: &'static str,
    pub(crate) cpu_ms: f64,
    pub(crate) bytes: usize,
    pub(crate) runs: usize,
}

/// Rows by work, in the order of the engines.
#[derive(Default)]
pub(crate) struct Table(BTreeMap<Work, Vec<Row>>);

impl Table {
    /// Adds a row.
    pub(crate) fn add(&mut self, work: Work, row: Row) {
        self.0.entry(work).or_default().push(row);
    }

    /// One JSON object a line, for each work and engine.
    pub(crate) fn json(&self) -> String {
        let mut lines = String::new();
        for (work, Row { engine, cpu_ms, bytes, runs }) in self.rows() {
            let work = work.name();
            // Writing to a String cannot fail.
            let _ = writeln!(
                lines,
                "{{\"work\":\"{work}\",\"engine\":\"{engine}\",\"cpu_ms\":{cpu_ms:.4},\"bytes\":{bytes},\"runs\":{runs}}}"
            );
        }
        lines
    }

    /// For each work the engines' CPU milliseconds, how many times as long as `own` they take, and their bytes.
    pub(crate) fn ratios(&self, own: &str) -> String {
        let mut lines = String::from("CPU milliseconds of one thread, medians; × is how many times as much as ours\n");
        for (work, rows) in &self.0 {
            let ours = rows.iter().find(|row| row.engine == own);
            let _ = writeln!(lines, "{}", work.name());
            for Row { engine, cpu_ms, bytes, .. } in rows {
                let (time, size) = match ours {
                    Some(ours) => (cpu_ms / ours.cpu_ms, *bytes as f64 / ours.bytes as f64),
                    None => (f64::NAN, f64::NAN),
                };
                let _ =
                    writeln!(lines, "  {engine:<10}{cpu_ms:>12.3} ms {time:>9.2} × {bytes:>13} bytes {size:>7.2} ×");
            }
        }
        lines
    }

    fn rows(&self) -> impl Iterator<Item = (Work, &Row)> {
        self.0.iter().flat_map(|(work, rows)| rows.iter().map(|row| (*work, row)))
    }
}
