//! The course of a run, over strings.

use std::io::{Cursor, Write};
use std::sync::{Arc, Mutex};

use litbench_adapter::{
    clock, serve, Description, Failure, Histogram, Iteration, Job, Ledger, Measure, Metric, Run,
    Specification, Target, Unit,
};
use serde_json::{json, Value};

struct Tiny;

impl Target for Tiny {
    fn describe(&self) -> Description {
        let offer = litbench_adapter::protocol::OfferedWorkload::new(
            "tiny",
            1,
            &[Measure::Throughput, Measure::Latency],
        );
        Description::new("tiny", "1.2.3")
            .runtime("none", "0")
            .threads(1, 2)
            .offer(offer.limit("size", 10, "it is tiny").difference("It has no actors."))
            .missing("skynet", "it is too large")
    }

    fn prepare(&self, job: &Job) -> Result<Box<dyn Run>, Failure> {
        Ok(Box::new(TinyRun { size: job.parameter("size")?, made: 0 }))
    }
}

struct TinyRun {
    size: u64,
    made: u64,
}

impl Run for TinyRun {
    fn specification(&self) -> Specification {
        Specification::new(1, self.size).mailbox(4)
    }

    fn iterate(&mut self) -> Result<Iteration, Failure> {
        if self.size == 7 {
            return Err(Failure::new("unlucky", "it is seven"));
        }
        self.made += 1;
        let start = clock::now();
        std::thread::sleep(std::time::Duration::from_millis(2));
        Ok(Iteration::new(start, clock::now(), Ledger::all_handled(self.size)).check("sum", 3))
    }

    fn histograms(&mut self) -> Vec<(&'static str, Histogram)> {
        let mut histogram = Histogram::new();
        histogram.record(5);
        vec![("message", histogram)]
    }

    fn metrics(&mut self) -> Vec<Metric> {
        vec![Metric::new("made", Unit::Count, [self.made])]
    }
}

#[derive(Clone, Default)]
struct Output(Arc<Mutex<Vec<u8>>>);

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn job() -> Value {
    json!({
        "type": "job", "protocol": 1, "workload": "tiny", "version": 1, "parameters": {"size": 3},
        "measure": "throughput", "iterations": 3, "time_limit_ns": 60_000_000_000u64, "threads": 1,
        "seed": 1, "count_allocations": false
    })
}

fn converse(requests: &[Value]) -> (Result<(), Failure>, Vec<Value>) {
    let input: String = requests.iter().map(|request| format!("{request}\n")).collect();
    let output = Output::default();
    let result = serve(&Tiny, Cursor::new(input), output.clone());
    let bytes = output.0.lock().unwrap();
    let text = std::str::from_utf8(&bytes).unwrap();
    (result, text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

fn go() -> Value {
    json!({"type": "go"})
}

fn report() -> Value {
    json!({"type": "report"})
}

/// The code of the failure that a job leads to, which the other side is told of as well.
fn failure_of(requests: &[Value]) -> String {
    let (result, lines) = converse(requests);
    let failure = result.unwrap_err();
    let last = lines.last().expect("an error was sent");
    assert_eq!((&last["type"], &last["code"]), (&json!("error"), &json!(failure.code)));
    assert_eq!(last["message"], json!(failure.message));
    failure.code.to_owned()
}

fn with(field: &str, value: Value) -> Value {
    let mut job = job();
    job[field] = value;
    job
}

#[test]
fn a_good_run_sends_what_the_protocol_says() {
    let (result, lines) = converse(&[job(), go(), report()]);
    assert_eq!(result, Ok(()));
    let types: Vec<_> = lines.iter().map(|line| line["type"].as_str().unwrap()).collect();
    let iteration = "iteration";
    assert_eq!(
        types,
        ["ready", iteration, iteration, iteration, "finish", "histogram", "metric", "end"]
    );
    assert_eq!(lines[0]["specification"]["messages"], 3);
    assert!(lines[0]["clock"]["cost"].as_f64().unwrap() > 0.0);
    for (index, line) in lines[1..4].iter().enumerate() {
        assert_eq!(line["index"], index);
        assert!(line["end"].as_u64().unwrap() >= line["start"].as_u64().unwrap() + 2_000_000);
        assert_eq!(line["checks"], json!({"sum": 3}));
    }
    assert_eq!(lines[4]["iterations"], 3);
    assert_eq!(lines[6]["values"], json!([3]));
}

#[test]
fn the_time_limit_leaves_one_iteration() {
    let (_, lines) = converse(&[with("time_limit_ns", json!(0)), go(), report()]);
    assert_eq!(lines.iter().filter(|line| line["type"] == "iteration").count(), 1);
    let (_, lines) = converse(&[
        with("time_limit_ns", json!(20_000_000)).as_object_mut().map_or(Value::Null, |job| {
            job.insert("iterations".into(), json!(1_000_000));
            Value::Object(job.clone())
        }),
        go(),
        report(),
    ]);
    let made = lines.iter().filter(|line| line["type"] == "iteration").count();
    assert!((2..=11).contains(&made), "{made} iterations of 2 ms in 20 ms");
}

#[test]
fn what_is_not_offered_is_refused() {
    for (field, value, code) in [
        ("workload", json!("other"), "workload"),
        ("version", json!(2), "workload"),
        ("measure", json!("memory"), "measure"),
        ("threads", json!(3), "threads"),
        ("parameters", json!({}), "parameters"),
        ("parameters", json!({"size": 11}), "limit"),
        ("protocol", json!(2), "protocol"),
        ("iterations", json!(0), "protocol"),
    ] {
        assert_eq!(
            failure_of(&[with(field, value.clone()), go(), report()]),
            code,
            "{field} {value}"
        );
    }
}

#[test]
fn requests_out_of_turn_end_the_run() {
    assert_eq!(failure_of(&[go()]), "protocol");
    assert_eq!(failure_of(&[job(), report(), go()]), "protocol");
    assert_eq!(failure_of(&[job(), job()]), "protocol");
    assert_eq!(failure_of(&[job(), go(), go()]), "protocol");
    assert_eq!(failure_of(&[]), "protocol");
    assert_eq!(failure_of(&[job()]), "protocol");
    assert_eq!(failure_of(&[job(), go()]), "protocol");
}

#[test]
fn a_run_that_fails_says_why() {
    assert_eq!(failure_of(&[with("parameters", json!({"size": 7})), go(), report()]), "unlucky");
}

#[test]
fn the_description_is_whole() {
    let said = serde_json::to_value(Tiny.describe()).unwrap();
    assert_eq!(
        said,
        json!({
            "protocol": 1, "target": "tiny", "version": "1.2.3", "language": "rust", "runtime": "none",
            "runtime_version": "0", "threads": {"least": 1, "most": 2},
            "workloads": [{
                "name": "tiny", "version": 1, "measures": ["throughput", "latency"],
                "limits": {"size": 10}, "because": "it is tiny", "differences": ["It has no actors."]
            }],
            "missing": [{"name": "skynet", "because": "it is too large"}]
        })
    );
}
