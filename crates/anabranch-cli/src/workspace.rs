//! A store directory at work: its documents, loaded when they are asked for.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use anabranch_core::{ChangeBytes, ChangeHash, Document, Heads, KnownHeads, Value};
use anabranch_store::{Access, CacheHealth, FileDisk, StoreDir, StoreName};

use crate::failure::Failure;

/// Bytes of changes from which on a document is cached: fewer are replayed before anybody notices.
const CACHED_BYTES_MIN: usize = 1024 * 1024;
/// A cache is made anew once what it lacks is more than one part in so many of all changes.
const BEHIND_PART: usize = 32;

/// An open store directory and its documents.
pub(crate) struct Workspace {
    pub(crate) dir: StoreDir,
    documents: BTreeMap<StoreName, Document>,
    /// How the caches turned out from which documents were opened.
    caches: BTreeMap<StoreName, CacheUse>,
}

/// A cache that was used: how many changes of the log it had, and how it turned out.
struct CacheUse {
    changes: usize,
    health: CacheHealth,
}

impl Workspace {
    pub(crate) fn open(path: &Path, access: Access) -> Result<Self, Failure> {
        let dir = StoreDir::open(FileDisk::new(path), access)?;
        if let Some(torn) = dir.torn_tail() {
            let what = match torn.was_committed {
                true => "are missing: what was committed there is gone, what came before is whole",
                false => "are of a transaction that never ended: ignored, as if it never began",
            };
            crate::warn(&format_args!("{}: {} bytes from byte {} on {what}", torn.path, torn.bytes, torn.offset));
        }
        Ok(Self { dir, documents: BTreeMap::new(), caches: BTreeMap::new() })
    }

    /// The document of a store, empty if the store is new.
    pub(crate) fn document(&mut self, name: &StoreName) -> Result<&mut Document, Failure> {
        if !self.documents.contains_key(name) {
            let document = self.opened(name)?;
            self.documents.insert(name.clone(), document);
        }
        Ok(self.documents.get_mut(name).expect("it was just loaded"))
    }

    /// The document as the log alone says it.
    pub(crate) fn replayed(&self, name: &StoreName) -> Result<Document, Failure> {
        load(&self.dir, name)
    }

    fn opened(&mut self, name: &StoreName) -> Result<Document, Failure> {
        let Some(cached) = self.dir.cached(name) else { return load(&self.dir, name) };
        let changes = self.dir.changes(name).len().saturating_sub(cached.behind);
        self.caches.insert(name.clone(), CacheUse { changes, health: cached.health });
        Ok(cached.document)
    }

    /// Keeps large documents, so that the next command need not replay them. Nobody depends on it: where the disk fails, that
    /// is for whoever needs the disk to say.
    pub(crate) fn keep_caches(&mut self) {
        let Self { dir, documents, caches } = self;
        for (name, document) in documents {
            let kept = match caches.get(name) {
                Some(cache) if cache.health.is_damaged() => dir.forget(name),
                cache if is_worth_keeping(dir, name, cache) => dir.keep(name, document),
                _ => Ok(()),
            };
            drop(kept);
        }
    }

    /// A document that was loaded before.
    pub(crate) fn loaded(&self, name: &StoreName) -> Option<&Document> {
        self.documents.get(name)
    }

    /// When each change of a store came in, as far as that is known.
    pub(crate) fn times(&mut self, name: &StoreName) -> Result<BTreeMap<ChangeHash, Option<i64>>, Failure> {
        let changes: Vec<ChangeBytes> = self.document(name)?.change_bytes().collect();
        let notes: BTreeMap<&[u8], Option<i64>> =
            self.dir.changes(name).iter().map(|(bytes, note)| (&**bytes, note.time_ms)).collect();
        Ok(changes.iter().map(|change| (change.hash, notes.get(&*change.bytes).copied().flatten())).collect())
    }

    /// The value with the bytes of its large Blobs.
    pub(crate) fn with_blobs<'v>(&self, value: &'v Value) -> Result<Cow<'v, Value>, Failure> {
        let mut value = Cow::Borrowed(value);
        let mut missing = Vec::new();
        // Cloned only where there is a Blob whose bytes are elsewhere: most records hold none.
        if !has_blob_elsewhere(&value) {
            return Ok(value);
        }
        value.to_mut().each_blob_mut(&mut |blob| {
            if blob.bytes.is_none() {
                match self.dir.blob(&blob.sha256) {
                    Ok(bytes) => blob.bytes = bytes,
                    Err(error) => missing.push(error),
                }
            }
        });
        missing.into_iter().next().map_or(Ok(value), |error| Err(error.into()))
    }

    /// All stores, or the one that `argument` names.
    pub(crate) fn stores(&self, argument: Option<&str>) -> Result<Vec<StoreName>, Failure> {
        match argument {
            Some(argument) => self.store(argument).map(|name| vec![name]),
            None => Ok(self.dir.stores().cloned().collect()),
        }
    }

    /// The store that `STORE` or `DATABASE/STORE` names; a `/` or `\` inside a name is escaped by `\`.
    pub(crate) fn store(&self, argument: &str) -> Result<StoreName, Failure> {
        let asked = StoreArgument::parse(argument);
        let found: Vec<&StoreName> = self.dir.stores().filter(|name| asked.names(name)).collect();
        match found.as_slice() {
            [one] => Ok((*one).clone()),
            [] => {
                let have: Vec<String> = self.dir.stores().map(|name| self.argument(name)).collect();
                let have = if have.is_empty() { "none yet".into() } else { have.join(", ") };
                Err(Failure::asked(format_args!("there is no store {argument}; there are: {have}")))
            }
            several => {
                let have: Vec<String> = several.iter().map(|name| self.argument(name)).collect();
                Err(Failure::asked(format_args!(
                    "several databases have a store {argument}: name one of {}",
                    have.join(", ")
                )))
            }
        }
    }

    /// The store of which a line or a file says `label`.
    pub(crate) fn labelled(&self, label: &str) -> Result<StoreName, Failure> {
        let found = self.dir.stores().find(|name| self.label(name) == label).cloned();
        found.map_or_else(|| self.store(label), Ok)
    }

    /// The name of a store in lines and files: without its database where that leaves no doubt.
    pub(crate) fn label(&self, name: &StoreName) -> String {
        if self.is_ambiguous(name) { with_database(name) } else { name.store.clone() }
    }

    /// The name of a store as an argument on the command line.
    pub(crate) fn argument(&self, name: &StoreName) -> String {
        if self.is_ambiguous(name) { with_database(name) } else { escape(&name.store) }
    }

    /// Whether another database has a store of that name, here or among what is being taken in.
    fn is_ambiguous(&self, name: &StoreName) -> bool {
        let mut all = self.dir.stores().chain(self.documents.keys());
        all.any(|other| other.store == name.store && other.database != name.database)
    }
}

fn with_database(name: &StoreName) -> String {
    format!("{}/{}", escape(&name.database), escape(&name.store))
}

fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('/', "\\/")
}

/// A store as it was asked for: `STORE` or `DATABASE/STORE`, a `/` or `\` inside a name escaped by `\`.
pub(crate) struct StoreArgument(Vec<String>);

impl StoreArgument {
    pub(crate) fn parse(text: &str) -> Self {
        Self(split_name(text))
    }

    pub(crate) fn names(&self, name: &StoreName) -> bool {
        match self.0.as_slice() {
            [store] => name.store == *store,
            [database, store] => name.database == *database && name.store == *store,
            _ => false,
        }
    }
}

fn has_blob_elsewhere(value: &Value) -> bool {
    let mut found = false;
    value.each_blob(&mut |blob| found |= blob.bytes.is_none());
    found
}

fn is_worth_keeping(dir: &StoreDir, name: &StoreName, cache: Option<&CacheUse>) -> bool {
    let changes = dir.changes(name);
    let bytes = |from: usize| changes.iter().skip(from).map(|(bytes, _)| bytes.len()).sum::<usize>();
    let all = bytes(0);
    all >= CACHED_BYTES_MIN && cache.is_none_or(|cache| bytes(cache.changes) > all / BEHIND_PART)
}

fn load(dir: &StoreDir, name: &StoreName) -> Result<Document, Failure> {
    let changes = dir.changes(name).iter().map(|(bytes, _)| bytes.clone());
    let (document, outcome) = Document::load(changes);
    if let Some(refusal) = outcome.refused.first() {
        return Err(Failure::data(format_args!(
            "{}: store {name}: a change of its log is damaged: {}",
            dir.name(),
            refusal.reason
        )));
    }
    if outcome.waiting > 0 {
        return Err(Failure::data(format_args!(
            "{}: store {name}: changes that others depend on are missing from its log",
            dir.name()
        )));
    }
    Ok(document)
}

fn split_name(argument: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut chars = argument.chars();
    while let Some(char) = chars.next() {
        let part = parts.last_mut().expect("there is always a part");
        match char {
            '\\' => part.extend(chars.next()),
            '/' => parts.push(String::new()),
            char => part.push(char),
        }
    }
    parts
}

/// The heads that a comma-separated list of hashes or prefixes names.
pub(crate) fn parse_heads(document: &Document, text: &str) -> Result<KnownHeads, Failure> {
    let prefixes = text.split(',').map(str::trim).filter(|prefix| !prefix.is_empty());
    let heads = document.locate(prefixes).map_err(Failure::asked)?;
    known(document, &heads)
}

pub(crate) fn known(document: &Document, heads: &Heads) -> Result<KnownHeads, Failure> {
    document.known(heads).map_err(Failure::asked)
}

/// Milliseconds since 1970: a note, which decides nothing.
pub(crate) fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64)
}
