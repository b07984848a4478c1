//! The canonical encoding of values that are no scalars of automerge (FORMAT.md, "Values").

use crate::change::{read_unsigned, write_unsigned};
use crate::lent::ValueRef;
use crate::string::JsString;
use crate::value::{
    ArrayBuffer, BLOB_INLINE_BYTES_MAX, BigInt, Blob, File, GeometryKind, Graph, ImageData, Object, SparseArray,
    VALUE_DEPTH_MAX, Value, View, ViewBuffer, ViewKind,
};

/// Bytes that stand for no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DecodeValueError {
    /// The bytes are cut off, follow no tag, or go on after the end.
    #[error("the stored bytes stand for no value")]
    Malformed,
    /// The value nests too deep.
    #[error("the stored value nests deeper than {VALUE_DEPTH_MAX} levels")]
    TooDeep,
}

/// The first byte of every value says of which kind it is.
pub(super) mod tag {
    macro_rules! tags {
        ($($name:ident = $tag:literal),+ $(,)?) => { $(pub(in crate::scalar) const $name: u8 = $tag;)+ };
    }

    tags! {
        UNDEFINED = 0, NULL = 1, FALSE = 2, TRUE = 3, NUMBER = 4, BIGINT = 5, STRING = 6, DATE = 7, INVALID_DATE = 8,
        REGEXP = 9, BOOLEAN_OBJECT = 10, NUMBER_OBJECT = 11, STRING_OBJECT = 12, BIGINT_OBJECT = 13, ARRAY_BUFFER = 14,
        RESIZABLE_BUFFER = 15, WHOLE_VIEW = 16, PART_VIEW = 17, TRACKING_VIEW = 18, MAP = 19, SET = 20, ARRAY = 21,
        SPARSE_ARRAY = 22, OBJECT = 23, ERROR = 24, ERROR_CAUSE = 25, DOM_EXCEPTION = 26, BLOB = 27, BLOB_ELSEWHERE = 28,
        FILE = 29, FILE_LIST = 30, IMAGE_DATA = 31, GEOMETRY = 32, CRYPTO_KEY = 33, GRAPH = 34, REF = 35, UTF16 = 36,
    }
}
use tag::*;

/// Appends a value's canonical bytes.
pub(crate) fn write(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Undefined => out.push(UNDEFINED),
        Value::Null => out.push(NULL),
        Value::Bool(bool) => out.push(if *bool { TRUE } else { FALSE }),
        Value::Number(number) => tagged(NUMBER, out, |out| write_double(*number, out)),
        Value::BigInt(number) => tagged(BIGINT, out, |out| write_bytes(number.as_decimal().as_bytes(), out)),
        Value::String(text) => write_text(text, out),
        Value::Date(Some(ms)) => tagged(DATE, out, |out| out.extend(ms.to_le_bytes())),
        Value::Date(None) => out.push(INVALID_DATE),
        Value::RegExp { source, flags } => tagged(REGEXP, out, |out| {
            write_text(source, out);
            write_bytes(flags.as_bytes(), out);
        }),
        Value::BooleanObject(bool) => out.extend([BOOLEAN_OBJECT, u8::from(*bool)]),
        Value::NumberObject(number) => tagged(NUMBER_OBJECT, out, |out| write_double(*number, out)),
        Value::StringObject(text) => tagged(STRING_OBJECT, out, |out| write_text(text, out)),
        Value::BigIntObject(number) => {
            tagged(BIGINT_OBJECT, out, |out| write_bytes(number.as_decimal().as_bytes(), out))
        }
        Value::ArrayBuffer(buffer) => write_buffer(buffer, out),
        Value::View(view) => write_view(view, out),
        Value::Map(entries) => tagged(MAP, out, |out| {
            write_unsigned(entries.len() as u64, out);
            entries.iter().for_each(|(key, value)| {
                write(key, out);
                write(value, out);
            });
        }),
        Value::Set(items) => tagged(SET, out, |out| write_list(items, out)),
        Value::Array(items) => tagged(ARRAY, out, |out| write_list(items, out)),
        Value::SparseArray(array) => write_sparse_array(array, out),
        Value::Object(object) => tagged(OBJECT, out, |out| write_object(object, out)),
        Value::Error { name, message, cause } => {
            out.push(if cause.is_some() { ERROR_CAUSE } else { ERROR });
            write_text(name, out);
            write_text(message, out);
            if let Some(cause) = cause {
                write(cause, out);
            }
        }
        Value::DomException { name, message } => tagged(DOM_EXCEPTION, out, |out| {
            write_text(name, out);
            write_text(message, out);
        }),
        Value::Blob(blob) => write_blob(blob, out),
        Value::File(file) => tagged(FILE, out, |out| write_file(file, out)),
        Value::FileList(files) => tagged(FILE_LIST, out, |out| {
            write_unsigned(files.len() as u64, out);
            files.iter().for_each(|file| write_file(file, out));
        }),
        Value::ImageData(image) => write_image(image, out),
        Value::Geometry { kind, numbers } => tagged(GEOMETRY, out, |out| {
            out.push(*kind as u8);
            write_unsigned(numbers.len() as u64, out);
            numbers.iter().for_each(|number| write_double(*number, out));
        }),
        Value::CryptoKey { fingerprint } => tagged(CRYPTO_KEY, out, |out| write_bytes(fingerprint.as_bytes(), out)),
        Value::Graph(graph) => tagged(GRAPH, out, |out| {
            write(&graph.root, out);
            write_list(&graph.defs, out);
        }),
        Value::Ref(id) => tagged(REF, out, |out| write_unsigned(u64::from(*id), out)),
    }
}

fn tagged(tag: u8, out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    out.push(tag);
    write(out);
}

fn write_double(number: f64, out: &mut Vec<u8>) {
    out.extend((if number.is_nan() { f64::NAN } else { number }).to_le_bytes());
}

fn write_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    write_unsigned(bytes.len() as u64, out);
    out.extend(bytes);
}

fn write_text(text: &JsString, out: &mut Vec<u8>) {
    match text.as_str() {
        Some(text) => write_str(text, out),
        None => tagged(UTF16, out, |out| {
            write_unsigned(text.len() as u64, out);
            text.units().for_each(|unit| out.extend(unit.to_le_bytes()));
        }),
    }
}

fn write_str(text: &str, out: &mut Vec<u8>) {
    tagged(STRING, out, |out| write_bytes(text.as_bytes(), out));
}

fn write_list(items: &[Value], out: &mut Vec<u8>) {
    write_unsigned(items.len() as u64, out);
    items.iter().for_each(|item| write(item, out));
}

/// The same of a value that is lent.
pub(super) fn write_lent(value: &ValueRef<'_>, out: &mut Vec<u8>) {
    match value {
        ValueRef::String(text) => write_str(text, out),
        ValueRef::Array(items) => tagged(ARRAY, out, |out| {
            write_unsigned(items.len() as u64, out);
            items.for_each(|item| write_lent(&item, out));
        }),
        ValueRef::Object(properties) => tagged(OBJECT, out, |out| {
            write_unsigned(properties.count() as u64, out);
            properties.for_each(|(name, value)| {
                write_text(name, out);
                write_lent(&value, out);
            });
        }),
        ValueRef::Other(value) => write(value, out),
        value => write(&value.to_value(), out),
    }
}

fn write_object(object: &Object, out: &mut Vec<u8>) {
    write_unsigned(object.len() as u64, out);
    object.iter().for_each(|(name, value)| {
        write_text(name, out);
        write(value, out);
    });
}

fn write_sparse_array(array: &SparseArray, out: &mut Vec<u8>) {
    out.push(SPARSE_ARRAY);
    write_unsigned(u64::from(array.length), out);
    write_unsigned(array.items.len() as u64, out);
    for (position, item) in &array.items {
        write_unsigned(u64::from(*position), out);
        write(item, out);
    }
    write_object(&array.properties, out);
}

fn write_buffer(buffer: &ArrayBuffer, out: &mut Vec<u8>) {
    match buffer.max_byte_length {
        None => out.push(ARRAY_BUFFER),
        Some(max) => tagged(RESIZABLE_BUFFER, out, |out| write_unsigned(max, out)),
    }
    write_bytes(&buffer.bytes, out);
}

fn write_view(view: &View, out: &mut Vec<u8>) {
    match &view.buffer {
        ViewBuffer::Whole(bytes) => {
            out.extend([WHOLE_VIEW, view.kind as u8]);
            write_bytes(bytes, out);
        }
        ViewBuffer::Part { buffer, offset, length } => {
            out.extend([if length.is_some() { PART_VIEW } else { TRACKING_VIEW }, view.kind as u8]);
            write(buffer, out);
            write_unsigned(*offset, out);
            if let Some(length) = length {
                write_unsigned(*length, out);
            }
        }
    }
}

/// Small Blobs are held inline if their bytes are known; large ones by their hash only.
fn write_blob(blob: &Blob, out: &mut Vec<u8>) {
    let inline = blob.bytes.as_ref().filter(|_| blob.size <= BLOB_INLINE_BYTES_MAX);
    out.push(if inline.is_some() { BLOB } else { BLOB_ELSEWHERE });
    write_text(&blob.mime, out);
    write_unsigned(blob.size, out);
    out.extend(blob.sha256);
    if let Some(bytes) = inline {
        write_bytes(bytes, out);
    }
}

fn write_file(file: &File, out: &mut Vec<u8>) {
    write_blob(&file.blob, out);
    write_text(&file.name, out);
    out.extend(file.last_modified_ms.to_le_bytes());
}

fn write_image(image: &ImageData, out: &mut Vec<u8>) {
    out.push(IMAGE_DATA);
    write_unsigned(u64::from(image.width), out);
    write_unsigned(u64::from(image.height), out);
    for text in [&image.color_space, &image.format] {
        write_bytes(text.as_deref().unwrap_or_default().as_bytes(), out);
    }
    write_bytes(&image.bytes, out);
}

/// Reads a value's canonical bytes, all of them.
pub(crate) fn read(bytes: &[u8]) -> Result<Value, DecodeValueError> {
    let mut reader = Reader { rest: bytes };
    let value = reader.value(0)?;
    if reader.rest.is_empty() { Ok(value) } else { Err(DecodeValueError::Malformed) }
}

struct Reader<'a> {
    rest: &'a [u8],
}

type Read<T> = Result<T, DecodeValueError>;

impl<'a> Reader<'a> {
    fn value(&mut self, depth: usize) -> Read<Value> {
        if depth > VALUE_DEPTH_MAX + 2 {
            return Err(DecodeValueError::TooDeep);
        }
        let tag = self.byte()?;
        Ok(match tag {
            UNDEFINED => Value::Undefined,
            NULL => Value::Null,
            FALSE => Value::Bool(false),
            TRUE => Value::Bool(true),
            NUMBER => Value::Number(self.double()?),
            BIGINT => Value::BigInt(self.bigint()?),
            STRING | UTF16 => Value::String(self.text_of(tag)?),
            DATE => Value::Date(Some(self.long()?)),
            INVALID_DATE => Value::Date(None),
            REGEXP => Value::RegExp { source: self.text()?, flags: self.utf8()?.to_owned() },
            BOOLEAN_OBJECT => Value::BooleanObject(self.byte()? == 1),
            NUMBER_OBJECT => Value::NumberObject(self.double()?),
            STRING_OBJECT => Value::StringObject(self.text()?),
            BIGINT_OBJECT => Value::BigIntObject(self.bigint()?),
            ARRAY_BUFFER => Value::array_buffer(self.bytes()?.to_vec()),
            RESIZABLE_BUFFER => {
                let max_byte_length = Some(self.unsigned()?);
                Value::ArrayBuffer(ArrayBuffer { bytes: self.bytes()?.to_vec(), max_byte_length })
            }
            WHOLE_VIEW | PART_VIEW | TRACKING_VIEW => self.view(tag, depth)?,
            MAP => Value::Map(self.list(|reader| Ok((reader.value(depth + 1)?, reader.value(depth + 1)?)))?),
            SET => Value::Set(self.list(|reader| reader.value(depth + 1))?),
            ARRAY => Value::Array(self.list(|reader| reader.value(depth + 1))?),
            SPARSE_ARRAY => Value::from(SparseArray {
                length: self.small()?,
                items: self.list(|reader| Ok((reader.small()?, reader.value(depth + 1)?)))?,
                properties: self.object(depth)?,
            }),
            OBJECT => Value::Object(self.object(depth)?),
            ERROR => Value::Error { name: self.text()?, message: self.text()?, cause: None },
            ERROR_CAUSE => {
                let (name, message) = (self.text()?, self.text()?);
                Value::Error { name, message, cause: Some(Box::new(self.value(depth + 1)?)) }
            }
            DOM_EXCEPTION => Value::DomException { name: self.text()?, message: self.text()? },
            BLOB | BLOB_ELSEWHERE => Value::from(self.blob_of(tag)?),
            FILE => Value::from(self.file()?),
            FILE_LIST => Value::FileList(self.list(Self::file)?),
            IMAGE_DATA => self.image()?,
            GEOMETRY => {
                let kind = GeometryKind::ALL.get(usize::from(self.byte()?)).ok_or(DecodeValueError::Malformed)?;
                Value::Geometry { kind: *kind, numbers: self.list(Self::double)? }
            }
            CRYPTO_KEY => Value::CryptoKey { fingerprint: self.utf8()?.to_owned() },
            GRAPH => {
                let root = self.value(depth + 1)?;
                Value::Graph(Box::new(Graph { root, defs: self.list(|reader| reader.value(depth + 1))? }))
            }
            REF => Value::Ref(self.small()?),
            _ => return Err(DecodeValueError::Malformed),
        })
    }

    fn take(&mut self, length: usize) -> Read<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(DecodeValueError::Malformed)?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Read<[u8; N]> {
        self.take(N)?.try_into().map_err(|_| DecodeValueError::Malformed)
    }

    fn byte(&mut self) -> Read<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    fn unsigned(&mut self) -> Read<u64> {
        read_unsigned(&mut self.rest).ok_or(DecodeValueError::Malformed)
    }

    fn small(&mut self) -> Read<u32> {
        u32::try_from(self.unsigned()?).map_err(|_| DecodeValueError::Malformed)
    }

    fn long(&mut self) -> Read<i64> {
        self.array().map(i64::from_le_bytes)
    }

    fn double(&mut self) -> Read<f64> {
        self.array().map(f64::from_le_bytes)
    }

    fn bytes(&mut self) -> Read<&'a [u8]> {
        let length = usize::try_from(self.unsigned()?).map_err(|_| DecodeValueError::Malformed)?;
        self.take(length)
    }

    fn utf8(&mut self) -> Read<&'a str> {
        std::str::from_utf8(self.bytes()?).map_err(|_| DecodeValueError::Malformed)
    }

    fn bigint(&mut self) -> Read<BigInt> {
        BigInt::from_decimal(self.utf8()?).ok_or(DecodeValueError::Malformed)
    }

    fn text(&mut self) -> Read<JsString> {
        let tag = self.byte()?;
        self.text_of(tag)
    }

    fn text_of(&mut self, tag: u8) -> Read<JsString> {
        match tag {
            STRING => self.utf8().map(JsString::from),
            UTF16 => {
                let count = usize::try_from(self.unsigned()?).map_err(|_| DecodeValueError::Malformed)?;
                let bytes = self.take(count.checked_mul(2).ok_or(DecodeValueError::Malformed)?)?;
                let units: Vec<_> = bytes.as_chunks::<2>().0.iter().map(|pair| u16::from_le_bytes(*pair)).collect();
                Ok(JsString::from_utf16(&units))
            }
            _ => Err(DecodeValueError::Malformed),
        }
    }

    /// Every item takes a byte at least, so that a count cannot ask for more than the input's length.
    fn list<T>(&mut self, mut item: impl FnMut(&mut Self) -> Read<T>) -> Read<Vec<T>> {
        let count = usize::try_from(self.unsigned()?).map_err(|_| DecodeValueError::Malformed)?;
        if count > self.rest.len() {
            return Err(DecodeValueError::Malformed);
        }
        (0..count).map(|_| item(self)).collect()
    }

    fn object(&mut self, depth: usize) -> Read<Object> {
        self.list(|reader| Ok((reader.text()?, reader.value(depth + 1)?))).map(|list| list.into_iter().collect())
    }

    fn view(&mut self, tag: u8, depth: usize) -> Read<Value> {
        let kind = *ViewKind::ALL.get(usize::from(self.byte()?)).ok_or(DecodeValueError::Malformed)?;
        if tag == WHOLE_VIEW {
            return Ok(Value::View(View { kind, buffer: ViewBuffer::Whole(self.bytes()?.to_vec()) }));
        }
        let buffer = Box::new(self.value(depth + 1)?);
        let offset = self.unsigned()?;
        let length = if tag == PART_VIEW { Some(self.unsigned()?) } else { None };
        Ok(Value::View(View { kind, buffer: ViewBuffer::Part { buffer, offset, length } }))
    }

    fn blob_of(&mut self, tag: u8) -> Read<Blob> {
        let (mime, size, sha256) = (self.text()?, self.unsigned()?, self.array()?);
        let bytes = if tag == BLOB { Some(self.bytes()?.to_vec()) } else { None };
        Ok(Blob { mime, size, sha256, bytes })
    }

    fn file(&mut self) -> Read<File> {
        let tag = self.byte()?;
        if tag != BLOB && tag != BLOB_ELSEWHERE {
            return Err(DecodeValueError::Malformed);
        }
        Ok(File { blob: self.blob_of(tag)?, name: self.text()?, last_modified_ms: self.long()? })
    }

    fn image(&mut self) -> Read<Value> {
        let (width, height) = (self.small()?, self.small()?);
        let mut optional = || self.utf8().map(|text| (!text.is_empty()).then(|| text.to_owned()));
        let (color_space, format) = (optional()?, optional()?);
        Ok(Value::from(ImageData { width, height, color_space, format, bytes: self.bytes()?.to_vec() }))
    }
}
