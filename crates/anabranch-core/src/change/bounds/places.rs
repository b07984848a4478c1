//! Ops inside sequences: what each column may say of them, and what they may say together.

use super::super::columns::{ColumnValue, write_booleans, write_nullable, write_runs};
use super::*;

/// What the columns say of one op.
#[derive(Clone)]
struct Row {
    object: (Option<u64>, Option<u64>),
    /// The difference to the counter before, and the actor.
    element: (Option<i64>, Option<u64>),
    name: Option<&'static [u8]>,
    is_insert: bool,
    action: u64,
    meta: u64,
    value: &'static [u8],
    preds: &'static [u64],
}

#[derive(Clone, Copy, PartialEq)]
struct Name(&'static [u8]);

impl ColumnValue for Name {
    fn write(&self, out: &mut Vec<u8>) {
        write_unsigned(self.0.len() as u64, out);
        out.extend(self.0);
    }
}

fn set(name: &'static [u8]) -> Row {
    let (object, element, action) = ((None, None), (None, None), action::SET);
    Row { object, element, name: Some(name), is_insert: false, action, meta: 0, value: b"", preds: &[] }
}

fn make(name: &'static [u8], action: u64) -> Row {
    Row { action, ..set(name) }
}

/// Puts a letter first into the sequence that op 1 made.
fn insert_first() -> Row {
    let (object, element) = ((Some(1), Some(0)), (Some(0), None));
    let (meta, value) = (1 << 4 | u64::from(code::STR), b"a");
    Row { object, element, name: None, is_insert: true, meta, value, ..set(b"") }
}

/// Puts a letter behind the element whose counter is so much larger than that of the op before.
fn insert_behind(delta: i64) -> Row {
    Row { element: (Some(delta), Some(0)), ..insert_first() }
}

fn delete(delta: i64, preds: &'static [u64]) -> Row {
    Row { is_insert: false, action: action::DELETE, meta: 0, value: b"", preds, ..insert_behind(delta) }
}

fn columns_of(rows: &[Row]) -> Vec<(u64, Vec<u8>)> {
    fn nullable<T: ColumnValue>(values: impl Iterator<Item = Option<T>>) -> Vec<u8> {
        let mut out = Vec::new();
        write_nullable(values, &mut out);
        out
    }
    fn runs<T: ColumnValue>(values: impl Iterator<Item = T>) -> Vec<u8> {
        let mut out = Vec::new();
        write_runs(values, &mut out);
        out
    }
    let mut inserts = Vec::new();
    write_booleans(rows.iter().map(|row| row.is_insert), &mut inserts);
    let counters = rows
        .iter()
        .flat_map(|row| row.preds)
        .scan(0, |before, counter| Some(*counter as i64 - std::mem::replace(before, *counter as i64)));
    let mut columns = vec![
        (column::OBJECT_ACTOR, nullable(rows.iter().map(|row| row.object.1))),
        (column::OBJECT_COUNTER, nullable(rows.iter().map(|row| row.object.0))),
        (column::ELEMENT_ACTOR, nullable(rows.iter().map(|row| row.element.1))),
        (column::ELEMENT_COUNTER, nullable(rows.iter().map(|row| row.element.0))),
        (column::KEY_STR, nullable(rows.iter().map(|row| row.name.map(Name)))),
        (column::INSERT, inserts),
        (column::ACTION, runs(rows.iter().map(|row| row.action))),
        (column::VALUE_META, runs(rows.iter().map(|row| row.meta))),
        (column::VALUE, rows.iter().flat_map(|row| row.value).copied().collect()),
        (column::PRED_COUNT, runs(rows.iter().map(|row| row.preds.len() as u64))),
        (column::PRED_ACTOR, runs(rows.iter().flat_map(|row| row.preds).map(|_| 0u64))),
        (column::PRED_COUNTER, runs(counters)),
    ];
    columns.retain(|(_, bytes)| !bytes.is_empty());
    columns
}

fn body(rows: &[Row]) -> Body {
    Body::new(columns_of(rows))
}

/// A text of two letters of which the first is deleted again, an empty list, and a register.
fn story() -> Vec<Row> {
    vec![
        make(b"n", action::MAKE_TEXT),
        insert_first(),
        insert_behind(2),
        delete(0, &[2]),
        make(b"o", action::MAKE_LIST),
        set(b"p"),
    ]
}

/// A text, and one op more.
fn then(row: Row) -> Body {
    body(&[make(b"n", action::MAKE_TEXT), row])
}

#[test]
fn ops_inside_sequences_are_read_with_their_places() {
    let body = body(&story());
    let (decoded, bytes) = (body.read().unwrap(), body.bytes());
    let told: Vec<_> = decoded
        .ops
        .iter()
        .enumerate()
        .map(|(at, op)| {
            let place = decoded.place(at).map(|place| (place.object, place.element, place.action));
            (decoded.name(&bytes, op), op.value_code, decoded.value(&bytes, op).bytes, decoded.preds_of(op), place)
        })
        .collect();
    let place = |element: Option<OpRef>, action| Some(((1, 0), element, action));
    let expected: [(&str, u8, &[u8], &[OpRef], _); 6] = [
        ("n", code::TEXT, b"", &[], None),
        ("", code::STR, b"a", &[], place(None, SequenceAction::Insert)),
        ("", code::STR, b"a", &[], place(Some((2, 0)), SequenceAction::Insert)),
        ("", code::NULL, b"", &[(2, 0)], place(Some((2, 0)), SequenceAction::Delete)),
        ("o", code::LIST, b"", &[], None),
        ("p", code::NULL, b"", &[], None),
    ];
    assert_eq!(told, expected);
    // Where nothing acts inside a sequence there are no places to keep.
    assert!(honest().read().unwrap().places.is_empty());
}

#[test]
fn a_change_of_nothing_but_new_values_of_elements_is_read() {
    let value = Row { is_insert: false, preds: &[2], ..insert_behind(2) };
    let decoded = body(&[value.clone(), Row { element: (Some(0), Some(0)), ..value }]).read().unwrap();
    let place = Place { object: (1, 0), element: Some((2, 0)), action: SequenceAction::Set };
    assert_eq!(decoded.places, [Some(place); 2]);
}

#[test]
fn an_object_is_an_op_within_the_limits_of_an_actor_that_is_named() {
    let max = limits::OP_COUNTER_MAX;
    for (counter, actor, is_good) in [
        (Some(1), Some(0), true),
        (Some(max), Some(0), true),
        (Some(max + 1), Some(0), false),
        (Some(0), Some(0), false),
        (Some(1), Some(1), false),
        (Some(1), None, false),
        (None, Some(0), false),
        (None, None, false),
    ] {
        let expected = if is_good { None } else { column_is_bad(column::OBJECT_COUNTER) };
        then(Row { object: (counter, actor), ..insert_first() }).is(expected);
    }
}

#[test]
fn an_element_is_an_op_within_the_limits_or_the_place_before_the_first() {
    let max = limits::OP_COUNTER_MAX as i64;
    for (counter, actor, is_good) in [
        (Some(0), None, true),
        (Some(1), Some(0), true),
        (Some(max), Some(0), true),
        (Some(max + 1), Some(0), false),
        (Some(-1), Some(0), false),
        (Some(0), Some(0), false),
        (Some(1), Some(1), false),
        (Some(1), None, false),
        (None, Some(0), false),
        (None, None, false),
    ] {
        let expected = if is_good { None } else { column_is_bad(column::ELEMENT_COUNTER) };
        then(Row { element: (counter, actor), ..insert_first() }).is(expected);
    }
    // The sum of the differences is bounded too, and never wraps around.
    let upon = |delta| body(&[make(b"n", action::MAKE_TEXT), insert_behind(2), insert_behind(delta)]);
    upon(max - 2).is(None);
    for delta in [max - 1, -3, i64::MAX] {
        upon(delta).is(column_is_bad(column::ELEMENT_COUNTER));
    }
}

#[test]
fn an_op_has_a_name_or_a_place_and_an_action_that_belongs_there() {
    for row in [
        Row { object: (Some(1), None), ..set(b"o") },
        Row { object: (None, Some(0)), ..set(b"o") },
        Row { element: (Some(1), None), ..set(b"o") },
        Row { element: (None, Some(0)), ..set(b"o") },
        Row { is_insert: true, ..set(b"o") },
        make(b"o", action::DELETE),
        make(b"o", 0),
        make(b"o", 5),
        // Only what stands there already is set or deleted, and nothing is made inside a sequence.
        Row { is_insert: false, ..insert_first() },
        Row { element: (Some(0), None), ..delete(0, &[]) },
        Row { is_insert: true, ..delete(2, &[]) },
        Row { action: action::MAKE_TEXT, meta: 0, value: b"", ..insert_first() },
        Row { action: action::MAKE_LIST, meta: 0, value: b"", ..insert_behind(2) },
        // What is no `set` has no value.
        Row { meta: 1, ..make(b"o", action::MAKE_LIST) },
        Row { meta: 1, ..make(b"o", action::MAKE_TEXT) },
        Row { meta: 1, ..delete(2, &[]) },
    ] {
        then(row).is(Some(DecodeChangeError::ForeignOp));
    }
    for row in [Row { is_insert: false, ..insert_behind(2) }, delete(2, &[]), make(b"o", action::MAKE_LIST)] {
        then(row).is(None);
    }
}

#[test]
fn columns_of_sequences_are_as_long_as_there_are_ops() {
    let honest = columns_of(&story());
    for (specification, _) in &honest {
        let changed = |change: &dyn Fn(&mut Vec<u8>)| {
            let mut columns = honest.clone();
            columns.iter_mut().filter(|(own, _)| own == specification).for_each(|(_, bytes)| change(bytes));
            columns.retain(|(_, bytes)| !bytes.is_empty());
            assert!(Body::new(columns).read().is_err(), "{specification:#x}");
        };
        changed(&|bytes| bytes.clear());
        // One value more.
        changed(&|bytes| bytes.extend([0x7f, 9]));
        changed(&|bytes| bytes.extend([2, 9]));
        changed(&|bytes| bytes.push(1));
    }
}

#[test]
fn the_bounds_of_names_ops_and_actors_hold_beside_sequences_too() {
    static NAME: [u8; limits::NAME_BYTES_MAX + 1] = [b'n'; limits::NAME_BYTES_MAX + 1];
    body(&[make(&NAME[1..], action::MAKE_TEXT)]).is(None);
    body(&[make(&NAME, action::MAKE_TEXT)]).is(limit("a property name", limits::NAME_BYTES_MAX as u64));
    body(&[make(b"\xff", action::MAKE_TEXT)]).is(malformed("property name"));
    let bytes = body(&story()).bytes();
    let read = |ops| Decoded::read(&bytes, Limits { ops, ..Limits::default() }).err();
    assert_eq!((read(6), read(5)), (None, limit("the number of ops", 5)));
    // An actor is named by an object or by an element alone.
    let by = |row: Row, others: u32| Body { others: (1..=others).map(actor).collect(), ..then(row) };
    by(Row { object: (Some(1), Some(1)), ..insert_first() }, 1).is(None);
    by(Row { element: (Some(2), Some(1)), ..insert_behind(2) }, 1).is(None);
    by(insert_behind(2), 1).is(malformed("actors"));
    by(Row { object: (Some(1), Some(1)), ..insert_behind(2) }, 2).is(malformed("actors"));
}
