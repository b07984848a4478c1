//! Names that are made to share a hash. Fast hashes that are no ciphers let anybody make as many as they like.

use std::collections::BTreeSet;
use std::hash::BuildHasher;

use super::*;
use crate::testing::raw_registers;

/// Texts of 63 bytes that begin and end with these and share all bits of their fast hash (foldhash, which this crate once
/// used for names): the third word meets what the first became, so that a product is zero whatever the other factor is.
fn alike_to_foldhash(first: u8, last: u8, count: usize) -> Vec<String> {
    const SEEDS: [u64; 2] = [0x082e_fa98_ec4e_6c89, 0xc0ac_29b7_c97c_50dd];
    let folded = |a: u64, b: u64| {
        let product = u128::from(a) * u128::from(b);
        product as u64 ^ (product >> 64) as u64
    };
    let word = |text: &[u8; 63], at: usize| u64::from_le_bytes(*text[at..].first_chunk().unwrap());
    let mut text = [b'k'; 63];
    (text[0], text[62]) = (first, last);
    let is_plain = |bytes: [u8; 8]| bytes.iter().all(|byte| (b'A'..0x80).contains(byte));
    let met = (0..u32::MAX).find_map(|nth| {
        text[1..8].copy_from_slice(&format!("{nth:07}").as_bytes()[..7]);
        let met = folded(word(&text, 0) ^ SEEDS[0].rotate_right(63), word(&text, 47) ^ SEEDS[1]);
        is_plain(met.to_le_bytes()).then_some(met)
    });
    text[16..24].copy_from_slice(&met.unwrap().to_le_bytes());
    let texts = (0..count).map(|nth| {
        text[32..39].copy_from_slice(format!("{nth:07}").as_bytes());
        String::from_utf8(text.to_vec()).unwrap()
    });
    texts.collect()
}

const NAMES: usize = 2_000;

#[test]
fn keys_and_fields_that_share_a_fast_hash_lie_apart() {
    for alike in [alike_to_foldhash(b'3', 0, NAMES), alike_to_foldhash(b'.', b'k', NAMES)] {
        let fast = |text: &String| foldhash::fast::FixedState::default().hash_one(text.as_bytes());
        assert_eq!(alike.iter().map(fast).collect::<BTreeSet<_>>().len(), 1);
        assert_eq!(alike.iter().map(layout::hash_key).collect::<BTreeSet<_>>().len(), NAMES);
        let name_hash = |text: &String| layout::NameHash::default().hash_one(text.as_str());
        assert_eq!(alike.iter().map(name_hash).collect::<BTreeSet<_>>().len(), NAMES);
    }
}

#[test]
fn records_whose_keys_share_a_fast_hash_are_found_as_soon_as_others() {
    let op = |key: &String| Op { name: format!("{key}.x"), code: code::STR, value: b"v".to_vec(), preds: Vec::new() };
    let keys = alike_to_foldhash(b'3', 0, NAMES);
    let chain = Chain::new("a", keys.chunks(100).map(|keys| keys.iter().map(op).collect()).collect());
    let document = with(&[&chain.make()]);
    assert_eq!(raw_registers(&document).len(), NAMES);
    let longest = document.registers.longest_search();
    assert!((1..8).contains(&longest), "{longest} lines of an index are looked at for one record");
}
