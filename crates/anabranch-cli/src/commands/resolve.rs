//! `resolve`: what follows all concurrent values, so that a conflict is over.

use anabranch_core::commit::ResolveError;
use anabranch_core::{Author, Resolution};
use anabranch_store::Note;

use crate::args;
use crate::failure::Failure;
use crate::keys::{parse_field, parse_key, parse_value};
use crate::lines::{self, ReceiptOf};
use crate::output::Output;
use crate::workspace::{Workspace, now_ms};

/// The name under which resolutions from the command line are listed.
const AUTHOR: &str = "resolve";

pub(crate) fn run(arguments: &args::Resolve, workspace: &mut Workspace, out: &mut Output) -> Result<(), Failure> {
    let name = workspace.store(&arguments.name)?;
    let key = parse_key(&arguments.key)?;
    let resolution = match (&arguments.field, &arguments.value) {
        (Some(field), Some(value)) => Resolution::Field(parse_field(field)?, parse_value(value)?),
        _ if arguments.keep => Resolution::Keep,
        _ => Resolution::Delete,
    };
    let label = workspace.label(&name);
    let document = workspace.document(&name)?;
    let base = document.heads();
    let commit = document.resolve(&key, &resolution, &Author::person(AUTHOR)).map_err(|error| match error {
        ResolveError::Commit(error) => Failure::bug(error),
        error => Failure::asked(error),
    })?;
    if out.is_json() {
        let of = ReceiptOf { run: None, replica: Some(AUTHOR), store: &label, base: &base, heads: &commit.heads };
        out.line(&lines::receipt(&of, &commit.receipt))?;
    }
    out.say(format_args!("resolved: {label} is at {}", commit.heads))?;
    out.flush()?;
    let note = Note { time_ms: Some(now_ms()), source: AUTHOR.into() };
    let mut transaction = workspace.dir.transaction();
    transaction.changes(&name, &note, commit.changes.iter().map(|change| change.bytes.to_vec()));
    Ok(transaction.commit()?)
}
