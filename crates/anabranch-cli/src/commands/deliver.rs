//! `deliver`: what a destination lacks, from its own checkpoint.

use std::collections::BTreeMap;

use anabranch_core::Document;
use anabranch_sink::columns::Contract;
use anabranch_sink::{DeliverError, Delivered, TableName, deliver};
use anabranch_sink_files::{FileSink, Format, Mode, Options, SinkError, open_url, without_secrets};
use anabranch_store::StoreName;

use crate::args::{self, DeliverMode, FileFormat};
use crate::failure::{Class, Failure};
use crate::lines::Line;
use crate::output::Output;
use crate::workspace::Workspace;

pub(crate) fn run(arguments: &args::Deliver, workspace: &mut Workspace, out: &mut Output) -> Result<(), Failure> {
    let names = match arguments.only.as_slice() {
        [] => workspace.stores(None)?,
        only => only.iter().map(|name| workspace.store(name)).collect::<Result<_, _>>()?,
    };
    let options = options(arguments, workspace)?;
    for name in &names {
        workspace.document(name)?;
    }
    let tables: Vec<(TableName, &Document)> =
        names.iter().filter_map(|name| Some((table_name(name), workspace.loaded(name)?))).collect();
    let shown = without_secrets(&arguments.to);
    let destination = open_url(&arguments.to);
    let destination = destination.map_err(|error| Failure::asked(format_args!("--to {shown}: {error}")))?;
    let mut sink = FileSink::new(destination, options);
    let delivered = deliver(&mut sink, &tables).map_err(failed)?;
    print(&shown, &delivered, out)
}

pub(super) fn format(format: FileFormat) -> Format {
    match format {
        FileFormat::Jsonl => Format::Jsonl,
        FileFormat::Csv => Format::Csv,
        FileFormat::Parquet => Format::Parquet,
    }
}

fn table_name(name: &StoreName) -> TableName {
    TableName { database: name.database.clone(), store: name.store.clone() }
}

fn options(arguments: &args::Deliver, workspace: &Workspace) -> Result<Options, Failure> {
    let mode = arguments.mode.map(|mode| match mode {
        DeliverMode::Current => Mode::Current,
        DeliverMode::Changes => Mode::Changes,
    });
    let (mut contract, mut contracts) = (None, BTreeMap::new());
    for text in &arguments.contract {
        let (store, name) = text.rsplit_once('=').map_or((None, text.as_str()), |(store, name)| (Some(store), name));
        let found = Contract::ALL.iter().find(|(have, _)| *have == name).map(|(_, contract)| *contract);
        let names = Contract::ALL.map(|(name, _)| name).join(", ");
        let found = found.ok_or_else(|| {
            Failure::asked(format_args!("--contract {text}: there are {names}, or STORE=one of them"))
        })?;
        match store {
            Some(store) => drop(contracts.insert(table_name(&workspace.store(store)?), found)),
            None => contract = Some(found),
        }
    }
    Ok(Options { format: arguments.format.map(format), mode, contract, contracts })
}

fn failed(error: DeliverError<SinkError>) -> Failure {
    let class = match &error {
        DeliverError::ForeignCheckpoint { .. } => Class::Asked,
        DeliverError::Sink(error) => match error {
            SinkError::OtherFormat { .. } => Class::Asked,
            SinkError::Manifest { .. } | SinkError::Version { .. } | SinkError::Contract { .. } => Class::Data,
            SinkError::Read { .. } | SinkError::Write { .. } | SinkError::Fenced { .. } => Class::Environment,
            SinkError::Table { .. } => Class::Bug,
        },
    };
    Failure::new(class, error)
}

fn print(destination: &str, delivered: &[Delivered], out: &mut Output) -> Result<(), Failure> {
    let mut rows = Vec::new();
    for table in delivered {
        let receipt = &table.receipt;
        if out.is_json() {
            let files: Vec<String> = receipt.files.iter().map(|file| format!("{file:?}")).collect();
            let line = Line::new().text("database", &table.table.database).text("store", &table.table.store);
            let line = line.heads("from", &table.from).heads("to", &table.to).number("rows", receipt.rows);
            let line = line.number("conflicts", receipt.conflicts).number("dead_letters", receipt.dead_letters);
            out.line(&line.raw("files", format!("[{}]", files.join(",")).as_bytes()).end())?;
        } else {
            let counts = [receipt.rows, receipt.conflicts, receipt.dead_letters].map(|count| count.to_string());
            rows.push(std::iter::once(table.table.to_string()).chain(counts).collect());
        }
    }
    match (out.is_json(), rows.is_empty()) {
        (true, _) => Ok(()),
        (false, true) => out.say(format_args!("nothing new for {destination}")),
        (false, false) => {
            out.table(&["table", "rows", "conflicts", "dead letters"], &rows)?;
            out.say(format_args!("delivered to {destination}; its _anabranch.json says which files are current"))
        }
    }
}
