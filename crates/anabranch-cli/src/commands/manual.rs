//! What the shell needs: completions and a manual page.

use clap::CommandFactory;

use crate::args::Arguments;
use crate::failure::Failure;
use crate::output::Output;

pub(crate) fn completions(shell: clap_complete::Shell, out: &mut Output) -> Result<(), Failure> {
    clap_complete::generate(shell, &mut Arguments::command(), "anabranch", out.stream());
    Ok(())
}

pub(crate) fn page(out: &mut Output) -> Result<(), Failure> {
    Ok(clap_mangen::Man::new(Arguments::command()).render(out.stream())?)
}
