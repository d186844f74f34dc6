//! Supervision leaves no memory behind, which only a whole process with a counting allocator can tell.

use std::io::{Cursor, Write};
use std::sync::{Arc, Mutex};

use actors::ActorTarget;
use litbench_adapter::{serve, CountingAllocator, Description};
use litbench_tokio::{CurrentThread, MultiThread};
use serde_json::{json, Value};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator::system();

/// What crashes leave must not depend on how many there were. A constant may stay while the children
/// live: each channel keeps blocks of its queue, as many after 200 crashes as after 80,000.
const FEW: u64 = 1_000;
const MANY: u64 = 11_000;
/// Less than half a byte for each of the 10,000 crashes more: a channel keeps a block more or less.
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

fn run<R: actors::Runtime>(strategy: u64, threads: u64, crashes: u64) -> Vec<Value> {
    let target = ActorTarget::<R>::new(Description::new("t", "0").threads(1, 8), |offer| offer);
    let parameters =
        json!({"crashes": crashes, "children": 4, "strategy": strategy, "mailbox": 16});
    let job = json!({
        "type": "job", "protocol": 1, "workload": "supervision", "version": 2,
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

/// By how much live bytes grow over the crashes of each iteration.
fn growths<R: actors::Runtime>(strategy: u64, threads: u64, crashes: u64) -> Vec<i64> {
    let lines = run::<R>(strategy, threads, crashes);
    let readings = live(&lines, "before").into_iter().zip(live(&lines, "loaded"));
    // The first panics of a process allocate what the unwinder keeps.
    readings.skip(1).map(|(before, loaded)| loaded - before).collect()
}

fn check<R: actors::Runtime>(strategy: u64, threads: u64) {
    let few = growths::<R>(strategy, threads, FEW);
    let many = growths::<R>(strategy, threads, MANY);
    let (least, most) =
        (few.iter().min().expect("iterations"), many.iter().max().expect("iterations"));
    assert!(most - least < LEFT, "strategy {strategy}, {threads} threads: {few:?} -> {many:?}");
}

/// One test, as another one in the same process would allocate meanwhile.
#[test]
fn ten_thousand_crashes_leave_no_memory_behind() {
    for strategy in 0..3 {
        check::<CurrentThread>(strategy, 1);
        check::<MultiThread>(strategy, 2);
    }
}
