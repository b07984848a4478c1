//! Files for others: whole under their name, or not there at all.

use std::fs::File;
use std::io::{BufWriter, Read};
use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// Bytes of a schema or a base file.
pub(crate) const SMALL_FILE_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// Bytes of a file of edits, which is held as a whole.
pub(crate) const EDITS_FILE_BYTES_MAX: u64 = 1024 * 1024 * 1024;

/// Reads a file as a whole, if it is not longer than `bytes_max`.
pub(crate) fn read_file(path: &Path, bytes_max: u64) -> Result<Vec<u8>, Failure> {
    let failed = |error| Failure::file(path, &error);
    let file = File::open(path).map_err(failed)?;
    let length = file.metadata().map_err(failed)?.len();
    let too_long = || Failure::data(format_args!("{}: longer than {bytes_max} bytes, the limit here", path.display()));
    if length > bytes_max {
        return Err(too_long());
    }
    let mut bytes = Vec::with_capacity(length as usize);
    file.take(bytes_max + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > bytes_max { Err(too_long()) } else { Ok(bytes) }
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
        if path.is_dir() {
            return Err(Failure::asked(format_args!("{} is a directory: name a file", path.display())));
        }
        let file = File::create(&pending.temporary).map_err(|error| Failure::file(path, &error))?;
        let mut out = BufWriter::with_capacity(1 << 18, file);
        write(&mut out).map_err(|failure| failure.in_file(path))?;
        let file = out.into_inner().map_err(|error| Failure::file(path, error.error()))?;
        file.sync_all().map_err(|error| Failure::file(path, &error))?;
        Ok(pending)
    }

    /// Gives the file its name, durably.
    pub(crate) fn publish(self) -> Result<(), Failure> {
        let failed = |error| Failure::file(&self.path, &error);
        std::fs::rename(&self.temporary, &self.path).map_err(failed)?;
        let parent = self.path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if cfg!(unix) { File::open(parent).and_then(|parent| parent.sync_all()).map_err(failed) } else { Ok(()) }
    }
}

impl Drop for PendingFile {
    /// What was not published goes; after publishing there is nothing to remove.
    fn drop(&mut self) {
        drop(std::fs::remove_file(&self.temporary));
    }
}
