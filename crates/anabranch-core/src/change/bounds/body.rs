//! A change's body, to be made wrong.

use sha2::{Digest, Sha256};

use super::super::*;

/// The parts of a change's body, to be made wrong one at a time.
#[derive(Clone)]
pub(super) struct Body {
    pub(super) deps: Vec<[u8; 32]>,
    pub(super) actor: Vec<u8>,
    pub(super) seq: u64,
    pub(super) start_op: u64,
    pub(super) time: i64,
    pub(super) message: Vec<u8>,
    pub(super) others: Vec<Vec<u8>>,
    pub(super) columns: Vec<(u64, Vec<u8>)>,
}

pub(super) fn actor(first: u32) -> Vec<u8> {
    let mut actor = first.to_be_bytes().to_vec();
    actor.extend([0; 11]);
    actor.push(ActorKind::Edit as u8);
    actor
}

pub(super) fn hash(first: u32) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.iter_mut().zip(first.to_be_bytes()).for_each(|(slot, byte)| *slot = byte);
    hash
}

pub(super) fn run(count: i64, value: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    match count {
        1 => write_signed(-1, &mut out),
        count => write_signed(count, &mut out),
    }
    out.extend(value);
    out
}

pub(super) fn number(value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    write_unsigned(value, &mut out);
    out
}

pub(super) fn delta(value: i64) -> Vec<u8> {
    let mut out = Vec::new();
    write_signed(value, &mut out);
    out
}

/// So many nulls set at one name, each with so many predecessors of the author.
pub(super) fn ops(count: u64, name: &[u8], preds: u64) -> Vec<(u64, Vec<u8>)> {
    let mut key = number(name.len() as u64);
    key.extend(name);
    let mut columns = vec![
        (column::KEY_STR, run(count as i64, &key)),
        (column::INSERT, number(count)),
        (column::ACTION, run(count as i64, &[1])),
        (column::VALUE_META, run(count as i64, &[0])),
        (column::PRED_COUNT, run(count as i64, &number(preds))),
    ];
    if preds > 0 {
        assert_eq!(count, 1, "each op's predecessors ascend on their own");
        columns.push((column::PRED_ACTOR, run(preds as i64, &[0])));
        columns.push((column::PRED_COUNTER, run(preds as i64, &[1])));
    }
    columns
}

impl Body {
    pub(super) fn new(columns: Vec<(u64, Vec<u8>)>) -> Self {
        let (deps, others) = (Vec::new(), Vec::new());
        Self { deps, actor: actor(0), seq: 1, start_op: 1, time: 0, message: b"m".to_vec(), others, columns }
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut chunk = self.chunk();
        let digest = Sha256::digest(chunk.get(8..).unwrap());
        chunk.iter_mut().skip(4).zip(digest.iter().take(4)).for_each(|(slot, byte)| *slot = *byte);
        chunk
    }

    /// Without a checksum.
    pub(super) fn chunk(&self) -> Vec<u8> {
        let mut body = number(self.deps.len() as u64);
        self.deps.iter().for_each(|dep| body.extend(dep));
        let put_actor = |actor: &Vec<u8>, body: &mut Vec<u8>| {
            write_unsigned(actor.len() as u64, body);
            body.extend(actor);
        };
        put_actor(&self.actor, &mut body);
        write_unsigned(self.seq, &mut body);
        write_unsigned(self.start_op, &mut body);
        write_signed(self.time, &mut body);
        write_unsigned(self.message.len() as u64, &mut body);
        body.extend(&self.message);
        write_unsigned(self.others.len() as u64, &mut body);
        self.others.iter().for_each(|actor| put_actor(actor, &mut body));
        write_unsigned(self.columns.len() as u64, &mut body);
        for (specification, bytes) in &self.columns {
            write_unsigned(*specification, &mut body);
            write_unsigned(bytes.len() as u64, &mut body);
        }
        self.columns.iter().for_each(|(_, bytes)| body.extend(bytes));
        let mut chunk = MAGIC.to_vec();
        chunk.extend([0; 4]);
        chunk.push(CHUNK_CHANGE);
        write_unsigned(body.len() as u64, &mut chunk);
        chunk.extend(body);
        chunk
    }

    pub(super) fn read(&self) -> Result<Decoded, DecodeChangeError> {
        Decoded::read(&self.bytes(), Limits::default())
    }

    #[track_caller]
    pub(super) fn is(&self, expected: Option<DecodeChangeError>) {
        assert_eq!(self.read().err(), expected);
    }
}

pub(super) fn limit(what: &'static str, limit: u64) -> Option<DecodeChangeError> {
    Some(DecodeChangeError::Limit { what, limit })
}

pub(super) fn malformed(what: &'static str) -> Option<DecodeChangeError> {
    Some(DecodeChangeError::Malformed { what })
}

pub(super) fn column_is_bad(specification: u64) -> Option<DecodeChangeError> {
    Some(DecodeChangeError::Column { specification })
}
