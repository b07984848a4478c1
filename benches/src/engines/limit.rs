//! The limit: a plain map of last-writer registers, fed by bincode frames that blake3 protects.
//!
//! It keeps no history, no concurrent values and no provenance: what any engine on these bytes and maps could reach.

use bincode::config::{Configuration, standard};
use bincode::{BorrowDecode, Encode};
use hashbrown::HashMap;

use crate::engine::{Engine, EngineResult, Piece, Replica};
use crate::read_out::ReadOut;
use crate::rows::{FIELDS, Field, Row, Update};

/// The plain register map.
pub(crate) struct Limit;

/// Every register of a store, by record.
pub(crate) struct Registers {
    records: HashMap<Box<str>, [Option<Register>; FIELDS.len()], foldhash::fast::FixedState>,
    /// The counter of the last write seen.
    counter: u64,
    writer: u8,
}

#[derive(Clone)]
struct Register {
    counter: u64,
    writer: u8,
    value: Field,
}

/// The writes of one commit; the first has `counter`, the others follow.
#[derive(Encode, BorrowDecode)]
struct Frame<'a> {
    counter: u64,
    writer: u8,
    writes: Vec<Write<'a>>,
}

#[derive(Encode, BorrowDecode)]
struct Write<'a> {
    key: &'a str,
    field: u8,
    value: Field,
}

/// A stored document: every register with its own counter.
#[derive(Encode, BorrowDecode)]
struct Stored<'a> {
    registers: Vec<(&'a str, u8, u64, u8, Field)>,
}

const CONFIG: Configuration = standard();
const HASH_BYTES: usize = 32;
/// Records in a frame of an import, as in a change of ours.
const RECORDS_PER_FRAME: usize = 100;

impl Engine for Limit {
    const NAME: &'static str = "limit";
    /// It keeps no history to ask.
    const TELLS_TOUCHED: bool = false;
    const RECORDS_MAX: usize = 1_000_000;
    type Document = Registers;
    type Mark = ();

    fn import(rows: &[Row]) -> EngineResult<(Registers, Vec<Piece>)> {
        let mut registers = Registers::empty(Replica::Receiver);
        let mut pieces = Vec::new();
        for rows in rows.chunks(RECORDS_PER_FRAME) {
            let fields = |row: &'_ Row| row.fields.clone().into_iter().zip(0u8..).collect::<Vec<_>>();
            let writes = rows
                .iter()
                .flat_map(|row| fields(row).into_iter().map(|(value, field)| Write { key: &row.key, field, value }));
            pieces.push(registers.write(writes.collect())?);
        }
        Ok((registers, pieces))
    }

    fn stored(registers: &Registers) -> EngineResult<Vec<Piece>> {
        let all = registers.records.iter().flat_map(|(key, fields)| {
            let set = fields.iter().zip(0u8..).filter_map(|(register, field)| register.as_ref().zip(Some(field)));
            set.map(|(register, field)| (&**key, field, register.counter, register.writer, register.value.clone()))
        });
        Ok(vec![seal(&Stored { registers: all.collect() })?])
    }

    fn open(stored: &[Piece], replica: Replica) -> EngineResult<Registers> {
        let mut registers = Registers::empty(replica);
        for piece in stored {
            let stored: Stored<'_> = unseal(piece)?;
            for (key, field, counter, writer, value) in stored.registers {
                registers.set(key, field, Register { counter, writer, value });
            }
        }
        Ok(registers)
    }

    fn capture(registers: &mut Registers, rows: &[Row]) -> EngineResult<Vec<Piece>> {
        let mut writes = Vec::new();
        for row in rows {
            let record = registers.records.get(row.key.as_str());
            for (at, value) in row.fields.iter().enumerate() {
                let have = record.and_then(|record| record.get(at)?.as_ref()).map(|register| &register.value);
                if have != Some(value) {
                    writes.push(Write { key: &row.key, field: at as u8, value: value.clone() });
                }
            }
        }
        let piece = registers.write(writes)?;
        if registers.records.len() != rows.len() {
            return Err("records were deleted: no work here deletes any".into());
        }
        Ok(vec![piece])
    }

    fn commit(registers: &mut Registers, updates: &[Update]) -> EngineResult<Piece> {
        let write = |update: &'_ Update| (update.field, update.value.clone());
        let writes = updates.iter().map(|update| {
            let (field, value) = write(update);
            Write { key: &update.key, field, value }
        });
        registers.write(writes.collect())
    }

    fn merge(registers: &mut Registers, received: &[Piece]) -> EngineResult<()> {
        for piece in received {
            let frame: Frame<'_> = unseal(piece)?;
            for (write, counter) in frame.writes.into_iter().zip(frame.counter..) {
                registers.set(write.key, write.field, Register { counter, writer: frame.writer, value: write.value });
            }
        }
        Ok(())
    }

    fn mark(_: &Registers) {}

    fn read(registers: &Registers, out: &mut impl ReadOut) -> EngineResult<()> {
        for (key, fields) in &registers.records {
            out.begin(key);
            for (name, register) in FIELDS.iter().zip(fields) {
                register.iter().for_each(|register| out.field(name, &register.value));
            }
            out.end();
        }
        Ok(())
    }

    fn field(registers: &Registers, key: &str, name: &str) -> Option<Field> {
        let at = FIELDS.iter().position(|have| *have == name)?;
        registers.records.get(key)?.get(at)?.as_ref().map(|register| register.value.clone())
    }

    fn record_count(registers: &Registers) -> usize {
        registers.records.len()
    }
}

impl Registers {
    fn empty(replica: Replica) -> Self {
        Self { records: HashMap::default(), counter: 0, writer: replica.id() }
    }

    /// Encodes own writes and sets them.
    fn write(&mut self, writes: Vec<Write<'_>>) -> EngineResult<Piece> {
        let frame = Frame { counter: self.counter + 1, writer: self.writer, writes };
        let piece = seal(&frame)?;
        for (write, counter) in frame.writes.into_iter().zip(frame.counter..) {
            self.set(write.key, write.field, Register { counter, writer: frame.writer, value: write.value });
        }
        Ok(piece)
    }

    /// Sets a register unless a later write did; of equal counters the greater writer is later.
    fn set(&mut self, key: &str, field: u8, register: Register) {
        self.counter = self.counter.max(register.counter);
        if !self.records.contains_key(key) {
            self.records.insert(key.into(), Default::default());
        }
        let Some(have) = self.records.get_mut(key).and_then(|record| record.get_mut(usize::from(field))) else {
            return;
        };
        let is_later =
            have.as_ref().is_none_or(|have| (have.counter, have.writer) < (register.counter, register.writer));
        if is_later {
            *have = Some(register);
        }
    }
}

fn seal(content: &impl Encode) -> EngineResult<Piece> {
    let mut bytes = vec![0; HASH_BYTES];
    bincode::encode_into_std_write(content, &mut bytes, CONFIG)?;
    let (hash, content) = bytes.split_at_mut(HASH_BYTES);
    hash.copy_from_slice(blake3::hash(content).as_bytes());
    Ok(bytes.into())
}

fn unseal<'a, T: BorrowDecode<'a, ()>>(piece: &'a Piece) -> EngineResult<T> {
    let (hash, content) = piece.split_at_checked(HASH_BYTES).ok_or("a frame is cut off")?;
    if blake3::hash(content).as_bytes() != hash {
        return Err("a frame's checksum does not fit".into());
    }
    let (value, read) = bincode::borrow_decode_from_slice(content, CONFIG)?;
    if read == content.len() { Ok(value) } else { Err("bytes follow the end of a frame".into()) }
}
