//! Where what a change names is looked up: these are guesses that only save time, so that nothing else would tell if they
//! were never right.

use super::*;
use crate::change::{Decoded, Names};
use crate::registers::{Located, SEARCHED_ENTRIES};

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
