//! The stores of the cluster, by name.
