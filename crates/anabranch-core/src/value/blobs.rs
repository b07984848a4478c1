//! Visiting the Blobs inside a value, to take their bytes out and to put them back.

use super::{Blob, Value, ViewBuffer};

macro_rules! visit_blobs {
    ($(#[$doc:meta])* $name:ident, $iter:ident, $values:ident $(, $mutable:tt)?) => {
        $(#[$doc])*
        pub fn $name(&$($mutable)? self, visit: &mut dyn FnMut(&$($mutable)? Blob)) {
            match self {
                Value::Blob(blob) => visit(blob),
                Value::File(file) => visit(&$($mutable)? file.blob),
                Value::FileList(files) => files.$iter().for_each(|file| visit(&$($mutable)? file.blob)),
                Value::Array(items) | Value::Set(items) => items.$iter().for_each(|item| item.$name(visit)),
                Value::Object(object) => object.$values().for_each(|value| value.$name(visit)),
                Value::Map(entries) => entries.$iter().for_each(|(key, value)| {
                    key.$name(visit);
                    value.$name(visit);
                }),
                Value::SparseArray(array) => {
                    array.items.$iter().for_each(|(_, item)| item.$name(visit));
                    array.properties.$values().for_each(|value| value.$name(visit));
                }
                Value::Error { cause: Some(cause), .. } => cause.$name(visit),
                Value::Graph(graph) => {
                    graph.root.$name(visit);
                    graph.defs.$iter().for_each(|shared| shared.$name(visit));
                }
                Value::View(view) => {
                    if let ViewBuffer::Part { buffer, .. } = &$($mutable)? view.buffer {
                        buffer.$name(visit);
                    }
                }
                _ => (),
            }
        }
    };
}

impl Value {
    visit_blobs! {
        /// Calls `visit` with every Blob and every File's contents inside this value.
        each_blob, iter, values
    }
    visit_blobs! {
        /// Calls `visit` with every Blob and every File's contents inside this value, to change them.
        each_blob_mut, iter_mut, values_mut, mut
    }

    /// Whether there is any.
    pub(crate) fn holds_blob(&self) -> bool {
        let mut holds = false;
        self.each_blob(&mut |_| holds = true);
        holds
    }
}
