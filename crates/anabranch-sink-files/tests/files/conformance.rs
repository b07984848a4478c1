//! The laws of sinks, of every format and mode, stopped within and after each write.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;

use anabranch_sink::conformance::{Rows, Subject, conforms};
use anabranch_sink_files::{Destination, FileSink, Format, LocalDirectory, Manifest, Mode, Options};
use tempfile::TempDir;

use crate::read::{Row, rows};
use crate::stop::{Left, Stop, Stopping};

/// A kind of place that files go to.
trait Ground {
    type Destination: Destination;
    fn new() -> Self;
    fn destination(&self) -> Self::Destination;
}

impl Ground for TempDir {
    type Destination = LocalDirectory;
    fn new() -> Self {
        TempDir::new().expect("a temporary directory")
    }
    fn destination(&self) -> LocalDirectory {
        LocalDirectory::new(self.path())
    }
}

/// After one write is before the next.
const STOPS: [Stop; 2] = [Stop::Half, Stop::After];

/// Files of a format and mode, by their positions.
struct Files<G, const FORMAT: usize, const MODE: usize, const STOP: usize> {
    ground: G,
    left: Left,
}

impl<G: Ground, const FORMAT: usize, const MODE: usize, const STOP: usize> Files<G, FORMAT, MODE, STOP> {
    const FORMAT: Format = crate::stores::FORMATS[FORMAT];
    const MODE: Mode = crate::stores::MODES[MODE];

    fn read(&self, path: &str) -> Option<Vec<u8>> {
        Some(self.ground.destination().read(path).expect("it is read")?.0)
    }
}

impl<G: Ground, const FORMAT: usize, const MODE: usize, const STOP: usize> Subject for Files<G, FORMAT, MODE, STOP> {
    type Sink = FileSink<Stopping<G::Destination>>;

    fn new() -> Self {
        Self { ground: G::new(), left: Rc::new(Cell::new(None)) }
    }

    fn sink(&self) -> Self::Sink {
        let destination = Stopping { inner: self.ground.destination(), stop: STOPS[STOP], left: self.left.clone() };
        let options =
            Options { format: Some(Self::FORMAT), mode: Some(Self::MODE), contract: None, contracts: BTreeMap::new() };
        FileSink::new(destination, options)
    }

    /// What a reader of the manifest sees; a feed is replayed.
    fn rows(&self) -> Rows {
        let Some(manifest) = self.read("_anabranch.json") else { return Rows::new() };
        let manifest: Manifest = serde_json::from_slice(&manifest).expect("a manifest is whole or not there");
        let mut seen = Rows::new();
        for table in &manifest.tables {
            let mut by_key = BTreeMap::new();
            for file in &table.files {
                let bytes = self.read(file).expect("a file that the manifest names is there");
                for row in rows(Self::FORMAT, &bytes) {
                    replay(&mut by_key, row, Self::MODE);
                }
            }
            seen.insert(table.name(), by_key);
            for file in table.conflicts.iter().chain(&table.dead_letters) {
                rows(Self::FORMAT, &self.read(file).expect("a file that the manifest names is there"));
            }
        }
        seen
    }

    fn fail_after(&self, writes: Option<usize>) {
        self.left.set(writes);
    }
}

fn replay(by_key: &mut BTreeMap<String, String>, mut row: Row, mode: Mode) {
    let key = row.text("_key").expect("every row has a key").to_owned();
    let op_column = if row.cells.contains_key("_op") { "_op" } else { "op" };
    let op = row.text(op_column).map(str::to_owned);
    assert_eq!(op.is_some(), mode == Mode::Changes);
    // What differs between a backfill and bits is how the row came, not the row.
    for name in ["_op", "op", "_origin", "_heads", "before"] {
        row.cells.remove(name);
    }
    if op.as_deref() == Some("d") {
        let was = by_key.remove(&key);
        assert!(was.is_some(), "{key} is deleted, and was not there");
    } else {
        by_key.insert(key, format!("{:?}", row.cells));
    }
}

fn conforms_wherever_it_stops<G: Ground, const FORMAT: usize, const MODE: usize>() {
    conforms::<Files<G, FORMAT, MODE, 0>>().expect("stopped within a write");
    conforms::<Files<G, FORMAT, MODE, 1>>().expect("stopped after a write");
}

macro_rules! laws {
    ($ground:ty: $($name:ident = $format:literal, $mode:literal;)+) => {
        $(#[test] fn $name() { super::conforms_wherever_it_stops::<$ground, $format, $mode>(); })+
    };
}

mod in_a_directory {
    laws! { super::TempDir:
        current_parquet_obeys_the_laws = 0, 0;
        changes_as_parquet_obey_the_laws = 0, 1;
        current_lines_obey_the_laws = 1, 0;
        changes_as_lines_obey_the_laws = 1, 1;
        current_csv_obeys_the_laws = 2, 0;
        changes_as_csv_obey_the_laws = 2, 1;
    }
}

#[cfg(feature = "object_store")]
mod in_a_bucket {
    use std::sync::Arc;

    use anabranch_sink_files::ObjectStore;
    use object_store::memory::InMemory;

    struct Bucket(Arc<InMemory>);

    impl super::Ground for Bucket {
        type Destination = ObjectStore;
        fn new() -> Self {
            Self(Arc::new(InMemory::new()))
        }
        fn destination(&self) -> ObjectStore {
            ObjectStore::new("memory:///pre/fix", self.0.clone(), "pre/fix".into()).expect("it opens")
        }
    }

    laws! { Bucket:
        current_parquet_obeys_the_laws = 0, 0;
        changes_as_parquet_obey_the_laws = 0, 1;
        current_lines_obey_the_laws = 1, 0;
        changes_as_lines_obey_the_laws = 1, 1;
        current_csv_obeys_the_laws = 2, 0;
        changes_as_csv_obey_the_laws = 2, 1;
    }
}
