//! The runtime carries actors as it must, and every workload on it comes to what its definition says.

use litbench_async_std::AsyncStd;

#[test]
fn two_threads() {
    // The first run in the process decides how many there are.
    conformance::kernel::check::<AsyncStd>(2);
    conformance::supervision::check::<AsyncStd>(2);
    conformance::workloads::check::<AsyncStd>(2);
}
