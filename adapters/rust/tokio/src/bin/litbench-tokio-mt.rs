//! The target `tokio-mt`: actors on Tokio's multi-threaded scheduler.

use actors::ActorTarget;
use litbench_adapter::CountingAllocator;
use litbench_tokio::{description, MultiThread};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator::system();

fn main() {
    let description = description("tokio-mt").threads(1, 1024);
    litbench_adapter::main(ActorTarget::<MultiThread>::new(description, |offer| offer))
}
