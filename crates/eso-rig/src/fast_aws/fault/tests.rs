//! Tests of `fast_aws/fault`.
