//! The records that every engine gets, and the updates of their fields.

use bincode::{Decode, Encode};

/// The fields of a record, in the order of [`Row::fields`].
pub(crate) const FIELDS: [&str; 8] = ["name", "email", "age", "balance", "active", "tags", "address", "updatedAt"];
/// The position of `active`, which only [`local_updates`] sets.
const ACTIVE: usize = 4;
/// The positions of the fields that [`updates`] sets in turn.
const UPDATED: [usize; 4] = [1, 2, 3, 7];

/// A record: its key and its eight fields, about 250 bytes of JSON.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    pub(crate) key: String,
    pub(crate) fields: [Field; 8],
}

/// The value of a field.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub(crate) enum Field {
    Text(String),
    Integer(i64),
    Number(f64),
    Bool(bool),
    /// An array of strings, which merges as a whole.
    Tags(Vec<String>),
    /// Milliseconds since 1970.
    Date(i64),
}

/// A new value of one field of one record.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub(crate) struct Update {
    pub(crate) key: String,
    /// Position in [`FIELDS`].
    pub(crate) field: u8,
    pub(crate) value: Field,
}

impl Update {
    /// The name of the field.
    pub(crate) fn name(&self) -> &'static str {
        FIELDS.get(usize::from(self.field)).expect("updates name one of the eight fields")
    }
}

/// `count` records in key order, the same ones in every run.
pub(crate) fn rows(count: usize) -> Vec<Row> {
    let mut random = Random(0x5eed);
    (0..count).map(|at| row(at, &mut random)).collect()
}

/// `count` updates of scattered records, one field each and no record twice while there are enough.
pub(crate) fn updates(rows: &[Row], count: usize) -> Vec<Update> {
    let position_of = |at: usize| UPDATED.iter().copied().cycle().nth(at % UPDATED.len());
    scattered(rows).take(count).enumerate().filter_map(|(at, row)| update(row, position_of(at)?)).collect()
}

/// `count` updates of the records that [`updates`] names first, in a field that it leaves alone.
pub(crate) fn local_updates(rows: &[Row], count: usize) -> Vec<Update> {
    scattered(rows).take(count).filter_map(|row| update(row, ACTIVE)).collect()
}

/// These records as they are after `updates`.
pub(crate) fn with_updates(rows: &[Row], updates: &[Update]) -> Vec<Row> {
    let mut rows = rows.to_vec();
    for update in updates {
        let row = rows.binary_search_by(|row| row.key.as_str().cmp(&update.key)).ok().and_then(|at| rows.get_mut(at));
        if let Some(field) = row.and_then(|row| row.fields.get_mut(usize::from(update.field))) {
            *field = update.value.clone();
        }
    }
    rows
}

fn row(at: usize, random: &mut Random) -> Row {
    let (first, last) = (random.pick(&FIRST_NAMES), random.pick(&LAST_NAMES));
    let (street, city) = (random.pick(&STREETS), random.pick(&CITIES));
    let tags = (0..2 + random.below(3)).map(|_| random.pick(&TAGS).to_owned()).collect();
    Row {
        key: format!("user-{at:06}"),
        fields: [
            Field::Text(format!("{first} {last}")),
            Field::Text(format!("{}.{}.{at}@mail.example.org", first.to_lowercase(), last.to_lowercase())),
            Field::Integer(18 + random.below(70) as i64),
            Field::Number(random.below(10_000_000) as f64 / 100.0),
            Field::Bool(random.below(2) == 1),
            Field::Tags(tags),
            Field::Text(format!("{} {street}, {:05} {city}", 1 + random.below(200), random.below(100_000))),
            Field::Date(1_700_000_000_000 + random.below(60_000_000_000) as i64),
        ],
    }
}

fn update(row: &Row, field: usize) -> Option<Update> {
    let value = match row.fields.get(field)? {
        Field::Text(text) => Field::Text(format!("new.{text}")),
        Field::Integer(number) => Field::Integer(number + 1),
        Field::Number(number) => Field::Number(number + 0.5),
        Field::Bool(bool) => Field::Bool(!bool),
        Field::Tags(tags) => Field::Tags(tags.iter().rev().cloned().collect()),
        Field::Date(ms) => Field::Date(ms + 60_000),
    };
    Some(Update { key: row.key.clone(), field: field as u8, value })
}

/// All records over and over, each once a round, neighbours far apart.
fn scattered(rows: &[Row]) -> impl Iterator<Item = &Row> {
    let count = rows.len();
    // A step by the golden section that has no factor in common with the count visits every record once.
    let step = (count * 618 / 1000..).find(|step| greatest_common_divisor(*step, count) == 1).unwrap_or(1);
    (0usize..).map_while(move |at| rows.get(at.checked_mul(step)?.checked_rem(count)?))
}

fn greatest_common_divisor(a: usize, b: usize) -> usize {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

/// SplitMix64 (Steele, Lea and Flood 2014).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn pick<'w>(&mut self, words: &[&'w str]) -> &'w str {
        words.get(self.below(words.len() as u64) as usize).copied().unwrap_or_default()
    }
}

const FIRST_NAMES: [&str; 8] = ["Ada", "Barbara", "Chandra", "Dagný", "Edsger", "Frances", "Grace", "Hedy"];
const LAST_NAMES: [&str; 8] = ["Lovelace", "Liskov", "Raman", "Þórsdóttir", "Dijkstra", "Allen", "Hopper", "Lamarr"];
const STREETS: [&str; 6] = ["Long Meadow Road", "Kirkegata", "Rue de la Paix", "Hauptstraße", "Mill Lane", "Via Roma"];
const CITIES: [&str; 6] = ["Stromness", "Tromsø", "Clermont-Ferrand", "Tübingen", "Hay-on-Wye", "Ravenna"];
const TAGS: [&str; 8] = ["customer", "newsletter", "trial", "wholesale", "vip", "returning", "abroad", "on hold"];
