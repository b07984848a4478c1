//! Directories with contents, and what they show.

#![expect(unreachable_pub, reason = "a module of test binaries, where nothing is reachable from outside")]
#![allow(dead_code, clippy::allow_attributes, reason = "each test binary uses its part")]

use std::collections::BTreeMap;

use anabranch_core::{ChangeHash, Heads};
use anabranch_store::testing::MemoryDisk;
use anabranch_store::{
    Access, Baseline, CommitError, Database, Disk, Note, Offer, OpenError, Replica, Run, StoreDir, StoreName,
};

/// Everything that a directory holds, to compare.
pub type Shown =
    (BTreeMap<StoreName, Vec<Vec<u8>>>, BTreeMap<String, Replica>, BTreeMap<String, Run>, BTreeMap<String, Database>);

pub fn shown(dir: &StoreDir) -> Shown {
    let changes = |name: &StoreName| dir.changes(name).iter().map(|(bytes, _)| bytes.to_vec()).collect();
    let stores = dir.stores().map(|name| (name.clone(), changes(name))).collect();
    (stores, dir.replicas().clone(), dir.runs().clone(), dir.databases().clone())
}

pub fn open(disk: &MemoryDisk) -> Result<StoreDir, OpenError> {
    StoreDir::open(disk.clone(), Access::Write)
}

pub fn name(store: &str) -> StoreName {
    StoreName { database: "d".into(), store: store.into() }
}

/// One of several different transactions.
pub fn commit(dir: &mut StoreDir, nth: u8) -> Result<(), CommitError> {
    let store = name(if nth.is_multiple_of(2) { "even" } else { "odd" });
    let heads: Heads = [ChangeHash([nth; 32])].into_iter().collect();
    let note = Note { time_ms: Some(i64::from(nth) - 1), source: format!("file {nth}") };
    let mut transaction = dir.transaction();
    transaction.changes(&store, &note, (0..=nth % 3).map(|length| vec![nth; 10 + usize::from(length)]));
    let offers = vec![Offer {
        heads: [(store.clone(), heads.clone())].into(),
        left_out: [(name("other"), vec!["1".into()])].into(),
        written_at_ms: None,
    }];
    let baselines = [(store.clone(), Baseline { heads: heads.clone(), left_out: vec!["\"k\"".into()] })].into();
    transaction.replica(&Replica { name: format!("replica {}", nth % 2), captured_at_ms: Some(5), baselines, offers });
    let (id, receipt) = (format!("run {nth}"), "{}".to_owned());
    transaction.run(&Run { id, store, base: heads, edits: [nth; 32], parameters: "p".into(), receipt });
    transaction.database("d", &Database { version: Some(u64::from(nth)), stores: vec!["even".into()] });
    if nth.is_multiple_of(2) {
        transaction.blob(vec![nth; 300]);
    }
    transaction.commit()
}

/// A directory after `transactions` of them.
pub fn filled(transactions: u8) -> MemoryDisk {
    let disk = MemoryDisk::default();
    StoreDir::init(&mut disk.clone()).unwrap();
    (0..transactions).for_each(|nth| commit(&mut open(&disk).unwrap(), nth).unwrap());
    disk
}

/// The bytes of every file.
pub fn files(disk: &MemoryDisk) -> BTreeMap<String, Vec<u8>> {
    disk.files().into_iter().map(|name| (name.clone(), disk.read(&name).unwrap())).collect()
}
