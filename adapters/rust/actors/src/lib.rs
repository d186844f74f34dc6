//! One actor kernel and one workload code, generic over the runtime under them.
//!
//! [`runtime`] is what a runtime must offer: tasks and its own bounded channel. [`kernel`] makes actors of
//! that, and [`workloads`] are written on the kernel alone. So where two targets differ, the runtime does.
//! A target is an implementation of [`Runtime`] and a `main` of a few lines ([`target`]).

mod async_channel;
pub mod bench;
pub mod kernel;
pub mod load;
pub mod message;
pub mod runtime;
pub mod supervisor;
pub mod target;
pub mod workloads;

pub use runtime::Runtime;
pub use target::ActorTarget;
