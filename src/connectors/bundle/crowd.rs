//! Who is in a room, and who of them waits for an answer: the others may still come.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::SeqCst},
};

use tokio::sync::Notify;

#[derive(Debug, Default)]
pub(super) struct Crowd {
    here: AtomicUsize,
    asking: AtomicUsize,
    /// Something has happened for which a bundle may leave.
    pub(super) moved: Notify,
}

impl Crowd {
    pub(super) fn here(&self) -> usize {
        self.here.load(SeqCst)
    }

    /// Those who are at work elsewhere, and may ask soon.
    pub(super) fn elsewhere(&self) -> usize {
        self.here().saturating_sub(self.asking.load(SeqCst))
    }

    fn look(&self) {
        if self.elsewhere() == 0 {
            self.moved.notify_waiters();
        }
    }
}

/// One guest's.
pub(super) struct Place {
    crowd: Arc<Crowd>,
    /// One guest may ask several things at a time.
    asks: AtomicUsize,
}

impl Place {
    pub(super) fn take(crowd: &Arc<Crowd>) -> Self {
        crowd.here.fetch_add(1, SeqCst);
        Self { crowd: Arc::clone(crowd), asks: AtomicUsize::new(0) }
    }

    /// Waits for an answer until it is dropped.
    pub(super) fn asks(&self) -> Asking<'_> {
        if self.asks.fetch_add(1, SeqCst) == 0 {
            self.crowd.asking.fetch_add(1, SeqCst);
        }
        Asking(self)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.crowd.here.fetch_sub(1, SeqCst);
        self.crowd.look();
    }
}

pub(super) struct Asking<'a>(&'a Place);

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        if self.0.asks.fetch_sub(1, SeqCst) == 1 {
            self.0.crowd.asking.fetch_sub(1, SeqCst);
        }
    }
}
