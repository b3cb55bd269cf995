//! The fake provider of the CRD: values written in the store itself; the smallest provider, and the example to copy
