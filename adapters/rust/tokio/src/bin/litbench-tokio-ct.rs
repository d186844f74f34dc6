//! The target `tokio-ct`: actors on Tokio's current-thread scheduler.

use actors::ActorTarget;
use litbench_adapter::CountingAllocator;
use litbench_tokio::{description, CurrentThread};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator::system();

fn main() {
    litbench_adapter::main(ActorTarget::<CurrentThread>::new(description("tokio-ct"), |offer| {
        offer
    }))
}
