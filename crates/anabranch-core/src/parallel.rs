//! The same for many things that do not depend on each other: with the feature `parallel` on all cores, else one after the
//! other. What comes of it is the same, in the same order.

/// Things that are looked at together: more would be held at once for nothing.
#[cfg(feature = "parallel")]
pub(crate) const TOGETHER: usize = 64;
#[cfg(not(feature = "parallel"))]
pub(crate) const TOGETHER: usize = 1;

/// Ops that are applied together at most, unless one change has more.
pub(crate) const OPS_TOGETHER: usize = 64 * 1024;

/// Bytes to read and ops to apply below which waking threads and handing things over takes longer than what they do
/// meanwhile. Tests hand over all.
#[cfg(feature = "parallel")]
const WORTH: (usize, usize) = if cfg!(feature = "testing") { (1, 1) } else { (512 * 1024, 16 * 1024) };
#[cfg(not(feature = "parallel"))]
const WORTH: (usize, usize) = (usize::MAX, usize::MAX);

/// Whether so many bytes are worth being read by several threads.
pub(crate) fn is_worth_bytes(bytes: usize) -> bool {
    bytes >= WORTH.0
}

/// Whether so many ops are worth being applied by several threads.
pub(crate) fn is_worth_ops(ops: usize) -> bool {
    ops >= WORTH.1 && parts() > 1
}

/// Into how many parts to cut work that each of them has to look through: one for every thread. Tests cut it everywhere.
pub(crate) fn parts() -> usize {
    #[cfg(feature = "parallel")]
    let threads = rayon::current_num_threads();
    #[cfg(not(feature = "parallel"))]
    let threads = 1;
    if cfg!(feature = "testing") { threads.max(3) } else { threads }
}

/// What `each` makes of every item; on several cores if that is worth it.
#[cfg(feature = "parallel")]
pub(crate) fn map<T: Send, R: Send>(items: Vec<T>, is_worth: bool, each: impl Fn(T) -> R + Send + Sync) -> Vec<R> {
    use rayon::iter::{IntoParallelIterator, ParallelIterator};
    match items.len() > 1 && is_worth {
        true => items.into_par_iter().map(each).collect(),
        false => items.into_iter().map(each).collect(),
    }
}

/// What `each` makes of every item.
#[cfg(not(feature = "parallel"))]
pub(crate) fn map<T, R>(items: Vec<T>, _is_worth: bool, each: impl Fn(T) -> R) -> Vec<R> {
    items.into_iter().map(each).collect()
}
