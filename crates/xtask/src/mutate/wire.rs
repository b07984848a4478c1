//! What logs keep (FORMAT.md §1, §2 and §9): frames around payloads, and blocks of sealed segments, that somebody tampered
//! with, their hashes made right: refused, or entries that have these bytes and no others.

use anabranch_wire::testing::{decode_payload, frame_around};
use anabranch_wire::{
    Baseline, BlockForm, BlockHeader, Entry, FRAME_HEADER_BYTES, Heads, LeftOut, Note, Offer, ReplicaEntry, RunEntry,
    SealedHeader, SegmentHeader, decode_frame, encode_frame, pack_block, unpack_block,
};

use super::world::World;
use super::{End, bytes, changes};
use crate::random::Random;

/// Decodes what a log kept after an attacker had it.
pub(super) fn end_of(world: &World, random: &mut Random) -> Result<End, String> {
    let entries = entries(world, random)?;
    let frames: Vec<Vec<u8>> = entries.iter().filter_map(|entry| encode_frame(entry).ok()).collect();
    if frames.len() != entries.len() {
        return Err("an entry within all limits has no frame".into());
    }
    match random.below(8) {
        0 => headers(random),
        1 | 2 => frame(&frames, random),
        _ => block(&entries, &frames.concat(), random),
    }
}

/// A frame whose payload was tampered with, read by both decoders.
fn frame(frames: &[Vec<u8>], random: &mut Random) -> Result<End, String> {
    let payload =
        random.pick(frames).and_then(|frame| frame.get(FRAME_HEADER_BYTES..)).ok_or("no frame has a payload")?;
    let payload = bytes::tampered(payload, random);
    let decoded = decode_frame(&frame_around(&payload));
    if decoded.as_ref().ok().map(|(entry, _)| entry) != decode_payload(&payload).as_ref() {
        return Err("two decoders disagree on a payload".into());
    }
    let Ok((entry, _)) = decoded else { return Ok(End::Refused("(a frame)".into())) };
    match encode_frame(&entry).is_ok_and(|again| again.get(FRAME_HEADER_BYTES..) == Some(&payload)) {
        true => Ok(End::Read),
        false => Err("an entry has two encodings".into()),
    }
}

/// A block: honest ones come back, others are refused or hold what packs and unpacks to the same again.
fn block(entries: &[Entry], frames: &[u8], random: &mut Random) -> Result<End, String> {
    let (form, packed) = pack_block(entries, frames);
    let header = |form, packed: &[u8], frames: usize| BlockHeader {
        form,
        stored_bytes: 0,
        packed_bytes: packed.len() as u32,
        frames_bytes: frames as u32,
        stored_hash: [0; 32],
    };
    let unpacked = unpack_block(&header(form, &packed, frames.len()), &packed).map_err(|error| error.to_string())?;
    if !unpacked.iter().map(|framed| &framed.entry).eq(entries) {
        return Err("what was packed does not come back".into());
    }
    let tampered = bytes::tampered(&packed, random);
    let form = if random.once_in(16) { BlockForm::Frames } else { form };
    let stated = match random.below(4) {
        0 => random.awkward() as usize & 0x3f_ffff,
        _ => frames.len().wrapping_add_signed(tampered.len() as isize - packed.len() as isize),
    };
    let Ok(framed) = unpack_block(&header(form, &tampered, stated), &tampered) else {
        return Ok(End::Refused("(a block)".into()));
    };
    let entries: Vec<Entry> = framed.iter().map(|framed| framed.entry.clone()).collect();
    let frames: Vec<u8> = framed.iter().flat_map(|framed| framed.frame.iter().copied()).collect();
    let (form, packed) = pack_block(&entries, &frames);
    match unpack_block(&header(form, &packed, frames.len()), &packed) == Ok(framed) {
        true => Ok(End::Read),
        false => Err("what was unpacked does not pack to the same again".into()),
    }
}

/// Headers of segments and of blocks have one form each.
fn headers(random: &mut Random) -> Result<End, String> {
    let mut hash = [0; 32];
    hash.iter_mut().for_each(|byte| *byte = random.number() as u8);
    let segment = SegmentHeader { number: random.awkward() as u32, before: hash };
    let block = BlockHeader {
        form: if random.once_in(2) { BlockForm::Frames } else { BlockForm::Strands },
        stored_bytes: random.awkward() as u32,
        packed_bytes: random.below(1 << 20) as u32,
        frames_bytes: random.below(1 << 20) as u32,
        stored_hash: hash,
    };
    let sealed = SealedHeader { segment: segment.clone(), frames_bytes: random.awkward() };
    let bytes = match random.below(3) {
        0 => segment.encode(),
        1 => block.encode(),
        _ => sealed.encode(),
    };
    let bytes = bytes::tampered(&bytes, random);
    let again = [
        SegmentHeader::decode(&bytes).ok().map(|header| header.encode()),
        SealedHeader::decode(&bytes).ok().map(|header| header.encode()),
        BlockHeader::decode(&bytes).ok().map(|header| header.encode()),
    ];
    let read: Vec<Vec<u8>> = again.into_iter().flatten().collect();
    if read.is_empty() {
        return Ok(End::Refused("(a header)".into()));
    }
    match read.iter().all(|again| bytes.starts_with(again)) {
        true => Ok(End::Read),
        false => Err("a header has two forms".into()),
    }
}

/// A transaction: changes, honest or tampered with, and mostly an entry of another kind.
fn entries(world: &World, random: &mut Random) -> Result<Vec<Entry>, String> {
    let mut entries = Vec::new();
    for _ in 0..=random.below(2) {
        let chain = random.pick(&world.arriving).ok_or("no commit arrives")?;
        let changes = if random.once_in(4) { changes::tampered(chain, random)? } else { chain.clone() };
        let changes = changes.iter().map(|change| change.to_vec()).collect();
        let note = Note { time_ms: Some(random.awkward() as i64), source: "export.json".into() };
        entries.push(Entry::Changes { store: random.below(3) as u32, note, changes });
    }
    let at = random.below(entries.len() + 1);
    entries.insert(at, other_entry(random));
    Ok(entries)
}

fn other_entry(random: &mut Random) -> Entry {
    let hash = [random.number() as u8; 32];
    let store = random.below(300) as u32;
    let heads = Heads { store, hashes: vec![hash; random.below(3)] };
    let left_out = LeftOut { store, keys: vec!["1".into(); random.below(3)] };
    match random.below(7) {
        0 => Entry::Store { number: store, database: "shop".into(), store: "orders".into() },
        1 => Entry::Commit { entries: random.awkward() as u32, digest: hash },
        2 => Entry::Blob { sha256: hash, size: random.awkward() },
        3 => {
            let (name, version) = ("shop".into(), Some(random.awkward()));
            Entry::Database { name, version, stores: vec!["orders".into(); random.below(4)] }
        }
        4 => {
            let (parameters, receipt) = ("partial".into(), "{}".into());
            Entry::Run(RunEntry { id: "nightly-1".into(), base: heads, edits: hash, parameters, receipt })
        }
        _ => {
            let offer = Offer { heads: vec![heads.clone()], left_out: vec![left_out], written_at_ms: None };
            let baselines = vec![Baseline { heads, left_out: vec!["\"k\"".into()] }; random.below(3)];
            let captured_at_ms = Some(random.awkward() as i64);
            Entry::Replica(ReplicaEntry { name: "tablet".into(), captured_at_ms, baselines, offers: vec![offer] })
        }
    }
}
