//! The `anabranch` command.

mod args;
mod commands;
mod failure;
mod files;
mod keys;
mod lines;
mod output;
mod progress;
mod workspace;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

use crate::args::Arguments;
use crate::failure::{Class, Failure};

fn main() -> ExitCode {
    survive_file_size_limits();
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are what was asked for; everything else was asked wrongly (clap's own code is 2).
            let code = if error.use_stderr() { Class::Asked.code() } else { 0 };
            drop(error.print());
            return ExitCode::from(code);
        }
    };
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| commands::run(arguments)));
    let outcome = outcome
        .unwrap_or_else(|_| Err(Failure::new(Class::Bug, "this is a bug of anabranch: please report the lines above")));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) if failure.is_closed_pipe() => ExitCode::SUCCESS,
        Err(failure) => {
            warn(&failure);
            ExitCode::from(failure.class().code())
        }
    }
}

/// A limit on the size of files shall be an error of the write that met it, not the end of the process.
fn survive_file_size_limits() {
    #[cfg(unix)]
    drop(signal_hook::flag::register(libc::SIGXFSZ, std::sync::Arc::default()));
}

/// A message on stderr; nobody listening there changes nothing.
fn warn(message: &dyn std::fmt::Display) {
    drop(writeln!(std::io::stderr(), "anabranch: {}", output::visible(&message.to_string())));
}
