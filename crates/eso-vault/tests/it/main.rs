//! Vault stores against OpenBao, and against a scripted server for what a real one will not do on demand.

mod aws_signature;
mod fixture;

mod answers;
mod answers_of_version_one;
mod certificates;
mod conformance;
mod finds;
mod gcp;
mod iam;
mod isolation;
mod jwt;
mod lives;
mod login_answers;
mod logins;
mod logs;
mod reads;
mod rotated;
mod seals;
mod standby;
mod transport;
mod users;
mod wrapped;
mod writes;
