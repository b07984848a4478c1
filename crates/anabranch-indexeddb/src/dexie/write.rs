//! Writing a file that dexie-export-import reads.

use std::collections::BTreeMap;
use std::io::Write;

use anabranch_core::json::{base64, write_string};
use anabranch_core::value::{Blob, File, View, ViewBuffer, ViewKind};
use anabranch_core::{JsString, Key, StoreSchema, Value};

use super::{schema, typeson};
use crate::loss;

/// Why an export could not be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteExportError {
    /// The output failed.
    #[error("cannot write: {0}")]
    Write(#[from] std::io::Error),
    /// A Blob's bytes are held elsewhere and were not given.
    #[error("the bytes of a Blob with SHA-256 {sha256} are not here")]
    BlobElsewhere {
        /// The Blob's hash.
        sha256: String,
    },
}

/// Writes a database as a dexie-export-import file, store by store.
pub struct DexieWriter<W> {
    out: W,
    stores: Vec<(String, StoreSchema)>,
    at: Option<usize>,
    rows: usize,
}

impl<W: Write> DexieWriter<W> {
    /// Begins a file. `stores` are their names, schemas and numbers of records, in the order in which they will come;
    /// `version` is IndexedDB's.
    pub fn new(
        mut out: W,
        database: &str,
        version: u64,
        stores: &[(String, StoreSchema, u64)],
    ) -> Result<Self, WriteExportError> {
        let mut head = b"{\"formatName\":\"dexie\",\"formatVersion\":1,\"data\":{\"databaseName\":".to_vec();
        write_string(database, &mut head);
        head.extend(format!(",\"databaseVersion\":{},\"tables\":[", version as f64 / 10.0).as_bytes());
        for (position, (name, schema, rows)) in stores.iter().enumerate() {
            head.extend(if position > 0 { &b",{\"name\":"[..] } else { b"{\"name\":" });
            write_string(name, &mut head);
            head.extend(b",\"schema\":");
            write_string(&schema::write(schema), &mut head);
            head.extend(format!(",\"rowCount\":{rows}}}").as_bytes());
        }
        head.extend(b"],\"data\":[");
        out.write_all(&head)?;
        let stores = stores.iter().map(|(name, schema, _)| (name.clone(), schema.clone())).collect();
        Ok(Self { out, stores, at: None, rows: 0 })
    }

    /// Begins the next store.
    pub fn begin_store(&mut self) -> Result<(), WriteExportError> {
        let next = self.at.map_or(0, |at| at + 1);
        let Some((name, schema)) = self.stores.get(next) else { return Ok(()) };
        let mut head = if next > 0 { b"]},".to_vec() } else { Vec::new() };
        head.extend(b"{\"tableName\":");
        write_string(name, &mut head);
        head.extend(format!(",\"inbound\":{},\"rows\":[", schema.key_path.is_some()).as_bytes());
        self.out.write_all(&head)?;
        (self.at, self.rows) = (Some(next), 0);
        Ok(())
    }

    /// Whether the format can hold this record at all: the importer fails on a row that owns `$types`.
    pub fn can_hold(value: &Value) -> bool {
        !matches!(value, Value::Object(object) if object.get("$types").is_some())
    }

    /// Writes a record of the store that was begun last.
    pub fn record(&mut self, key: &Key, value: &Value) -> Result<(), WriteExportError> {
        let inbound = self.at.and_then(|at| self.stores.get(at)).is_some_and(|(_, schema)| schema.key_path.is_some());
        let mut row = if self.rows > 0 { b",".to_vec() } else { Vec::new() };
        let value = loss::dexie(value);
        if inbound {
            write_row(&value, &mut row)?;
        } else {
            write_outbound(key, value, &mut row)?;
        }
        self.rows += 1;
        Ok(self.out.write_all(&row)?)
    }

    /// Ends the file.
    pub fn finish(mut self) -> Result<W, WriteExportError> {
        self.out.write_all(if self.at.is_some() { b"]}]}}" } else { b"]}}" })?;
        self.out.flush()?;
        Ok(self.out)
    }
}

fn write_outbound(key: &Key, value: Value, out: &mut Vec<u8>) -> Result<(), WriteExportError> {
    let pair = |value| Value::Array(vec![key.to_value(), value]);
    match value {
        Value::Graph(graph) => {
            let root = pair(graph.root);
            write_row(&Value::Graph(Box::new(anabranch_core::value::Graph { root, defs: graph.defs })), out)
        }
        value => write_row(&pair(value), out),
    }
}

/// A row: a plain object stands for itself, everything else is wrapped.
fn write_row(value: &Value, out: &mut Vec<u8>) -> Result<(), WriteExportError> {
    let (root, defs) = match value {
        Value::Graph(graph) => (&graph.root, graph.defs.as_slice()),
        value => (value, &[][..]),
    };
    let mut row = Row { types: Vec::new(), defs, written: BTreeMap::new() };
    let is_wrapped = !matches!(root, Value::Object(_));
    let start = out.len();
    if is_wrapped {
        out.extend(b"{\"$\":");
    }
    row.value(root, &mut String::new(), out)?;
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
    types: Vec<(String, &'static str)>,
    defs: &'v [Value],
    /// Where each shared object was written first.
    written: BTreeMap<u32, String>,
}

type Written = Result<(), WriteExportError>;

impl Row<'_> {
    fn write_types(&self, out: &mut Vec<u8>) {
        out.push(b'{');
        for (at, (path, tag)) in self.types.iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            write_string(path, out);
            out.push(b':');
            write_string(tag, out);
        }
        out.push(b'}');
    }

    fn tag(&mut self, path: &str, tag: &'static str) {
        self.types.push((path.to_owned(), tag));
    }

    fn value(&mut self, value: &Value, path: &mut String, out: &mut Vec<u8>) -> Written {
        match value {
            Value::Null => out.extend(b"null"),
            Value::Bool(bool) => out.extend(bool.to_string().as_bytes()),
            Value::Number(number) => self.number(*number, path, out),
            Value::String(text) => write_js_string(text, out),
            Value::Undefined => self.tagged(path, "undef", out, |out| out.push(b'0')),
            Value::BigInt(number) => self.tagged(path, "bigint", out, |out| write_string(number.as_decimal(), out)),
            Value::BigIntObject(number) => {
                self.tagged(path, "bigintObject", out, |out| write_string(number.as_decimal(), out))
            }
            Value::Date(Some(ms)) => self.tagged(path, "date", out, |out| out.extend(ms.to_string().as_bytes())),
            Value::Date(None) => self.tagged(path, "date", out, |out| write_string("NaN", out)),
            Value::BooleanObject(bool) => {
                self.tagged(path, "BooleanObject", out, |out| out.extend(bool.to_string().as_bytes()))
            }
            Value::NumberObject(number) => {
                let number = if number.is_finite() { *number } else { 0.0 };
                self.tagged(path, "NumberObject", out, |out| write_plain_number(number, out));
            }
            Value::StringObject(text) => self.tagged(path, "StringObject", out, |out| write_js_string(text, out)),
            Value::RegExp { source, flags } => self.tagged(path, "regexp", out, |out| {
                out.extend(b"{\"source\":");
                write_js_string(source, out);
                out.extend(b",\"flags\":");
                write_string(flags, out);
                out.push(b'}');
            }),
            Value::ArrayBuffer(buffer) => {
                self.tagged(path, "arraybuffer", out, |out| write_string(&base64(&buffer.bytes), out))
            }
            Value::View(view) => self.view(view, path, out)?,
            Value::Array(items) => {
                self.tag(path, "arrayNonindexKeys");
                self.list(items.iter(), path, out)?;
            }
            Value::Set(items) => {
                self.tag(path, "set");
                self.list(items.iter(), path, out)?;
            }
            Value::Map(entries) => self.map(entries, path, out)?,
            Value::SparseArray(array) => self.sparse(array, path, out)?,
            Value::Object(object) => {
                out.push(b'{');
                for (at, (name, value)) in object.iter().enumerate() {
                    if at > 0 {
                        out.push(b',');
                    }
                    write_js_string(name, out);
                    out.push(b':');
                    self.below(&name.to_string_lossy(), value, path, out)?;
                }
                out.push(b'}');
            }
            Value::Blob(blob) => {
                let bytes = blob_bytes(blob)?;
                self.tagged(path, "blob2", out, |out| {
                    out.extend(b"{\"type\":");
                    write_js_string(&blob.mime, out);
                    out.extend(b",\"data\":");
                    write_string(&base64(bytes), out);
                    out.push(b'}');
                });
            }
            Value::File(file) => {
                let bytes = blob_bytes(&file.blob)?;
                self.tagged(path, "file", out, |out| write_file(file, bytes, out));
            }
            Value::ImageData(image) => {
                self.tag(path, "imagedata");
                self.tag(&format!("{path}{}array", if path.is_empty() { "" } else { "." }), "arrayNonindexKeys");
                let pixels: Vec<String> = image.bytes.iter().map(ToString::to_string).collect();
                out.extend(
                    format!(
                        "{{\"array\":[{}],\"width\":{},\"height\":{}}}",
                        pixels.join(","),
                        image.width,
                        image.height
                    )
                    .as_bytes(),
                );
            }
            Value::Ref(id) => self.reference(*id, path, out)?,
            // The loss was taken before: what is left of these is what the format holds.
            Value::Error { .. }
            | Value::DomException { .. }
            | Value::CryptoKey { .. }
            | Value::Geometry { .. }
            | Value::FileList(_)
            | Value::Graph(_) => out.extend(b"{}"),
        }
        Ok(())
    }

    fn tagged(&mut self, path: &str, tag: &'static str, out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
        self.tag(path, tag);
        write(out);
    }

    fn number(&mut self, number: f64, path: &str, out: &mut Vec<u8>) {
        let (tag, text) = match number {
            number if number.is_nan() => ("nan", "NaN"),
            f64::INFINITY => ("infinity", "Infinity"),
            f64::NEG_INFINITY => ("negativeInfinity", "-Infinity"),
            number => return write_plain_number(number, out),
        };
        self.tagged(path, tag, out, |out| write_string(text, out));
    }

    fn below(&mut self, name: &str, value: &Value, path: &mut String, out: &mut Vec<u8>) -> Written {
        let length = path.len();
        if length > 0 {
            path.push('.');
        }
        typeson::escape(name, path);
        let written = self.value(value, path, out);
        path.truncate(length);
        written
    }

    fn list<'i>(&mut self, items: impl Iterator<Item = &'i Value>, path: &mut String, out: &mut Vec<u8>) -> Written {
        out.push(b'[');
        for (at, item) in items.enumerate() {
            if at > 0 {
                out.push(b',');
            }
            self.below(&at.to_string(), item, path, out)?;
        }
        out.push(b']');
        Ok(())
    }

    fn map(&mut self, entries: &[(Value, Value)], path: &mut String, out: &mut Vec<u8>) -> Written {
        self.tag(path, "map");
        out.push(b'[');
        for (at, (key, value)) in entries.iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            let length = path.len();
            path.push_str(&format!("{}{at}", if length > 0 { "." } else { "" }));
            self.tag(path, "arrayNonindexKeys");
            let written = self.list([key, value].into_iter(), path, out);
            path.truncate(length);
            written?;
        }
        out.push(b']');
        Ok(())
    }

    /// An array with holes is a list with marked holes; one with further properties is an object with a length.
    fn sparse(&mut self, array: &anabranch_core::value::SparseArray, path: &mut String, out: &mut Vec<u8>) -> Written {
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
            let name = position.to_string();
            if as_object {
                write_string(&name, out);
                out.push(b':');
            }
            match item {
                Some(item) => self.below(&name, item, path, out)?,
                None => {
                    let hole = format!("{path}{}{name}", if path.is_empty() { "" } else { "." });
                    self.tagged(&hole, "sparseUndefined", out, |out| out.push(b'0'));
                }
            }
        }
        if as_object {
            out.extend(format!("{}\"length\":{}", if is_first { "" } else { "," }, array.length).as_bytes());
            for (name, value) in array.properties.iter() {
                out.push(b',');
                write_js_string(name, out);
                out.push(b':');
                self.below(&name.to_string_lossy(), value, path, out)?;
            }
        }
        out.push(if as_object { b'}' } else { b']' });
        Ok(())
    }

    fn view(&mut self, view: &View, path: &mut String, out: &mut Vec<u8>) -> Written {
        let whole;
        let (buffer, offset, length) = match &view.buffer {
            ViewBuffer::Whole(bytes) => {
                whole = Value::array_buffer(bytes.clone());
                (&whole, 0, bytes.len() as u64 / view.kind.element_bytes())
            }
            ViewBuffer::Part { buffer, offset, length } => {
                let rest = view.viewed_bytes().map_or(0, |bytes| bytes.len() as u64 / view.kind.element_bytes());
                (&**buffer, *offset, length.unwrap_or(rest))
            }
        };
        if view.kind == ViewKind::DataView {
            let buffer = match buffer {
                Value::Ref(id) => self.defs.get(*id as usize).unwrap_or(buffer),
                buffer => buffer,
            };
            let bytes = if let Value::ArrayBuffer(buffer) = buffer { buffer.bytes.as_slice() } else { &[] };
            self.tag(path, "dataview");
            out.extend(
                format!("{{\"encoded\":\"{}\",\"byteOffset\":{offset},\"byteLength\":{length}}}", base64(bytes))
                    .as_bytes(),
            );
            return Ok(());
        }
        self.tag(path, view_tag(view.kind));
        out.extend(b"{\"buffer\":");
        self.below("buffer", buffer, path, out)?;
        out.extend(format!(",\"byteOffset\":{offset},\"length\":{length}}}").as_bytes());
        Ok(())
    }

    fn reference(&mut self, id: u32, path: &mut String, out: &mut Vec<u8>) -> Written {
        if let Some(first) = self.written.get(&id) {
            let target = format!("#{first}");
            self.tagged(path, "#", out, |out| write_string(&target, out));
            return Ok(());
        }
        self.written.insert(id, path.clone());
        match self.defs.get(id as usize) {
            Some(def) => self.value(def, path, out),
            None => {
                self.tagged(path, "undef", out, |out| out.push(b'0'));
                Ok(())
            }
        }
    }
}

fn view_tag(kind: ViewKind) -> &'static str {
    match kind {
        ViewKind::Int8 => "int8array2",
        ViewKind::Uint8 => "uint8array2",
        ViewKind::Uint8Clamped => "uint8clampedarray2",
        ViewKind::Int16 => "int16array2",
        ViewKind::Uint16 => "uint16array2",
        ViewKind::Int32 => "int32array2",
        ViewKind::Uint32 => "uint32array2",
        ViewKind::Float32 => "float32array2",
        ViewKind::Float64 => "float64array2",
        // The loss turns these into plain objects before.
        ViewKind::Float16 | ViewKind::BigInt64 | ViewKind::BigUint64 | ViewKind::DataView => "dataview",
    }
}

fn write_plain_number(number: f64, out: &mut Vec<u8>) {
    if number.fract() == 0.0 && number.abs() < 9_007_199_254_740_992.0 {
        out.extend((number as i64).to_string().as_bytes());
    } else {
        out.extend(format!("{number:?}").as_bytes());
    }
}

/// A JSON string; lone surrogates are written as escapes.
fn write_js_string(text: &JsString, out: &mut Vec<u8>) {
    if let Some(text) = text.as_str() {
        return write_string(text, out);
    }
    out.push(b'"');
    for unit in char::decode_utf16(text.units()) {
        match unit {
            Ok(char) => {
                let mut quoted = Vec::new();
                write_string(char.encode_utf8(&mut [0; 4]), &mut quoted);
                out.extend(quoted.get(1..quoted.len() - 1).unwrap_or_default());
            }
            Err(lone) => out.extend(format!("\\u{:04x}", lone.unpaired_surrogate()).as_bytes()),
        }
    }
    out.push(b'"');
}

fn blob_bytes(blob: &Blob) -> Result<&[u8], WriteExportError> {
    let sha256 = || blob.sha256.iter().map(|byte| format!("{byte:02x}")).collect();
    blob.bytes.as_deref().ok_or_else(|| WriteExportError::BlobElsewhere { sha256: sha256() })
}

fn write_file(file: &File, bytes: &[u8], out: &mut Vec<u8>) {
    out.extend(b"{\"type\":");
    write_js_string(&file.blob.mime, out);
    out.extend(b",\"stringContents\":");
    write_string(&bytes.iter().map(|byte| char::from(*byte)).collect::<String>(), out);
    out.extend(b",\"name\":");
    write_js_string(&file.name, out);
    out.extend(format!(",\"lastModified\":{}}}", file.last_modified_ms).as_bytes());
}
