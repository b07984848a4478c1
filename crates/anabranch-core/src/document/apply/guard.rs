//! The guard: what a chain must be before it is taken. Whatever an honest replica makes passes.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::places::PlaceCheck;
use super::preds::PredCheck;
use crate::change::{ActorKind, DecodeChangeError, Decoded, DraftPlace, OpRef, Place, code};
use crate::heads::ChangeHash;
use crate::history::History;
use crate::history::chain::{ActorHasher, Header};
use crate::layout;
use crate::registers::Registers;
use crate::scalar::Scalar;

/// Why a change was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RefuseReason {
    /// The bytes are no change of ours.
    #[error(transparent)]
    Undecodable(#[from] DecodeChangeError),
    /// The first change of a chain does not state what a chain must state.
    #[error("the chain's header is malformed")]
    Header,
    /// The changes of a chain do not follow each other.
    #[error("the changes of the chain do not follow each other")]
    BrokenChain,
    /// Another chain has this actor: an actor makes one commit and is never used again.
    #[error("its actor has another commit already")]
    ActorReused,
    /// A dependency that is in the middle of a chain: only its last change can be a head.
    #[error("it depends on the middle of a chain")]
    DependsInsideChain,
    /// The first op counter is not one more than the largest among the dependencies.
    #[error("its op counters do not follow those of its dependencies")]
    OpCounter,
    /// The actor does not follow from the commit's contents.
    #[error("its actor is not derived from its contents")]
    ActorNotDerived,
    /// A property name that is none of the layout's.
    #[error("op {op} has a property name that no store writes")]
    Name {
        /// Position in the change.
        op: u32,
    },
    /// A value that is not canonical or of a kind that does not belong there.
    #[error("op {op} has a value that no store writes")]
    Value {
        /// Position in the change.
        op: u32,
    },
    /// A place in no sequence: one that does not exist or is not in the past of the change, or an element that is not there.
    /// An honest replica would have to have edited what it does not have.
    #[error("op {op} acts at a place that its change could not have seen")]
    Place {
        /// Position in the change.
        op: u32,
    },
    /// A predecessor that does not exist, is not in the past of the change or sets another register.
    #[error("op {op} names a predecessor that its change could not have seen")]
    Predecessor {
        /// Position in the change.
        op: u32,
    },
}

/// Checks a complete chain whose dependencies are all in `history`; `thorough` also checks what our own log has proven.
pub(super) fn check_chain(
    (history, registers): (&History, &Registers),
    changes: &[&Decoded],
    bytes: &[&[u8]],
    thorough: bool,
) -> Result<Header, RefuseReason> {
    let first = changes.first().ok_or(RefuseReason::BrokenChain)?;
    let kind = first.actor().kind().ok_or(RefuseReason::Header)?;
    let header = Header::parse(&first.message, kind).ok_or(RefuseReason::Header)?;
    if header.length as usize != changes.len() || first.seq != 1 {
        return Err(RefuseReason::BrokenChain);
    }
    if history.actor_position(&first.actor()).is_some() {
        return Err(RefuseReason::ActorReused);
    }
    check_counters(history, changes)?;
    let is_empty = changes.iter().all(|change| change.ops.is_empty());
    if is_empty != (kind == ActorKind::Merge) {
        return Err(RefuseReason::BrokenChain);
    }
    if !thorough {
        return Ok(header);
    }
    let deps: Vec<u32> = first.deps.iter().filter_map(|dep| history.position(dep)).collect();
    if !deps.iter().all(|dep| history.ends_chain(*dep)) {
        return Err(RefuseReason::DependsInsideChain);
    }
    let past = history.ancestry(&deps);
    let mut preds = PredCheck::new(history, registers, &past);
    let mut places = PlaceCheck::new(history, registers, &past, changes);
    for (change, bytes) in changes.iter().zip(bytes) {
        check_ops(change, bytes)?;
        preds.check(change, bytes)?;
        places.check(change, bytes)?;
    }
    check_actor(&header, kind, changes, bytes)?;
    Ok(header)
}

/// Each change follows the one before; the first begins after the largest op of its dependencies.
fn check_counters(history: &History, changes: &[&Decoded]) -> Result<(), RefuseReason> {
    let mut before: Option<(&Decoded, ChangeHash)> = None;
    for change in changes {
        let follows = match before {
            None => {
                let last_ops =
                    change.deps.iter().filter_map(|dep| history.position(dep)).map(|dep| history.change(dep).last_op());
                u64::from(last_ops.max().unwrap_or(0)) + 1 == change.start_op
            }
            Some((last, hash)) => {
                let linked = change.actor() == last.actor() && change.seq == last.seq + 1 && change.deps == [hash];
                if !linked || !change.message.is_empty() {
                    return Err(RefuseReason::BrokenChain);
                }
                change.start_op == last.start_op + last.ops.len() as u64
            }
        };
        if !follows {
            return Err(RefuseReason::OpCounter);
        }
        before = Some((change, change.hash));
    }
    Ok(())
}

fn op_name<'b>(bytes: &'b [u8], op: &crate::change::DecodedOp) -> &'b str {
    let name = bytes.get(op.name_at as usize..(op.name_at + op.name_bytes) as usize);
    name.and_then(|name| std::str::from_utf8(name).ok()).unwrap_or_default()
}

fn op_scalar<'b>(bytes: &'b [u8], op: &crate::change::DecodedOp) -> Scalar<'b> {
    let value = bytes.get(op.value_at as usize..(op.value_at + op.value_bytes) as usize);
    Scalar { code: op.value_code, bytes: value.unwrap_or_default() }
}

/// Every name is one of the layout's and every value in its one encoding. Names repeat, their records from op to op and
/// their fields from record to record, so each is taken apart once.
fn check_ops<'b>(change: &Decoded, bytes: &'b [u8]) -> Result<(), RefuseReason> {
    let mut identity_before = "";
    let mut suffixes: BTreeMap<&'b str, Holds> = BTreeMap::new();
    for (at, op) in change.ops.iter().enumerate().filter(|(at, _)| change.place(*at).is_none()) {
        let op_at = at as u32;
        let (name, scalar) = (op_name(bytes, op), op_scalar(bytes, op));
        let split = layout::identity_length(name).and_then(|length| name.split_at_checked(length));
        let (identity, suffix) = split.ok_or(RefuseReason::Name { op: op_at })?;
        if identity != identity_before {
            if identity != layout::SCHEMA_IDENTITY && layout::read_identity(identity).is_none() {
                return Err(RefuseReason::Name { op: op_at });
            }
            identity_before = identity;
        }
        let holds = match suffixes.get(suffix) {
            Some(holds) => *holds,
            None => {
                let holds = Holds::of(suffix).ok_or(RefuseReason::Name { op: op_at })?;
                suffixes.insert(suffix, holds);
                holds
            }
        };
        if holds == Holds::Life && identity == layout::SCHEMA_IDENTITY {
            return Err(RefuseReason::Name { op: op_at });
        }
        let is_sequence = matches!(scalar.code, code::TEXT | code::LIST);
        let fits = match is_sequence {
            true => holds == Holds::Field && identity != layout::SCHEMA_IDENTITY,
            false => holds.fits(scalar),
        };
        if !fits {
            return Err(RefuseReason::Value { op: op_at });
        }
    }
    Ok(())
}

/// What a register holds, by its suffix.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Holds {
    /// Present or deleted.
    Life,
    /// A leaf, or nothing any more.
    Field,
    /// An increment, or nothing any more.
    Increment,
    /// An element, or nothing any more.
    Element,
}

impl Holds {
    fn of(suffix: &str) -> Option<Self> {
        if suffix.is_empty() {
            return Some(Holds::Life);
        }
        let (path, part) = layout::read_suffix(suffix)?;
        if !layout::is_canonical_suffix(suffix, &path, part) {
            return None;
        }
        match part.map(|part| part.as_bytes().first()) {
            None => Some(Holds::Field),
            Some(Some(b'+')) => Some(Holds::Increment),
            Some(Some(b'e')) => Some(Holds::Element),
            Some(_) => None,
        }
    }

    fn fits(self, scalar: Scalar<'_>) -> bool {
        match self {
            Holds::Life => scalar == Scalar::PRESENT || scalar == Scalar::DELETED,
            Holds::Field => scalar.is_canonical() && scalar.to_element().is_none(),
            Holds::Increment => scalar.is_absent() || scalar.to_increment().is_some(),
            Holds::Element => scalar.is_absent() || scalar.to_element().is_some() && scalar.is_canonical(),
        }
    }
}

/// The actor follows from everything that the commit says, its own id left blank in names.
fn check_actor(header: &Header, kind: ActorKind, changes: &[&Decoded], bytes: &[&[u8]]) -> Result<(), RefuseReason> {
    let first = changes.first().ok_or(RefuseReason::BrokenChain)?;
    let author = first.actor();
    let own = author.to_string();
    let mut hasher = ActorHasher::new(kind, &header.by, &header.origin, &first.deps);
    for (change, bytes) in changes.iter().zip(bytes) {
        for (at, op) in change.ops.iter().enumerate() {
            let name = op_name(bytes, op);
            // Only identities of generated keys and ids of increments name an actor.
            let names_actor = name.contains('@') || name.contains(layout::PART);
            let blank: Cow<'_, str> = match names_actor && name.contains(&own) {
                true => name.replace(&own, layout::OWN_ACTOR).into(),
                false => name.into(),
            };
            let scalar = op_scalar(bytes, op);
            let preds = change.preds.get(op.preds_at as usize..(op.preds_at + op.preds) as usize).unwrap_or_default();
            let preds: Vec<_> = preds
                .iter()
                .filter_map(|(counter, actor)| Some((*counter, *change.actors.get(*actor as usize)?)))
                .collect();
            hasher.op(&blank, scalar.code, scalar.bytes, preds.into_iter());
            if let Some(place) = change.place(at) {
                hasher.place(&blank_place(change, place));
            }
        }
    }
    if hasher.finish() == author { Ok(()) } else { Err(RefuseReason::ActorNotDerived) }
}

/// A place as it was hashed: the author was not known then.
fn blank_place(change: &Decoded, place: &Place) -> DraftPlace {
    let named = |(counter, actor): OpRef| {
        let actor = change.actors.get(actor as usize).copied().filter(|actor| *actor != change.actor());
        (counter, actor.unwrap_or(ActorHasher::OWN))
    };
    DraftPlace { object: named(place.object), element: place.element.map(named), action: place.action }
}
