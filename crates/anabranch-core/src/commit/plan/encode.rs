//! A plan as a chain of changes, under the actor that follows from all that the plan says.

use std::borrow::Cow;
use std::sync::Arc;

use super::{End, Plan, PlannedOp};
use crate::change::{ActorId, Draft, DraftOp, UncheckedChange, code, encode};
use crate::heads::ChangeHash;
use crate::history::chain::{ActorHasher, Header};
use crate::layout;
use crate::limits;
use crate::registers::PlainOp;
use crate::scalar::Scalar;

/// A commit, encoded.
#[derive(Clone, Debug)]
pub(crate) struct OwnChain {
    /// Its changes, thin.
    pub(crate) changes: Vec<Arc<UncheckedChange>>,
    /// What they say.
    pub(crate) plan: Arc<Plan>,
}

/// What a planned op says: its name's identity and suffix, its value's type and bytes, and its predecessors.
struct Said<'p> {
    name: (&'p str, &'p str),
    value_code: u8,
    value: &'p [u8],
    preds: &'p [(u32, ActorId)],
}

impl Plan {
    /// Encodes the chain upon `deps` (at most [`limits::DEPS_MAX`]), whose largest op counter is `last_op`.
    pub(crate) fn encode(&self, deps: &[ChangeHash], last_op: u32) -> Vec<Arc<UncheckedChange>> {
        let cuts = self.cut_into_changes();
        let header = Header {
            length: cuts.len() as u32,
            by: self.author.name.as_str().into(),
            origin: self.author.origin.clone(),
        };
        let actor = self.derive_actor(deps, last_op);
        let own = actor.to_string();
        let has_blanks = self.names.has_blanks();
        let mut chain: Vec<Arc<UncheckedChange>> = Vec::with_capacity(cuts.len());
        let mut ops: Vec<DraftOp<'_>> = Vec::new();
        let (mut from, mut start_op) = (0, u64::from(last_op) + 1);
        for to in cuts {
            let mut places = self.places_from(from as u32, last_op + 1, actor);
            ops.clear();
            ops.extend(self.said(from, to).zip(from..).map(|(said, at)| {
                let (identity, suffix) = said.name;
                let filled = |part| if has_blanks { fill_blank(part, &own) } else { Cow::Borrowed(part) };
                let name = [filled(identity), filled(suffix)];
                DraftOp { name, place: places(at), value_code: said.value_code, value: said.value, preds: said.preds }
            }));
            let message = if from == 0 { header.message() } else { String::new() };
            let before = chain.last().map(|change| [change.hash()]);
            let draft = Draft {
                deps: before.as_ref().map_or(deps, |before| before),
                actor,
                seq: chain.len() as u64 + 1,
                start_op,
                message: &message,
                ops: &ops,
            };
            let (bytes, hash) = encode(&draft);
            chain.push(Arc::new(UncheckedChange::own(&draft, Arc::from(bytes), hash)));
            start_op += (to - from) as u64;
            from = to;
        }
        chain
    }

    /// The ends of the changes: about a hundred records each, fewer where they are large.
    fn cut_into_changes(&self) -> Vec<usize> {
        let mut cuts = Vec::new();
        let (mut records, mut from, mut before) = (0, (0, 0), (0, 0));
        for End { at, bytes, of_record } in &self.ends {
            let end = (*at as usize, *bytes);
            let full = records == limits::RECORDS_PER_CHANGE
                || (end.0 - from.0) as u64 > limits::OPS_MAX
                || end.1 - from.1 > limits::CHANGE_BYTES_TARGET;
            if full && before.0 > from.0 {
                cuts.push(before.0);
                (records, from) = (0, before);
            }
            records += usize::from(*of_record);
            before = end;
        }
        if before.0 > from.0 {
            cuts.push(before.0);
        }
        cuts
    }

    pub(super) fn derive_actor(&self, deps: &[ChangeHash], last_op: u32) -> ActorId {
        let mut places = self.places_from(0, last_op + 1, ActorHasher::OWN);
        let mut hasher = ActorHasher::new(self.author.kind, &self.author.name, &self.author.origin, deps);
        let mut from = 0;
        for to in self.cut_into_changes() {
            for (said, at) in self.said(from, to).zip(from..) {
                let (identity, suffix) = said.name;
                hasher.op([identity, suffix], said.value_code, said.value, said.preds.iter().copied());
                if let Some(place) = places(at) {
                    hasher.place(&place);
                }
            }
            hasher.end_change();
            from = to;
        }
        hasher.finish()
    }

    /// Whether every op sets a register to a scalar under a name that has no blank.
    pub(crate) fn is_plain(&self) -> bool {
        let is_scalar = |op: &PlannedOp| !matches!(op.value_code, code::TEXT | code::LIST);
        self.places.is_empty() && !self.names.has_blanks() && self.ops.iter().all(is_scalar)
    }

    /// The ops from `from` to `to` of a plain plan.
    pub(crate) fn plain_ops(&self, from: usize, to: usize) -> impl Iterator<Item = PlainOp<'_>> {
        self.said(from, to).map(|Said { name: (identity, suffix), value_code, value, preds }| PlainOp {
            identity,
            suffix,
            scalar: Scalar { code: value_code, bytes: value },
            preds,
        })
    }

    /// What the ops from `from` to `to` say, in order.
    fn said(&self, from: usize, to: usize) -> impl Iterator<Item = Said<'_>> {
        let before = from.checked_sub(1).and_then(|before| self.ops.get(before));
        let (mut value_at, mut preds_at) = before.map_or((0, 0), |op| (op.value_end, op.preds_end as usize));
        let ops = self.ops.get(from..to).unwrap_or_default();
        ops.iter().map(move |PlannedOp { name, value_end, preds_end, value_code }| {
            let value = self.values.get(value_at..*value_end).unwrap_or_default();
            let preds = self.preds.get(preds_at..*preds_end as usize).unwrap_or_default();
            (value_at, preds_at) = (*value_end, *preds_end as usize);
            let name = name.map_or(("", ""), |name| self.names.parts(name));
            Said { name, value_code: *value_code, value, preds }
        })
    }
}

/// A part of a name with the author's id in the place that was left blank for it.
fn fill_blank<'n>(part: &'n str, own: &str) -> Cow<'n, str> {
    if part.contains(layout::OWN_ACTOR) { part.replace(layout::OWN_ACTOR, own).into() } else { part.into() }
}
