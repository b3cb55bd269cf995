//! What is known of the ExternalSecrets and of the Secrets that they name, kept small.
