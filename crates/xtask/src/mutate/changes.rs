//! Changes tampered with among honest ones: each is refused by a typed reason, waits, or is what automerge takes too.

use std::sync::Arc;

use anabranch_core::Document;
use anabranch_core::document::ApplyOutcome;

use super::chunk::{self, Chunk};
use super::world::World;
use super::{End, forge, tamper};
use crate::random::Random;

/// One in so many cases is honest, and must be taken.
const HONEST_ONE_IN: usize = 16;
/// One in so many arrives among honest ones, which must be taken whatever becomes of it.
const AMONG_OTHERS_ONE_IN: usize = 3;

/// Lets the commits of the world arrive, one of them tampered with.
pub(super) fn end_of(world: &World, random: &mut Random) -> Result<End, String> {
    let mut arriving = world.arriving.clone();
    let honest = random.once_in(HONEST_ONE_IN);
    let mut target = random.below(arriving.len());
    if !honest && !random.once_in(AMONG_OTHERS_ONE_IN) {
        (arriving, target) = (arriving.split_off(target).into_iter().take(1).collect(), 0);
    }
    if !honest {
        let chain = arriving.get_mut(target).ok_or("no commit arrives")?;
        let tampered = tampered(chain, random)?;
        if *chain == tampered {
            return Ok(End::Refused("(the same bytes)".into()));
        }
        *chain = tampered;
    }
    let mut document = world.document.clone();
    let (before, heads) = (document.change_count(), document.heads());
    let outcome = document.apply(arriving.iter().flatten().cloned());
    let is_trace = outcome.applied.is_empty() && document.heads() != heads;
    if is_trace || document.change_count() != before + outcome.applied.len() {
        return Err("what was refused left a trace".into());
    }
    if honest {
        let all = outcome.refused.is_empty() && outcome.waiting == 0;
        return if all {
            Ok(End::Honest)
        } else {
            Err(format!("honest changes were not taken: {:?}", outcome.refused))
        };
    }
    let applied = |bytes: &Arc<[u8]>| outcome.applied.iter().any(|change| change.bytes == *bytes);
    let innocent = arriving.iter().enumerate().filter(|(at, _)| *at != target).flat_map(|(_, chain)| chain);
    if let Some(at) = innocent.into_iter().position(|bytes| !applied(bytes)) {
        return Err(format!("innocent change {at} was not taken: {:?}", outcome.refused));
    }
    if arriving.get(target).into_iter().flatten().any(applied) {
        check_accepted(&document)?;
        return Ok(End::Accepted);
    }
    Ok(end_of_refused(&outcome))
}

fn end_of_refused(outcome: &ApplyOutcome) -> End {
    match outcome.refused.first() {
        Some(refusal) => {
            let reason = format!("{:?}", refusal.reason);
            let digits = |char: char| char.is_ascii_digit();
            End::Refused(reason.split(digits).next().unwrap_or_default().trim_end_matches(['{', ' ', ':']).into())
        }
        None => End::Waiting,
    }
}

/// The chain after an attacker had it: half of the time the rest of it is made to fit, and sometimes raw bytes are hit.
pub(super) fn tampered(chain: &[Arc<[u8]>], random: &mut Random) -> Result<Vec<Arc<[u8]>>, String> {
    let chunks: Option<Vec<Chunk>> = chain.iter().map(|bytes| Chunk::take_apart(bytes)).collect();
    let mut chunks = chunks.ok_or("an honest change cannot be taken apart")?;
    tamper::tamper(&mut chunks, random);
    let mut bytes = if random.once_in(4) { forge::bytes_of(&chunks) } else { forge::fitting(&mut chunks) };
    if random.once_in(16) {
        let at = random.below(bytes.len());
        if let Some(bytes) = bytes.get_mut(at) {
            hit_raw(bytes, random);
        }
    }
    Ok(bytes.into_iter().map(Arc::from).collect())
}

/// Damages bytes that the parts do not tell: lengths, overlong integers, the frame.
fn hit_raw(bytes: &mut Vec<u8>, random: &mut Random) {
    let at = random.below(bytes.len());
    match random.below(4) {
        0 => bytes.truncate(at),
        1 => bytes.insert(at, random.number() as u8),
        2 => drop(bytes.remove(at)),
        _ => bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << random.below(8)),
    }
    if random.below(4) != 0 {
        chunk::seal(bytes);
    }
}

/// What was accepted is readable here, loads again from its bytes, and stock automerge takes it.
fn check_accepted(document: &Document) -> Result<(), String> {
    let shown = document.view().records().count();
    document.view().conflicts();
    let bytes: Vec<Arc<[u8]>> = document.change_bytes().map(|change| change.bytes).collect();
    let (again, outcome) = Document::load(bytes);
    if again.heads() != document.heads() || again.view().records().count() != shown || !outcome.refused.is_empty() {
        return Err("its own log opens to something else".into());
    }
    let automerge = document.to_automerge().map_err(|error| format!("automerge refuses it: {error}"))?;
    if automerge.get_heads().len() != document.heads().hashes().len() {
        return Err("automerge has other heads".into());
    }
    Ok(())
}
