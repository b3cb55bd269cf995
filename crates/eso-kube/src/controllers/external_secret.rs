//! ExternalSecrets as the targets of the engine.
