//! The same for many things that do not depend on each other: with the feature `parallel` on all cores, else one after the
//! other. What comes of it is the same, in the same order.

/// Things that are looked at together: more would be held at once for nothing.
#[cfg(feature = "parallel")]
pub(crate) const TOGETHER: usize = 64;
#[cfg(not(feature = "parallel"))]
pub(crate) const TOGETHER: usize = 1;

/// What `each` makes of every item.
#[cfg(feature = "parallel")]
pub(crate) fn map<T: Send, R: Send>(items: Vec<T>, each: impl Fn(T) -> R + Send + Sync) -> Vec<R> {
    use rayon::iter::{IntoParallelIterator, ParallelIterator};
    // A thread is woken in the time that one thing takes.
    if items.len() < 2 { items.into_iter().map(each).collect() } else { items.into_par_iter().map(each).collect() }
}

/// What `each` makes of every item.
#[cfg(not(feature = "parallel"))]
pub(crate) fn map<T, R>(items: Vec<T>, each: impl Fn(T) -> R) -> Vec<R> {
    items.into_iter().map(each).collect()
}
