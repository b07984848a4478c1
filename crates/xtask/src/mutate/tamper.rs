//! What an attacker changes in a chain of changes, of which the checksums, and often the links and the actor, are made right again.

#![expect(clippy::ptr_arg, reason = "all have one type, though few change how many changes there are")]

use super::chunk::Chunk;
use super::leb128::{write_signed, write_unsigned};
use super::runs::{self, Run, Values};
use crate::random::Random;

/// Changes one thing of the chain, or of its order.
type Tamper = fn(&mut Vec<Chunk>, &mut Random) -> Option<()>;

const TAMPERS: &[Tamper] = &[
    flip_bit,
    cut_or_stretch_column,
    drop_column,
    repeat_column,
    swap_columns,
    specification,
    run_count,
    run_count,
    run_value,
    run_value,
    swap_runs,
    split_run,
    name,
    name,
    dependency,
    actor,
    counters,
    message,
    other_actors,
    tail,
    order_of_changes,
    column_of_another_change,
];

/// Columns whose values are runs of integers, names and values apart.
const INTEGERS: &[u64] = &[0x01, 0x02, 0x11, 0x13, 0x42, 0x56, 0x70, 0x71, 0x73];
const NAMES: u64 = 0x15;

/// Changes one to four things of a chain.
pub(super) fn tamper(chain: &mut Vec<Chunk>, random: &mut Random) {
    for _ in 0..=random.below(2) * random.below(3) {
        // What a change does not have cannot be tampered with: try another.
        let tampers = (0..16).filter_map(|_| TAMPERS.get(random.below(TAMPERS.len())).copied()).collect::<Vec<_>>();
        tampers.into_iter().find_map(|tamper| tamper(chain, random));
    }
}

fn change<'c>(chain: &'c mut [Chunk], random: &mut Random) -> Option<&'c mut Chunk> {
    let at = random.below(chain.len());
    chain.get_mut(at)
}

fn any_column<'c>(chain: &'c mut [Chunk], random: &mut Random) -> Option<&'c mut (u64, Vec<u8>)> {
    let columns = &mut change(chain, random)?.columns;
    let at = random.below(columns.len());
    columns.get_mut(at)
}

fn flip_bit(chain: &mut Vec<Chunk>, random: &mut Random) -> Option<()> {
    let (_, contents) = any_column(chain, random)?;
    let at = random.below(contents.len());
    *contents.get_mut(at)? ^= 1 << random.below(8);
    Some(())
}

fn cut_or_stretch_column(chain: &mut Vec<Chunk>, random: &mut Random) -> Option<()> {
    let (_, contents) = any_column(chain, random)?;
    match random.below(3) {
        0 => contents.truncate(random.below(contents.len())),
        1 => contents.extend((0..=random.below(20)).map(|_| random.number() as u8)),
        _ => contents.extend_from_within(..random.below(contents.len())),
    }
    Some(())
}

fn drop_column(chain: &mut Vec<Chunk>, random: &mut Random) -> Option<()> {
    let columns = &mut change(chain, random)?.columns;
    let at = random.below(columns.len());
    (at < columns.len()).then(|| drop(columns.remove(at)))
}

fn repeat_column(chain: &mut Vec<Chunk>, random: &mut Random) -> Option<()> {
    let columns = &mut change(chain, random)?.columns;
    let column = columns.get(random.below(columns.len()))?.clone();
    for _ in 0..=random.below(2) * random.below(40) {
        columns.insert(random.below(columns.len() + 1), column.clone());
    }
    Some(())
}

fn swap_columns(chain: &mut Vec<Chunk>, random: &mut Random) -> Option<()> {
    let columns = &mut change(chain, random)?.columns;
    let (one, other) = (random.below(columns.len()), random.below(columns.len()));
    (one != other).then(|| columns.swap(one, other))
}

/// Another type of column, also the deflated ones (bit 3) and those of sequences and of objects.
fn specification(chain: &mut Vec<Chunk>, random: &mut Random) -> Option<()> {
    const KNOWN: &[u64] = &[0x01, 0x02, 0x11, 0x13, 0x15, 0x34, 0x42, 0x56, 0x57, 0x70, 0x71, 0x73, 0x94, 0xa5];
    let (specification, _) = any_column(chain, random)?;
    *specification = match random.below(3) {
        0 => *specification ^ 8,
        1 => *random.pick(KNOWN)?,
        _ => random.awkward(),
    };
    Some(())
}

fn with_runs(chain: &mut [Chunk], random: &mut Random, to: impl FnOnce(&mut Vec<Run>, &mut Random)) -> Option<()> {
    let (specification, values) = match random.below(3) {
        0 => (NAMES, Values::Texts),
        _ => (*random.pick(INTEGERS)?, Values::Integers),
    };
    let contents = change(chain, random)?.column(specification)?;
    let mut runs = runs::read(contents, values)?;
    to(&mut runs, random);
    *contents = runs::write(&runs);
    Some(())
}

/// A run states another length: the run-length bombs.
fn run_count(chain: &mut Vec<Chunk>, random: &mut Random) -> Option<()> {
    with_runs(chain, random, |runs, random| {
        let at = random.below(runs.len());
        let stated = match random.below(3) {
            0 => random.awkward() as i64,
            1 => -(random.below(4) as i64),
            _ => random.below(4) as i64,
        };
        match runs.get_mut(at) {
            Some(Run::Repeat(count, _) | Run::Literal(count, _)) => *count = stated,
            Some(Run::Nulls(count)) => *count = random.awkward(),
            None => (),
        }
        if random.once_in(8) {
            runs.push(Run::Nulls(random.awkward()));
        }
    })
}

fn run_value(chain: &mut Vec<Chunk>, random: &mut Random) -> Option<()> {
    with_runs(chain, random, |runs, random| {
        let at = random.below(runs.len());
        let slot = match runs.get_mut(at) {
            Some(Run::Repeat(_, value)) => Some(value),
            Some(Run::Literal(_, values)) => {
                let at = random.below(values.len());
                values.get_mut(at)
            }
            _ => None,
        };
        let Some(slot) = slot else { return };
        slot.clear();
        match random.below(4) {
            0 => write_signed(random.awkward() as i64, slot),
            1 => write_signed(random.below(7) as i64 - 3, slot),
            2 => write_unsigned(random.below(200) as u64, slot),
            _ => write_unsigned(random.awkward(), slot),
        }
    })
}

fn swap_runs(chain: &mut Vec<Chunk>, random: &mut Random) -> Option<()> {
    with_runs(chain, random, |runs, random| {
        let (one, other) = (random.below(runs.len()), random.below(runs.len()));
        if one.max(other) < runs.len() {
            runs.swap(one, other);
        }
    })
}

/// One run becomes two, which is not canonical.
fn split_run(chain: &mut Vec<Chunk>, random: &mut Random) -> Option<()> {
    with_runs(chain, random, |runs, random| {
        let at = random.below(runs.len());
        match runs.get(at).cloned() {
            Some(Run::Repeat(count, value)) if count > 1 => {
                let first = 1 + random.below(count as usize - 1) as i64;
                runs.splice(at..=at, [first, count - first].map(|count| Run::Repeat(count, value.clone())));
            }
            Some(Run::Literal(_, mut values)) if values.len() > 1 => {
                let second = values.split_off(1 + random.below(values.len() - 1));
                runs.splice(at..=at, [values, second].map(|values| Run::Literal(-(values.len() as i64), values)));
            }
            _ => (),
        }
    })
}

/// Another property name: that of another op, or one that no store writes.
fn name(chain: &mut Vec<Chunk>, random: &mut Random) -> Option<()> {
    let contents = change(chain, random)?.column(NAMES)?;
    let mut runs = runs::read(contents, Values::Texts)?;
    let mut names: Vec<&mut Vec<u8>> = runs
        .iter_mut()
        .flat_map(|run| match run {
            Run::Repeat(_, name) => std::slice::from_mut(name),
            Run::Literal(_, names) => names.as_mut_slice(),
            Run::Nulls(_) => &mut [],
        })
        .collect();
    let (from, to) = (random.below(names.len()), random.below(names.len()));
    let mut text = names.get(from)?.get(1..)?.to_vec();
    match random.below(6) {
        0 => (),
        1 => text.truncate(random.below(text.len())),
        2 => text.extend_from_within(..random.below(text.len() + 1)),
        3 => text.insert(random.below(text.len() + 1), *random.pick(b"@.\\=:+e/0az\x00\x01\xff")?),
        4 => {
            let at = random.below(text.len());
            *text.get_mut(at)? = random.number() as u8;
        }
        _ => text.extend(random.pick(&[&b"@"[..], b"@0", b"+", b"=", b"\\0", b".", b"\xed\xa0\x80"])?.iter()),
    }
    let slot = names.get_mut(to)?;
    slot.clear();
    write_unsigned(text.len() as u64, slot);
    slot.extend(text);
    *contents = runs::write(&runs);
    Some(())
}

fn dependency(chain: &mut Vec<Chunk>, random: &mut Random) -> Option<()> {
    let deps = &mut change(chain, random)?.deps;
    let at = random.below(deps.len());
    match random.below(5) {
        0 if at < deps.len() => drop(deps.remove(at)),
        1 => deps.push([random.number() as u8; 32]),
        2 => deps.extend(deps.get(at).copied()),
        3 => deps.reverse(),
        _ => (0..random.below(20)).for_each(|_| deps.push([random.number() as u8; 32])),
    }
    Some(())
}

fn actor(chain: &mut Vec<Chunk>, random: &mut Random) -> Option<()> {
    let other = change(chain, random)?.others.first().cloned();
    let actor = &mut change(chain, random)?.actor;
    match random.below(4) {
        0 => *actor.last_mut()? = random.below(8) as u8,
        1 => actor.truncate(random.below(16)),
        2 => *actor = other?,
        _ => {
            let at = random.below(actor.len());
            *actor.get_mut(at)? ^= 1 << random.below(8);
        }
    }
    Some(())
}

fn counters(chain: &mut Vec<Chunk>, random: &mut Random) -> Option<()> {
    let chunk = change(chain, random)?;
    match random.below(6) {
        0 => chunk.seq = random.awkward(),
        1 => chunk.seq = chunk.seq.wrapping_add(1),
        2 => chunk.start_op = random.awkward(),
        3 => chunk.start_op = chunk.start_op.wrapping_add_signed(random.below(5) as i64 - 2),
        4 => chunk.time = random.awkward() as i64,
        _ => chunk.kind = *random.pick(&[0, 2, 3, 255])?,
    }
    Some(())
}

fn message(chain: &mut Vec<Chunk>, random: &mut Random) -> Option<()> {
    let message = &mut change(chain, random)?.message;
    let at = random.below(message.len());
    match random.below(4) {
        0 => *message.get_mut(at)? = random.number() as u8,
        1 => message.truncate(at),
        2 => message.resize(random.below(10_000), b'x'),
        // The digits of the chain's length.
        _ => *message.get_mut(12)? = *random.pick(b"0123456789")?,
    }
    Some(())
}

fn other_actors(chain: &mut Vec<Chunk>, random: &mut Random) -> Option<()> {
    let chunk = change(chain, random)?;
    let at = random.below(chunk.others.len());
    match random.below(5) {
        0 if at < chunk.others.len() => drop(chunk.others.remove(at)),
        1 => chunk.others.push(vec![random.number() as u8 & 7; 16]),
        2 => chunk.others.extend(vec![vec![1; 16]; random.below(5_000)]),
        3 => chunk.others.push(chunk.actor.clone()),
        _ => chunk.others.reverse(),
    }
    Some(())
}

fn tail(chain: &mut Vec<Chunk>, random: &mut Random) -> Option<()> {
    change(chain, random)?.tail = (0..=random.below(8)).map(|_| random.number() as u8).collect();
    Some(())
}

fn order_of_changes(chain: &mut Vec<Chunk>, random: &mut Random) -> Option<()> {
    let (one, other) = (random.below(chain.len()), random.below(chain.len()));
    match random.below(3) {
        0 => chain.insert(one, chain.get(other)?.clone()),
        1 if chain.len() > 1 => drop(chain.remove(one)),
        _ => chain.swap(one, other),
    }
    Some(())
}

fn column_of_another_change(chain: &mut Vec<Chunk>, random: &mut Random) -> Option<()> {
    let column = any_column(chain, random)?.clone();
    let slot = change(chain, random)?.column(column.0)?;
    (*slot != column.1).then(|| *slot = column.1)
}
