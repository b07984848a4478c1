//! Every bound of a change, at the limit and one above it.

#![expect(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::heads::ChangeHash;
use crate::limits;

mod body;
mod places;

use body::*;

fn honest() -> Body {
    Body::new(ops(1, b"n", 0))
}

#[test]
fn dependencies_are_bounded_and_ascend() {
    let with = |count: u32| Body { deps: (0..count).map(hash).collect(), ..honest() };
    with(0).is(None);
    with(16).is(None);
    assert_eq!(with(3).read().unwrap().deps, [0, 1, 2].map(|at| ChangeHash(hash(at))));
    with(17).is(limit("dependencies", 16));
    Body { deps: vec![hash(1), hash(1)], ..honest() }.is(malformed("dependencies"));
    Body { deps: vec![hash(2), hash(1)], ..honest() }.is(malformed("dependencies"));
}

#[test]
fn the_header_keeps_to_its_bounds() {
    let max = u64::from(u32::MAX);
    for (seq, start_op, is_good) in [
        (1, 1, true),
        (max, 1, true),
        (max + 1, 1, false),
        (0, 1, false),
        (1, 0, false),
        (1, limits::OP_COUNTER_MAX - 1, true),
        (1, limits::OP_COUNTER_MAX + 1, false),
    ] {
        Body { seq, start_op, ..honest() }.is(if is_good { None } else { malformed("seq or start op") });
    }
    Body { start_op: limits::OP_COUNTER_MAX, ..honest() }.is(limit("the op counter", limits::OP_COUNTER_MAX));
    for time in [-1, 1, i64::MAX] {
        Body { time, ..honest() }.is(malformed("time"));
    }
    Body { message: vec![b'm'; 4096], ..honest() }.is(None);
    Body { message: vec![b'm'; 4097], ..honest() }.is(limit("message", 4096));
    for length in [0, 15, 17] {
        Body { actor: vec![5; length], ..honest() }.is(malformed("actor"));
    }
    for kind in 0..=255 {
        let mut id = actor(0);
        *id.last_mut().unwrap() = kind;
        let is_kind = (1..=5).contains(&kind);
        Body { actor: id, ..honest() }.is(if is_kind { None } else { malformed("actor") });
    }
}

#[test]
fn actors_are_bounded_ascend_and_are_all_named() {
    // One op for each other actor, which names one op of it.
    let with = |others: &[u32]| {
        let count = others.len() as i64;
        let mut key_column = Vec::new();
        let mut actors = Vec::new();
        write_signed(-count, &mut key_column);
        write_signed(-count, &mut actors);
        for at in 0..others.len() {
            key_column.push(2);
            key_column.extend((at as u16).to_be_bytes().map(|byte| byte & 0x7f));
            write_unsigned(at as u64 + 1, &mut actors);
        }
        let counters = [run(1, &[1]), if count > 1 { run(count - 1, &[0]) } else { vec![] }].concat();
        let columns = vec![
            (column::KEY_STR, key_column),
            (column::INSERT, number(count as u64)),
            (column::ACTION, run(count, &[1])),
            (column::VALUE_META, run(count, &[0])),
            (column::PRED_COUNT, run(count, &[1])),
            (column::PRED_ACTOR, actors),
            (column::PRED_COUNTER, if count == 2 { vec![0x7e, 1, 0] } else { counters }),
        ];
        Body { others: others.iter().map(|at| actor(*at)).collect(), ..Body::new(columns) }
    };
    with(&[1]).is(None);
    with(&[1, 2]).is(None);
    with(&[1, 2, 3, 4]).is(None);
    with(&[2, 1, 3]).is(malformed("actors"));
    with(&[1, 1, 2]).is(malformed("actors"));
    // The author is the first and is no other.
    with(&[0, 1, 2]).is(malformed("actors"));
    let unnamed = Body { others: vec![actor(1)], ..honest() };
    unnamed.is(malformed("actors"));
    let many: Vec<u32> = (1..=limits::ACTORS_MAX as u32).collect();
    with(&many).is(None);
    let over = Body { others: (1..=limits::ACTORS_MAX as u32 + 1).map(actor).collect(), ..honest() };
    over.is(limit("actors", limits::ACTORS_MAX as u64));
}

#[test]
fn columns_are_bounded_ascend_and_are_known() {
    let over: Vec<(u64, Vec<u8>)> = (0..33).map(|at| (at << 4, vec![1])).collect();
    Body::new(over).is(limit("columns", 32));
    let unknown: Vec<(u64, Vec<u8>)> = (0..32).map(|at| (at << 4, vec![1])).collect();
    Body::new(unknown).is(Some(DecodeChangeError::ForeignOp));
    let mut twice = ops(1, b"n", 0);
    twice.insert(1, twice.first().unwrap().clone());
    Body::new(twice).is(column_is_bad(column::KEY_STR));
    let mut turned = ops(1, b"n", 0);
    turned.swap(1, 2);
    Body::new(turned).is(column_is_bad(column::INSERT));
    let mut empty = ops(1, b"n", 0);
    empty.push((column::PRED_ACTOR, vec![]));
    Body::new(empty).is(column_is_bad(column::PRED_ACTOR));
    Body::new(vec![]).is(None);
}

#[test]
fn ops_names_and_predecessors_are_bounded() {
    assert_eq!(Body::new(ops(100_000, b"n", 0)).read().unwrap().ops.len(), 100_000);
    Body::new(ops(100_001, b"n", 0)).is(limit("the number of ops", 100_000));
    Body::new(ops(1, &vec![b'n'; limits::NAME_BYTES_MAX], 0)).is(None);
    let name = vec![b'n'; limits::NAME_BYTES_MAX + 1];
    Body::new(ops(1, &name, 0)).is(limit("a property name", limits::NAME_BYTES_MAX as u64));
    assert_eq!(Body::new(ops(1, b"n", limits::PREDS_MAX)).read().unwrap().preds.len(), 400_000);
    Body::new(ops(1, b"n", limits::PREDS_MAX + 1)).is(limit("predecessors", limits::PREDS_MAX));
    // All ops together: two of half the limit, and one predecessor more.
    for (second, expected) in [(200_000, None), (200_001, limit("predecessors", limits::PREDS_MAX))] {
        let mut columns = ops(1, b"n", 0);
        *columns.first_mut().unwrap() = (column::KEY_STR, vec![0x7e, 1, b'm', 1, b'n']);
        columns.iter_mut().skip(1).take(3).zip([vec![2], vec![2, 1], vec![2, 0]]).for_each(|(to, from)| to.1 = from);
        let counts = if second == 200_000 {
            run(2, &number(200_000))
        } else {
            [vec![0x7e], number(200_000), number(second)].concat()
        };
        columns.last_mut().unwrap().1 = counts;
        columns.push((column::PRED_ACTOR, run(200_000 + second as i64, &[0])));
        let back = [run(200_000, &[1]), run(1, &delta(-199_999)), run(second as i64 - 1, &[1])].concat();
        columns.push((column::PRED_COUNTER, back));
        Body::new(columns).is(expected);
    }
}

#[test]
fn counters_of_predecessors_keep_to_their_bounds_and_ascend() {
    let with = |preds: u64, counters: Vec<u8>| {
        let mut columns = ops(1, b"n", preds);
        columns.last_mut().unwrap().1 = counters;
        Body::new(columns)
    };
    let max = limits::OP_COUNTER_MAX as i64;
    with(1, run(1, &delta(max))).is(None);
    with(2, [vec![0x7e], delta(1), delta(max - 1)].concat()).is(None);
    for counters in [run(1, &delta(0)), run(1, &delta(-1)), run(1, &delta(max + 1)), run(1, &delta(i64::MIN))] {
        with(1, counters).is(column_is_bad(column::PRED_COUNTER));
    }
    for counters in [
        [vec![0x7e], delta(5), delta(0)].concat(),
        [vec![0x7e], delta(5), delta(-1)].concat(),
        [vec![0x7e], delta(max), delta(i64::MAX)].concat(),
        run(1, &delta(5)),
        run(3, &delta(5)),
        vec![],
    ] {
        let is_missing = counters.is_empty();
        let mut body = with(2, counters);
        if is_missing {
            body.columns.pop();
        }
        body.is(column_is_bad(column::PRED_COUNTER));
    }
    let mut foreign = ops(1, b"n", 1);
    foreign
        .iter_mut()
        .filter(|(specification, _)| *specification == column::PRED_ACTOR)
        .for_each(|(_, bytes)| *bytes = run(1, &[1]));
    Body::new(foreign).is(column_is_bad(column::PRED_ACTOR));
    for actors in [run(1, &[0]), run(3, &[0])] {
        let mut short = ops(1, b"n", 2);
        let is_short = actors == run(1, &[0]);
        short
            .iter_mut()
            .filter(|(specification, _)| *specification == column::PRED_ACTOR)
            .for_each(|(_, bytes)| *bytes = actors.clone());
        Body::new(short).is(column_is_bad(if is_short { column::PRED_ACTOR } else { column::PRED_COUNTER }));
    }
}

#[test]
fn columns_of_other_lengths_than_the_rest_are_refused() {
    for (specification, shorter, longer) in [
        (column::KEY_STR, run(2, &[1, b'n']), run(4, &[1, b'n'])),
        (column::PRED_COUNT, run(2, &[0]), run(4, &[0])),
        (column::VALUE_META, run(2, &[0]), run(4, &[0])),
        (column::ACTION, run(2, &[1]), run(4, &[1])),
        (column::INSERT, number(2), number(4)),
    ] {
        for bytes in [shorter, longer, vec![3], vec![0x80]] {
            let mut columns = ops(3, b"n", 0);
            columns.iter_mut().filter(|(have, _)| *have == specification).for_each(|(_, to)| *to = bytes.clone());
            if bytes == [3] && specification == column::INSERT {
                continue;
            }
            assert!(Body::new(columns).read().is_err(), "{specification:#x}: {bytes:x?}");
        }
        let mut columns = ops(3, b"n", 0);
        columns.retain(|(have, _)| *have != specification);
        assert!(Body::new(columns).read().is_err(), "{specification:#x} is missing");
    }
    Body::new(ops(3, b"n", 0)).is(None);
    Body::new(vec![(column::INSERT, vec![1])]).is(column_is_bad(column::INSERT));
    Body::new(vec![(column::ACTION, vec![1])]).is(column_is_bad(column::ACTION));
    let mut after_insert = ops(3, b"n", 0);
    after_insert.iter_mut().filter(|(have, _)| *have == column::INSERT).for_each(|(_, to)| to.push(1));
    Body::new(after_insert).is(column_is_bad(column::INSERT));
}

/// One op with this value.
fn valued(code: u8, bytes: &[u8]) -> Body {
    let mut columns = ops(1, b"n", 0);
    let meta = number((bytes.len() as u64) << 4 | u64::from(code));
    columns.iter_mut().filter(|(have, _)| *have == column::VALUE_META).for_each(|(_, to)| *to = run(1, &meta));
    if !bytes.is_empty() {
        columns.insert(4, (column::VALUE, bytes.to_vec()));
    }
    Body::new(columns)
}

#[test]
fn values_have_their_shortest_form_and_a_type_that_stores_write() {
    let bad = || column_is_bad(column::VALUE);
    for code in [code::NULL, code::FALSE, code::TRUE] {
        valued(code, &[]).is(None);
        valued(code, &[0]).is(bad());
    }
    for code in [code::INT, code::TIMESTAMP] {
        valued(code, &[0x7f]).is(None);
        valued(code, &delta(i64::MIN)).is(None);
        for bytes in [&[][..], &[0x80], &[0x80, 0], &[0xff, 0x7f], &[0, 0], &[0xff; 10]] {
            valued(code, bytes).is(bad());
        }
    }
    valued(code::F64, &[0; 8]).is(None);
    valued(code::F64, &[0; 7]).is(bad());
    valued(code::F64, &[0; 9]).is(bad());
    valued(code::STR, b"").is(None);
    valued(code::STR, "\u{e4}".as_bytes()).is(None);
    valued(code::STR, &[0xff]).is(bad());
    valued(code::BYTES, &[0xff]).is(None);
    // Unsigned integers, counters, and what is no type yet.
    for code in [3, 8, 10, 11, 12, 13, 14, 15] {
        valued(code, &[0]).is(Some(DecodeChangeError::ForeignOp));
    }
    // A value that ends behind its column, one that does not reach its end, and a length that is no length.
    for (meta, is_good) in [(3 << 4 | 7, true), (4 << 4 | 7, false), (2 << 4 | 7, false), (u64::MAX << 4 | 7, false)] {
        let mut body = valued(code::BYTES, b"abc");
        body.columns
            .iter_mut()
            .filter(|(have, _)| *have == column::VALUE_META)
            .for_each(|(_, to)| *to = run(1, &number(meta)));
        body.is(if is_good { None } else { bad() });
    }
}

#[test]
fn a_value_of_sixty_four_megabytes_is_above_a_named_limit() {
    for (over, expected) in [(0, None), (1, limit("a value", limits::SCALAR_BYTES_MAX as u64))] {
        let chunk = valued(code::BYTES, &vec![0; limits::SCALAR_BYTES_MAX + over]).chunk();
        let decoded = Decoded::read_body(&chunk, ChangeHash([0; 32]), Limits::default());
        assert_eq!(decoded.err(), expected);
    }
}

#[test]
fn a_chunk_has_its_magic_its_type_and_its_length() {
    let good = honest().bytes();
    let read = |bytes: &[u8]| Decoded::read(bytes, Limits::default()).err();
    for end in 0..good.len() {
        assert!(read(good.get(..end).unwrap()).is_some(), "{end}");
    }
    assert_eq!(read(&[&good[..], &[0]].concat()), Some(DecodeChangeError::TrailingBytes));
    let exact = Limits { change_bytes: good.len(), ..Limits::default() };
    assert_eq!(Decoded::read(&good, exact).err(), None);
    let below = Limits { change_bytes: good.len() - 1, ..exact };
    assert_eq!(Decoded::read(&good, below).err(), limit("the change", good.len() as u64 - 1));
    let mut cut = good.clone();
    cut.pop();
    assert_eq!(read(&cut), Some(DecodeChangeError::CutOff { at: cut.len() }));
    assert_eq!(read(good.get(..8).unwrap()), Some(DecodeChangeError::CutOff { at: 8 }));
    assert_eq!(read(good.get(..3).unwrap()), Some(DecodeChangeError::NotAChunk));
}
