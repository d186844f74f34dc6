//! The runtime carries actors as it must, and every workload on it comes to what its definition says.

use litbench_tokio::{CurrentThread, MultiThread};

#[test]
fn multi_thread() {
    for threads in [1, 2, 4] {
        conformance::kernel::check::<MultiThread>(threads);
        conformance::supervision::check::<MultiThread>(threads);
        conformance::workloads::check::<MultiThread>(threads as u64);
    }
}

#[test]
fn current_thread() {
    conformance::kernel::check::<CurrentThread>(1);
    conformance::supervision::check::<CurrentThread>(1);
    conformance::workloads::check::<CurrentThread>(1);
}
