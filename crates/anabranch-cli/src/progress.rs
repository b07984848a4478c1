//! Progress of long work, on stderr and only where a person looks at it.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A progress bar over a file's bytes, with the number of records.
pub(crate) struct Progress(ProgressBar);

impl Progress {
    pub(crate) fn over(bytes: u64, what: &str) -> Self {
        let target =
            if std::io::stderr().is_terminal() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(bytes), target);
        let style = ProgressStyle::with_template("{prefix} {bytes}/{total_bytes} ({bytes_per_sec}) {msg}");
        bar.set_style(style.expect("the template is a constant that parses"));
        bar.set_prefix(what.to_owned());
        Self(bar)
    }

    pub(crate) fn at(&self, bytes: u64, records: usize) {
        self.0.set_position(bytes);
        self.0.set_message(format!("{records} records"));
    }

    /// So many bytes are done.
    pub(crate) fn to(&self, bytes: u64) {
        self.0.set_position(bytes);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
