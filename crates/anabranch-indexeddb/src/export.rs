//! Export files: which format one is, found by its contents.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use anabranch_core::json::{JsonErrorKind, Lexer, WRAPPER_DEPTH};
use anabranch_core::value::VALUE_DEPTH_MAX;
use anabranch_core::{StoreSchema, Value};

use crate::visit::{ReadError, ReadExportError, ReadRowError, SnapshotVisitor};
use crate::{dexie, loss, plain, playwright};

/// Levels of JSON: entries of maps are lists of their own, so that a value may take two levels for each of its own.
const JSON_DEPTH_MAX: usize = 2 * VALUE_DEPTH_MAX + WRAPPER_DEPTH;

/// Bytes of a value's text. No browser makes a longer string, and an exporter makes one of each chunk of rows.
const VALUE_BYTES_MAX: u64 = 512 * 1024 * 1024;
/// Parts of a value, such as the pixels of an image. A record of so many is too large to be kept as one.
const VALUE_PARTS_MAX: u32 = 8 * 1024 * 1024;

/// What the user knows beside the file.
#[derive(Clone, Debug, Default)]
pub struct ReadOptions {
    /// Schemas by store, for formats that hold none.
    pub schemas: BTreeMap<String, StoreSchema>,
    /// The database's name, for formats that hold none; the file's name without its ending otherwise.
    pub database: Option<String>,
}

/// The formats that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// dexie-export-import, format 1.
    Dexie,
    /// Playwright's `storageState({ indexedDB: true })`.
    Playwright,
    /// npm `indexeddb-export-import`.
    Plain,
}

impl Format {
    /// What a value reads back as after an application that holds it was exported in this format. A capture that
    /// reads it where the baseline has the value has read nothing new.
    pub fn loss(self, value: &Value) -> Value {
        match self {
            Format::Dexie => loss::dexie(value),
            Format::Playwright => loss::playwright(value),
            Format::Plain => loss::plain(value),
        }
    }

    /// What a schema reads back as after an application that has it was exported in this format.
    pub fn schema_loss(self, schema: &StoreSchema) -> StoreSchema {
        match self {
            Format::Dexie => loss::dexie_schema(schema),
            Format::Playwright | Format::Plain => schema.clone(),
        }
    }
}

/// An export file, opened.
#[derive(Debug)]
pub struct Export {
    path: PathBuf,
    format: Format,
    bytes: u64,
    options: ReadOptions,
}

impl Export {
    /// Opens a file and finds out what it is.
    pub fn open(path: impl AsRef<Path>, options: &ReadOptions) -> Result<Self, ReadExportError> {
        let path = path.as_ref().to_owned();
        let open = |source| ReadExportError::Open { path: path.clone(), source };
        let bytes = std::fs::metadata(&path).map_err(open)?.len();
        let mut export = Self { path: path.clone(), format: Format::Dexie, bytes, options: options.clone() };
        export.format = export.sniff()?;
        Ok(export)
    }

    /// The format found.
    pub fn format(&self) -> Format {
        self.format
    }

    /// The file's length in bytes.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Reads the whole file into `visitor`. May be called again.
    pub fn read<V: SnapshotVisitor>(&self, visitor: &mut V) -> Result<(), ReadError<V::Error>> {
        let mut source = Source::open(self.path.clone(), self.bytes)?;
        match self.format {
            Format::Dexie => dexie::read(&mut source, visitor),
            Format::Playwright => {
                let databases = playwright::read_databases(&mut source)?;
                playwright::read(&mut source.again()?, &databases, visitor)
            }
            Format::Plain => plain::read(&mut source, &self.options, visitor),
        }
    }

    /// The first member's name and kind tell the formats apart. One that is `data` may be the whole of a dexie file whose
    /// members somebody sorted: what comes behind it tells.
    fn sniff(&self) -> Result<Format, ReadExportError> {
        let mut source = Source::open(self.path.clone(), self.bytes)?;
        let unknown = || ReadExportError::UnknownFormat { path: self.path.clone() };
        let begin = source.lexer.begin_object();
        if let Err(error) = begin {
            return Err(match error.kind {
                JsonErrorKind::Unexpected { .. } => unknown(),
                _ => source.json(error),
            });
        }
        let mut first = true;
        loop {
            let name = source.lexer.next_name(&mut first).map_err(|error| source.json(error))?;
            match name.ok_or_else(unknown)?.as_str() {
                Some("formatName" | "formatVersion") => return Ok(Format::Dexie),
                Some("cookies" | "origins") => return Ok(Format::Playwright),
                name => match (name, source.lexer.peek().map_err(|error| source.json(error))?) {
                    (_, b'[') => return Ok(Format::Plain),
                    (Some("data"), b'{') => source.lexer.skip_value().map_err(|error| source.json(error))?,
                    _ => return Err(unknown()),
                },
            }
        }
    }
}

/// A file being read.
pub(crate) struct Source {
    pub(crate) lexer: Lexer<File>,
    pub(crate) path: PathBuf,
    bytes: u64,
    told: u64,
}

impl Source {
    fn open(path: PathBuf, bytes: u64) -> Result<Self, ReadExportError> {
        let opened = File::open(&path);
        let file = opened.map_err(|source| ReadExportError::Open { path: path.clone(), source })?;
        let lexer =
            Lexer::new(file, JSON_DEPTH_MAX).allow_trailing_comma().limit_values(VALUE_BYTES_MAX, VALUE_PARTS_MAX);
        Ok(Self { lexer, path, bytes, told: 0 })
    }

    /// The same file, from its beginning.
    pub(crate) fn again(&self) -> Result<Self, ReadExportError> {
        Self::open(self.path.clone(), self.bytes)
    }

    pub(crate) fn json(&self, source: anabranch_core::json::JsonError) -> ReadExportError {
        ReadExportError::Json { path: self.path.clone(), source }
    }

    pub(crate) fn member(&self, what: &'static str) -> ReadExportError {
        ReadExportError::Member { path: self.path.clone(), at: self.lexer.bytes_read(), what }
    }

    pub(crate) fn twice(&self, what: &'static str) -> ReadExportError {
        ReadExportError::Twice { path: self.path.clone(), at: self.lexer.bytes_read(), what }
    }

    pub(crate) fn row(&self, store: &str, row: u64, source: ReadRowError) -> ReadExportError {
        ReadExportError::Row {
            path: self.path.clone(),
            at: self.lexer.bytes_read(),
            store: store.to_owned(),
            row,
            source,
        }
    }

    /// The file is not what it was when it was read a moment ago.
    pub(crate) fn changed(&self) -> ReadExportError {
        self.member("what stood here before (the file changed while it was read)")
    }

    /// Tells the visitor how far reading is, about once a megabyte.
    pub(crate) fn progress<V: SnapshotVisitor>(&mut self, visitor: &mut V) {
        let read = self.lexer.bytes_read();
        if read - self.told > 1 << 20 {
            self.told = read;
            visitor.progress(read, self.bytes);
        }
    }
}
