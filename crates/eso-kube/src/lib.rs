//! Kubernetes as the ports of eso-sync: watches, index, writes, credentials, events
