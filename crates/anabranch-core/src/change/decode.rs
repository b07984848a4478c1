//! Decoding a change chunk: one pass, borrowing, every bound checked before anything is allocated for it.

use super::blanks::Blanks;
use super::leb128::{read_signed, read_unsigned};
use super::{ActorId, CHUNK_CHANGE, MAGIC, SequenceAction, code, column};
use crate::heads::ChangeHash;
use crate::limits;
use crate::scalar::Scalar;

mod names;
mod op_names;
mod ops;
mod places;
pub(crate) use names::InSequences;
pub(crate) use op_names::OpNames;

/// Why bytes are no change of ours. An honest replica never makes such bytes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeChangeError {
    /// The bytes end early, or a length points past their end.
    #[error("the change is cut off at byte {at}")]
    CutOff {
        /// Offset in the change.
        at: usize,
    },
    /// The first bytes are not automerge's.
    #[error("these bytes are no automerge chunk")]
    NotAChunk,
    /// A chunk that is no change.
    #[error("chunk type {found} is no change")]
    ChunkType {
        /// The type found.
        found: u8,
    },
    /// The checksum is not that of the contents.
    #[error("the checksum does not match the contents")]
    Checksum,
    /// An integer or a string that is malformed.
    #[error("malformed {what}")]
    Malformed {
        /// Which member.
        what: &'static str,
    },
    /// A named limit is exceeded.
    #[error("{what} exceeds the limit of {limit}")]
    Limit {
        /// What is too large.
        what: &'static str,
        /// The limit.
        limit: u64,
    },
    /// A column that is damaged, of another length than the rest, or not in its canonical form.
    #[error("column {specification:#x} is damaged or not canonical")]
    Column {
        /// id << 4 | type.
        specification: u64,
    },
    /// An op that a store's history never holds: a map, a deletion outside of a sequence, an unknown value type.
    #[error("the change holds an op of a kind that no store writes")]
    ForeignOp,
    /// Bytes after the end.
    #[error("bytes follow the end of the change")]
    TrailingBytes,
}

/// The bounds that decoding keeps to; [`Limits::default`] is [`crate::limits`].
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of a change.
    pub change_bytes: usize,
    /// Ops of a change.
    pub ops: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { change_bytes: limits::CHANGE_BYTES_MAX, ops: limits::OPS_MAX }
    }
}

/// A change whose every byte was looked at. Offsets are into the chunk's bytes.
#[derive(Debug)]
pub(crate) struct Decoded {
    pub(crate) hash: ChangeHash,
    pub(crate) deps: Vec<ChangeHash>,
    pub(crate) seq: u64,
    pub(crate) start_op: u64,
    pub(crate) message: String,
    /// The author first, then every other actor that the ops name.
    pub(crate) actors: Vec<ActorId>,
    pub(crate) ops: Vec<DecodedOp>,
    pub(crate) preds: Vec<OpRef>,
    /// Where each op acts inside a sequence, `None` for those that set a register; empty if all do.
    pub(crate) places: Vec<Option<Place>>,
    pub(crate) blanks: Blanks,
}

/// An op's id as a change writes it: its counter, and the position of its actor in the change's `actors`.
pub(crate) type OpRef = (u32, u32);

/// Where in a sequence an op acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// The op that made the sequence.
    pub(crate) object: OpRef,
    /// The element that is changed, or behind which one is inserted; `None` for the place before the first.
    pub(crate) element: Option<OpRef>,
    pub(crate) action: SequenceAction,
}

/// A `set` of one register, or what is done inside a sequence: then it has a place instead of a name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DecodedOp {
    pub(crate) name_at: u32,
    pub(crate) name_bytes: u32,
    pub(crate) value_at: u32,
    pub(crate) value_bytes: u32,
    pub(crate) value_code: u8,
    pub(crate) preds_at: u32,
    pub(crate) preds: u32,
}

impl Decoded {
    pub(crate) fn actor(&self) -> ActorId {
        *self.actors.first().expect("the author is always the first actor")
    }

    /// Where the op at this position acts inside a sequence; `None` if it sets a register.
    #[inline]
    pub(crate) fn place(&self, op: usize) -> Option<&Place> {
        self.places.get(op).and_then(Option::as_ref)
    }

    /// Whether some op makes a sequence or acts inside one.
    pub(crate) fn has_sequences(&self) -> bool {
        self.places.iter().any(Option::is_some) || self.ops.iter().any(|op| code::is_sequence(op.value_code))
    }

    /// The property name of an op of the chunk `bytes`, which this is the decoding of.
    pub(crate) fn name<'b>(&self, bytes: &'b [u8], op: &DecodedOp) -> &'b str {
        std::str::from_utf8(self.name_bytes(bytes, op)).unwrap_or_default()
    }

    /// The same without a look whether it is UTF-8, as it is.
    pub(crate) fn name_bytes<'b>(&self, bytes: &'b [u8], op: &DecodedOp) -> &'b [u8] {
        bytes.get(op.name_at as usize..(op.name_at + op.name_bytes) as usize).unwrap_or_default()
    }

    /// The value of an op of the chunk `bytes`.
    pub(crate) fn value<'b>(&self, bytes: &'b [u8], op: &DecodedOp) -> Scalar<'b> {
        let value = bytes.get(op.value_at as usize..(op.value_at + op.value_bytes) as usize);
        Scalar { code: op.value_code, bytes: value.unwrap_or_default() }
    }

    /// The predecessors of an op.
    pub(crate) fn preds_of(&self, op: &DecodedOp) -> &[OpRef] {
        self.preds.get(op.preds_at as usize..(op.preds_at + op.preds) as usize).unwrap_or_default()
    }

    /// Decodes the plain chunk `bytes`, all of it.
    #[cfg(test)]
    pub(crate) fn read(bytes: &[u8], bounds: Limits) -> Result<Self, DecodeChangeError> {
        read_chunk_header(bytes, bounds)?;
        let hash = ChangeHash(<sha2::Sha256 as sha2::Digest>::digest(bytes.get(8..).unwrap_or_default()).into());
        if bytes.get(4..8) != hash.0.get(..4) {
            return Err(DecodeChangeError::Checksum);
        }
        Self::read_body(bytes, hash, bounds)
    }

    /// Decodes again what was decoded before it was accepted under this hash.
    pub(crate) fn read_accepted(bytes: &[u8], hash: ChangeHash) -> Self {
        let bounds = Limits { change_bytes: usize::MAX, ..Limits::default() };
        Self::read_body(bytes, hash, bounds).expect("accepted changes decode")
    }

    /// Decodes a plain chunk whose hash and checksum are known.
    pub(crate) fn read_body(bytes: &[u8], hash: ChangeHash, bounds: Limits) -> Result<Self, DecodeChangeError> {
        let (mut decoded, columns) = read_head(bytes, hash, bounds)?;
        ops::read_ops(bytes, &columns, bounds, &mut decoded)?;
        if decoded.start_op + decoded.ops.len() as u64 > limits::OP_COUNTER_MAX {
            return Err(DecodeChangeError::Limit { what: "the op counter", limit: limits::OP_COUNTER_MAX });
        }
        Ok(decoded)
    }
}

/// Reads all but the ops of a plain chunk.
fn read_head(bytes: &[u8], hash: ChangeHash, bounds: Limits) -> Result<(Decoded, Columns), DecodeChangeError> {
    let body_at = read_chunk_header(bytes, bounds)?;
    let mut reader = Reader { whole: bytes, rest: bytes.get(body_at..).unwrap_or_default() };
    let deps = read_deps(&mut reader)?;
    let deps_at = reader.at() - deps.len() * size_of::<ChangeHash>();
    let author = reader.actor()?;
    let actor_at = reader.at() - size_of::<ActorId>();
    let seq = reader.unsigned("seq")?;
    let start_op = reader.unsigned("start op")?;
    if seq == 0 || seq > u64::from(u32::MAX) || start_op == 0 || start_op > limits::OP_COUNTER_MAX {
        return Err(DecodeChangeError::Malformed { what: "seq or start op" });
    }
    if reader.signed("time")? != 0 {
        return Err(DecodeChangeError::Malformed { what: "time" });
    }
    let message = reader.text("message", limits::MESSAGE_BYTES_MAX)?;
    let others = reader.count("actors", limits::ACTORS_MAX)?;
    let mut actors = Vec::with_capacity(1 + others.min(reader.rest.len() / size_of::<ActorId>()));
    actors.push(author);
    for _ in 0..others {
        actors.push(reader.actor()?);
    }
    if !actors.get(1..).unwrap_or_default().is_sorted_by(|a, b| a < b)
        || actors.get(1..).is_some_and(|o| o.contains(&author))
    {
        return Err(DecodeChangeError::Malformed { what: "actors" });
    }
    let columns = read_columns(&mut reader)?;
    if !reader.rest.is_empty() {
        return Err(DecodeChangeError::TrailingBytes);
    }
    let blanks = Blanks { deps_at, actor_at, names: columns.names };
    let (ops, preds, places) = (Vec::new(), Vec::new(), Vec::new());
    Ok((Decoded { hash, deps, seq, start_op, message, actors, ops, preds, places, blanks }, columns))
}

/// Where the body of the plain chunk `bytes` begins; it goes to their end.
pub(crate) fn read_chunk_header(bytes: &[u8], bounds: Limits) -> Result<usize, DecodeChangeError> {
    if bytes.len() > bounds.change_bytes {
        return Err(DecodeChangeError::Limit { what: "the change", limit: bounds.change_bytes as u64 });
    }
    if bytes.get(..4) != Some(&MAGIC) {
        return Err(DecodeChangeError::NotAChunk);
    }
    let found = *bytes.get(8).ok_or(DecodeChangeError::CutOff { at: bytes.len() })?;
    if found != CHUNK_CHANGE {
        return Err(DecodeChangeError::ChunkType { found });
    }
    let mut rest = bytes.get(9..).unwrap_or_default();
    let length = read_unsigned(&mut rest).ok_or(DecodeChangeError::Malformed { what: "length" })?;
    match (rest.len() as u64).cmp(&length) {
        std::cmp::Ordering::Less => Err(DecodeChangeError::CutOff { at: bytes.len() }),
        std::cmp::Ordering::Greater => Err(DecodeChangeError::TrailingBytes),
        std::cmp::Ordering::Equal => Ok(bytes.len() - rest.len()),
    }
}

struct Reader<'a> {
    whole: &'a [u8],
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn at(&self) -> usize {
        self.whole.len() - self.rest.len()
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], DecodeChangeError> {
        let (taken, rest) =
            self.rest.split_at_checked(length).ok_or(DecodeChangeError::CutOff { at: self.whole.len() })?;
        self.rest = rest;
        Ok(taken)
    }

    fn unsigned(&mut self, what: &'static str) -> Result<u64, DecodeChangeError> {
        read_unsigned(&mut self.rest).ok_or(DecodeChangeError::Malformed { what })
    }

    fn signed(&mut self, what: &'static str) -> Result<i64, DecodeChangeError> {
        read_signed(&mut self.rest).ok_or(DecodeChangeError::Malformed { what })
    }

    fn count(&mut self, what: &'static str, limit: usize) -> Result<usize, DecodeChangeError> {
        let count = self.unsigned(what)?;
        match usize::try_from(count) {
            Ok(count) if count <= limit => Ok(count),
            _ => Err(DecodeChangeError::Limit { what, limit: limit as u64 }),
        }
    }

    /// Bytes behind their length.
    fn run(&mut self, what: &'static str, limit: usize) -> Result<&'a [u8], DecodeChangeError> {
        let length = self.count(what, limit)?;
        self.take(length)
    }

    fn actor(&mut self) -> Result<ActorId, DecodeChangeError> {
        let malformed = DecodeChangeError::Malformed { what: "actor" };
        if self.unsigned("actor")? != 16 {
            return Err(malformed);
        }
        let id = ActorId(self.take(16)?.try_into().map_err(|_| malformed.clone())?);
        id.kind().map(|_| id).ok_or(malformed)
    }

    fn text(&mut self, what: &'static str, limit: usize) -> Result<String, DecodeChangeError> {
        let text = std::str::from_utf8(self.run(what, limit)?).map_err(|_| DecodeChangeError::Malformed { what })?;
        Ok(text.to_owned())
    }
}

fn read_deps(reader: &mut Reader<'_>) -> Result<Vec<ChangeHash>, DecodeChangeError> {
    let count = reader.count("dependencies", limits::DEPS_MAX)?;
    let mut deps = Vec::with_capacity(count);
    for _ in 0..count {
        let hash = reader.take(32)?.try_into().map_err(|_| DecodeChangeError::Malformed { what: "dependencies" })?;
        deps.push(ChangeHash(hash));
    }
    if deps.is_sorted_by(|a, b| a < b) { Ok(deps) } else { Err(DecodeChangeError::Malformed { what: "dependencies" }) }
}

/// The columns that our ops have, as byte ranges of the chunk.
#[derive(Default)]
struct Columns {
    object_actor: (usize, usize),
    object_counter: (usize, usize),
    element_actor: (usize, usize),
    element_counter: (usize, usize),
    names: (usize, usize),
    insert: (usize, usize),
    action: (usize, usize),
    value_meta: (usize, usize),
    value: (usize, usize),
    pred_count: (usize, usize),
    pred_actor: (usize, usize),
    pred_counter: (usize, usize),
}

fn read_columns(reader: &mut Reader<'_>) -> Result<Columns, DecodeChangeError> {
    let count = reader.count("columns", limits::COLUMNS_MAX)?;
    let mut layout = Vec::with_capacity(count);
    for _ in 0..count {
        let specification = reader.unsigned("column")?;
        let length = reader.count("column", limits::CHANGE_BYTES_MAX)?;
        if length == 0 || layout.last().is_some_and(|(before, _)| *before >= specification) {
            return Err(DecodeChangeError::Column { specification });
        }
        layout.push((specification, length));
    }
    let mut columns = Columns::default();
    for (specification, length) in layout {
        let at = reader.at();
        reader.take(length)?;
        let slot = match specification {
            column::OBJECT_ACTOR => &mut columns.object_actor,
            column::OBJECT_COUNTER => &mut columns.object_counter,
            column::ELEMENT_ACTOR => &mut columns.element_actor,
            column::ELEMENT_COUNTER => &mut columns.element_counter,
            column::KEY_STR => &mut columns.names,
            column::INSERT => &mut columns.insert,
            column::ACTION => &mut columns.action,
            column::VALUE_META => &mut columns.value_meta,
            column::VALUE => &mut columns.value,
            column::PRED_COUNT => &mut columns.pred_count,
            column::PRED_ACTOR => &mut columns.pred_actor,
            column::PRED_COUNTER => &mut columns.pred_counter,
            _ => return Err(DecodeChangeError::ForeignOp),
        };
        *slot = (at, at + length);
    }
    Ok(columns)
}
