//! A disk in memory that fails at a chosen operation, half done, and forgets what was not synced.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::rc::Rc;

use crate::disk::{Access, Disk};

#[derive(Clone, Default, Debug)]
struct Files {
    files: BTreeMap<String, Vec<u8>>,
    directories: BTreeSet<String>,
    operations: usize,
    fail_at: Option<usize>,
}

/// A disk in memory; clones share their files.
#[derive(Clone, Default, Debug)]
pub struct MemoryDisk(Rc<RefCell<Files>>);

impl MemoryDisk {
    /// Lets the `n`-th writing operation from now fail, half done, and all after it.
    pub fn fail_at(&self, n: usize) {
        let mut files = self.0.borrow_mut();
        files.fail_at = Some(files.operations + n);
    }

    /// Lets everything succeed again: the machine was started anew.
    pub fn heal(&self) {
        self.0.borrow_mut().fail_at = None;
    }

    /// A copy with files of its own.
    pub fn copy(&self) -> Self {
        Self(Rc::new(RefCell::new(self.0.borrow().clone())))
    }

    /// The names of all files.
    pub fn files(&self) -> Vec<String> {
        self.0.borrow().files.keys().cloned().collect()
    }

    /// Changes a file behind everybody's back.
    pub fn tamper(&self, path: &str, change: impl FnOnce(&mut Vec<u8>)) {
        if let Some(bytes) = self.0.borrow_mut().files.get_mut(path) {
            change(bytes);
        }
    }

    /// Takes a file away behind everybody's back.
    pub fn lose(&self, path: &str) {
        self.0.borrow_mut().files.remove(path);
    }

    /// Whether the operation that begins now fails.
    fn fails(&self) -> bool {
        let mut files = self.0.borrow_mut();
        files.operations += 1;
        files.fail_at.is_some_and(|at| files.operations >= at)
    }

    fn put(&self, path: &str, bytes: Vec<u8>) {
        self.0.borrow_mut().files.insert(path.into(), bytes);
    }
}

fn failure() -> io::Error {
    io::Error::from(io::ErrorKind::StorageFull)
}

fn missing() -> io::Error {
    io::Error::from(io::ErrorKind::NotFound)
}

impl Disk for MemoryDisk {
    fn name(&self) -> String {
        "memory".into()
    }

    fn create_dir(&mut self, path: &str) -> io::Result<()> {
        if self.fails() {
            return Err(failure());
        }
        self.0.borrow_mut().directories.insert(path.into());
        Ok(())
    }

    fn list(&self, path: &str) -> io::Result<Vec<String>> {
        let prefix = if path.is_empty() { String::new() } else { format!("{path}/") };
        let files = self.0.borrow();
        let names: BTreeSet<String> =
            files.files.keys().filter_map(|name| name.strip_prefix(&prefix)?.split('/').next().map(str::to_owned)).collect();
        Ok(names.into_iter().collect())
    }

    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        self.0.borrow().files.get(path).cloned().ok_or_else(missing)
    }

    fn write(&mut self, path: &str, bytes: &[u8]) -> io::Result<()> {
        if self.fails() {
            self.put(path, bytes.get(..bytes.len() / 2).unwrap_or_default().to_vec());
            return Err(failure());
        }
        self.put(path, bytes.to_vec());
        Ok(())
    }

    fn append(&mut self, path: &str, bytes: &[u8]) -> io::Result<()> {
        let mut have = self.read(path).unwrap_or_default();
        let fails = self.fails();
        let kept = if fails { bytes.len() / 2 } else { bytes.len() };
        have.extend(bytes.get(..kept).unwrap_or_default());
        self.put(path, have);
        if fails { Err(failure()) } else { Ok(()) }
    }

    fn truncate(&mut self, path: &str, length: u64) -> io::Result<()> {
        if self.fails() {
            return Err(failure());
        }
        let mut have = self.read(path)?;
        have.resize(length as usize, 0);
        self.put(path, have);
        Ok(())
    }

    fn sync(&mut self, path: &str) -> io::Result<()> {
        if self.fails() {
            return Err(failure());
        }
        self.read(path).map(|_| ())
    }

    fn sync_dir(&mut self, _path: &str) -> io::Result<()> {
        if self.fails() { Err(failure()) } else { Ok(()) }
    }

    fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        if self.fails() {
            return Err(failure());
        }
        let bytes = self.0.borrow_mut().files.remove(from).ok_or_else(missing)?;
        self.put(to, bytes);
        Ok(())
    }

    fn remove(&mut self, path: &str) -> io::Result<()> {
        if self.fails() {
            return Err(failure());
        }
        self.0.borrow_mut().files.remove(path).map(|_| ()).ok_or_else(missing)
    }

    fn lock(&mut self, _path: &str, _access: Access) -> io::Result<()> {
        Ok(())
    }
}
