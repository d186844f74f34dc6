//! Pairs, trees and stores: the rest of the Savina suite's patterns.

mod banking;
mod big;
mod bounded_buffer;
mod chameneos;
mod dictionary;
mod fork_join;
mod pipeline;
mod pipelined_ping_pong;
mod star;

pub use banking::Banking;
pub use big::Big;
pub use bounded_buffer::BoundedBuffer;
pub use chameneos::Chameneos;
pub use dictionary::Dictionary;
pub use fork_join::{ForkJoinCreate, ForkJoinThroughput};
pub use pipeline::Pipeline;
pub use pipelined_ping_pong::PipelinedPingPong;
pub use star::Star;
