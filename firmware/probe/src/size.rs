//! How much room the block has, from the environment of the build.

const fn number(text: Option<&str>, default: usize) -> usize {
    let Some(text) = text else { return default };
    let bytes = text.as_bytes();
    let mut value = 0;
    let mut i = 0;
    while i < bytes.len() {
        assert!(bytes[i].is_ascii_digit(), "a LITBENCH_... size is not a number");
        value = value * 10 + (bytes[i] - b'0') as usize;
        i += 1;
    }
    value
}

/// Events kept in the ring; a power of two.
pub const EVENTS: usize = number(option_env!("LITBENCH_EVENTS"), 128);
/// Latency histograms.
pub const HISTOGRAMS: usize = number(option_env!("LITBENCH_HISTOGRAMS"), 1);
/// Bits that a bucket keeps below the leading one: 5 keeps 3 %, 10 keeps 0.1 %.
pub const HISTOGRAM_BITS: usize = number(option_env!("LITBENCH_HISTOGRAM_BITS"), 5);
/// Iterations whose ledgers are kept.
pub const ITERATIONS: usize = number(option_env!("LITBENCH_ITERATIONS"), 8);
/// Mailboxes with counters.
pub const MAILBOXES: usize = number(option_env!("LITBENCH_MAILBOXES"), 4);
/// Tasks with an execution time.
pub const TASKS: usize = number(option_env!("LITBENCH_TASKS"), 4);
/// Stacks with a watermark.
pub const STACKS: usize = number(option_env!("LITBENCH_STACKS"), 1);
/// Free metrics.
pub const METRICS: usize = number(option_env!("LITBENCH_METRICS"), 8);

/// Buckets of one histogram, for all values of 32 bits.
pub const BUCKETS: usize = (33 - HISTOGRAM_BITS) << HISTOGRAM_BITS;

const _: () = assert!(EVENTS.is_power_of_two(), "LITBENCH_EVENTS is a power of two");
const _: () = assert!(HISTOGRAM_BITS >= 1 && HISTOGRAM_BITS <= 10);
