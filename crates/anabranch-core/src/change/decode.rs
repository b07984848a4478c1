//! Decoding a change chunk: one pass, borrowing, every bound checked before anything is allocated for it.

use super::columns::{BadColumn, RunDecoder};
use super::leb128::{read_signed, read_unsigned};
use super::{ACTION_SET, ActorId, CHUNK_CHANGE, MAGIC, code, column};
use crate::heads::ChangeHash;
use crate::limits;
use crate::scalar::Scalar;

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
    /// An op that a store's history never holds: another object, a deletion, a sequence, an unknown value type.
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
    /// Counter and position in `actors`.
    pub(crate) preds: Vec<(u32, u32)>,
}

/// A `set` of one register.
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

    /// The property name of an op of the chunk `bytes`, which this is the decoding of.
    pub(crate) fn name<'b>(&self, bytes: &'b [u8], op: &DecodedOp) -> &'b str {
        let name = bytes.get(op.name_at as usize..(op.name_at + op.name_bytes) as usize);
        name.and_then(|name| std::str::from_utf8(name).ok()).unwrap_or_default()
    }

    /// The value of an op of the chunk `bytes`.
    pub(crate) fn value<'b>(&self, bytes: &'b [u8], op: &DecodedOp) -> Scalar<'b> {
        let value = bytes.get(op.value_at as usize..(op.value_at + op.value_bytes) as usize);
        Scalar { code: op.value_code, bytes: value.unwrap_or_default() }
    }

    /// The predecessors of an op: counter and position in `actors`.
    pub(crate) fn preds_of(&self, op: &DecodedOp) -> &[(u32, u32)] {
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
        let body_at = read_chunk_header(bytes, bounds)?;
        let mut reader = Reader { whole: bytes, rest: bytes.get(body_at..).unwrap_or_default() };
        let deps = read_deps(&mut reader)?;
        let author = reader.actor()?;
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
        let mut actors = vec![author];
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
        let mut decoded = Self { hash, deps, seq, start_op, message, actors, ops: Vec::new(), preds: Vec::new() };
        read_ops(bytes, &columns, bounds, &mut decoded)?;
        if start_op + decoded.ops.len() as u64 > limits::OP_COUNTER_MAX {
            return Err(DecodeChangeError::Limit { what: "the op counter", limit: limits::OP_COUNTER_MAX });
        }
        Ok(decoded)
    }
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

    fn actor(&mut self) -> Result<ActorId, DecodeChangeError> {
        let malformed = DecodeChangeError::Malformed { what: "actor" };
        if self.unsigned("actor")? != 16 {
            return Err(malformed);
        }
        let id = ActorId(self.take(16)?.try_into().map_err(|_| malformed.clone())?);
        id.kind().map(|_| id).ok_or(malformed)
    }

    fn text(&mut self, what: &'static str, limit: usize) -> Result<String, DecodeChangeError> {
        let length = self.count(what, limit)?;
        let text = std::str::from_utf8(self.take(length)?).map_err(|_| DecodeChangeError::Malformed { what })?;
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

fn read_ops(bytes: &[u8], columns: &Columns, bounds: Limits, decoded: &mut Decoded) -> Result<(), DecodeChangeError> {
    let slice = |(from, to): (usize, usize)| bytes.get(from..to).unwrap_or_default();
    let bad = |specification| move |_: BadColumn| DecodeChangeError::Column { specification };
    let base = bytes.as_ptr() as usize;
    let mut names = RunDecoder::<&[u8]>::new(slice(columns.names));
    let mut metas = RunDecoder::<u64>::new(slice(columns.value_meta));
    let mut counts = RunDecoder::<u64>::new(slice(columns.pred_count));
    let mut value_at = columns.value.0;
    while let Some(meta) = metas.next().map_err(bad(column::VALUE_META))? {
        if decoded.ops.len() as u64 >= bounds.ops {
            return Err(DecodeChangeError::Limit { what: "the number of ops", limit: bounds.ops });
        }
        let name = names
            .next()
            .map_err(bad(column::KEY_STR))?
            .ok_or(DecodeChangeError::Column { specification: column::KEY_STR })?;
        if name.len() > limits::NAME_BYTES_MAX {
            return Err(DecodeChangeError::Limit { what: "a property name", limit: limits::NAME_BYTES_MAX as u64 });
        }
        let (value_code, value_bytes) = ((meta & 15) as u8, usize::try_from(meta >> 4).unwrap_or(usize::MAX));
        let value_end = value_at.checked_add(value_bytes).filter(|end| *end <= columns.value.1);
        let value = value_end
            .and_then(|end| bytes.get(value_at..end))
            .ok_or(DecodeChangeError::Column { specification: column::VALUE })?;
        check_scalar(value_code, value)?;
        let preds = counts
            .next()
            .map_err(bad(column::PRED_COUNT))?
            .ok_or(DecodeChangeError::Column { specification: column::PRED_COUNT })?;
        let preds_at = decoded.ops.last().map_or(0, |op| u64::from(op.preds_at) + u64::from(op.preds));
        if preds > limits::PREDS_MAX || preds_at + preds > limits::PREDS_MAX {
            return Err(DecodeChangeError::Limit { what: "predecessors", limit: limits::PREDS_MAX });
        }
        decoded.ops.push(DecodedOp {
            name_at: (name.as_ptr() as usize - base) as u32,
            name_bytes: name.len() as u32,
            value_at: value_at as u32,
            value_bytes: value_bytes as u32,
            value_code,
            preds_at: preds_at as u32,
            preds: preds as u32,
        });
        value_at += value_bytes;
    }
    let ends = [
        (names.is_done(), column::KEY_STR),
        (counts.is_done(), column::PRED_COUNT),
        (value_at == columns.value.1, column::VALUE),
    ];
    if let Some((_, specification)) = ends.into_iter().find(|(done, _)| !done) {
        return Err(DecodeChangeError::Column { specification });
    }
    check_names(bytes, decoded)?;
    check_constant_columns(slice(columns.insert), slice(columns.action), decoded.ops.len() as u64)?;
    read_preds(slice(columns.pred_actor), slice(columns.pred_counter), decoded)
}

/// Names are UTF-8; a name of a run is checked once.
fn check_names(bytes: &[u8], decoded: &Decoded) -> Result<(), DecodeChangeError> {
    let mut checked = u32::MAX;
    for op in &decoded.ops {
        if op.name_at != checked {
            let name = bytes.get(op.name_at as usize..(op.name_at + op.name_bytes) as usize).unwrap_or_default();
            std::str::from_utf8(name).map_err(|_| DecodeChangeError::Malformed { what: "property name" })?;
            checked = op.name_at;
        }
    }
    Ok(())
}

/// A scalar in its shortest form and of a type that stores write.
fn check_scalar(value_code: u8, mut value: &[u8]) -> Result<(), DecodeChangeError> {
    let fits = match value_code {
        code::NULL | code::FALSE | code::TRUE => value.is_empty(),
        code::INT | code::TIMESTAMP => read_signed(&mut value).is_some() && value.is_empty(),
        code::F64 => value.len() == 8,
        _ if value.len() > limits::SCALAR_BYTES_MAX => {
            return Err(DecodeChangeError::Limit { what: "a value", limit: limits::SCALAR_BYTES_MAX as u64 });
        }
        code::STR => std::str::from_utf8(value).is_ok(),
        code::BYTES => true,
        _ => return Err(DecodeChangeError::ForeignOp),
    };
    if fits { Ok(()) } else { Err(DecodeChangeError::Column { specification: column::VALUE }) }
}

/// Nothing is inserted into a sequence, and every action is `set`.
fn check_constant_columns(mut insert: &[u8], action: &[u8], ops: u64) -> Result<(), DecodeChangeError> {
    if ops == 0 {
        return if insert.is_empty() && action.is_empty() { Ok(()) } else { Err(DecodeChangeError::ForeignOp) };
    }
    if read_unsigned(&mut insert) != Some(ops) || !insert.is_empty() {
        return Err(DecodeChangeError::ForeignOp);
    }
    let mut actions = RunDecoder::<u64>::new(action);
    for _ in 0..ops {
        if actions.next() != Ok(Some(ACTION_SET)) {
            return Err(DecodeChangeError::ForeignOp);
        }
    }
    if actions.is_done() { Ok(()) } else { Err(DecodeChangeError::Column { specification: column::ACTION }) }
}

fn read_preds(actors: &[u8], counters: &[u8], decoded: &mut Decoded) -> Result<(), DecodeChangeError> {
    let actor_bad = DecodeChangeError::Column { specification: column::PRED_ACTOR };
    let counter_bad = DecodeChangeError::Column { specification: column::PRED_COUNTER };
    let total = decoded.ops.last().map_or(0, |op| op.preds_at + op.preds);
    let mut actors = RunDecoder::<u64>::new(actors);
    let mut deltas = RunDecoder::<i64>::new(counters);
    let mut counter = 0i64;
    let mut named = vec![false; decoded.actors.len()];
    for _ in 0..total {
        let actor = actors
            .next()
            .ok()
            .flatten()
            .and_then(|actor| usize::try_from(actor).ok())
            .ok_or_else(|| actor_bad.clone())?;
        *named.get_mut(actor).ok_or_else(|| actor_bad.clone())? = true;
        let delta = deltas.next().ok().flatten().ok_or_else(|| counter_bad.clone())?;
        counter = counter
            .checked_add(delta)
            .filter(|c| (1..=limits::OP_COUNTER_MAX as i64).contains(c))
            .ok_or_else(|| counter_bad.clone())?;
        decoded.preds.push((counter as u32, actor as u32));
    }
    if !actors.is_done() || !deltas.is_done() {
        return Err(counter_bad);
    }
    // An actor that no op names would make the bytes differ from their canonical encoding.
    if !named.iter().skip(1).all(|named| *named) {
        return Err(DecodeChangeError::Malformed { what: "actors" });
    }
    for op in &decoded.ops {
        let preds = decoded.preds.get(op.preds_at as usize..(op.preds_at + op.preds) as usize).unwrap_or_default();
        let order = |&(counter, actor): &(u32, u32)| (counter, decoded.actors.get(actor as usize).copied());
        if !preds.is_sorted_by(|a, b| order(a) < order(b)) {
            return Err(counter_bad);
        }
    }
    Ok(())
}
