//! Whatever is committed is read back.

#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use std::collections::BTreeMap;

use anabranch_core::{ChangeHash, Heads};
use anabranch_store::testing::MemoryDisk;
use anabranch_store::{Baseline, Note, Replica, StoreDir};
use common::{name, open, shown};
use proptest::collection::{btree_map, btree_set, vec};
use proptest::prelude::*;

type Committed = (String, Vec<Vec<u8>>, Option<(String, BTreeMap<String, Heads>)>, u64);

fn heads() -> impl Strategy<Value = Heads> {
    btree_set(any::<[u8; 32]>(), 0..3).prop_map(|hashes| hashes.into_iter().map(ChangeHash).collect())
}

fn committed() -> impl Strategy<Value = Committed> {
    let changes = vec(vec(any::<u8>(), 0..40), 0..4);
    let replica = proptest::option::of((".{0,4}", btree_map("[ab]", heads(), 0..3)));
    ("[ab\u{0}é]{0,2}", changes, replica, prop_oneof![Just(u64::MAX), 0u64..600])
}

proptest! {
    #[test]
    fn what_is_committed_is_read_back(transactions in vec(committed(), 0..8)) {
        let disk = MemoryDisk::default();
        StoreDir::init(&mut disk.clone()).unwrap();
        let mut changes: BTreeMap<String, Vec<Vec<u8>>> = BTreeMap::new();
        let mut replicas: BTreeMap<String, Replica> = BTreeMap::new();
        for (store, new, replica, target) in transactions {
            let mut dir = open(&disk).unwrap().with_segment_bytes_target(target);
            let mut transaction = dir.transaction();
            transaction.changes(&name(&store), &Note { time_ms: None, source: "test".into() }, new.clone());
            changes.entry(store).or_default().extend(new);
            if let Some((id, baselines)) = replica {
                let baselines = baselines.into_iter().map(|(store, heads)| {
                    changes.entry(store.clone()).or_default();
                    (name(&store), Baseline { heads, left_out: vec![] })
                });
                let replica = Replica { name: id.clone(), captured_at_ms: None, baselines: baselines.collect(), offers: vec![] };
                transaction.replica(&replica);
                replicas.insert(id, replica);
            }
            transaction.commit().unwrap();
            let read = open(&disk).unwrap();
            prop_assert_eq!(shown(&read), shown(&dir));
            let (stores, read_replicas, ..) = shown(&read);
            let stores: BTreeMap<String, Vec<Vec<u8>>> = stores.into_iter().map(|(name, changes)| (name.store, changes)).collect();
            prop_assert_eq!(&stores, &changes);
            prop_assert_eq!(&read_replicas, &replicas);
        }
    }
}

#[test]
fn an_open_directory_goes_to_another_thread() {
    let disk = MemoryDisk::default();
    StoreDir::init(&mut disk.clone()).unwrap();
    let mut dir = open(&disk).unwrap();
    let dir = std::thread::spawn(move || common::commit(&mut dir, 1).map(|()| dir)).join().unwrap().unwrap();
    assert_eq!(shown(&open(&disk).unwrap()), shown(&dir));
}
