//! Tests of `openbao/requests`.
