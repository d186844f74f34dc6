//! Lets litbench drive and measure an actor system written in Rust.
//!
//! An *adapter* is a program that runs workloads on one actor system when litbench asks it to, over
//! the small protocol of `adapters/PROTOCOL.md`. This crate speaks that protocol, keeps time, keeps
//! histograms, counts allocations and reads the resident set; you write the workload.
//!
//! ```no_run
//! use litbench_adapter::{
//!     clock, Description, Failure, Fold, Iteration, Job, Ledger, Measure, Run, Specification, Target,
//! };
//!
//! # fn my_system_round_trip(value: u64) -> u64 { value }
//! #[global_allocator] // optional: without it, no allocations are reported
//! static ALLOCATOR: litbench_adapter::CountingAllocator = litbench_adapter::CountingAllocator::system();
//!
//! struct MySystem;
//!
//! impl Target for MySystem {
//!     fn describe(&self) -> Description {
//!         Description::new("my-system", env!("CARGO_PKG_VERSION"))
//!             .runtime("my-runtime", "1.0.0")
//!             .workload("ping-pong", 1, &[Measure::Throughput])
//!     }
//!
//!     fn prepare(&self, job: &Job) -> Result<Box<dyn Run>, Failure> {
//!         Ok(Box::new(PingPong { rounds: job.parameter("rounds")? }))
//!     }
//! }
//!
//! struct PingPong {
//!     rounds: u64,
//! }
//!
//! impl Run for PingPong {
//!     fn specification(&self) -> Specification {
//!         Specification::new(2, 2 * self.rounds).in_flight(1).mailbox(16)
//!     }
//!
//!     fn iterate(&mut self) -> Result<Iteration, Failure> {
//!         let mut seen = Fold::new(); // what the handlers saw, in order
//!         let start = clock::now();
//!         for value in 0..self.rounds {
//!             seen.push(my_system_round_trip(value));
//!         }
//!         let end = clock::now();
//!         let ledger = Ledger::all_handled(2 * self.rounds); // in earnest: what your actors counted
//!         Ok(Iteration::new(start, end, ledger)
//!             .check("order", seen.order().wrapping_mul(2))
//!             .check("sum", seen.sum().wrapping_mul(2)))
//!     }
//! }
//!
//! fn main() {
//!     litbench_adapter::main(MySystem)
//! }
//! ```
//!
//! `my-adapter describe` prints what it can do; `my-adapter serve` performs one run. `litbench adapter
//! verify my-adapter` checks it against the protocol and the workloads. A complete adapter over plain
//! threads is in `examples/threads.rs`.
//!
//! # What to keep in mind
//!
//! - Count truthfully: litbench derives the ledger and the checks from the workload's definition and
//!   compares. Count in each actor and add up when it stops ([`Counters`]); a counter that all actors
//!   share would be what you measure.
//! - In a `throughput` run touch no clock inside the timed region; in a `latency` run give samples to a
//!   [`Recorder`].
//! - Build actors anew in each iteration, and the runtime once, in [`Target::prepare`].

mod allocator;
pub mod bench;
mod census;
pub mod clock;
mod counters;
mod fold;
mod histogram;
mod lock_file;
mod memory;
pub mod protocol;
pub mod random;
mod serve;
mod target;

pub use allocator::{Allocations, CountingAllocator};
pub use census::{yield_now, Census, Presence};
pub use counters::Counters;
pub use fold::Fold;
pub use histogram::{Histogram, Recorder};
pub use lock_file::locked_version;
pub use memory::{resident, MemoryReadings, Reading};
pub use protocol::{Description, Failure, Job, Ledger, Measure, Metric, Specification, Unit};
pub use serve::{main, serve};
pub use target::{Iteration, Run, Target};
