//! Tests of `fast_aws`.
