//! Commits of which only the values matter.

use crate::commit::{Author, Edit};
use crate::document::Document;

/// Puts a value, typed JSON, under the key 1 at the present heads, as a person's commit.
pub fn put(document: &mut Document, value: &str) {
    let edit = format!(r#"{{"op":"put","key":1,"value":{value}}}"#);
    let edit = Edit::from_json(edit.as_bytes()).expect("a value in typed JSON");
    let base = document.known(&document.heads()).expect("its own heads");
    document.change_at(&base, &[edit], &Author::person("a")).expect("a put that fits");
}
