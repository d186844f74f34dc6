//! The target `futures-lite`: actors on a plain single-threaded executor.

use actors::ActorTarget;
use litbench_adapter::{CountingAllocator, Description};
use litbench_smol::{version, FuturesLite};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator::system();

fn main() {
    let description = Description::new("futures-lite", env!("CARGO_PKG_VERSION"))
        .runtime("futures-lite", version("futures-lite"));
    litbench_adapter::main(ActorTarget::<FuturesLite>::new(description, |offer| offer))
}
