//! Whatever the parameters, the bounds and the number of threads: ledgers and checks are the definition's.

use conformance::workloads::{
    check_case, counting, fan_in, fan_out, mailbox_fill, mass_spawn, round_trips, thread_ring,
    Case, TIMED,
};
use litbench_tokio::{CurrentThread, MultiThread};
use proptest::prelude::*;

fn case() -> impl Strategy<Value = Case> {
    let (few, many, bound) = (1u64..20, 1u64..2000, 1u64..40);
    prop_oneof![
        (many.clone(), bound.clone()).prop_map(|(n, m)| round_trips("ping-pong", TIMED, n, m)),
        (many.clone(), bound.clone()).prop_map(|(n, m)| counting(n, m)),
        (few.clone(), many.clone(), bound.clone()).prop_map(|(k, n, m)| fan_in(k, n, m)),
        (few.clone(), many.clone(), bound.clone()).prop_map(|(k, n, m)| fan_out(k, n, m)),
        (few, many.clone()).prop_map(|(k, n)| thread_ring(k, n)),
        (many.clone(), bound).prop_map(|(n, m)| mass_spawn(n, m)),
        many.prop_map(mailbox_fill),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn on_worker_threads(case in case(), threads in 1u64..5) {
        check_case::<MultiThread>(&case, threads);
    }

    #[test]
    fn on_the_current_thread(case in case()) {
        check_case::<CurrentThread>(&case, 1);
    }
}
