//! The runtime carries actors as it must, and every workload on it comes to what its definition says.

use litbench_smol::{FuturesLite, Smol};

#[test]
fn multi_thread() {
    for threads in [1, 2, 4] {
        conformance::kernel::check::<Smol>(threads);
        conformance::supervision::check::<Smol>(threads);
        conformance::workloads::check::<Smol>(threads as u64);
    }
}

#[test]
fn single_thread() {
    conformance::kernel::check::<FuturesLite>(1);
    conformance::supervision::check::<FuturesLite>(1);
    conformance::workloads::check::<FuturesLite>(1);
}
