//! Files that real exporters wrote, beside what the browser held.

use anabranch_core::Key;
use anabranch_indexeddb::Format;

use crate::browser;
use crate::reading::read;

const ALL_TYPES: &[u8] = include_bytes!("../data/dexie-all-types.json");
const ALL_TYPES_IN_THE_BROWSER: &[u8] = include_bytes!("../data/dexie-all-types.browser.json");

/// Chromium held 168 records of every type that it can clone, and dexie-export-import exported them.
#[test]
fn an_export_holds_what_the_browser_held_but_for_what_the_format_loses() {
    let contents = read(ALL_TYPES).unwrap();
    assert_eq!(contents.databases[0].0, "all types ✓");
    assert_eq!(contents.databases[0].1, Some(7));
    let mut compared = 0;
    for store in &contents.stores {
        let held = browser::records(ALL_TYPES_IN_THE_BROWSER, &store.name);
        assert_eq!(held.len(), store.records.len(), "{}", store.name);
        for ((key, value), (held_key, held_value)) in store.records.iter().zip(held) {
            let what = format!("{}: {key:?}", store.name);
            assert_eq!(*key, Key::from_value(&Format::Dexie.loss(&held_key)).unwrap(), "{what}");
            assert_eq!(*value, Format::Dexie.loss(&held_value), "{what}");
            compared += 1;
        }
    }
    assert_eq!(compared, 168);
}
