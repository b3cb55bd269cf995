//! Whether writes may still be begun, asked right before each.

use std::{fmt, sync::Arc};

/// Says whether a write may be begun at this moment. The default always allows it. A clone asks the same.
///
/// It is beside the token that stops an engine: a process that stood still is told late, and a clock tells it at once.
#[derive(Clone)]
pub struct Fence(Arc<dyn Fn() -> bool + Send + Sync>);

impl Fence {
    /// A fence that is open whenever this says so. It must return at once.
    pub fn new(is_open: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(is_open))
    }

    /// Whether a write may be begun.
    pub fn is_open(&self) -> bool {
        (self.0)()
    }
}

impl Default for Fence {
    fn default() -> Self {
        Self::new(|| true)
    }
}

impl fmt::Debug for Fence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fence").finish_non_exhaustive()
    }
}
