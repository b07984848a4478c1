//! Panics as values: caught with what they say, and not printed.

use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::sync::{Arc, Mutex};

type Hook = Box<dyn Fn(&PanicHookInfo<'_>) + Sync + Send>;

/// While this is here, panics of this thread are caught without a word.
pub(super) struct Quiet {
    said: Arc<Mutex<String>>,
    before: Arc<Mutex<Option<Hook>>>,
}

impl Quiet {
    pub(super) fn new() -> Self {
        let (said, before) = (Arc::new(Mutex::new(String::new())), Arc::new(Mutex::new(Some(panic::take_hook()))));
        let (thread, own, others) = (std::thread::current().id(), said.clone(), before.clone());
        panic::set_hook(Box::new(move |panic| {
            if std::thread::current().id() == thread {
                *own.lock().expect("nobody panics while holding it") = panic.to_string();
            } else if let Some(hook) = &*others.lock().expect("nobody panics while holding it") {
                hook(panic);
            }
        }));
        Self { said, before }
    }

    /// What `case` returns, or what it said when it panicked, and where.
    pub(super) fn catch<T>(&self, case: impl FnOnce() -> T) -> Result<T, String> {
        let said = |_| std::mem::take(&mut *self.said.lock().expect("nobody panics while holding it"));
        panic::catch_unwind(AssertUnwindSafe(case)).map_err(said)
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        // While it panics the hook must stay as it is.
        if std::thread::panicking() {
            return;
        }
        drop(panic::take_hook());
        if let Some(hook) = self.before.lock().expect("nobody panics while holding it").take() {
            panic::set_hook(hook);
        }
    }
}
