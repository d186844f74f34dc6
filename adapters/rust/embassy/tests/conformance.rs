//! The runtime carries actors as it must, and every workload on it comes to what its definition says.

use litbench_embassy::Embassy;

#[test]
fn own_thread() {
    conformance::kernel::check::<Embassy>(1);
    conformance::supervision::check::<Embassy>(1);
    conformance::workloads::check::<Embassy>(1);
}
