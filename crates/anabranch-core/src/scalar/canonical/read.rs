//! Reading a value's canonical bytes.

use super::DecodeValueError;
use super::tag::*;
use crate::change::read_unsigned;
use crate::string::JsString;
use crate::value::{
    ArrayBuffer, BigInt, Blob, File, GeometryKind, Graph, ImageData, Object, SparseArray, VALUE_DEPTH_MAX, Value, View,
    ViewBuffer, ViewKind,
};

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
