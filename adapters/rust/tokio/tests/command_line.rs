//! The adapter as a program: its command line, and what ends it.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

const ADAPTERS: [(&str, &str); 2] = [
    ("tokio-mt", env!("CARGO_BIN_EXE_litbench-tokio-mt")),
    ("tokio-ct", env!("CARGO_BIN_EXE_litbench-tokio-ct")),
];

fn adapter() -> Command {
    let mut command = Command::new(ADAPTERS[0].1);
    command.env_remove("LITBENCH_FD").stdin(Stdio::null());
    command
}

fn output(command: &mut Command) -> Output {
    command.output().expect("the adapter starts")
}

#[test]
fn describe_prints_one_object() {
    for (target, program) in ADAPTERS {
        let output = output(Command::new(program).arg("describe"));
        assert!(output.status.success() && output.stderr.is_empty());
        let said: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!(said["target"], target);
        assert_eq!(said["runtime"], "tokio");
        assert!(said["runtime_version"].as_str().expect("text").starts_with("1."));
        assert!(said["workloads"].as_array().expect("a list").len() >= 9);
    }
}

#[test]
fn wrong_usage_is_told_and_ends_with_2() {
    for arguments in [&[][..], &["measure"], &["serve", "now"], &["--help"]] {
        let output = output(adapter().args(arguments));
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("usage:"));
        assert!(output.stdout.is_empty());
    }
    for descriptor in [None, Some(""), Some("x"), Some("-1"), Some("987")] {
        let mut command = adapter();
        command.arg("serve");
        descriptor.map(|number| command.env("LITBENCH_FD", number));
        let output = output(&mut command);
        assert_eq!(output.status.code(), Some(2), "{descriptor:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("LITBENCH_FD"));
    }
}

/// Serving, with the protocol on standard output.
fn serve(job: &str) -> Child {
    let mut command = adapter();
    command.arg("serve").env("LITBENCH_FD", "1");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the adapter starts");
    let mut input = child.stdin.take().expect("piped");
    write!(input, "{job}\n{{\"type\":\"go\"}}\n").expect("the adapter reads");
    child.stdin = Some(input);
    child
}

fn job(workload: &str, parameters: &str) -> String {
    format!(
        r#"{{"type":"job","protocol":1,"workload":"{workload}","version":1,"parameters":{parameters},"measure":"throughput","iterations":1000000,"time_limit_ns":60000000000,"threads":2,"seed":1,"count_allocations":false}}"#
    )
}

#[test]
fn ends_at_once_when_standard_input_closes() {
    let mut child = serve(&job("ping-pong", r#"{"rounds":1000,"mailbox":16}"#));
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    let ready = lines.next().expect("a line").expect("text");
    assert!(ready.contains(r#""type":"ready""#), "{ready}");
    lines.next().expect("an iteration").expect("text");
    let closed = Instant::now();
    drop(child.stdin.take());
    std::thread::spawn(move || lines.count()); // so that it is not held up by a full pipe
    let status = child.wait().expect("it ends");
    assert_eq!(status.code(), Some(1));
    assert!(closed.elapsed() < Duration::from_secs(10), "it ran on for {:?}", closed.elapsed());
}

#[test]
fn a_panic_in_a_task_ends_the_run_with_its_message() {
    // Tokio's channel panics at a bound that it cannot hold.
    let mut child = serve(&job("counting", r#"{"messages":10,"mailbox":4611686018427387904}"#));
    let _open = child.stdin.take(); // waiting would close it
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stdout);
    let last: serde_json::Value =
        serde_json::from_str(said.lines().last().expect("a line")).expect("JSON");
    assert_eq!((&last["type"], &last["code"]), (&"error".into(), &"panic".into()));
    assert!(last["message"].as_str().expect("text").contains("semaphore"), "{last}");
}
