//! The target `smol`: actors on smol's multi-threaded executor.

use actors::ActorTarget;
use litbench_adapter::{CountingAllocator, Description};
use litbench_smol::{version, Smol};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator::system();

fn main() {
    let description = Description::new("smol", env!("CARGO_PKG_VERSION"))
        .runtime("smol", version("smol"))
        .threads(1, 1024);
    litbench_adapter::main(ActorTarget::<Smol>::new(description, |offer| offer))
}
