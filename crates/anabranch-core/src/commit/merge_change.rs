//! Merge changes: empty changes that join more heads than one change may depend on. Two replicas make the same ones.

use crate::change::{ActorId, ActorKind, BlankChange, Draft, Room};
use crate::document::ChangeBytes;
use crate::heads::ChangeHash;
use crate::history::chain::ActorHasher;
use crate::history::{History, KnownHeads};
use crate::limits::DEPS_MAX;

/// What a commit upon `heads` depends on: the heads themselves, or the root of a tree of merge changes over them.
pub(crate) struct Joined {
    pub(crate) deps: Vec<ChangeHash>,
    pub(crate) last_op: u32,
    pub(crate) merges: Vec<ChangeBytes>,
}

/// Joins heads, and changes that are about to be made with their last op, in a tree of at most [`DEPS_MAX`] each, until
/// they fit one change.
pub(crate) fn join(history: &History, heads: &KnownHeads, new: &[(ChangeHash, u32)]) -> Joined {
    let have = |position: &u32| (history.change(*position).hash, history.change(*position).last_op());
    if let ([alone], []) = (&*heads.positions, new) {
        let (hash, last_op) = have(alone);
        return Joined { deps: vec![hash], last_op, merges: Vec::new() };
    }
    let mut level: Vec<(ChangeHash, u32)> = heads.positions.iter().map(have).chain(new.iter().copied()).collect();
    let mut merges = Vec::new();
    while level.len() > DEPS_MAX {
        level.sort_unstable();
        level = level.chunks(DEPS_MAX).map(|group| join_one(group, &mut merges)).collect();
    }
    level.sort_unstable();
    let last_op = level.iter().map(|(_, last_op)| *last_op).max().unwrap_or(0);
    Joined { deps: level.into_iter().map(|(hash, _)| hash).collect(), last_op, merges }
}

fn join_one(group: &[(ChangeHash, u32)], merges: &mut Vec<ChangeBytes>) -> (ChangeHash, u32) {
    if let [alone] = group {
        return *alone;
    }
    let deps: Vec<ChangeHash> = group.iter().map(|(hash, _)| *hash).collect();
    let last_op = group.iter().map(|(_, last_op)| *last_op).max().unwrap_or(0);
    let (blank, start_op) = (ActorId::BLANK, u64::from(last_op) + 1);
    let draft = Draft { deps: deps.into(), actor: blank, seq: 1, start_op, message: "".into(), ops: &() };
    let mut merge = BlankChange::of(draft, &mut Room::default());
    let actor = ActorHasher::derive(ActorKind::Merge, [merge.said()]);
    let hash = merge.fill(actor, None);
    merges.push(ChangeBytes { hash, bytes: merge.into_bytes() });
    (hash, last_op)
}
