//! Vault and OpenBao KV as a SecretProvider
