//! The vectors of `adapters/vectors`, on which every implementation of the protocol is tested.

use std::collections::BTreeSet;
use std::io::Cursor;
use std::path::Path;

use litbench_adapter::protocol::{
    ClockDescription, Failure, Request, Response, Specification, LINE_LIMIT,
};
use litbench_adapter::{
    clock, serve, Description, Fold, Histogram, Iteration, Job, Ledger, Measure, Metric, Run,
    Target, Unit,
};
use serde_json::Value;

fn vectors(name: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors").join(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    text.lines().map(|line| serde_json::from_str(line).expect("a vector is JSON")).collect()
}

fn of_channel(name: &str, channel: &str) -> Vec<(String, Vec<u8>)> {
    let of = vectors(name).into_iter().filter(|vector| vector["channel"] == channel);
    of.map(|vector| (vector["name"].as_str().unwrap().to_owned(), line(&vector))).collect()
}

/// A vector's line, from whichever of the three notations it has.
fn line(vector: &Value) -> Vec<u8> {
    if let Some(text) = vector["line"].as_str() {
        return text.as_bytes().to_vec();
    }
    if let Some(hex) = vector["hex"].as_str() {
        let byte = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
        return (0..hex.len()).step_by(2).map(byte).collect();
    }
    let parts = vector["parts"].as_array().expect("line, hex or parts").iter();
    let text = |part: &Value| {
        part[0].as_str().unwrap().repeat(part[1].as_u64().unwrap().try_into().unwrap())
    };
    parts.map(text).collect::<String>().into_bytes()
}

fn numbers(value: &Value) -> Vec<u64> {
    value.as_array().unwrap().iter().map(|number| number.as_u64().unwrap()).collect()
}

struct Anything;

impl Target for Anything {
    fn describe(&self) -> Description {
        Description::new("anything", "0").threads(1, 2).workload(
            "fan-in",
            1,
            &[Measure::Throughput],
        )
    }

    fn prepare(&self, _job: &Job) -> Result<Box<dyn Run>, Failure> {
        Ok(Box::new(Self))
    }
}

impl Run for Anything {
    fn specification(&self) -> Specification {
        Specification::new(1, 1)
    }

    fn iterate(&mut self) -> Result<Iteration, Failure> {
        Ok(Iteration::new(clock::now(), clock::now(), Ledger::all_handled(1)))
    }
}

#[test]
fn valid_requests_are_understood() {
    let lines = of_channel("valid.jsonl", "to-adapter");
    assert!(lines.len() > 5);
    for (name, line) in lines {
        let text = std::str::from_utf8(&line).unwrap();
        assert!(Request::parse(text).is_ok(), "{name}");
    }
}

#[test]
fn malformed_requests_are_refused() {
    let lines = of_channel("malformed.jsonl", "to-adapter");
    assert!(lines.len() > 20);
    for (name, mut line) in lines {
        if let (Ok(text), true) = (std::str::from_utf8(&line), line.len() < LINE_LIMIT) {
            assert!(Request::parse(text).is_err(), "{name}");
        }
        line.push(b'\n');
        let failure = serve(&Anything, Cursor::new(line), std::io::sink()).expect_err(&name);
        assert_eq!(failure.code, "protocol", "{name}: {failure}");
    }
}

#[test]
fn histograms_have_the_protocol_s_buckets() {
    for vector in vectors("buckets.jsonl") {
        let mut histogram = Histogram::new();
        numbers(&vector["values"]).into_iter().for_each(|value| histogram.record(value));
        let sent = serde_json::to_value(Response::histogram("h", &histogram)).unwrap();
        assert_eq!(sent["counts"], vector["counts"]);
    }
}

#[test]
fn folds_have_the_protocol_s_checksums() {
    for vector in vectors("folds.jsonl") {
        let mut fold = Fold::new();
        numbers(&vector["values"]).into_iter().for_each(|value| fold.push(value));
        assert_eq!(Some(fold.order()), vector["order"].as_u64());
        assert_eq!(Some(fold.sum()), vector["sum"].as_u64());
    }
}

/// What this crate writes has exactly the fields of the valid vectors of the same type.
#[test]
fn responses_have_the_protocol_s_fields() {
    let clock =
        ClockDescription { name: "CLOCK_MONOTONIC", unit: "ns", cost: 23.5, resolution: 1.0 };
    let ours = [
        Response::Ready { protocol: 1, clock, specification: Specification::new(1, 1) },
        Response::Iteration {
            index: 0,
            start: 1,
            end: 2,
            ledger: Ledger::all_handled(1),
            checks: [("order", 1)].into(),
        },
        Response::Finish { iterations: 1 },
        Response::histogram("message", &Histogram::new()),
        Response::Metric(Metric::new("rss-loaded", Unit::Bytes, [1])),
        Response::End,
        Response::Error { code: "x", message: "y" },
    ];
    let valid: Vec<Value> = of_channel("valid.jsonl", "from-adapter")
        .iter()
        .map(|(_, line)| serde_json::from_slice(line).unwrap())
        .collect();
    for response in ours {
        let sent = serde_json::to_value(response).unwrap();
        let found = valid.iter().any(|v| v["type"] == sent["type"] && shape(v) == shape(&sent));
        assert!(found, "no valid vector has the fields of {sent}");
    }
}

/// The names of an object's fields and of those of the objects in it, but for named checks.
fn shape(value: &Value) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (name, field) in value.as_object().into_iter().flatten() {
        names.insert(name.clone());
        if name != "checks" {
            names.extend(shape(field).iter().map(|inner| format!("{name}.{inner}")));
        }
    }
    names
}
