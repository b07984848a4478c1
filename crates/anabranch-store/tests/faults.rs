//! Faults of the disk and of the power: the state before or the state after, never anything between.

#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use anabranch_store::testing::MemoryDisk;
use anabranch_store::{CommitError, InitError, OpenError, StoreDir};
use common::{commit, files, filled, open, shown};

/// More operations than a transaction has.
const OPERATIONS_MAX: usize = 200;

#[test]
fn a_fault_at_any_operation_leaves_the_state_before_and_the_next_transaction_works() {
    for before in [0, 1, 3] {
        let start = filled(before);
        let state_before = shown(&open(&start).unwrap());
        let mut tried = 0;
        for n in 1..OPERATIONS_MAX {
            let disk = start.copy();
            let mut dir = open(&disk).unwrap();
            disk.fail_at(n);
            match commit(&mut dir, before) {
                Ok(()) => break,
                Err(error) => assert!(matches!(error, CommitError::DiskFull { .. }), "{error}"),
            }
            tried = n;
            disk.heal();
            drop(dir);
            let mut dir = open(&disk).unwrap();
            let state = shown(&dir);
            // The last operations come after the marker was replaced: then the transaction is there as a whole.
            let is_before = state == state_before;
            if is_before {
                commit(&mut dir, before).unwrap();
            }
            let mut whole = open(&start.copy()).unwrap();
            commit(&mut whole, before).unwrap();
            assert_eq!(shown(&dir), shown(&whole), "operation {n}");
            assert_eq!(shown(&open(&disk).unwrap()), shown(&whole), "operation {n}");
        }
        assert!((5..OPERATIONS_MAX - 1).contains(&tried), "{tried} operations");
    }
}

#[test]
fn after_a_failed_write_the_same_process_can_go_on_but_not_after_a_failed_fsync() {
    let start = filled(2);
    let (mut went_on, mut poisoned) = (0, 0);
    for n in 1..OPERATIONS_MAX {
        let disk = start.copy();
        let mut dir = open(&disk).unwrap();
        disk.fail_at(n);
        if commit(&mut dir, 2).is_ok() {
            break;
        }
        disk.heal();
        match commit(&mut dir, 3) {
            Ok(()) => {
                went_on += 1;
                let state = shown(&dir);
                assert!(state.2.contains_key("run 3") && !state.2.contains_key("run 2"));
                assert_eq!(shown(&open(&disk).unwrap()), state, "operation {n}");
            }
            Err(CommitError::Poisoned { path }) => {
                poisoned += 1;
                assert_eq!(path, "memory");
                assert_eq!(shown(&dir), shown(&open(&start).unwrap()), "what was acknowledged is still shown");
                drop(dir);
                let mut anew = open(&disk).unwrap();
                commit(&mut anew, 3).unwrap();
                assert_eq!(shown(&open(&disk).unwrap()), shown(&anew), "operation {n}");
            }
            Err(error) => panic!("operation {n}: {error}"),
        }
    }
    assert!(went_on >= 3 && poisoned >= 3, "{went_on} went on, {poisoned} poisoned");
}

#[test]
fn one_fault_at_any_operation_leaves_every_byte_as_it_was() {
    for before in [0, 1, 2, 3] {
        let start = filled(before);
        for nth in [2, 3] {
            let mut tried = 0;
            for n in 1..OPERATIONS_MAX {
                let disk = start.copy();
                let mut dir = open(&disk).unwrap();
                disk.fail_once_at(n);
                if commit(&mut dir, nth).is_ok() {
                    break;
                }
                tried = n;
                assert_eq!(files(&disk), files(&start), "operation {n}");
            }
            assert!((5..OPERATIONS_MAX - 1).contains(&tried), "{tried} operations");
        }
    }
}

#[test]
fn a_crash_at_any_operation_leaves_the_state_before_or_after() {
    for before in [0, 2] {
        let start = filled(before);
        let state_before = shown(&open(&start).unwrap());
        let mut whole = open(&start.copy()).unwrap();
        commit(&mut whole, before).unwrap();
        let state_after = shown(&whole);
        for n in 1..OPERATIONS_MAX {
            for kept in [0, 1, 7, 60, 500, usize::MAX / 2] {
                let disk = start.copy();
                disk.fail_at(n);
                let done = commit(&mut open(&disk).unwrap(), before).is_ok();
                disk.crash(kept);
                let mut dir = open(&disk).unwrap_or_else(|error| panic!("operation {n}, {kept} bytes kept: {error}"));
                let state = shown(&dir);
                assert!(state == state_after || state == state_before && !done, "operation {n}, {kept} bytes kept");
                commit(&mut dir, 77).unwrap();
                assert_eq!(shown(&open(&disk).unwrap()), shown(&dir));
            }
        }
    }
}

#[test]
fn a_fault_while_a_directory_is_made_leaves_none() {
    for n in 1..OPERATIONS_MAX {
        let disk = MemoryDisk::default();
        disk.fail_at(n);
        match StoreDir::init(&mut disk.clone()) {
            Ok(()) => return,
            Err(error) => assert!(matches!(error, InitError::Write { .. }), "{error}"),
        }
        disk.heal();
        match open(&disk) {
            // What is left of it does not stand in the way.
            Err(OpenError::NotAStore { .. }) => StoreDir::init(&mut disk.clone()).unwrap(),
            // Only making the marker's name durable failed.
            Ok(dir) => assert_eq!(dir.stores().count(), 0),
            Err(error) => panic!("operation {n}: {error}"),
        }
    }
    panic!("making a directory takes over {OPERATIONS_MAX} operations");
}
