//! Views and the buffers below them: typed arrays share theirs as all objects do, data views among themselves.

use anabranch_core::Value;
use anabranch_core::json::{base64, write_string};
use anabranch_core::value::{View, ViewBuffer, ViewKind};

use super::super::path::Path;
use super::{Row, Written};
use crate::loss;

impl Row<'_> {
    pub(super) fn view(&mut self, view: &View, path: &mut Path, out: &mut Vec<u8>) -> Written {
        if let ViewKind::Float16 | ViewKind::BigInt64 | ViewKind::BigUint64 = view.kind {
            return self.as_exported(Value::View(view.clone()), path, out);
        }
        let elements = loss::viewed(view, self.defs).len() as u64 / view.kind.element_bytes();
        let whole;
        let (buffer, offset, length) = match &view.buffer {
            ViewBuffer::Whole(bytes) => {
                whole = Value::array_buffer(bytes.clone());
                (&whole, 0, elements)
            }
            ViewBuffer::Part { buffer, offset, length } => (&**buffer, *offset, length.unwrap_or(elements)),
        };
        if view.kind == ViewKind::DataView {
            self.tag(path, "dataview");
            self.data_view_buffer(buffer, out);
            out.extend(format!(",\"byteOffset\":{offset},\"byteLength\":{length}}}").as_bytes());
            return Ok(());
        }
        self.tag(path, view_tag(view.kind));
        out.extend(b"{\"buffer\":");
        self.below(&"buffer".into(), buffer, path, out)?;
        out.extend(format!(",\"byteOffset\":{offset},\"length\":{length}}}").as_bytes());
        Ok(())
    }

    /// The buffer itself, or the position of the same one among those that data views brought before.
    fn data_view_buffer(&mut self, buffer: &Value, out: &mut Vec<u8>) {
        if let Value::Ref(id) = buffer {
            if let Some(position) = self.views.get(id) {
                return out.extend(format!("{{\"index\":{position}").as_bytes());
            }
            self.views.insert(*id, self.buffers);
        }
        self.buffers += 1;
        let bytes = loss::buffer_of(buffer, self.defs).map_or(&[][..], |buffer| &buffer.bytes);
        out.extend(b"{\"encoded\":");
        write_string(&base64(bytes), out);
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
        ViewKind::Float16 | ViewKind::BigInt64 | ViewKind::BigUint64 | ViewKind::DataView => "dataview",
    }
}
