//! Saved documents (FORMAT.md §8) that somebody tampered with, their hashes made right: refused, or opened to a document
//! that can be read, written on and saved again; and damaged pages, which show what the history shows.

use std::collections::BTreeMap;
use std::sync::Arc;

use anabranch_core::testing::{RawSequence, RawValue, raw_registers, raw_sequences};
use anabranch_core::{ChangeHash, Document, PageHash, Record, Source};
use sha2::{Digest, Sha256};

use super::panics::Quiet;
use super::tokens::{self, Token};
use super::world::World;
use super::{End, bytes, forge};
use crate::random::Random;

const MAGIC_BYTES: usize = 8;
const CHECKSUM_BYTES: usize = 32;

/// A document as it was saved, and what it shows.
pub(super) struct SavedWorld {
    index: Vec<u8>,
    pages: BTreeMap<PageHash, Arc<[u8]>>,
    /// Pages that are no cache: reading what they held must not be tried without them.
    is_trimmed: bool,
    changes: Arc<BTreeMap<ChangeHash, Arc<[u8]>>>,
    shown: Shown,
}

/// All that a document shows, and what it shows it by.
#[derive(PartialEq)]
struct Shown {
    records: Vec<Record>,
    conflicts: usize,
    registers: BTreeMap<String, Vec<RawValue>>,
    sequences: BTreeMap<(u64, String), RawSequence>,
}

/// The pages of a case, under whatever hashes it gives them; the changes are the honest ones.
struct Pages {
    pages: BTreeMap<PageHash, Arc<[u8]>>,
    changes: Arc<BTreeMap<ChangeHash, Arc<[u8]>>>,
}

impl Source for Pages {
    fn page(&self, hash: &PageHash) -> Option<Arc<[u8]>> {
        self.pages.get(hash).cloned()
    }

    fn change(&self, hash: &ChangeHash) -> Option<Arc<[u8]>> {
        self.changes.get(hash).cloned()
    }
}

impl SavedWorld {
    /// Saves the document of a world, trimmed to what it is or whole.
    pub(super) fn new(document: &Document, trim: bool) -> Self {
        let mut document = document.clone();
        let changes = document.change_bytes().map(|change| (change.hash, change.bytes)).collect();
        if trim && let Ok(floor) = document.known(&document.heads()) {
            document.trim(&floor).expect("a document without a floor can be trimmed to its heads");
        }
        let saved = document.save();
        let shown = shown(&document);
        let pages = saved.pages.into_iter().collect();
        Self { index: saved.index, pages, is_trimmed: trim, changes: Arc::new(changes), shown }
    }
}

/// Opens what was saved after an attacker had it.
pub(super) fn end_of(world: &World, random: &mut Random, quiet: &Quiet) -> Result<End, String> {
    let saved = world.saved();
    let (mut index, mut pages) = (saved.index.clone(), saved.pages.clone());
    let is_damage = !saved.is_trimmed && random.once_in(4);
    let is_forged = !is_damage && random.once_in(3);
    if is_damage {
        // Each is rebuilt from the whole history: all of them cost that many times.
        let (at, all) = (random.below(pages.len()), random.once_in(16));
        let hit = pages.values_mut().enumerate().filter(|(nth, _)| all || *nth == at);
        hit.for_each(|(_, page)| *page = bytes::tampered(page, random).into());
    } else if is_forged {
        index = forged_index(&index, random).ok_or("an honest index cannot be taken apart")?;
    } else {
        forge_page(&mut index, &mut pages, random).ok_or("an honest page cannot be taken apart")?;
    }
    let writes_on = random.once_in(4);
    let ended = quiet.catch(|| {
        let (mut opened, end) = opened(saved, &index, pages);
        if let (Some(document), true) = (&mut opened, writes_on) {
            write_on(world, document, is_forged)?;
        }
        Ok(end)
    });
    match ended {
        Ok(Ok(End::Rebuilt)) => Ok(End::Rebuilt),
        Ok(Ok(_)) if is_damage => Err("a damaged page shows something else than the history".into()),
        Ok(ended) => ended,
        Err(what) if !is_damage && is_documented(saved, is_forged, &what) => Ok(End::Lost),
        Err(what) => Err(format!("it panicked: {what}")),
    }
}

/// Whether a document says that it lacks what only a source could have: the pages with which a trimmed history begins, or
/// a change that the forged index names; or that the forged index does not know what its changes set.
fn is_documented(saved: &SavedWorld, is_forged: bool, what: &str) -> bool {
    let of_index =
        ["the source has every change that was accepted", "the index knows every register that its history sets"];
    is_forged && of_index.iter().any(|documented| what.contains(documented))
        || saved.is_trimmed && what.contains("the source has the pages with which a trimmed history begins")
}

/// Opens what was tampered with, and reads all of it.
fn opened(saved: &SavedWorld, index: &[u8], pages: BTreeMap<PageHash, Arc<[u8]>>) -> (Option<Document>, End) {
    let source = Pages { pages, changes: saved.changes.clone() };
    match Document::open(index, Arc::new(source)) {
        Err(_) => (None, End::Refused("(a saved document)".into())),
        Ok(opened) if shown(&opened) == saved.shown => (Some(opened), End::Rebuilt),
        Ok(opened) => (Some(opened), End::Forged),
    }
}

/// What was opened takes changes and is saved; what a forged index said of changes may come out when they are read again.
fn write_on(world: &World, opened: &mut Document, is_forged: bool) -> Result<(), String> {
    opened.apply(world.arriving.iter().flatten().cloned());
    let written = shown(opened);
    opened.evict(0);
    let again = opened.save();
    if again.index.is_empty() {
        return Err("nothing is saved".into());
    }
    (is_forged || shown(opened) == written).then_some(()).ok_or_else(|| "saving changes what shows".into())
}

fn shown(document: &Document) -> Shown {
    let view = document.view();
    Shown {
        records: view.records().collect(),
        conflicts: view.conflicts().len(),
        registers: raw_registers(document),
        sequences: raw_sequences(document),
    }
}

/// An index of which one member or more became another, its checksum right.
fn forged_index(index: &[u8], random: &mut Random) -> Option<Vec<u8>> {
    let (magic, rest) = index.split_at_checked(MAGIC_BYTES)?;
    let body = rest.get(..rest.len().checked_sub(CHECKSUM_BYTES)?)?;
    let mut tokens = tokens::of_index(body)?;
    tamper(&mut tokens, random);
    Some(sealed([magic, &tokens::bytes_of(&tokens)].concat()))
}

/// A page of which one member or more became another, under its new name in the index.
fn forge_page(index: &mut Vec<u8>, pages: &mut BTreeMap<PageHash, Arc<[u8]>>, random: &mut Random) -> Option<()> {
    let names: Vec<PageHash> = pages.keys().copied().collect();
    let old = *random.pick(&names)?;
    let mut tokens = tokens::of_page(pages.get(&old)?)?;
    tamper(&mut tokens, random);
    let page: Arc<[u8]> = tokens::bytes_of(&tokens).into();
    let new = PageHash(Sha256::digest(&page).into());
    pages.insert(new, page);
    index.truncate(index.len().checked_sub(CHECKSUM_BYTES)?);
    forge::replace(index, &old.0, &new.0);
    *index = sealed(std::mem::take(index));
    Some(())
}

fn sealed(mut index: Vec<u8>) -> Vec<u8> {
    let checksum = Sha256::digest(&index);
    index.extend(checksum);
    index
}

/// Changes one to four members.
fn tamper(tokens: &mut Vec<Token>, random: &mut Random) {
    for _ in 0..=random.below(2) * random.below(3) {
        let (at, other) = (random.below(tokens.len()), random.below(tokens.len()));
        match random.below(8) {
            0 if at < tokens.len() => drop(tokens.remove(at)),
            1 => tokens.insert(at, tokens.get(other).cloned().unwrap_or(Token::Number(0))),
            2 if at.max(other) < tokens.len() => tokens.swap(at, other),
            3 => {
                // A stretch again: a record, an entry, a run.
                let end = (at + 1 + random.below(24)).min(tokens.len());
                let stretch = tokens.get(at..end).unwrap_or_default().to_vec();
                tokens.splice(other..other, stretch);
            }
            _ => tokens.get_mut(at).into_iter().for_each(|token| other_value(token, random)),
        }
    }
}

fn other_value(token: &mut Token, random: &mut Random) {
    match token {
        Token::Number(number) => {
            *number = match random.below(4) {
                0 => random.awkward(),
                1 => random.below(40) as u64,
                _ => number.wrapping_add_signed(random.below(5) as i64 - 2),
            }
        }
        Token::Sized(contents) => *contents = bytes::tampered(contents, random),
        Token::Fixed(contents) => {
            let at = random.below(contents.len());
            contents.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << random.below(8));
        }
    }
}
