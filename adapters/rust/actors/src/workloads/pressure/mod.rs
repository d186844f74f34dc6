//! Under load, beside a hog, through failures, and over time.

mod churn;
mod failure_injection;
mod isolation;
mod loaded_latency;
mod soak;
mod supervision;

pub use churn::Churn;
pub use failure_injection::FailureInjection;
pub use isolation::Isolation;
pub use loaded_latency::LoadedLatency;
pub use soak::Soak;
pub use supervision::Supervision;
