//! The same for many things that do not depend on each other: with the feature `parallel` on all cores, else one after the
//! other. What comes of it is the same, in the same order.

/// Things that are looked at together: more would be held at once for nothing.
#[cfg(feature = "parallel")]
pub(crate) const TOGETHER: usize = 64;
#[cfg(not(feature = "parallel"))]
pub(crate) const TOGETHER: usize = 1;

/// Bytes below which waking threads and handing things over takes longer than what they do meanwhile. Tests hand over all.
#[cfg(feature = "parallel")]
const WORTH_BYTES: usize = if cfg!(feature = "testing") { 1 } else { 512 * 1024 };

/// What `each` makes of every item, so many bytes in all.
#[cfg(feature = "parallel")]
pub(crate) fn map<T: Send, R: Send>(items: Vec<T>, bytes: usize, each: impl Fn(T) -> R + Send + Sync) -> Vec<R> {
    use rayon::iter::{IntoParallelIterator, ParallelIterator};
    match items.len() > 1 && bytes >= WORTH_BYTES {
        true => items.into_par_iter().map(each).collect(),
        false => items.into_iter().map(each).collect(),
    }
}

/// What `each` makes of every item, so many bytes in all.
#[cfg(not(feature = "parallel"))]
pub(crate) fn map<T, R>(items: Vec<T>, _bytes: usize, each: impl Fn(T) -> R) -> Vec<R> {
    items.into_iter().map(each).collect()
}
