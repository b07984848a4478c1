//! Writing a row: JSON, and beside it the types that JSON does not know.

use std::collections::BTreeMap;

use anabranch_core::json::{base64, write_string};
use anabranch_core::value::Graph;
use anabranch_core::{JsString, Key, Object, Value};

use super::path::Path;
use super::text::{blob_bytes, special_name, write_blob, write_file, write_js_string, write_number};
use super::write::WriteExportError;
use crate::loss;

mod buffers;
mod nested;

type Written = Result<(), WriteExportError>;

/// Appends a record whose key is inside its value.
pub(super) fn write_inbound(value: &Value, out: &mut Vec<u8>) -> Written {
    match value {
        Value::Graph(graph) => write(&graph.root, &graph.defs, out),
        value => write(value, &[], out),
    }
}

/// Appends a record with its key beside it.
pub(super) fn write_outbound(key: &Key, value: &Value, out: &mut Vec<u8>) -> Written {
    match value {
        Value::Graph(graph) => {
            let Graph { root, defs } = &**graph;
            write(&Value::Array(vec![key.to_value(), root.clone()]), defs, out)
        }
        value => write(&Value::Array(vec![key.to_value(), value.clone()]), &[], out),
    }
}

/// A plain object stands for itself; everything else, and one that owns `$types`, is wrapped.
fn write(root: &Value, defs: &[Value], out: &mut Vec<u8>) -> Written {
    let mut row = Row { types: Vec::new(), defs, written: BTreeMap::new(), views: BTreeMap::new(), buffers: 0 };
    let is_wrapped = !matches!(root, Value::Object(object) if object.get("$types").is_none());
    let start = out.len();
    if is_wrapped {
        out.extend(b"{\"$\":");
    }
    row.value(root, &mut Path::default(), out)?;
    if row.types.is_empty() && !is_wrapped {
        return Ok(());
    }
    if !is_wrapped {
        out.pop();
    }
    out.extend(if out.len() > start + 1 { &b",\"$types\":"[..] } else { b"\"$types\":" });
    match (is_wrapped, row.types.is_empty()) {
        (true, true) => out.extend(b"true"),
        (true, false) => {
            out.extend(b"{\"$\":");
            row.write_types(out);
            out.push(b'}');
        }
        (false, _) => row.write_types(out),
    }
    out.push(b'}');
    Ok(())
}

struct Row<'v> {
    types: Vec<(JsString, &'static str)>,
    defs: &'v [Value],
    /// Where each shared object was written first.
    written: BTreeMap<u32, Path>,
    /// Positions, among the buffers that data views bring with them, of those that are shared.
    views: BTreeMap<u32, u32>,
    buffers: u32,
}

impl Row<'_> {
    fn write_types(&self, out: &mut Vec<u8>) {
        out.push(b'{');
        for (at, (path, tag)) in self.types.iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            write_js_string(path, out);
            out.push(b':');
            write_string(tag, out);
        }
        out.push(b'}');
    }

    fn tag(&mut self, path: &Path, tag: &'static str) {
        self.types.push((path.to_js_string(), tag));
    }

    fn tagged(&mut self, path: &Path, tag: &'static str, out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
        self.tag(path, tag);
        write(out);
    }

    fn value(&mut self, value: &Value, path: &mut Path, out: &mut Vec<u8>) -> Written {
        match value {
            Value::Null => out.extend(b"null"),
            Value::Bool(bool) => out.extend(bool.to_string().as_bytes()),
            Value::Number(number) => self.number(*number, path, out),
            Value::String(text) => write_js_string(text, out),
            Value::Array(items) => {
                self.tag(path, "arrayNonindexKeys");
                self.list(items.iter(), path, out)?;
            }
            Value::Object(object) => self.object(object, path, out)?,
            Value::Set(items) => {
                self.tag(path, "set");
                self.list(items.iter(), path, out)?;
            }
            Value::Map(entries) => self.map(entries, path, out)?,
            Value::SparseArray(array) => self.sparse(array, path, out)?,
            Value::View(view) => self.view(view, path, out)?,
            Value::Blob(blob) => {
                let bytes = blob_bytes(blob)?;
                self.tagged(path, "blob2", out, |out| write_blob(blob, bytes, out));
            }
            Value::File(file) => {
                let bytes = blob_bytes(&file.blob)?;
                self.tagged(path, "file", out, |out| write_file(file, bytes, out));
            }
            Value::FileList(files) => {
                self.tag(path, "filelist");
                let files: Vec<Value> = files.iter().cloned().map(Value::from).collect();
                self.list(files.iter(), path, out)?;
            }
            Value::Ref(id) => self.reference(*id, path, out)?,
            leaf => self.leaf(leaf, path, out)?,
        }
        Ok(())
    }

    fn leaf(&mut self, value: &Value, path: &mut Path, out: &mut Vec<u8>) -> Written {
        match value {
            Value::Undefined => self.tagged(path, "undef", out, |out| out.push(b'0')),
            Value::BigInt(number) => self.tagged(path, "bigint", out, |out| write_string(number.as_decimal(), out)),
            Value::BigIntObject(number) => {
                self.tagged(path, "bigintObject", out, |out| write_string(number.as_decimal(), out));
            }
            Value::Date(Some(ms)) => self.tagged(path, "date", out, |out| out.extend(ms.to_string().as_bytes())),
            Value::Date(None) => self.tagged(path, "date", out, |out| write_string("NaN", out)),
            Value::BooleanObject(bool) => {
                self.tagged(path, "BooleanObject", out, |out| out.extend(bool.to_string().as_bytes()));
            }
            Value::NumberObject(number) => self.tagged(path, "NumberObject", out, |out| match special_name(*number) {
                Some((_, name)) => write_string(name, out),
                None => write_number(*number, out),
            }),
            Value::StringObject(text) => self.tagged(path, "StringObject", out, |out| write_js_string(text, out)),
            Value::RegExp { source, flags } => self.tagged(path, "regexp", out, |out| {
                out.extend(b"{\"source\":");
                write_js_string(source, out);
                out.extend(b",\"flags\":");
                write_string(flags, out);
                out.push(b'}');
            }),
            Value::ArrayBuffer(buffer) => {
                self.tagged(path, "arraybuffer", out, |out| write_string(&base64(&buffer.bytes), out));
            }
            Value::ImageData(image) => {
                let length = path.down(&"array".into());
                self.tag(path, "arrayNonindexKeys");
                path.up(length);
                self.tag(path, "imagedata");
                let pixels: Vec<String> = image.bytes.iter().map(ToString::to_string).collect();
                let (pixels, width, height) = (pixels.join(","), image.width, image.height);
                out.extend(format!("{{\"array\":[{pixels}],\"width\":{width},\"height\":{height}}}").as_bytes());
            }
            unknown => self.as_exported(unknown.clone(), path, out)?,
        }
        Ok(())
    }

    /// What the format does not know is written as what its exporter makes of it.
    fn as_exported(&mut self, unknown: Value, path: &mut Path, out: &mut Vec<u8>) -> Written {
        let graph = Graph { root: unknown, defs: self.defs.to_vec() };
        match loss::dexie(&Value::Graph(Box::new(graph))) {
            Value::Object(object) => self.object(&object, path, out),
            _ => self.object(&Object::default(), path, out),
        }
    }

    fn number(&mut self, number: f64, path: &Path, out: &mut Vec<u8>) {
        match special_name(number) {
            Some((tag, name)) => self.tagged(path, tag, out, |out| write_string(name, out)),
            None => write_number(number, out),
        }
    }

    fn below(&mut self, name: &JsString, value: &Value, path: &mut Path, out: &mut Vec<u8>) -> Written {
        let length = path.down(name);
        let written = self.value(value, path, out);
        path.up(length);
        written
    }

    fn reference(&mut self, id: u32, path: &mut Path, out: &mut Vec<u8>) -> Written {
        if let Some(first) = self.written.get(&id) {
            let target = first.to_js_string();
            let target =
                JsString::from_utf16(&std::iter::once(u16::from(b'#')).chain(target.units()).collect::<Vec<_>>());
            self.tagged(path, "#", out, |out| write_js_string(&target, out));
            return Ok(());
        }
        match self.defs.get(id as usize) {
            Some(def) => {
                self.written.insert(id, path.clone());
                self.value(def, path, out)
            }
            None => self.value(&Value::Undefined, path, out),
        }
    }
}
