//! What the shell needs: completions and a manual page.

use clap::CommandFactory;

use crate::args::Arguments;
use crate::failure::Failure;
use crate::output::Output;

pub(crate) fn completions(shell: clap_complete::Shell, out: &mut Output) -> Result<(), Failure> {
    clap_complete::generate(shell, &mut Arguments::command(), "anabranch", out.stream());
    Ok(())
}

/// The page of the command, or that of one of its verbs.
pub(crate) fn page(verb: Option<&str>, out: &mut Output) -> Result<(), Failure> {
    let mut command = Arguments::command();
    command.build();
    let page = match verb {
        None => command,
        Some(name) => {
            let verb = command.find_subcommand(name).cloned();
            verb.ok_or_else(|| Failure::asked(format_args!("there is no verb {name}: see anabranch --help")))?
        }
    };
    Ok(clap_mangen::Man::new(page).render(out.stream())?)
}
