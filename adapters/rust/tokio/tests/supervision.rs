//! Supervision leaves no memory behind, which only a whole process with a counting allocator can tell.

use std::io::{Cursor, Write};
use std::sync::{Arc, Mutex};

use actors::ActorTarget;
use litbench_adapter::{serve, CountingAllocator, Description};
use litbench_tokio::{CurrentThread, MultiThread};
use serde_json::{json, Value};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator::system();

const CRASHES: u64 = 10_000;
/// Less than half a byte a crash: a channel keeps a block of its queue more or less.
const LEFT: i64 = 4096;

#[derive(Clone, Default)]
struct Output(Arc<Mutex<Vec<u8>>>);

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("not poisoned").write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Live bytes at a moment of each iteration.
fn live(lines: &[Value], moment: &str) -> Vec<i64> {
    let name = format!("live-{moment}");
    let metric = lines.iter().find(|line| line["name"] == name.as_str()).expect("a reading");
    let values = metric["values"].as_array().expect("a list").iter();
    values.map(|value| value.as_i64().expect("bytes")).collect()
}

fn run<R: actors::Runtime>(strategy: u64, threads: u64) -> Vec<Value> {
    let target = ActorTarget::<R>::new(Description::new("t", "0").threads(1, 8), |offer| offer);
    let parameters =
        json!({"crashes": CRASHES, "children": 4, "strategy": strategy, "mailbox": 16});
    let job = json!({
        "type": "job", "protocol": 1, "workload": "supervision", "version": 1,
        "parameters": parameters, "measure": "memory", "iterations": 3,
        "time_limit_ns": 60_000_000_000u64, "threads": threads, "seed": 1, "count_allocations": false
    });
    let input = format!("{job}\n{}\n{}\n", json!({"type": "go"}), json!({"type": "report"}));
    let output = Output::default();
    serve(&target, Cursor::new(input), output.clone()).expect("a good run");
    let bytes = output.0.lock().expect("not poisoned");
    let lines = std::str::from_utf8(&bytes).expect("UTF-8").lines();
    lines.map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

/// One test, as another one in the same process would allocate meanwhile.
#[test]
fn ten_thousand_crashes_leave_no_memory_behind() {
    for strategy in 0..3 {
        for lines in [run::<CurrentThread>(strategy, 1), run::<MultiThread>(strategy, 2)] {
            let readings = live(&lines, "before").into_iter().zip(live(&lines, "loaded"));
            // The first panics of a process allocate what the unwinder keeps.
            for (before, loaded) in readings.skip(1) {
                assert!(loaded - before < LEFT, "strategy {strategy}: {before} -> {loaded}");
            }
        }
    }
}
