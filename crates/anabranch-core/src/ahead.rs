//! Loading from memory what is about to be read.

/// Loads words that are nowhere needed, one of each line that soon will be. No load waits for another here, while whoever reads
/// what lies there waits for one line after the other: as long as some hundred instructions for each.
///
/// There is no safe way to ask a processor for lines, so the words are loaded, and `black_box` makes them wanted.
#[inline]
pub(crate) fn load_ahead(words: impl Iterator<Item = usize>) {
    std::hint::black_box(words.fold(0, |all, word| all ^ word));
}
