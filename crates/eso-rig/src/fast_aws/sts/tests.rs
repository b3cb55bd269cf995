//! Tests of `fast_aws/sts`.
