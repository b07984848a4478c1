//! The arguments of the command.

use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Parser, Subcommand, ValueEnum};

mod examples;

/// Merges what people change offline in IndexedDB with what pipelines correct, and delivers it.
///
/// Every object store is a replicated document: exports of an unmodified application's database are captured, replicas
/// merge by themselves, and every automatic decision can be looked up.
#[derive(Parser, Debug)]
#[command(name = "anabranch", version, max_term_width = 100, after_help = examples::ALL)]
pub(crate) struct Arguments {
    /// The store directory; where it is not named, $ANABRANCH_STORE, then ./anabranch-store.
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) store: Option<PathBuf>,
    /// Print NDJSON on stdout, one object a line.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

#[derive(Subcommand, Debug)]
pub(crate) enum Verb {
    /// Makes a store directory.
    #[command(after_help = examples::INIT)]
    Init {
        /// Where; the store directory if absent.
        dir: Option<PathBuf>,
    },
    /// Takes an export as the present contents of a replica's database.
    #[command(after_help = examples::CAPTURE)]
    Capture(Capture),
    /// Lists the replicas, their baselines, when last captured, and how far behind they are.
    #[command(after_help = examples::REPLICAS)]
    Replicas,
    /// Writes the merged contents as a file that a replica's application can import.
    #[command(after_help = examples::WRITE_BACK)]
    WriteBack(WriteBack),
    /// Lists the stores.
    #[command(after_help = examples::STORES)]
    Stores,
    /// Prints the records of a store, in key order.
    #[command(after_help = examples::RECORDS)]
    Records {
        /// The store.
        #[arg(value_name = "STORE")]
        name: String,
        /// The heads to read at.
        #[arg(long, value_name = "HEADS")]
        at: Option<String>,
    },
    /// Prints one record.
    #[command(after_help = examples::GET)]
    Get {
        /// The store.
        #[arg(value_name = "STORE")]
        name: String,
        /// The key, as typed JSON; a bare word is a string.
        #[arg(allow_hyphen_values = true)]
        key: String,
        /// The heads to read at.
        #[arg(long, value_name = "HEADS")]
        at: Option<String>,
    },
    /// Lists every conflict.
    #[command(after_help = examples::CONFLICTS)]
    Conflicts {
        /// The store; all stores if absent.
        #[arg(value_name = "STORE")]
        name: Option<String>,
    },
    /// Says why a value shows.
    #[command(after_help = examples::EXPLAIN)]
    Explain {
        /// The store.
        #[arg(value_name = "STORE")]
        name: String,
        /// The key.
        #[arg(allow_hyphen_values = true)]
        key: String,
        /// The field, dotted; '' is the value as a whole.
        field: Option<String>,
    },
    /// Lists every write of a record.
    #[command(after_help = examples::HISTORY)]
    History {
        /// The store.
        #[arg(value_name = "STORE")]
        name: String,
        /// The key.
        #[arg(allow_hyphen_values = true)]
        key: String,
    },
    /// Writes a job's copy of a store, with its base beside it.
    #[command(after_help = examples::CHECKOUT)]
    Checkout {
        /// The store.
        #[arg(value_name = "STORE")]
        name: String,
        /// The file to write.
        out: PathBuf,
        /// The heads to read at.
        #[arg(long, value_name = "HEADS")]
        at: Option<String>,
        /// The format.
        #[arg(long, value_enum, default_value = "jsonl")]
        format: FileFormat,
    },
    /// Merges a job's edits at the base that it read.
    #[command(after_help = examples::COMMIT)]
    Commit(Commit),
    /// Ends a conflict: sets a field, keeps the record, or deletes it.
    #[command(after_help = examples::RESOLVE)]
    Resolve(Resolve),
    /// Shows or sets what a store knows of itself.
    #[command(after_help = examples::SCHEMA)]
    Schema {
        /// The store; all stores if absent.
        #[arg(value_name = "STORE")]
        name: Option<String>,
        /// A file with the schema to set.
        #[arg(long, value_name = "FILE")]
        set: Option<PathBuf>,
    },
    /// Delivers what a destination lacks, from its own checkpoint.
    #[command(after_help = examples::DELIVER)]
    Deliver(Deliver),
    /// Prints the heads.
    #[command(after_help = examples::HEADS)]
    Heads {
        /// The store; all stores if absent.
        #[arg(value_name = "STORE")]
        name: Option<String>,
    },
    /// Lists the changes.
    #[command(after_help = examples::LOG)]
    Log {
        /// The store; all stores if absent.
        #[arg(value_name = "STORE")]
        name: Option<String>,
    },
    /// Checks every checksum and law that can be checked at rest.
    #[command(after_help = examples::VERIFY)]
    Verify,
    /// Compresses the log of the store directory; what it holds stays the same.
    #[command(after_help = examples::COMPACT)]
    Compact {
        /// Print what would be compressed and change nothing.
        #[arg(long)]
        dry_run: bool,
    },
    /// Sums up the store directory.
    #[command(after_help = examples::STATUS)]
    Status,
    /// Merges another store directory into this one.
    #[command(after_help = examples::MERGE)]
    Merge {
        /// The other store directory.
        dir: PathBuf,
        /// Takes the other's replica OLD under the name NEW.
        #[arg(long, value_name = "OLD=NEW")]
        rename: Vec<String>,
    },
    /// Shows all of it on two devices' exports and a pipeline's corrections.
    #[command(after_help = examples::DEMO)]
    Demo {
        /// Where.
        #[arg(default_value = "anabranch-demo")]
        dir: PathBuf,
    },
    /// Prints completions for a shell.
    #[command(after_help = examples::COMPLETIONS)]
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Prints the manual page of the command, or of one verb.
    #[command(after_help = examples::MAN)]
    Man {
        /// The verb.
        verb: Option<String>,
    },
}

#[derive(Args, Debug)]
pub(crate) struct Capture {
    /// The export: dexie-export-import, Playwright storageState, or indexeddb-export-import.
    pub(crate) file: PathBuf,
    /// The replica's name.
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) replica: String,
    /// Schemas and policies: {"stores":{S:{"key_path":…,"auto_increment":…,"indexes":[…],"deletes":…,"fields":{…}}}}.
    #[arg(long, value_name = "FILE")]
    pub(crate) schema: Option<PathBuf>,
    /// Take only these stores; the others are unknown, not deleted.
    #[arg(long, value_delimiter = ',', value_name = "STORE,…")]
    pub(crate) only: Vec<String>,
    /// The replica lost its data: keep every record and begin its baseline anew.
    #[arg(long)]
    pub(crate) lost_replica: bool,
    /// Believe a capture that deletes more than half of a store.
    #[arg(long)]
    pub(crate) allow_mass_delete: bool,
    /// Whether the replica took what was last written back, where the file does not tell.
    #[arg(long, value_enum)]
    pub(crate) offer: Option<OfferAnswer>,
    /// Print the receipts and change nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OfferAnswer {
    /// It took the last offer.
    Taken,
    /// It took none.
    NotTaken,
}

#[derive(Args, Debug)]
pub(crate) struct WriteBack {
    /// The file to write.
    pub(crate) file: PathBuf,
    /// The replica that will import it.
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) replica: String,
    /// The format.
    #[arg(long, value_enum, default_value = "dexie")]
    pub(crate) format: ExportFormat,
    /// The database, where a new replica leaves a choice.
    #[arg(long)]
    pub(crate) database: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    /// dexie-export-import, format 1.
    Dexie,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FileFormat {
    /// One JSON object a line.
    Jsonl,
    /// Comma-separated values for machines.
    Csv,
    /// Apache Parquet.
    Parquet,
}

#[derive(Args, Debug)]
pub(crate) struct Commit {
    /// The store.
    #[arg(value_name = "STORE")]
    pub(crate) name: String,
    /// The edits, one JSON object a line.
    pub(crate) edits: PathBuf,
    /// The heads that the job read, or the file that `checkout` wrote beside its copy.
    #[arg(long, value_name = "HEADS|FILE")]
    pub(crate) base: String,
    /// The run's id; the same run is committed once.
    #[arg(long, value_name = "ID", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) run: Option<String>,
    /// The label by which the pipeline knows its own writes.
    #[arg(long, default_value = "pipeline", value_name = "LABEL", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) origin: String,
    /// Print the receipt and change nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Commit the other rows where some are refused.
    #[arg(long)]
    pub(crate) partial: bool,
    /// Commit nothing and exit with 4 if more rows than this meet conflicts.
    #[arg(long, value_name = "N")]
    pub(crate) max_conflicts: Option<usize>,
}

#[derive(Args, Debug)]
pub(crate) struct Resolve {
    /// The store.
    #[arg(value_name = "STORE")]
    pub(crate) name: String,
    /// The key.
    #[arg(allow_hyphen_values = true)]
    pub(crate) key: String,
    /// The field, dotted; '' is the value as a whole.
    #[arg(required_unless_present_any = ["keep", "delete"], requires = "value")]
    pub(crate) field: Option<String>,
    /// Its value, as typed JSON.
    #[arg(allow_hyphen_values = true)]
    pub(crate) value: Option<String>,
    /// The record stays as it shows, or comes back.
    #[arg(long, conflicts_with_all = ["delete", "field"])]
    pub(crate) keep: bool,
    /// The record is deleted.
    #[arg(long, conflicts_with = "field")]
    pub(crate) delete: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Deliver {
    /// A path, file:// or another scheme that this build supports.
    #[arg(long, value_name = "URL")]
    pub(crate) to: String,
    /// The format of the files; that of the destination if absent, or parquet if it is new.
    #[arg(long, value_enum)]
    pub(crate) format: Option<FileFormat>,
    /// Current rows, or a feed of changes; as at the destination if absent, or current if it is new.
    #[arg(long, value_enum)]
    pub(crate) mode: Option<DeliverMode>,
    /// What becomes of values for which a table has no column: evolve, freeze, discard_value or discard_row.
    #[arg(long, value_name = "[STORE=]CONTRACT", value_delimiter = ',')]
    pub(crate) contract: Vec<String>,
    /// Deliver only these stores.
    #[arg(long, value_delimiter = ',', value_name = "STORE,…")]
    pub(crate) only: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DeliverMode {
    /// The rows as they are.
    Current,
    /// What changed.
    Changes,
}
