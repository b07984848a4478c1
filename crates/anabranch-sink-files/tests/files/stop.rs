//! Destinations that stop after a number of writes, as a kill would.

use std::cell::Cell;
use std::io;
use std::rc::Rc;

use anabranch_sink_files::{Destination, Revision};

/// Where in a write it stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// A part of the file is there; of what has no parts, nothing.
    Half,
    /// It was written, and nobody heard of it.
    After,
}

/// Writes that are left; `None` if it does not stop.
pub(crate) type Left = Rc<Cell<Option<usize>>>;

pub(crate) struct Stopping<D> {
    pub(crate) inner: D,
    pub(crate) stop: Stop,
    pub(crate) left: Left,
}

impl<D: Destination> Stopping<D> {
    /// Whether this write is the one at which it stops; an error if it has stopped.
    fn stops_here(&self) -> io::Result<bool> {
        match self.left.get() {
            None => Ok(false),
            Some(usize::MAX) => Err(stopped()),
            Some(0) => {
                self.left.set(Some(usize::MAX));
                Ok(true)
            }
            Some(left) => {
                self.left.set(Some(left - 1));
                Ok(false)
            }
        }
    }
}

fn stopped() -> io::Error {
    io::Error::other("it was stopped")
}

impl<D: Destination> Destination for Stopping<D> {
    fn name(&self) -> String {
        self.inner.name()
    }

    fn read(&self, path: &str) -> io::Result<Option<(Vec<u8>, Revision)>> {
        self.inner.read(path)
    }

    fn write(&mut self, path: &str, bytes: &[u8]) -> io::Result<()> {
        if !self.stops_here()? {
            return self.inner.write(path, bytes);
        }
        match self.stop {
            Stop::Half => self.inner.write(path, &bytes[..bytes.len() / 2])?,
            Stop::After => self.inner.write(path, bytes)?,
        }
        Err(stopped())
    }

    fn replace(&mut self, path: &str, bytes: &[u8], was: Option<&Revision>) -> io::Result<Revision> {
        if !self.stops_here()? {
            return self.inner.replace(path, bytes, was);
        }
        // A replacement is one step: there is no half of it.
        if self.stop == Stop::After {
            self.inner.replace(path, bytes, was)?;
        }
        Err(stopped())
    }

    fn list(&self, directory: &str) -> io::Result<Vec<String>> {
        self.inner.list(directory)
    }

    fn remove(&mut self, path: &str) -> io::Result<()> {
        if !self.stops_here()? {
            return self.inner.remove(path);
        }
        if self.stop == Stop::After {
            self.inner.remove(path)?;
        }
        Err(stopped())
    }
}
