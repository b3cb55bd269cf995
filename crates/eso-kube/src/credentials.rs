//! Credentials of stores, read from the cluster.
