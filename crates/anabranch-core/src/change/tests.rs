//! The codec against automerge: what we encode, automerge decodes and encodes alike, and the other way round.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use proptest::prelude::*;

use super::*;
use crate::heads::ChangeHash;

type Op = (String, u8, Vec<u8>, Vec<(u32, ActorId)>);

fn actor() -> impl Strategy<Value = ActorId> {
    (0u8..4, 1u8..=5).prop_map(|(id, kind)| {
        let mut bytes = [id; 16];
        bytes[15] = kind;
        ActorId(bytes)
    })
}

fn scalar() -> impl Strategy<Value = (u8, Vec<u8>)> {
    let signed = |code: u8| {
        any::<i64>().prop_map(move |number| {
            let mut out = Vec::new();
            leb128::write_signed(number, &mut out);
            (code, out)
        })
    };
    prop_oneof![
        Just((code::NULL, vec![])),
        Just((code::FALSE, vec![])),
        Just((code::TRUE, vec![])),
        signed(code::INT),
        signed(code::TIMESTAMP),
        any::<[u8; 8]>().prop_map(|bytes| (code::F64, bytes.to_vec())),
        ".{0,6}".prop_map(|text| (code::STR, text.into_bytes())),
        proptest::collection::vec(any::<u8>(), 0..6).prop_map(|bytes| (code::BYTES, bytes)),
    ]
}

fn op() -> impl Strategy<Value = Op> {
    let preds = proptest::collection::btree_set((1u32..50, actor()), 0..3);
    ("[ab]{0,2}", scalar(), preds)
        .prop_map(|(name, (code, value), preds)| (name, code, value, preds.into_iter().collect()))
}

fn encoded(ops: &[Op], author: ActorId, deps: &[ChangeHash]) -> (Vec<u8>, ChangeHash) {
    let ops: Vec<_> = ops
        .iter()
        .map(|(name, code, value, preds)| DraftOp {
            name: [name.as_str(), ""],
            place: None,
            value_code: *code,
            value,
            preds,
        })
        .collect();
    encode(&Draft { deps: deps.into(), actor: author, seq: 1, start_op: 60, message: "hello".into(), ops: &ops[..] })
}

proptest! {
    #[test]
    fn automerge_reads_what_we_encode_and_encodes_it_alike(ops in proptest::collection::vec(op(), 0..40), author in actor(), deps in proptest::collection::btree_set(any::<[u8; 32]>(), 0..3)) {
        let deps: Vec<_> = deps.into_iter().map(ChangeHash).collect();
        let (bytes, hash) = encoded(&ops, author, &deps);
        let theirs = automerge::Change::from_bytes(bytes.clone()).unwrap();
        prop_assert_eq!(theirs.hash().0, hash.0);
        let again = automerge::Change::from(theirs.decode());
        prop_assert_eq!(again.raw_bytes(), &bytes[..]);

        let ours = Decoded::read(&bytes, Limits::default()).unwrap();
        prop_assert_eq!(ours.hash, hash);
        prop_assert_eq!(ours.ops.len(), ops.len());
        for (decoded, (name, code, value, preds)) in ours.ops.iter().zip(&ops) {
            prop_assert_eq!(&bytes[decoded.name_at as usize..][..decoded.name_bytes as usize], name.as_bytes());
            prop_assert_eq!(decoded.value_code, *code);
            prop_assert_eq!(&bytes[decoded.value_at as usize..][..decoded.value_bytes as usize], &value[..]);
            let found: Vec<_> = ours.preds[decoded.preds_at as usize..][..decoded.preds as usize]
                .iter().map(|(counter, actor)| (*counter, ours.actors[*actor as usize])).collect();
            prop_assert_eq!(&found, preds);
        }
    }

    #[test]
    fn mutated_changes_never_panic_and_what_is_accepted_is_canonical(ops in proptest::collection::vec(op(), 1..20), author in actor(), flips in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4)) {
        use sha2::{Digest, Sha256};
        let (mut bytes, _) = encoded(&ops, author, &[]);
        for (at, byte) in flips {
            let at = at.index(bytes.len());
            bytes[at] ^= byte;
        }
        let hash = Sha256::digest(&bytes[8..]);
        bytes[4..8].copy_from_slice(&hash[..4]);
        if Decoded::read(&bytes, Limits::default()).is_ok() {
            let theirs = automerge::Change::from_bytes(bytes.clone()).unwrap();
            let again = automerge::Change::from(theirs.decode());
            prop_assert_eq!(again.raw_bytes(), &bytes[..]);
        }
    }
}

#[test]
fn a_run_length_bomb_is_refused_before_anything_is_allocated() {
    let (bytes, _) = encoded(&vec![("a".into(), code::NULL, vec![], vec![]); 3], ActorId([1; 16]), &[]);
    let bounds = Limits { ops: 2, ..Limits::default() };
    assert!(matches!(Decoded::read(&bytes, bounds), Err(DecodeChangeError::Limit { .. })));
}
