//! Tests of `control_plane/requests`.
