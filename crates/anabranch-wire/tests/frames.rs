//! The laws of the frame codec, and the vectors that must decode for ever.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use anabranch_wire::{
    Baseline, DecodeFrameError, Entry, Heads, Note, Offer, ReplicaEntry, RunEntry, decode_frame, encode_frame,
};
use proptest::prelude::*;

fn entries() -> Vec<Entry> {
    let heads = Heads { store: 1, hashes: vec![[7; 32]] };
    let offer = Offer { heads: vec![heads.clone()], left_out: vec![], written_at_ms: Some(-1) };
    vec![
        Entry::Store { number: 1, database: "shop ✓".into(), store: "orders".into() },
        Entry::Changes {
            store: 1,
            note: Note { time_ms: Some(1_700_000_000_000), source: "a.json".into() },
            changes: vec![vec![], vec![1, 2, 3]],
        },
        Entry::Replica(ReplicaEntry {
            name: "dev0".into(),
            captured_at_ms: None,
            baselines: vec![Baseline { heads: heads.clone(), left_out: vec!["5".into()] }],
            offers: vec![offer],
        }),
        Entry::Run(RunEntry {
            id: "run-1".into(),
            base: heads,
            edits: [9; 32],
            parameters: "partial".into(),
            receipt: "{}".into(),
        }),
        Entry::Database { name: "shop".into(), version: Some(30), stores: vec!["orders".into()] },
        Entry::Commit { entries: 5, digest: [3; 32] },
    ]
}

/// Vector n is the frame of entry n (FORMAT.md §6).
#[test]
fn the_golden_vectors_decode_and_encode_alike() {
    let hex = include_str!("../vectors/frames-v1.hex");
    let vectors: Vec<Vec<u8>> = hex
        .lines()
        .map(|line| (0..line.len() / 2).map(|at| u8::from_str_radix(&line[2 * at..2 * at + 2], 16).unwrap()).collect())
        .collect();
    assert_eq!(vectors.len(), entries().len());
    for (vector, entry) in vectors.iter().zip(entries()) {
        assert_eq!(decode_frame(vector), Ok((entry.clone(), vector.len())));
        assert_eq!(encode_frame(&entry).unwrap(), *vector);
    }
}

#[test]
fn every_flipped_bit_is_noticed() {
    for entry in entries() {
        let frame = encode_frame(&entry).unwrap();
        for at in 0..frame.len() * 8 {
            let mut flipped = frame.clone();
            flipped[at / 8] ^= 1 << (at % 8);
            assert!(!matches!(decode_frame(&flipped), Ok(_) | Err(DecodeFrameError::CutOff { .. })), "bit {at}");
        }
        for length in 0..frame.len() {
            assert!(matches!(decode_frame(&frame[..length]), Err(DecodeFrameError::CutOff { .. })));
        }
    }
}

proptest! {
    #[test]
    fn random_payloads_with_right_checksums_never_panic(payload in proptest::collection::vec(any::<u8>(), 0..200)) {
        let mut frame = encode_frame(&Entry::Commit { entries: 0, digest: [0; 32] }).unwrap();
        frame.truncate(8);
        frame.extend((payload.len() as u32).to_le_bytes());
        let check = blake3::hash(&frame);
        frame.extend(&check.as_bytes()[..4]);
        frame.extend(blake3::hash(&payload).as_bytes());
        frame.extend(&payload);
        if let Ok((entry, length)) = decode_frame(&frame) {
            prop_assert_eq!(encode_frame(&entry).unwrap(), &frame[..length]);
        }
    }
}
