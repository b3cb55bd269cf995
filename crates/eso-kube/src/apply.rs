//! The only writer of targets and statuses.

pub mod store_status;

mod call;

pub use call::{CALL_TIMEOUT, FIELD_MANAGER, within};
