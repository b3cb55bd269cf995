//! What is watched in the cluster.
