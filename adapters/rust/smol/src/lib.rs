//! smol as a runtime for actors: its executor on worker threads, or its parts on a single thread.

mod multi_thread;
mod single_thread;

pub use multi_thread::Smol;
pub use single_thread::FuturesLite;

actors::async_channel!(smol::channel);

/// The version of a package that this build is locked to.
#[must_use]
pub fn version(package: &str) -> &'static str {
    litbench_adapter::locked_version(include_str!("../../Cargo.lock"), package)
}
