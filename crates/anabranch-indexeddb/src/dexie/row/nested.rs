//! Values with parts: objects, arrays with and without holes, maps.

use anabranch_core::value::SparseArray;
use anabranch_core::{JsString, Object, Value};

use super::super::members::in_javascript_order;
use super::super::path::Path;
use super::super::text::write_js_string;
use super::{Row, Written};

impl Row<'_> {
    pub(super) fn object(&mut self, object: &Object, path: &mut Path, out: &mut Vec<u8>) -> Written {
        out.push(b'{');
        for (at, (name, value)) in in_javascript_order(object).enumerate() {
            if at > 0 {
                out.push(b',');
            }
            write_js_string(name, out);
            out.push(b':');
            self.below(name, value, path, out)?;
        }
        out.push(b'}');
        Ok(())
    }

    pub(super) fn list<'i>(
        &mut self,
        items: impl Iterator<Item = &'i Value>,
        path: &mut Path,
        out: &mut Vec<u8>,
    ) -> Written {
        out.push(b'[');
        for (at, item) in items.enumerate() {
            if at > 0 {
                out.push(b',');
            }
            self.below(&at.to_string().into(), item, path, out)?;
        }
        out.push(b']');
        Ok(())
    }

    pub(super) fn map(&mut self, entries: &[(Value, Value)], path: &mut Path, out: &mut Vec<u8>) -> Written {
        self.tag(path, "map");
        out.push(b'[');
        for (at, (key, value)) in entries.iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            let length = path.down(&at.to_string().into());
            self.tag(path, "arrayNonindexKeys");
            let written = self.list([key, value].into_iter(), path, out);
            path.up(length);
            written?;
        }
        out.push(b']');
        Ok(())
    }

    /// An array with holes is a list with marked holes; one with further properties is an object with a length.
    pub(super) fn sparse(&mut self, array: &SparseArray, path: &mut Path, out: &mut Vec<u8>) -> Written {
        self.tag(path, "arrayNonindexKeys");
        let as_object = !array.properties.is_empty();
        out.push(if as_object { b'{' } else { b'[' });
        let mut items = array.items.iter().peekable();
        let mut is_first = true;
        for position in 0..array.length {
            let item = items.next_if(|(at, _)| *at == position).map(|(_, item)| item);
            if as_object && item.is_none() {
                continue;
            }
            if !std::mem::take(&mut is_first) {
                out.push(b',');
            }
            let name = JsString::from(position.to_string());
            if as_object {
                write_js_string(&name, out);
                out.push(b':');
            }
            match item {
                Some(item) => self.below(&name, item, path, out)?,
                None => {
                    let length = path.down(&name);
                    self.tagged(path, "sparseUndefined", out, |out| out.push(b'0'));
                    path.up(length);
                }
            }
        }
        if as_object {
            out.extend(format!("{}\"length\":{}", if is_first { "" } else { "," }, array.length).as_bytes());
            for (name, value) in array.properties.iter() {
                out.push(b',');
                write_js_string(name, out);
                out.push(b':');
                self.below(name, value, path, out)?;
            }
        }
        out.push(if as_object { b'}' } else { b']' });
        Ok(())
    }
}
