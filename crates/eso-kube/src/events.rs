//! Events, off the way of a sync.
