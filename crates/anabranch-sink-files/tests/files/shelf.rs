//! A destination in memory: what a destination must do, in its fewest lines. Clones are the same one.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::rc::Rc;

use anabranch_sink_files::{Destination, Revision};

#[derive(Clone, Debug, Default)]
pub(crate) struct Shelf(pub(crate) Rc<RefCell<BTreeMap<String, Vec<u8>>>>);

fn revision(bytes: &[u8]) -> Revision {
    Revision(String::from_utf8_lossy(bytes).into_owned())
}

impl Destination for Shelf {
    fn name(&self) -> String {
        "the shelf".into()
    }

    fn read(&self, path: &str) -> io::Result<Option<(Vec<u8>, Revision)>> {
        Ok(self.0.borrow().get(path).map(|bytes| (bytes.clone(), revision(bytes))))
    }

    fn write(&mut self, path: &str, bytes: &[u8]) -> io::Result<()> {
        self.0.borrow_mut().insert(path.into(), bytes.into());
        Ok(())
    }

    fn replace(&mut self, path: &str, bytes: &[u8], was: Option<&Revision>) -> io::Result<Revision> {
        if self.read(path)?.map(|(_, revision)| revision).as_ref() != was {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        self.write(path, bytes)?;
        Ok(revision(bytes))
    }

    fn list(&self, directory: &str) -> io::Result<Vec<String>> {
        let files = self.0.borrow();
        let names = files.keys().filter_map(|path| path.strip_prefix(directory)?.strip_prefix('/'));
        Ok(names.map(str::to_owned).collect())
    }

    fn remove(&mut self, path: &str) -> io::Result<()> {
        self.0.borrow_mut().remove(path);
        Ok(())
    }
}
