//! lit-bit's actors and statecharts on Tokio, for litbench.
//!
//! [`behaviour`] is what an actor of a workload does with a message; [`spawn`] makes it an actor of
//! lit-bit: a plain one, one that takes batches, or a statechart. [`workloads`] are put together from
//! these, as `adapters/PROTOCOL.md` defines them, and [`target`] serves them.

pub mod behaviour;

mod chart;
pub mod driver;
mod handled;
pub mod message;
pub mod runtime;
pub mod spawn;
pub mod target;
pub mod workloads;
