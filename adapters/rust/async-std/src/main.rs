//! The target `async-std`: actors on async-std's global executor.

use actors::ActorTarget;
use litbench_adapter::{locked_version, CountingAllocator, Description};
use litbench_async_std::AsyncStd;

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator::system();

fn main() {
    let version = locked_version(include_str!("../../Cargo.lock"), "async-std");
    let description = Description::new("async-std", env!("CARGO_PKG_VERSION"))
        .runtime("async-std", version)
        .threads(1, 1024);
    litbench_adapter::main(ActorTarget::<AsyncStd>::new(description, |offer| offer))
}
