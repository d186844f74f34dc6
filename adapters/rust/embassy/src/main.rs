//! The target `embassy`: actors on Embassy's executor, on std.

use actors::ActorTarget;
use litbench_adapter::protocol::OfferedWorkload;
use litbench_adapter::{locked_version, CountingAllocator, Description};
use litbench_embassy::{Embassy, LARGEST_BOUND};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator::system();

fn main() {
    let version = locked_version(include_str!("../../Cargo.lock"), "embassy-executor");
    let description =
        Description::new("embassy", env!("CARGO_PKG_VERSION")).runtime("embassy-executor", version);
    litbench_adapter::main(ActorTarget::<Embassy>::new(description, refine))
}

fn refine(offer: OfferedWorkload) -> OfferedWorkload {
    const CAPACITY: &str = "an Embassy channel's capacity is a constant, here at most 1048576";
    const STORAGE: &str = "task storage, which is static in Embassy, is pooled here: it stays \
                           allocated for tasks to come after its task has ended";
    let most = LARGEST_BOUND as u64;
    match offer.name.as_str() {
        "mailbox-fill" => offer.limit("messages", most, CAPACITY),
        "mass-spawn" => {
            let offer = offer.limit("mailbox", most, CAPACITY);
            offer.limit("actors", most, CAPACITY).difference(STORAGE)
        }
        "bounded-buffer" => offer.limit("buffer", most, CAPACITY),
        "supervision" | "churn" | "soak" => {
            offer.limit("mailbox", most, CAPACITY).difference(STORAGE)
        }
        _ => offer.limit("mailbox", most, CAPACITY),
    }
}
