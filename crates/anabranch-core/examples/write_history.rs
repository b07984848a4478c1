//! Writes a history of every kind of value, with concurrent writes, and what its registers hold, as JSON to a file: for
//! programs in other languages to load (`tests/npm`).

use std::fmt::Write as _;

use anabranch_core::testing::{any_record, few_keys, raw_registers};
use anabranch_core::{Author, Document, Edit, Key};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

/// Commits of each of the two writers between exchanges, and how often they exchange.
const COMMITS: usize = 4;
const EXCHANGES: usize = 6;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let to = std::env::args().nth(1).ok_or("usage: write_history FILE")?;
    let document = history()?;
    let mut json = String::from("{\"changes\":[");
    let list = |json: &mut String, items: &mut dyn Iterator<Item = String>| {
        json.push_str(&items.collect::<Vec<_>>().join(",\n"));
    };
    list(&mut json, &mut document.change_bytes().map(|change| format!("\"{}\"", hex(&change.bytes))));
    json.push_str("],\n\"heads\":[");
    list(&mut json, &mut document.heads().hashes().iter().map(|hash| format!("\"{hash}\"")));
    json.push_str("],\n\"registers\":[");
    let registers = raw_registers(&document);
    let register = |(name, values): (&String, &Vec<anabranch_core::testing::RawValue>)| {
        let values = values
            .iter()
            .map(|value| format!(r#"["{}@{}",{},"{}"]"#, value.counter, value.actor, value.code, hex(&value.bytes)));
        format!(r#"["{}",[{}]]"#, hex(name.as_bytes()), values.collect::<Vec<_>>().join(","))
    };
    list(&mut json, &mut registers.iter().map(register));
    json.push_str("]}\n");
    std::fs::write(to, json)?;
    Ok(())
}

/// Two writers who write apart and then take what the other has, again and again.
fn history() -> Result<Document, Box<dyn std::error::Error>> {
    let mut runner = TestRunner::deterministic();
    let mut sample = |strategy: &mut dyn FnMut(&mut TestRunner) -> Edit| strategy(&mut runner);
    let mut documents = [Document::new(), Document::new()];
    for exchange in 0..EXCHANGES {
        for (at, document) in documents.iter_mut().enumerate() {
            for commit in 0..COMMITS {
                let base = document.known(&document.heads())?;
                let edit = sample(&mut |runner| any_edit(runner, exchange * COMMITS + commit));
                let edits = [edit, sample(&mut |runner| any_edit(runner, usize::MAX))];
                let author = Author::person(&format!("writer {at}, commit {exchange}.{commit}"));
                document.change_at(&base, &edits, &author)?;
            }
        }
        let [one, other] = &mut documents;
        one.apply(other.change_bytes().map(|change| change.bytes));
        if exchange + 1 < EXCHANGES {
            other.apply(one.change_bytes().map(|change| change.bytes));
        }
    }
    let [document, _] = documents;
    Ok(document)
}

/// A put of any record, under a key of its own or under one of the few that both writers use.
fn any_edit(runner: &mut TestRunner, own: usize) -> Edit {
    let key = match own {
        usize::MAX => few_keys().new_tree(runner).expect("keys are found").current(),
        own => Key::String(format!("own {own}").as_str().into()),
    };
    Edit::Put { key: Some(key), value: any_record().boxed().new_tree(runner).expect("records are found").current() }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}
