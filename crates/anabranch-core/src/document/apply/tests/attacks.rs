//! The table of attacks (the rows that hit stock automerge), each with input that is made here.
//!
//! Two rows do not apply to this crate. *A sync message of 10 to 15 bytes*: the crate has no sync protocol; that such bytes
//! are no change is tested. *A bundle chunk with bad UTF-8 in a message*: bundles are no changes and are refused by their
//! type; bad UTF-8 is tested wherever a change holds text. Duplicate and squatted actors are in `actors`, orphans in
//! `bounds`, nesting in `depth`, names that share a hash in `collisions`, 8,000 changes one by one in `work`.

use super::*;
use crate::change::{DecodeChangeError, UncheckedChange};

fn undecodable(reason: RefuseReason) -> DecodeChangeError {
    match reason {
        RefuseReason::Undecodable(error) => error,
        other => panic!("{other:?}"),
    }
}

/// The deflate stream of so many megabytes of zeros.
fn deflated_zeros(megabytes: usize) -> Vec<u8> {
    use flate2::{Compress, Compression, FlushCompress};
    let mut compress = Compress::new(Compression::best(), false);
    let mut one = Vec::with_capacity(1 << 16);
    compress.compress_vec(&vec![0; 1 << 20], &mut one, FlushCompress::Full).unwrap();
    let mut all = one.repeat(megabytes);
    // An empty last block.
    all.extend([3, 0]);
    all
}

/// The body of a change by a nobody: its header up to the columns, which are given.
fn body(seq: u64, start_op: u64, message: &[u8], columns: &[(u64, Vec<u8>)]) -> Vec<u8> {
    let mut body = vec![0, 16];
    body.extend([5; 16]);
    write_unsigned(seq, &mut body);
    write_unsigned(start_op, &mut body);
    body.push(0);
    write_unsigned(message.len() as u64, &mut body);
    body.extend(message);
    body.push(0);
    write_unsigned(columns.len() as u64, &mut body);
    for (specification, bytes) in columns {
        write_unsigned(*specification, &mut body);
        write_unsigned(bytes.len() as u64, &mut body);
    }
    columns.iter().for_each(|(_, bytes)| body.extend(bytes));
    body
}

/// So many nulls set at one name, in runs.
fn repeated_ops(count: u64, name: &str) -> Vec<(u64, Vec<u8>)> {
    let run = |value: &[u8]| {
        let mut out = Vec::new();
        crate::change::write_signed(count as i64, &mut out);
        out.extend(value);
        out
    };
    let mut names = vec![name.len() as u8];
    names.extend(name.as_bytes());
    let mut insert = Vec::new();
    write_unsigned(count, &mut insert);
    vec![(0x15, run(&names)), (0x34, insert), (0x42, run(&[1])), (0x56, run(&[0])), (0x70, run(&[0]))]
}

#[test]
fn sync_messages_and_other_short_bytes_are_no_changes() {
    let mut document = Document::new();
    for kind in [0x42u8, 0x43, 0x44, 0x85, 0x00] {
        for length in 0..16 {
            for fill in [0u8, 1, 0x7f, 0x80, 0xff] {
                let mut bytes = vec![fill; length];
                if let Some(first) = bytes.first_mut() {
                    *first = kind;
                }
                undecodable(refusal(&mut document, [bytes.into()]));
            }
        }
    }
    // Documents, bundles and what is no type yet.
    for chunk_type in [0, 3, 4, 255] {
        let error = undecodable(refusal(&mut document, [chunk(chunk_type, &[0; 40]).into()]));
        assert_eq!(error, DecodeChangeError::ChunkType { found: chunk_type });
    }
}

#[test]
fn a_deflate_bomb_is_refused_within_the_cap() {
    let bomb = chunk(2, &deflated_zeros(60));
    assert!(bomb.len() < 65 * 1024, "{}", bomb.len());
    let mut document = Document::new();
    let bounds = Limits { change_bytes: 1 << 20, ..Limits::default() };
    let outcome = document.apply_within(bounds, [bomb.into()]);
    let reason = DecodeChangeError::Limit { what: "the change", limit: 1 << 20 };
    assert_eq!(outcome.refused, [Refusal { hash: None, reason: reason.into() }]);
    // What fits is inflated and is no change.
    undecodable(refusal(&mut document, [chunk(2, &deflated_zeros(1)).into()]));
}

#[test]
fn a_deflated_change_is_kept_plain_under_the_same_hash() {
    let text = "the same text again and again, ".repeat(40);
    let plain = Chain::of("a", set("k", "x", &text)).make();
    let mut automerge = automerge::Change::from_bytes(plain[0].bytes.to_vec()).unwrap();
    let deflated: Bytes = automerge.bytes().into_owned().into();
    assert_eq!(deflated[8], 2);
    assert!(deflated.len() < plain[0].bytes.len());
    let mut document = Document::new();
    let outcome = document.apply([deflated.clone()]);
    assert_eq!(outcome.applied, plain);
    assert_eq!(document.apply([deflated.clone(), plain[0].bytes.clone()]).duplicates, 2);
    assert!(document.change_bytes().eq(plain.clone()));
    let unchecked = UncheckedChange::from_bytes(deflated.clone(), Limits::default()).unwrap();
    assert_eq!((unchecked.hash(), unchecked.bytes()), (plain[0].hash, &plain[0].bytes));
    assert_eq!((unchecked.deps(), unchecked.actor()), (&[][..], Chain::of("a", set("k", "x", &text)).actor()));
    // A flipped bit in the stream is a refusal, wherever it is.
    for at in 0..deflated.len() {
        let mut bytes = deflated.to_vec();
        bytes[at] ^= 1;
        undecodable(refusal(&mut document, [bytes.into()]));
    }
}

#[test]
fn a_run_length_bomb_is_refused_before_its_ops_are_made() {
    let bomb = chunk(1, &body(1, 1, b"", &repeated_ops(1_000_001, "3k\0.x")));
    assert!(bomb.len() <= 96, "{}", bomb.len());
    let mut document = Document::new();
    let error = undecodable(refusal(&mut document, [bomb.into()]));
    assert_eq!(error, DecodeChangeError::Limit { what: "the number of ops", limit: 100_000 });
}

#[test]
fn a_change_that_sets_one_register_again_and_again_is_refused() {
    let op = Op { name: field("k", "x"), code: code::NULL, value: vec![], preds: vec![] };
    let bomb = Chain::new("a", vec![vec![op; 100_000]]).make();
    assert!(bomb[0].bytes.len() < 128);
    let reason = refusal(&mut Document::new(), bytes(&bomb));
    assert_eq!(reason, RefuseReason::SetTwice { op: 1 });
}

#[test]
fn an_unknown_actor_among_the_predecessors_is_refused() {
    let mut document = with(&[&Chain::of("a", set("k", "x", "1")).make()]);
    let mut op = set("k", "x", "2");
    op.preds = vec![(1, ActorId([5; 16]))];
    let last: Vec<_> = document.change_bytes().collect();
    let chain = Chain::of("b", op).after(&last).make();
    assert_eq!(refusal(&mut document, bytes(&chain)), RefuseReason::Predecessor { op: 0 });
}

#[test]
fn a_wrong_seq_is_refused() {
    let first = Chain::of("a", set("k", "x", "1")).make();
    let mut document = with(&[&first]);
    for (seq, expected) in [(2, RefuseReason::BrokenChain), (u64::from(u32::MAX), RefuseReason::BrokenChain)] {
        let chain = Chain { first_seq: seq, ..Chain::of("b", set("k", "x", "2")) };
        assert_eq!(refusal(&mut document, bytes(&chain.make())), expected);
        assert_eq!(refusal(&mut document, bytes(&chain.after(&first).make())), expected);
    }
    for seq in [0, 1 << 32, u64::MAX] {
        let chain = Chain { first_seq: seq, ..Chain::of("b", set("k", "x", "2")) };
        let error = undecodable(refusal(&mut document, bytes(&chain.make())));
        assert_eq!(error, DecodeChangeError::Malformed { what: "seq or start op" });
    }
}

#[test]
fn a_start_op_beyond_what_local_writes_can_follow_is_refused() {
    let first = Chain::of("a", set("k", "x", "1")).make();
    let mut document = with(&[&first]);
    for start_op in [0, (1 << 31) + 1, 4_294_967_295, 4_294_967_296, u64::MAX] {
        let chain = Chain { start_op, ..Chain::of("b", set("k", "x", "2")) };
        let error = undecodable(refusal(&mut document, bytes(&chain.make())));
        assert_eq!(error, DecodeChangeError::Malformed { what: "seq or start op" });
    }
    let last = Chain { start_op: 1 << 31, ..Chain::of("b", set("k", "x", "2")) };
    let error = undecodable(refusal(&mut document, bytes(&last.make())));
    assert_eq!(error, DecodeChangeError::Limit { what: "the op counter", limit: 1 << 31 });
    for start_op in [2, (1 << 31) - 1] {
        let chain = Chain { start_op, ..Chain::of("b", set("k", "x", "2")) };
        assert_eq!(refusal(&mut document, bytes(&chain.make())), RefuseReason::OpCounter, "{start_op}");
    }
    for start_op in [1, 3] {
        let chain = Chain { start_op, ..Chain::of("b", set("k", "x", "2")).after(&first) };
        assert_eq!(refusal(&mut document, bytes(&chain.make())), RefuseReason::OpCounter, "{start_op}");
    }
    lands(&mut document, &Chain::of("b", set("k", "x", "2")).after(&first).make());
}

#[test]
fn bad_utf8_is_refused_wherever_a_change_holds_text() {
    let mut document = Document::new();
    let error = undecodable(refusal(&mut document, [chunk(1, &body(1, 1, b"\xff\xfe", &[])).into()]));
    assert_eq!(error, DecodeChangeError::Malformed { what: "message" });
    let honest = Chain::of("marker-of-the-author", set("marker-of-the-key", "x", "marker-of-the-value")).make();
    for (marker, at) in [("of-the-author", "message"), ("of-the-key", "property name"), ("of-the-value", "")] {
        let mut bytes = honest[0].bytes.to_vec();
        let found = bytes.windows(marker.len()).position(|window| window == marker.as_bytes()).unwrap();
        bytes[found] = 0xff;
        let error = undecodable(refusal(&mut document, [with_checksum(bytes).into()]));
        let expected = match at {
            "" => DecodeChangeError::Column { specification: 0x57 },
            what => DecodeChangeError::Malformed { what },
        };
        assert_eq!(error, expected);
    }
}

#[test]
fn one_flipped_bit_anywhere_is_a_typed_refusal() {
    let first = Chain::of("a", set("k", "x", "1")).make();
    let mut op = set("k", "x", "2");
    op.preds = vec![(1, Chain::of("a", set("k", "x", "1")).actor())];
    let honest = Chain::of("b", op).after(&first).make();
    let mut document = with(&[&first]);
    for bit in 0..honest[0].bytes.len() * 8 {
        let mut flipped = honest[0].bytes.to_vec();
        flipped[bit / 8] ^= 1 << (bit % 8);
        undecodable(refusal(&mut document, [flipped.clone().into()]));
        if (32..64).contains(&bit) {
            continue;
        }
        // The same with the checksum made right, as an attacker would.
        let outcome = document.apply([with_checksum(flipped).into()]);
        assert_eq!(outcome.applied, [], "bit {bit}");
        assert_eq!(outcome.refused.len() + outcome.waiting, 1, "bit {bit}");
        document.forget_waiting();
    }
    lands(&mut document, &honest);
}

#[test]
fn extra_bytes_and_unknown_columns_are_refused() {
    let mut document = Document::new();
    let columns = |more: Option<(u64, Vec<u8>)>| {
        let mut columns = repeated_ops(2, "3k\0.x");
        columns.extend(more);
        columns.sort();
        chunk(1, &body(1, 1, b"", &columns))
    };
    assert_eq!(refusal(&mut document, [columns(None).into()]), RefuseReason::Header);
    for specification in [0x01, 0x1d, 0x61, 0x80, 0x5d] {
        let reason = refusal(&mut document, [columns(Some((specification, vec![2, 0]))).into()]);
        undecodable(reason);
    }
    let mut longer = body(1, 1, b"", &repeated_ops(2, "3k\0.x"));
    longer.push(0);
    assert_eq!(undecodable(refusal(&mut document, [chunk(1, &longer).into()])), DecodeChangeError::TrailingBytes);
    let mut after = columns(None);
    after.push(0);
    assert_eq!(undecodable(refusal(&mut document, [after.into()])), DecodeChangeError::TrailingBytes);
}

#[test]
fn a_change_whose_checksum_is_not_that_of_its_contents_is_refused_for_it() {
    let honest = Chain::of("a", set("k", "x", "1")).make();
    let mut document = Document::new();
    // In the checksum, in the first dependency count and in the last byte of the values.
    for at in [4, 7, 10, honest[0].bytes.len() - 1] {
        let mut bytes = honest[0].bytes.to_vec();
        bytes[at] ^= 1;
        assert_eq!(undecodable(refusal(&mut document, [bytes.into()])), DecodeChangeError::Checksum, "byte {at}");
    }
    lands(&mut document, &honest);
}
