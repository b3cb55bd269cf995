//! What the probes cannot tell.
