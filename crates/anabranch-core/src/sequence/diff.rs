//! What somebody did to a text or a list that was put as a whole: the fewest edits that a person might have made.
//!
//! A text is compared line by line, then word by word where lines differ, then character by character where words do and
//! are alike. Where two things have little in common one simply replaces the other: a letter that happens to stand in both
//! is no reason to mix them. The work is bounded by a multiple of the length, whatever the contents.

use std::hash::Hash;
use std::ops::Range;

use hashbrown::HashMap;

use crate::layout::NameHash;

/// Edits that a comparison looks for; beyond it the whole is replaced. Remembering the way costs its square.
const EDITS_MAX: usize = 1024;
/// Steps of a comparison for each of the things compared, and at least.
const STEPS_PER_ITEM: usize = 64;
const STEPS_MIN: usize = 1 << 16;
/// The last character of the scripts that write words of letters between spaces.
const LAST_WORD_LETTER: char = '\u{2dff}';

/// What stood in one place, and what stands there now; positions count items of either side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hunk {
    pub(crate) from: Range<usize>,
    pub(crate) to: Range<usize>,
}

/// The differences of two lists.
pub(crate) fn of_lists<T: Eq + Hash>(from: &[T], to: &[T]) -> Vec<Hunk> {
    let whole = || {
        let (prefix, suffix) = common_ends(from, to)?;
        Some(Hunk { from: prefix..from.len() - suffix, to: prefix..to.len() - suffix })
    };
    compare_items(from, to, EDITS_MAX).unwrap_or_else(|| whole().into_iter().collect())
}

/// The differences of two texts, in characters.
pub(crate) fn of_texts(from: &[char], to: &[char]) -> Vec<Hunk> {
    let mut hunks = Vec::new();
    refine(&[lines, words, characters], from, to, (0, 0), &mut hunks);
    hunks
}

impl Hunk {
    fn shifted(&self, from: usize, to: usize) -> Self {
        Self { from: self.from.start + from..self.from.end + from, to: self.to.start + to..self.to.end + to }
    }
}

/// Cuts a text into the ends of its parts.
type Cut = fn(&[char]) -> Vec<usize>;

fn lines(text: &[char]) -> Vec<usize> {
    ends(text, |before, _| before == '\n')
}

fn words(text: &[char]) -> Vec<usize> {
    let is_letter = |char: char| char <= LAST_WORD_LETTER && char.is_alphanumeric();
    ends(text, |before, next| !(is_letter(before) && is_letter(next)))
}

fn characters(text: &[char]) -> Vec<usize> {
    (1..=text.len()).collect()
}

/// Where two neighbours belong to different parts, and the end of the text.
fn ends(text: &[char], differ: impl Fn(char, char) -> bool) -> Vec<usize> {
    let pairs = text.iter().zip(text.iter().skip(1)).enumerate();
    let inner = pairs.filter(|(_, (before, next))| differ(**before, **next)).map(|(at, _)| at + 1);
    inner.chain((!text.is_empty()).then_some(text.len())).collect()
}

/// Compares by the first of `cuts`, and by the next where parts differ.
fn refine(cuts: &[Cut], from: &[char], to: &[char], offset: (usize, usize), hunks: &mut Vec<Hunk>) {
    let (Some((cut, rest)), false) = (cuts.split_first(), from.is_empty() || to.is_empty()) else {
        return replace(from, to, offset, hunks);
    };
    let edits_max = if rest.is_empty() { EDITS_MAX.min((from.len() + to.len()) / 3) } else { EDITS_MAX };
    let (from_ends, to_ends) = (cut(from), cut(to));
    let (from_parts, to_parts) = (parts(from, &from_ends), parts(to, &to_ends));
    let Some(differing) = compare_items(&from_parts, &to_parts, edits_max) else {
        return replace(from, to, offset, hunks);
    };
    let at = |ends: &[usize], part: usize| part.checked_sub(1).and_then(|part| ends.get(part)).copied().unwrap_or(0);
    for part in differing {
        let own_from = at(&from_ends, part.from.start)..at(&from_ends, part.from.end);
        let own_to = at(&to_ends, part.to.start)..at(&to_ends, part.to.end);
        let offset = (offset.0 + own_from.start, offset.1 + own_to.start);
        refine(rest, from.get(own_from).unwrap_or_default(), to.get(own_to).unwrap_or_default(), offset, hunks);
    }
}

/// One replaces the other, but for what is equal at their ends.
fn replace(from: &[char], to: &[char], offset: (usize, usize), hunks: &mut Vec<Hunk>) {
    let Some((prefix, suffix)) = common_ends(from, to) else { return };
    let whole = Hunk { from: 0..from.len() - prefix - suffix, to: 0..to.len() - prefix - suffix };
    hunks.push(whole.shifted(offset.0 + prefix, offset.1 + prefix));
}

/// The differences of two lists of items, if they are few.
fn compare_items<T: Eq + Hash>(from: &[T], to: &[T], edits_max: usize) -> Option<Vec<Hunk>> {
    let mut numbers = HashMap::with_hasher(NameHash::default());
    let from: Vec<u32> = from.iter().map(|item| number(&mut numbers, item)).collect();
    let to: Vec<u32> = to.iter().map(|item| number(&mut numbers, item)).collect();
    let Some((prefix, suffix)) = common_ends(&from, &to) else { return Some(Vec::new()) };
    let mut hunks = compare(middle(&from, prefix, suffix), middle(&to, prefix, suffix), edits_max)?;
    hunks.iter_mut().for_each(|hunk| *hunk = hunk.shifted(prefix, prefix));
    Some(hunks)
}

fn parts<'t>(text: &'t [char], ends: &[usize]) -> Vec<&'t [char]> {
    let starts = std::iter::once(0).chain(ends.iter().copied());
    starts.zip(ends).map(|(start, end)| text.get(start..*end).unwrap_or_default()).collect()
}

/// Equal items have equal numbers.
fn number<T: Eq + Hash>(numbers: &mut HashMap<T, u32, NameHash>, item: T) -> u32 {
    let next = numbers.len() as u32;
    *numbers.entry(item).or_insert(next)
}

/// How much is equal at the start and at the end; `None` if all is.
fn common_ends<T: PartialEq>(from: &[T], to: &[T]) -> Option<(usize, usize)> {
    let prefix = from.iter().zip(to).take_while(|(a, b)| a == b).count();
    if prefix == from.len() && prefix == to.len() {
        return None;
    }
    let rest = from.len().min(to.len()) - prefix;
    let suffix = from.iter().rev().zip(to.iter().rev()).take(rest).take_while(|(a, b)| a == b).count();
    Some((prefix, suffix))
}

fn middle<T>(items: &[T], prefix: usize, suffix: usize) -> &[T] {
    items.get(prefix..items.len() - suffix).unwrap_or_default()
}

/// Myers' greedy comparison (An O(ND) difference algorithm, 1986): the fewest edits, or `None` if they are more than
/// `edits_max` or hard to find.
fn compare(from: &[u32], to: &[u32], edits_max: usize) -> Option<Vec<Hunk>> {
    let mut steps = STEPS_MIN + STEPS_PER_ITEM * (from.len() + to.len());
    let mut ways: Vec<Vec<u32>> = Vec::new();
    for edits in 0..=edits_max {
        let mut way: Vec<u32> = Vec::with_capacity(edits + 1);
        for diagonal in 0..=edits {
            let start = furthest(ways.last().map_or(&[], Vec::as_slice), edits, diagonal);
            let mut x = start as usize;
            // Diagonal d of n edits is x − y = 2d − n.
            let y_of = |x: usize| (x + edits).checked_sub(2 * diagonal);
            let Some(mut y) = y_of(x) else {
                way.push(start);
                continue;
            };
            while let (Some(a), Some(b)) = (from.get(x), to.get(y))
                && a == b
            {
                (x, y) = (x + 1, y + 1);
            }
            steps = steps.checked_sub(x - start as usize + 1)?;
            way.push(x as u32);
            if x >= from.len() && y >= to.len() {
                ways.push(way);
                return Some(hunks_of(&ways));
            }
        }
        ways.push(way);
    }
    None
}

/// How far along `from` one comes on a diagonal with one more edit than `before`: by an insertion from the diagonal below,
/// or by a deletion from the one above, whichever leads further.
fn furthest(before: &[u32], edits: usize, diagonal: usize) -> u32 {
    if edits == 0 {
        return 0;
    }
    let inserted = before.get(diagonal).copied();
    let deleted = diagonal.checked_sub(1).and_then(|diagonal| before.get(diagonal)).map(|x| x + 1);
    inserted.max(deleted).unwrap_or(0)
}

/// Walks the ways back from the end.
fn hunks_of(ways: &[Vec<u32>]) -> Vec<Hunk> {
    let mut hunks: Vec<Hunk> = Vec::new();
    let Some((last, _)) = ways.split_last() else { return hunks };
    // The comparison ended on the diagonal that it looked at last.
    let mut diagonal = last.len() - 1;
    for edits in (1..ways.len()).rev() {
        let before = ways.get(edits - 1).map_or(&[][..], Vec::as_slice);
        let x = furthest(before, edits, diagonal) as usize;
        let y = x + edits - 2 * diagonal;
        let is_insertion = before.get(diagonal).copied() == Some(x as u32)
            && diagonal.checked_sub(1).and_then(|d| before.get(d)).is_none_or(|above| *above < x as u32);
        let edit = match is_insertion {
            true => Hunk { from: x..x, to: y - 1..y },
            false => Hunk { from: x - 1..x, to: y..y },
        };
        match hunks.last_mut() {
            Some(next) if next.from.start == edit.from.end && next.to.start == edit.to.end => {
                (next.from.start, next.to.start) = (edit.from.start, edit.to.start);
            }
            _ => hunks.push(edit),
        }
        diagonal -= usize::from(!is_insertion);
    }
    hunks.reverse();
    hunks
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

    use proptest::prelude::*;

    use super::*;

    /// Applies hunks, each shown as `-gone+came` at its place.
    fn shown(from: &str, to: &str) -> String {
        let (a, b): (Vec<char>, Vec<char>) = (from.chars().collect(), to.chars().collect());
        let (mut out, mut at) = (String::new(), 0);
        for hunk in of_texts(&a, &b) {
            out.extend(&a[at..hunk.from.start]);
            out.push('[');
            out.extend(&a[hunk.from.clone()]);
            out.push('|');
            out.extend(&b[hunk.to]);
            out.push(']');
            at = hunk.from.end;
        }
        out.extend(&a[at..]);
        out
    }

    fn rebuilt<T: Clone>(from: &[T], to: &[T], hunks: &[Hunk]) -> Vec<T> {
        let (mut out, mut at) = (Vec::new(), 0);
        for hunk in hunks {
            assert!(hunk.from.start >= at && !(hunk.from.is_empty() && hunk.to.is_empty()), "{hunks:?}");
            out.extend_from_slice(&from[at..hunk.from.start]);
            assert_eq!(out.len(), hunk.to.start, "{hunks:?}");
            out.extend_from_slice(&to[hunk.to.clone()]);
            at = hunk.from.end;
        }
        out.extend_from_slice(&from[at..]);
        out
    }

    #[test]
    fn edits_are_those_that_a_person_might_have_made() {
        for (from, to, expected) in [
            ("same", "same", "same"),
            ("", "new", "[|new]"),
            ("old", "", "[old|]"),
            ("hello world", "hello brave world", "hello [|brave ]world"),
            ("the colour of", "the color of", "the colo[u|]r of"),
            ("a cat sat", "a dog sat", "a [cat|dog] sat"),
            ("one\ntwo\nthree\n", "one\nthree\nfour\n", "one\n[two\n|]three\n[|four\n]"),
            ("buy milk and eggs", "buy oat milk and six eggs", "buy [|oat ]milk and[| six] eggs"),
            ("\u{1F600}\u{1F601}", "\u{1F600}\u{1F602}", "\u{1F600}[\u{1F601}|\u{1F602}]"),
        ] {
            assert_eq!(shown(from, to), expected);
        }
    }

    #[test]
    fn a_megabyte_that_has_nothing_in_common_takes_no_time() {
        let text = |seed: u32| -> Vec<char> {
            let mut state = seed;
            let next = |state: &mut u32| {
                *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                char::from(b" ab\ncdef"[(*state >> 24) as usize % 8])
            };
            (0..1_000_000).map(|_| next(&mut state)).collect()
        };
        let (a, b) = (text(1), text(2));
        assert_eq!(rebuilt(&a, &b, &of_texts(&a, &b)), b);
        let periodic: Vec<char> = "ab".chars().cycle().take(1_000_000).collect();
        let other: Vec<char> = "ba b".chars().cycle().take(1_000_000).collect();
        assert_eq!(rebuilt(&periodic, &other, &of_texts(&periodic, &other)), other);
    }

    proptest! {
        #[test]
        fn applied_edits_give_the_new_text(from in "[ab\n .\u{1F600}]{0,60}", to in "[ab\n .\u{1F600}]{0,60}") {
            let (a, b): (Vec<char>, Vec<char>) = (from.chars().collect(), to.chars().collect());
            prop_assert_eq!(rebuilt(&a, &b, &of_texts(&a, &b)), b);
        }

        #[test]
        fn applied_edits_give_the_new_list(from in proptest::collection::vec(0u8..4, 0..30), to in proptest::collection::vec(0u8..4, 0..30)) {
            let hunks = of_lists(&from, &to);
            prop_assert_eq!(rebuilt(&from, &to, &hunks), to.clone());
            // No list needs fewer edits than what the longest common subsequence leaves.
            let edits: usize = hunks.iter().map(|hunk| hunk.from.len() + hunk.to.len()).sum();
            prop_assert_eq!(edits, from.len() + to.len() - 2 * longest_common(&from, &to));
        }
    }

    fn longest_common(a: &[u8], b: &[u8]) -> usize {
        let mut row = vec![0; b.len() + 1];
        for x in a {
            let mut before = 0;
            for (at, y) in b.iter().enumerate() {
                let above = row[at + 1];
                row[at + 1] = if x == y { before + 1 } else { above.max(row[at]) };
                before = above;
            }
        }
        *row.last().unwrap()
    }
}
