//! Tests of `scripted`.
