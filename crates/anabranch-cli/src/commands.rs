//! The verbs.

use std::path::PathBuf;

use anabranch_store::{Access, FileDisk, StoreDir};

use crate::args::{Arguments, Verb};
use crate::failure::Failure;
use crate::output::Output;
use crate::workspace::Workspace;

mod capture;
mod checkout;
mod commit;
mod compact;
mod decisions;
mod deliver;
mod demo;
mod inspect;
mod manual;
mod merge;
mod replicas;
mod resolve;
mod schema;
mod verify;
mod write_back;

/// The store directory where none is named.
const DEFAULT_STORE: &str = "anabranch-store";

/// Runs the verb that was asked for.
pub(crate) fn run(arguments: Arguments) -> Result<(), Failure> {
    let Arguments { store, json, verb } = arguments;
    let from_environment = || std::env::var_os("ANABRANCH_STORE").filter(|dir| !dir.is_empty()).map(PathBuf::from);
    let store = store.or_else(from_environment).unwrap_or_else(|| PathBuf::from(DEFAULT_STORE));
    let mut output = Output::new(json);
    if writes(&verb) {
        output.outlive_reader();
    }
    let out = &mut output;
    let read = || Workspace::open(&store, Access::Read);
    // What a verb loaded or changed is kept once it is done; whoever only reads keeps nothing.
    let writing = |verb: &mut dyn FnMut(&mut Workspace) -> Result<(), Failure>| {
        let mut workspace = Workspace::open(&store, Access::Write)?;
        verb(&mut workspace)?;
        workspace.keep_caches();
        Ok::<(), Failure>(())
    };
    match verb {
        Verb::Init { dir } => init(&dir.unwrap_or(store), out)?,
        Verb::Capture(arguments) if arguments.dry_run => capture::run(&arguments, &mut read()?, out)?,
        Verb::Capture(arguments) => writing(&mut |workspace| capture::run(&arguments, workspace, out))?,
        Verb::Replicas => replicas::run(&mut read()?, out)?,
        Verb::WriteBack(arguments) => writing(&mut |workspace| write_back::run(&arguments, workspace, out))?,
        Verb::Stores => inspect::stores(&mut read()?, out)?,
        Verb::Records { name, at } => inspect::records(&mut read()?, &name, at.as_deref(), out)?,
        Verb::Get { name, key, at } => inspect::get(&mut read()?, &name, &key, at.as_deref(), out)?,
        Verb::Heads { name } => inspect::heads(&mut read()?, name.as_deref(), out)?,
        Verb::Log { name } => inspect::log(&mut read()?, name.as_deref(), out)?,
        Verb::Status => inspect::status(&mut read()?, out)?,
        Verb::Conflicts { name } => decisions::conflicts(&mut read()?, name.as_deref(), out)?,
        Verb::Explain { name, key, field } => decisions::explain(&mut read()?, &name, &key, field.as_deref(), out)?,
        Verb::History { name, key } => decisions::history(&mut read()?, &name, &key, out)?,
        Verb::Checkout { name, out: file, at, format } => {
            checkout::run(&mut read()?, &name, &file, at.as_deref(), format, out)?
        }
        Verb::Commit(arguments) if arguments.dry_run => commit::run(&arguments, &mut read()?, out)?,
        Verb::Commit(arguments) => writing(&mut |workspace| commit::run(&arguments, workspace, out))?,
        Verb::Resolve(arguments) => writing(&mut |workspace| resolve::run(&arguments, workspace, out))?,
        Verb::Schema { name, set: None } => schema::show(&mut read()?, name.as_deref(), out)?,
        Verb::Schema { name, set: Some(file) } => {
            writing(&mut |workspace| schema::set(workspace, name.as_deref(), &file, out))?
        }
        Verb::Compact { dry_run: true } => compact::plan(&mut read()?, out)?,
        Verb::Compact { dry_run: false } => writing(&mut |workspace| compact::run(workspace, out))?,
        Verb::Verify => verify::run(&store, out)?,
        Verb::Merge { dir, rename } => writing(&mut |workspace| merge::run(workspace, &dir, &rename, out))?,
        Verb::Completions { shell } => manual::completions(shell, out)?,
        Verb::Man { verb } => manual::page(verb.as_deref(), out)?,
        Verb::Deliver(arguments) => deliver::run(&arguments, &mut read()?, out)?,
        Verb::Demo { dir } => demo::run(&dir, out)?,
    }
    output.flush()
}

/// Whether the verb is there for what it does rather than for what it prints.
fn writes(verb: &Verb) -> bool {
    matches!(
        verb,
        Verb::Init { .. }
            | Verb::Capture(_)
            | Verb::WriteBack(_)
            | Verb::Checkout { .. }
            | Verb::Commit(_)
            | Verb::Resolve(_)
            | Verb::Schema { set: Some(_), .. }
            | Verb::Merge { .. }
            | Verb::Compact { dry_run: false }
            | Verb::Deliver(_)
            | Verb::Demo { .. }
    )
}

fn init(dir: &std::path::Path, out: &mut Output) -> Result<(), Failure> {
    StoreDir::init(&mut FileDisk::new(dir))?;
    out.say(format_args!("made the store directory {}", dir.display()))?;
    out.say("next: anabranch capture EXPORT.json --replica NAME")
}
