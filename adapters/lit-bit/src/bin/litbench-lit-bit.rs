//! The target `lit-bit`: lit-bit's actors on Tokio's multi-threaded scheduler.

use litbench_adapter::CountingAllocator;
use litbench_lit_bit::runtime::Scheduler;
use litbench_lit_bit::spawn::Style;
use litbench_lit_bit::target::LitBit;

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator::system();

fn main() {
    litbench_adapter::main(LitBit::new("lit-bit", Scheduler::MultiThread, Style::Plain))
}
