//! A disk in memory that fails at a chosen operation, half done, and forgets what was not synced.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::disk::{Access, Disk, Files};

#[derive(Clone, Default, Debug)]
struct State {
    /// File numbers by name, as a process sees them and as they survive a crash.
    names: BTreeMap<String, usize>,
    durable_names: BTreeMap<String, usize>,
    /// Contents by file number, likewise.
    contents: Vec<Vec<u8>>,
    durable_contents: Vec<Vec<u8>>,
    operations: usize,
    fail_at: Option<usize>,
    /// Whether what comes after the failing operation fails, too.
    for_good: bool,
}

/// A disk in memory; clones share their files.
#[derive(Clone, Default, Debug)]
pub struct MemoryDisk(Arc<Mutex<State>>);

impl MemoryDisk {
    /// Lets the `n`-th writing operation from now fail, half done, and all after it.
    pub fn fail_at(&self, n: usize) {
        let mut state = self.state();
        (state.fail_at, state.for_good) = (Some(state.operations + n), true);
    }

    /// Lets the `n`-th writing operation from now fail, half done, and no other.
    pub fn fail_once_at(&self, n: usize) {
        let mut state = self.state();
        (state.fail_at, state.for_good) = (Some(state.operations + n), false);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets everything succeed again.
    pub fn heal(&self) {
        self.state().fail_at = None;
    }

    /// The power fails: names and contents that were not synced are gone; of what a file grew by, `kept` bytes stay.
    pub fn crash(&self, kept: usize) {
        let mut guard = self.state();
        let state = &mut *guard;
        state.fail_at = None;
        state.names = state.durable_names.clone();
        for number in 0..state.contents.len() {
            let (Some(now), Some(durable)) = (state.contents.get(number), state.durable_contents.get(number)) else {
                continue;
            };
            let grown = now.starts_with(durable).then(|| now.get(..now.len().min(durable.len() + kept)));
            let after = grown.flatten().unwrap_or(durable).to_vec();
            for contents in [&mut state.contents, &mut state.durable_contents] {
                if let Some(slot) = contents.get_mut(number) {
                    slot.clone_from(&after);
                }
            }
        }
    }

    /// A copy with files of its own.
    pub fn copy(&self) -> Self {
        Self(Arc::new(Mutex::new(self.state().clone())))
    }

    /// The names of all files.
    pub fn files(&self) -> Vec<String> {
        self.state().names.keys().cloned().collect()
    }

    /// Changes a file behind everybody's back.
    pub fn tamper(&self, path: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let mut state = self.state();
        let number = state.names.get(path).copied();
        if let Some(bytes) = number.and_then(|number| state.contents.get_mut(number)) {
            change(bytes);
        }
    }

    /// Takes a file away behind everybody's back.
    pub fn lose(&self, path: &str) {
        self.state().names.remove(path);
    }

    /// Counts a writing operation, and fails if this one shall fail.
    fn operation(&self) -> io::Result<()> {
        let mut state = self.state();
        state.operations += 1;
        match state.fail_at {
            Some(at) if state.operations == at || state.operations > at && state.for_good => {
                Err(io::ErrorKind::StorageFull.into())
            }
            _ => Ok(()),
        }
    }
}

impl State {
    fn file(&mut self, path: &str) -> &mut Vec<u8> {
        let next = self.contents.len();
        let number = *self.names.entry(path.to_owned()).or_insert(next);
        if number == next {
            self.contents.push(Vec::new());
            self.durable_contents.push(Vec::new());
        }
        self.contents.get_mut(number).expect("every name has contents")
    }

    fn number(&self, path: &str) -> io::Result<usize> {
        self.names.get(path).copied().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

fn half(bytes: &[u8]) -> &[u8] {
    bytes.get(..bytes.len() / 2).unwrap_or_default()
}

impl Files for MemoryDisk {
    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        Disk::read(self, path)
    }
}

impl Disk for MemoryDisk {
    fn name(&self) -> String {
        "memory".into()
    }

    fn create_dir(&mut self, _path: &str) -> io::Result<()> {
        self.operation()
    }

    fn list(&self, path: &str) -> io::Result<Vec<String>> {
        let prefix = if path.is_empty() { String::new() } else { format!("{path}/") };
        let files = self.files();
        let names = files.iter().filter_map(|name| name.strip_prefix(&prefix)?.split('/').next().map(str::to_owned));
        let mut names: Vec<String> = names.collect();
        names.dedup();
        Ok(names)
    }

    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        let state = self.state();
        let number = state.number(path)?;
        Ok(state.contents.get(number).cloned().unwrap_or_default())
    }

    fn write(&mut self, path: &str, bytes: &[u8]) -> io::Result<()> {
        let done = self.operation();
        let bytes = if done.is_ok() { bytes } else { half(bytes) };
        *self.state().file(path) = bytes.to_vec();
        done
    }

    fn append(&mut self, path: &str, bytes: &[u8]) -> io::Result<()> {
        let done = self.operation();
        let bytes = if done.is_ok() { bytes } else { half(bytes) };
        self.state().file(path).extend(bytes);
        done
    }

    fn truncate(&mut self, path: &str, length: u64) -> io::Result<()> {
        self.operation()?;
        self.state().file(path).resize(length as usize, 0);
        Ok(())
    }

    fn sync(&mut self, path: &str) -> io::Result<()> {
        self.operation()?;
        let mut state = self.state();
        let number = state.number(path)?;
        let now = state.contents.get(number).cloned().unwrap_or_default();
        if let Some(durable) = state.durable_contents.get_mut(number) {
            *durable = now;
        }
        Ok(())
    }

    fn sync_dir(&mut self, path: &str) -> io::Result<()> {
        self.operation()?;
        let prefix = if path.is_empty() { String::new() } else { format!("{path}/") };
        let is_here = |name: &String| name.strip_prefix(&prefix).is_some_and(|rest| !rest.contains('/'));
        let mut state = self.state();
        state.durable_names.retain(|name, _| !is_here(name));
        let here: Vec<_> = state
            .names
            .iter()
            .filter(|(name, _)| is_here(name))
            .map(|(name, number)| (name.clone(), *number))
            .collect();
        state.durable_names.extend(here);
        Ok(())
    }

    fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        self.operation()?;
        let mut state = self.state();
        let number = state.number(from)?;
        state.names.remove(from);
        state.names.insert(to.to_owned(), number);
        Ok(())
    }

    fn remove(&mut self, path: &str) -> io::Result<()> {
        self.operation()?;
        let mut state = self.state();
        state.number(path)?;
        state.names.remove(path);
        Ok(())
    }

    fn files(&self) -> Arc<dyn Files> {
        Arc::new(self.clone())
    }

    fn lock(&mut self, _path: &str, _access: Access) -> io::Result<()> {
        Ok(())
    }
}
