//! The basic patterns, one file each.

mod counting;
mod fan_in;
mod fan_out;
mod mailbox_fill;
mod mass_spawn;
mod round_trips;
mod skynet;
mod thread_ring;

pub use counting::Counting;
pub use fan_in::FanIn;
pub use fan_out::FanOut;
pub use mailbox_fill::MailboxFill;
pub use mass_spawn::MassSpawn;
pub use round_trips::{IsolatedLatency, PingPong};
pub use skynet::Skynet;
pub use thread_ring::ThreadRing;
