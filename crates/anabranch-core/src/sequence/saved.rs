//! A sequence as it is saved: its content, its runs in their order, and the elements that were set.

use std::collections::BTreeMap;

use super::content::{Content, Stored};
use super::order::{Order, Run};
use super::{OpId, Sequence, SequenceKind, Written};
use crate::registers::{read_id, write_id};
use crate::saved::{Reader, Writer};
use crate::scalar::{Holds, Scalar};

const TEXT: u32 = 0;
const LIST: u32 = 1;

impl Sequence {
    /// Appends everything that the sequence is.
    pub(crate) fn write(&self, writer: &mut Writer) {
        match &self.content {
            Content::Text(text) => {
                writer.number(TEXT);
                writer.bytes(text.as_bytes());
            }
            Content::List { scalars, bytes } => {
                writer.number(LIST);
                writer.bytes(bytes);
                writer.number(scalars.len() as u64);
                let mut start = 0;
                for stored in scalars {
                    writer.number((stored.end - start) as u64);
                    writer.number(stored.code);
                    start = stored.end;
                }
            }
        }
        writer.number(self.order.runs().count() as u64);
        for run in self.order.runs() {
            write_id(run.id, writer);
            writer.number(run.length << 1 | u32::from(run.is_visible));
            writer.number(run.at);
            writer.number(run.size);
        }
        writer.number(self.written.len() as u64);
        for (element, values) in &self.written {
            write_id(*element, writer);
            writer.number(values.len() as u64);
            for value in values {
                write_id(value.op, writer);
                writer.number(value.at);
            }
        }
    }

    /// Reads what [`Self::write`] wrote, of ops that `is_op` knows; `None` if it is no sequence.
    pub(crate) fn read(reader: &mut Reader<'_>, is_op: &dyn Fn(OpId) -> bool) -> Option<Self> {
        let content = match reader.number()? {
            TEXT => Content::Text(reader.text()?.to_owned()),
            LIST => read_list(reader)?,
            _ => return None,
        };
        let mut runs = Vec::new();
        for _ in 0..reader.count(5)? {
            let (id, length, at, size) = (read_id(reader)?, reader.number()?, reader.number()?, reader.number()?);
            let run = Run { id, length: length >> 1, at, size, is_visible: length & 1 == 1 };
            let last = OpId { counter: id.counter.checked_add(run.length)?.checked_sub(1)?, ..id };
            (is_op(id) && is_op(last) && content.holds(&run)).then_some(())?;
            runs.push(run);
        }
        let order = Order::of_runs(runs)?;
        let mut written = BTreeMap::new();
        for _ in 0..reader.count(3)? {
            let element = read_id(reader)?;
            let values = (0..reader.count(3)?).map(|_| {
                let value = Written { op: read_id(reader)?, at: reader.number()? };
                (is_op(value.op) && value.at < content.size() && content.is_boundary(value.at)).then_some(value)
            });
            let values: Vec<Written> = values.collect::<Option<_>>()?;
            (order.has(element) && !values.is_empty()).then_some(())?;
            written.insert(element, values);
        }
        Some(Self { order, content, written })
    }
}

fn read_list(reader: &mut Reader<'_>) -> Option<Content> {
    let bytes = reader.bytes()?.to_vec();
    let mut scalars = Vec::new();
    let mut end = 0usize;
    for _ in 0..reader.count(2)? {
        let length = reader.number()? as usize;
        let code = u8::try_from(reader.number()?).ok()?;
        let scalar = Scalar { code, bytes: bytes.get(end..end.checked_add(length)?)? };
        let fits = Holds::Field.fits(scalar) && scalar.to_value().is_ok_and(|value| value.is_some());
        end += length;
        fits.then(|| scalars.push(Stored { end, code }))?;
    }
    (end == bytes.len()).then_some(Content::List { scalars, bytes })
}

impl Content {
    /// Whether a run's elements lie in this content.
    fn holds(&self, run: &Run) -> bool {
        let Some(end) = run.at.checked_add(run.size).filter(|end| *end <= self.size()) else { return false };
        match self.kind() {
            SequenceKind::List => run.size == run.length,
            SequenceKind::Text => {
                self.is_boundary(run.at)
                    && self.is_boundary(end)
                    && self.text(run.at, run.size).chars().count() == run.length as usize
            }
        }
    }
}
