//! Where what a change names is looked up: these are guesses that only save time, so that nothing else would tell if they
//! were never right.

use std::collections::BTreeMap;

use super::*;
use crate::change::{Decoded, Names};
use crate::registers::{Located, SEARCHED_ENTRIES};
use crate::testing::raw_registers;

/// Looks up what the first change of a chain names.
fn locate(document: &Document, chain: &[ChangeBytes]) -> Located {
    let bytes = &chain[0].bytes;
    let decoded = Decoded::read(bytes, Limits::default()).unwrap();
    document.registers.locate(&document.history, Names::cut(&decoded, bytes).unwrap(), bytes)
}

#[test]
fn records_and_values_are_found_where_they_lie() {
    let ops = ["k", "l", "m"].map(|key| [set(key, "x", "1"), set(key, "y", "2")]).concat();
    let first = Chain::new("a", vec![ops]).make();
    let mut document = Document::new();
    document.apply(bytes(&first));
    let next = vec![set("m", "y", "3"), set("k", "x", "3"), set("k", "z", "3"), set("n", "x", "3")];
    let located = locate(&document, &Chain::new("b", vec![next]).after(&first).make());
    let identity = |record: &Option<_>| record.map(|at| document.registers.slot(&document.history, at).identity());
    assert_eq!(located.records.iter().map(identity).collect::<Vec<_>>(), [Some("3m\0"), Some("3k\0"), None]);
    let shown = |record: usize, op: usize| {
        let slot = document.registers.slot(&document.history, located.records[record].unwrap());
        let entry = slot.entries().nth(located.value_of(op)? as usize);
        entry.map(|entry| &*document.registers.paths.info(entry.path).suffix)
    };
    assert_eq!([shown(0, 0), shown(1, 1), shown(1, 2)], [Some(".y"), Some(".x"), None]);
    assert_eq!(located.value_of(3), None);
}

#[test]
fn a_large_record_is_not_searched_for_them() {
    for (fields, is_searched) in [(SEARCHED_ENTRIES, true), (SEARCHED_ENTRIES + 1, false)] {
        let ops = (0..fields).map(|nth| set("k", &format!("{nth:03}"), "1")).collect();
        let first = Chain::new("a", vec![ops]).make();
        let mut document = Document::new();
        document.apply(bytes(&first));
        let located = locate(&document, &Chain::of("b", set("k", "005", "2")).after(&first).make());
        assert_eq!(located.value_of(0).is_some(), is_searched, "{fields}");
    }
}

#[test]
fn what_was_looked_up_takes_up_what_its_tables_do() {
    let ops = |text| ["k", "l", "m"].map(|key| ["x", "y"].map(|name| set(key, name, text))).concat();
    let first = Chain::new("a", vec![ops("1")]).make();
    let document = with(&[&first]);
    let located = locate(&document, &Chain::new("b", vec![ops("2")]).after(&first).make());
    let tables = size_of_val(&*located.records) + size_of_val(&*located.paths) + 6 * size_of::<u32>();
    assert_eq!((located.records.len(), located.paths.len()), (3, 2));
    assert_eq!(located.table_bytes(), located.names.table_bytes() + tables);
}

/// Two records of one key that generators made, whose identities have one hash.
fn alike() -> [String; 2] {
    let mut met = BTreeMap::new();
    let mut identities = (0u128..).map(|actor| format!("3k\0@{actor:032x}"));
    identities
        .find_map(|identity| Some([met.insert(layout::hash_identity(&identity), identity.clone())?, identity]))
        .unwrap()
}

#[test]
fn of_records_whose_hashes_are_alike_each_is_told_by_its_identity() {
    let [one, other] = alike();
    let op = |identity: &str, text| Op { name: format!("{identity}.x"), ..set("k", "x", text) };
    for (first, second) in [(&one, &other), (&other, &one)] {
        let made = Chain::of("a", op(first, "1")).make();
        let mut document = with(&[&made]);
        let both = Chain::new("b", vec![vec![op(second, "2"), op(first, "3")]]).after(&made).make();
        let located = locate(&document, &both);
        let lies = located.records.iter().map(|at| at.map(|at| at.place().1)).collect::<Vec<_>>();
        assert_eq!(lies, [None, Some(0)]);
        lands(&mut document, &both);
        let values = |identity: &str| raw_registers(&document)[&format!("{identity}.x")].len();
        assert_eq!((values(first), values(second)), (2, 1));
        // Who comes back to one of them is told from who goes on to the other.
        let ops = vec![op(first, "4"), op(second, "4"), op(first, "5")];
        let to_and_fro = Chain::new("c", vec![ops]).after(&both).make();
        assert_eq!(refusal(&mut document, bytes(&to_and_fro)), RefuseReason::SetTwice { op: 2 });
    }
}
