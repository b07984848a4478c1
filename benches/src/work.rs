//! The works: what is asked of every engine.

use clap::ValueEnum;

/// A question that a bench answers; its name is the question.
///
/// *Cold* is a document that was just opened and asked nothing; *warm* one that has read a record, committed and merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum Work {
    /// 100 changes of 100 updates each arrive at a warm replica that has written some itself. Bytes: those that arrive.
    #[value(name = "merge_10k_field_updates_into_100k_records")]
    MergeInto100k,
    /// 100,000 records become a document, and bytes to send or to keep. Bytes: those.
    #[value(name = "import_100k_records")]
    Import,
    /// 100,000 records, one in a hundred with a changed field, are diffed against the cold document and committed.
    /// Bytes: those of the commit.
    #[value(name = "capture_100k_records_1_percent_changed")]
    Capture,
    /// Kept bytes become a document of which the first record was read. Bytes: those kept to open it from, its history with
    /// it.
    #[value(name = "open_100k_records")]
    Open,
    /// Every record of a document that was read before is read out as JSON. Bytes: the JSON.
    #[value(name = "read_100k_records")]
    Read,
    /// One field of a warm document is set and committed, with the bytes to send: the mean of a hundred.
    /// Bytes: those of one.
    #[value(name = "commit_one_field")]
    CommitOneField,
    /// One change of one field arrives at a warm replica: the mean of a hundred. Bytes: those of one.
    #[value(name = "apply_one_remote_change")]
    ApplyOne,
    /// One change of 100 updates arrives at a warm replica: the mean of ten. Bytes: those of one.
    #[value(name = "apply_100_updates")]
    Apply100,
    /// Which records did those 100 updates touch, asked after each of the ten? Bytes: the keys of one.
    #[value(name = "list_records_touched_by_100_updates")]
    ListTouched,
    /// As the first, into a cold document that has only committed.
    #[value(name = "merge_10k_field_updates_into_100k_records_cold")]
    MergeCold,
    /// As the first, into 10,000 records.
    #[value(name = "merge_10k_field_updates_into_10k_records")]
    MergeInto10k,
    /// As the first, into 1,000,000 records.
    #[value(name = "merge_10k_field_updates_into_1m_records")]
    MergeInto1M,
    /// Kept bytes become a document of which every record was read out as JSON. Bytes: the JSON.
    #[value(name = "open_100k_records_and_read_all")]
    OpenAndRead,
    /// The document after an import becomes the fewest bytes that the engine makes of its whole history. Bytes: those.
    #[value(name = "seal_100k_records")]
    Seal,
    /// The same after a merge.
    #[value(name = "store_100k_records_and_10k_updates")]
    Store,
    /// What a process that opened the document from a file and read one record is larger by. Bytes: those.
    #[value(name = "resident_100k_records_opened")]
    ResidentOpened,
    /// The same after every record was read. Bytes: those.
    #[value(name = "resident_100k_records_read")]
    ResidentRead,
}

impl Work {
    /// The name on the command line and in tables.
    pub(crate) fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    /// How many rounds there are where so many are asked for: what takes microseconds is disturbed by anything. Where one is, it
    /// is one: whoever counts instructions counts one of each.
    pub(crate) fn rounds(self, runs: usize) -> usize {
        match self {
            Work::CommitOneField | Work::ApplyOne | Work::Apply100 | Work::ListTouched if runs > 1 => 5 * runs,
            _ => runs,
        }
    }

    /// How many records the document has.
    pub(crate) fn record_count(self) -> usize {
        match self {
            Work::MergeInto10k => 10_000,
            Work::MergeInto1M => 1_000_000,
            _ => 100_000,
        }
    }
}
