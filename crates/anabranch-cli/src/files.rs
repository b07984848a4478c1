//! Files for others: whole under their name, or not there at all.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// Writes a file that appears only once it is complete and durable.
pub(crate) fn replace_file(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let pending = PendingFile::write(path, write)?;
    pending.publish()
}

/// A complete file that does not have its name yet.
pub(crate) struct PendingFile {
    temporary: PathBuf,
    path: PathBuf,
}

impl PendingFile {
    pub(crate) fn write(
        path: &Path,
        write: impl FnOnce(&mut BufWriter<File>) -> Result<(), Failure>,
    ) -> Result<Self, Failure> {
        let mut name = path
            .file_name()
            .ok_or_else(|| Failure::asked(format_args!("{} is no file name", path.display())))?
            .to_owned();
        name.push(format!(".{}.tmp", std::process::id()));
        let pending = Self { temporary: path.with_file_name(name), path: path.to_owned() };
        let file = File::create(&pending.temporary).map_err(|error| Failure::file(path, &error))?;
        let mut out = BufWriter::with_capacity(1 << 18, file);
        write(&mut out)?;
        let file = out.into_inner().map_err(|error| Failure::file(path, error.error()))?;
        file.sync_all().map_err(|error| Failure::file(path, &error))?;
        Ok(pending)
    }

    /// Gives the file its name.
    pub(crate) fn publish(self) -> Result<(), Failure> {
        std::fs::rename(&self.temporary, &self.path).map_err(|error| Failure::file(&self.path, &error))
    }
}

impl Drop for PendingFile {
    /// What was not published goes; after publishing there is nothing to remove.
    fn drop(&mut self) {
        drop(std::fs::remove_file(&self.temporary));
    }
}
