//! Automerge in its best layout for merging: 256 documents, each a page of records that follow each other.
//!
//! In one document 10,000 updates merged into 100,000 records take more memory than 24 GB, so that layout cannot be
//! measured: of a document that was imported or loaded as a whole, automerge 0.12.0 keeps all values in one slab of 12 MB
//! and copies its rest for every op that it merges or commits (hexane 1.0.0-alpha.5, `splice_slab`). In 256 pages a slab has
//! 50 kB. What is sent or stored is a piece of frames, one for each page that it is about.

use automerge::{ActorId, Automerge as Document, Change, ChangeHash};

use crate::engine::{Engine, EngineResult, Piece, Replica};
use crate::read_out::ReadOut;
use crate::rows::{Field, Row, Update};

mod frames;
mod page;

/// Automerge.
pub(crate) struct Automerge;

const PAGES: usize = 256;

/// A store in pages, in the order of their keys.
pub(crate) struct Pages {
    pages: Vec<Document>,
    /// The first key that each page was made with.
    firsts: Vec<String>,
}

impl Engine for Automerge {
    const NAME: &'static str = "automerge";
    type Document = Pages;
    /// The heads of each page.
    type Mark = Vec<Vec<ChangeHash>>;

    fn import(rows: &[Row]) -> EngineResult<(Pages, Vec<Piece>)> {
        let rows_of_pages = rows.chunks(rows.len().div_ceil(PAGES).max(1));
        let import = |rows| page::import(rows, actor(Replica::Receiver));
        let pages = Pages::new(rows_of_pages.map(import).collect::<EngineResult<_>>()?)?;
        let piece = frames::join(pages.pages.iter().map(Document::save_nocompress).enumerate())?;
        Ok((pages, vec![piece]))
    }

    fn stored(own: &Pages) -> EngineResult<Vec<Piece>> {
        Ok(vec![frames::join(own.pages.iter().map(Document::save).enumerate())?])
    }

    fn open(stored: &[Piece], replica: Replica) -> EngineResult<Pages> {
        let frames = frames::split(stored.first().ok_or("nothing is stored")?)?;
        let load = |(_, bytes): &(usize, &[u8])| Ok(Document::load(bytes)?.with_actor(actor(replica)));
        Pages::new(frames.iter().map(load).collect::<EngineResult<_>>()?)
    }

    fn capture(own: &mut Pages, rows: &[Row]) -> EngineResult<Vec<Piece>> {
        let (mut left, mut changes) = (rows, Vec::new());
        let ends = own.firsts.iter().skip(1).map(Some).chain([None]);
        for ((nth, page), end) in own.pages.iter_mut().enumerate().zip(ends) {
            let count = end.map_or(left.len(), |end| left.partition_point(|row| row.key < *end));
            let (rows, rest) = left.split_at(count);
            left = rest;
            changes.extend(page::capture(page, rows)?.map(|change| (nth, change)));
        }
        Ok(vec![frames::join(changes)?])
    }

    fn commit(own: &mut Pages, updates: &[Update]) -> EngineResult<Piece> {
        let mut by_page = vec![Vec::new(); own.pages.len()];
        for update in updates {
            by_page.get_mut(own.nth(&update.key)).ok_or("there is no page")?.push(update);
        }
        let mut changes = Vec::new();
        for ((nth, page), updates) in own.pages.iter_mut().enumerate().zip(by_page) {
            if !updates.is_empty() {
                changes.push((nth, page::commit(page, &updates)?));
            }
        }
        frames::join(changes)
    }

    /// One call for each page, with all that arrived for it.
    fn merge(own: &mut Pages, received: &[Piece]) -> EngineResult<()> {
        let mut by_page: Vec<Vec<Change>> = own.pages.iter().map(|_| Vec::new()).collect();
        for piece in received {
            for (nth, change) in frames::split(piece)? {
                by_page.get_mut(nth).ok_or("there is no such page")?.push(Change::from_bytes(change.to_vec())?);
            }
        }
        for (page, changes) in own.pages.iter_mut().zip(by_page) {
            if !changes.is_empty() {
                page.apply_changes(changes)?;
            }
        }
        Ok(())
    }

    fn mark(own: &Pages) -> Self::Mark {
        own.pages.iter().map(Document::get_heads).collect()
    }

    /// Asks the pages that moved.
    fn touched_since(own: &Pages, mark: &Self::Mark, tell: &mut dyn FnMut(&str)) -> EngineResult<()> {
        for (page, before) in own.pages.iter().zip(mark) {
            let heads = page.get_heads();
            if heads != *before {
                page::touched(page, before, &heads, tell);
            }
        }
        Ok(())
    }

    fn read(own: &Pages, out: &mut impl ReadOut) -> EngineResult<()> {
        own.pages.iter().try_for_each(|page| page::read(page, out))
    }

    fn field(own: &Pages, key: &str, name: &str) -> Option<Field> {
        page::field(own.pages.get(own.nth(key))?, key, name)
    }

    fn record_count(own: &Pages) -> usize {
        own.pages.iter().map(page::record_count).sum()
    }
}

impl Pages {
    fn new(pages: Vec<Document>) -> EngineResult<Self> {
        let firsts = pages.iter().map(|page| page::first_key(page).ok_or("a page is empty"));
        let firsts = firsts.collect::<Result<_, _>>()?;
        Ok(Self { pages, firsts })
    }

    /// The page of a key: the last that does not begin after it.
    fn nth(&self, key: &str) -> usize {
        self.firsts.partition_point(|first| first.as_str() <= key).saturating_sub(1)
    }
}

fn actor(replica: Replica) -> ActorId {
    ActorId::from([replica.id(); 16])
}
