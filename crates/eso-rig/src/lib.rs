//! Starts real servers for tests: etcd, kube-apiserver, OpenBao, AWS doubles, each on a free port
