//! AWS Secrets Manager as a SecretProvider
