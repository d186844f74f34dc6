//! All workloads on a runtime, through the protocol.

use std::collections::BTreeMap;
use std::io::{Cursor, Write};
use std::sync::{Arc, Mutex};

use actors::{ActorTarget, Runtime};
use litbench_adapter::{serve, Description, Fold};
use serde_json::{json, Value};

/// Runs every workload, small, with several bounds, for every measure, and compares with the definitions.
///
/// # Panics
/// When something differs.
pub fn check<R: Runtime>(threads: u64) {
    for case in cases() {
        check_case::<R>(&case, threads);
    }
    crate::pressure::check_loaded_latency::<R>(threads);
}

/// Runs one workload for each of its measures, and compares with its definition.
///
/// # Panics
/// When something differs.
pub fn check_case<R: Runtime>(case: &Case, threads: u64) {
    let target = ActorTarget::<R>::new(Description::new("t", "0").threads(1, 64), |offer| offer);
    for measure in case.measures {
        let lines = run(&target, case, measure, threads);
        compare(case, measure, &lines);
    }
}

/// One workload with its parameters, and what its definition says must come of it.
#[derive(Debug)]
pub struct Case {
    pub(crate) workload: &'static str,
    pub(crate) parameters: Value,
    pub(crate) measures: &'static [&'static str],
    pub(crate) histogram: &'static str,
    pub(crate) actors: u64,
    pub(crate) messages: u64,
    /// Messages whose handler fails.
    pub(crate) errored: u64,
    /// Samples in the histogram of a latency run.
    pub(crate) samples: u64,
    /// The histogram of every run.
    pub(crate) other: Option<&'static str>,
    pub(crate) checks: BTreeMap<&'static str, u64>,
}

impl Case {
    /// A case without histograms and failures.
    pub(crate) fn plain<const N: usize>(
        workload: &'static str,
        parameters: Value,
        actors: u64,
        messages: u64,
        checks: [(&'static str, u64); N],
    ) -> Self {
        Self {
            workload,
            parameters,
            measures: &["throughput"],
            histogram: "",
            actors,
            messages,
            errored: 0,
            samples: 0,
            other: None,
            checks: checks.into(),
        }
    }

    /// The version of the workload's definition.
    fn version(&self) -> u32 {
        match self.workload {
            "supervision" => 2,
            _ => 1,
        }
    }

    /// The case, timed as well, with so many samples.
    pub(crate) fn timed(self, histogram: &'static str, samples: u64) -> Self {
        Self { measures: TIMED, histogram, samples, ..self }
    }
}

/// What most workloads are measured for.
pub const TIMED: &[&str] = &["throughput", "latency"];
pub(crate) const WEIGHED: &[&str] = &["throughput", "memory"];

fn cases() -> Vec<Case> {
    let mut cases = vec![thread_ring(1, 1), thread_ring(7, 100), thread_ring(7, 3)];
    for mailbox in [1, 3, 16] {
        cases.push(round_trips("ping-pong", TIMED, 50, mailbox));
        cases.push(round_trips("isolated-latency", &["latency"], 50, mailbox));
        cases.push(counting(3000, mailbox));
        cases.push(fan_in(7, 300, mailbox));
        cases.push(fan_out(7, 300, mailbox));
        cases.push(skynet(3, mailbox));
        cases.push(mass_spawn(500, mailbox));
    }
    cases.extend(with_options());
    cases.extend(crate::patterns::cases());
    cases.extend(crate::pressure::cases());
    cases.extend([mailbox_fill(1), mailbox_fill(5000), round_trips("ping-pong", TIMED, 1, 1)]);
    cases
}

/// The basic patterns with something turned on: it must not change what they come to.
fn with_options() -> Vec<Case> {
    let on = |mut case: Case, name: &str, value: u64| {
        case.parameters[name] = value.into();
        case
    };
    vec![
        on(counting(3000, 16), "batch", 7),
        on(fan_in(7, 300, 16), "batch", 100),
        on(fan_in(7, 300, 2), "fail_fast", 1),
        on(mass_spawn(50, 16), "state", 1024),
    ]
}

pub(crate) fn fold(values: impl IntoIterator<Item = u64>) -> Fold {
    let mut fold = Fold::new();
    values.into_iter().for_each(|value| fold.push(value));
    fold
}

/// `ping-pong` or `isolated-latency`.
#[must_use]
pub fn round_trips(
    workload: &'static str,
    measures: &'static [&'static str],
    rounds: u64,
    mailbox: u64,
) -> Case {
    let one = fold(0..rounds);
    Case {
        workload,
        parameters: json!({"rounds": rounds, "mailbox": mailbox}),
        measures,
        histogram: "round-trip",
        actors: 2,
        messages: 2 * rounds,
        samples: rounds,
        errored: 0,
        other: None,
        checks: [("order", one.order().wrapping_mul(2)), ("sum", one.sum() * 2)].into(),
    }
}

/// `counting`.
#[must_use]
pub fn counting(messages: u64, mailbox: u64) -> Case {
    let seen = fold(0..messages);
    Case {
        workload: "counting",
        parameters: json!({"messages": messages, "mailbox": mailbox}),
        measures: TIMED,
        histogram: "message",
        actors: 2,
        messages,
        samples: messages,
        errored: 0,
        other: None,
        checks: [("order", seen.order()), ("sum", seen.sum()), ("total", messages)].into(),
    }
}

fn streams(workload: &'static str, parameters: Value, many: u64, messages: u64) -> Case {
    let one = fold(0..messages);
    Case {
        workload,
        parameters,
        measures: TIMED,
        histogram: "message",
        actors: many + 1,
        messages: many * messages,
        samples: many * messages,
        errored: 0,
        other: None,
        checks: [("order", one.order().wrapping_mul(many)), ("sum", one.sum() * many)].into(),
    }
}

/// `fan-in`.
#[must_use]
pub fn fan_in(senders: u64, messages: u64, mailbox: u64) -> Case {
    let parameters = json!({
        "senders": senders, "messages": messages, "mailbox": mailbox, "batch": 1, "fail_fast": 0
    });
    streams("fan-in", parameters, senders, messages)
}

/// `fan-out`.
#[must_use]
pub fn fan_out(receivers: u64, messages: u64, mailbox: u64) -> Case {
    let parameters = json!({"receivers": receivers, "messages": messages, "mailbox": mailbox});
    streams("fan-out", parameters, receivers, messages)
}

/// `thread-ring`.
#[must_use]
pub fn thread_ring(actors: u64, hops: u64) -> Case {
    let folds = (0..actors).map(|member| fold((member..hops).step_by(actors as usize)));
    let order = folds.fold(0u64, |sum, fold| sum.wrapping_add(fold.order()));
    let holder = (hops - 1) % actors;
    Case {
        workload: "thread-ring",
        parameters: json!({"actors": actors, "hops": hops, "mailbox": 16}),
        measures: TIMED,
        histogram: "message",
        actors,
        messages: hops,
        samples: hops,
        errored: 0,
        other: None,
        checks: [("order", order), ("sum", fold(0..hops).sum()), ("holder", holder)].into(),
    }
}

/// `skynet`.
#[must_use]
pub fn skynet(levels: u32, mailbox: u64) -> Case {
    let nodes = (0..=levels).map(|level| 10u64.pow(level)).sum();
    let result = (0..10u64.pow(levels)).sum::<u64>();
    Case {
        workload: "skynet",
        parameters: json!({"levels": levels, "mailbox": mailbox}),
        measures: TIMED,
        histogram: "node",
        actors: nodes,
        messages: nodes,
        samples: nodes,
        errored: 0,
        other: None,
        checks: [("result", result), ("sum", result * u64::from(levels + 1))].into(),
    }
}

/// `mass-spawn`.
#[must_use]
pub fn mass_spawn(actors: u64, mailbox: u64) -> Case {
    Case {
        workload: "mass-spawn",
        parameters: json!({"actors": actors, "mailbox": mailbox}),
        measures: WEIGHED,
        histogram: "",
        actors,
        messages: 2 * actors,
        samples: 0,
        errored: 0,
        other: None,
        checks: [("sum", 2 * fold(0..actors).sum()), ("live", actors)].into(),
    }
}

/// `mailbox-fill`.
#[must_use]
pub fn mailbox_fill(messages: u64) -> Case {
    let seen = fold(0..messages);
    Case {
        workload: "mailbox-fill",
        parameters: json!({"messages": messages}),
        measures: WEIGHED,
        histogram: "",
        actors: 1,
        messages,
        samples: 0,
        errored: 0,
        other: None,
        checks: [("order", seen.order()), ("sum", seen.sum())].into(),
    }
}

pub(crate) fn run<R: Runtime>(
    target: &ActorTarget<R>,
    case: &Case,
    measure: &str,
    threads: u64,
) -> Vec<Value> {
    let job = json!({
        "type": "job", "protocol": 1, "workload": case.workload, "version": case.version(),
        "parameters": case.parameters, "measure": measure, "iterations": 3,
        "time_limit_ns": 60_000_000_000u64, "threads": threads, "seed": 1, "count_allocations": false
    });
    let input = format!("{job}\n{}\n{}\n", json!({"type": "go"}), json!({"type": "report"}));
    let output = Output::default();
    serve(target, Cursor::new(input), output.clone()).expect(case.workload);
    let bytes = output.0.lock().unwrap();
    let lines = std::str::from_utf8(&bytes).expect("the protocol is UTF-8").lines();
    lines.map(|line| serde_json::from_str(line).expect("a line is JSON")).collect()
}

fn compare(case: &Case, measure: &str, lines: &[Value]) {
    let name = format!("{} {} {measure}", case.workload, case.parameters);
    let of = |kind: &'static str| lines.iter().filter(move |line| line["type"] == kind);
    let specification = &lines[0]["specification"];
    assert_eq!(specification["actors"], case.actors, "{name}");
    assert_eq!(specification["messages"], case.messages, "{name}");
    assert_eq!(of("iteration").count(), 3, "{name}");
    for iteration in of("iteration") {
        let ledger = json!({
            "sent": case.messages, "handled": case.messages - case.errored, "dropped": 0,
            "errored": case.errored, "pending": 0
        });
        assert_eq!(iteration["ledger"], ledger, "{name}");
        assert_eq!(iteration["checks"], json!(case.checks), "{name}");
        assert!(iteration["start"].as_u64() <= iteration["end"].as_u64(), "{name}");
    }
    let timed = (measure == "latency").then_some(case.histogram);
    let expected: Vec<_> = timed.into_iter().chain(case.other).collect();
    let named: Vec<_> = of("histogram").map(|line| line["name"].as_str().expect("text")).collect();
    assert_eq!(named, expected, "{name}");
    if let Some(histogram) = of("histogram").next().filter(|_| timed.is_some()) {
        assert_eq!(samples(histogram), 3 * case.samples, "{name}");
    }
    if measure == "memory" {
        let names: Vec<_> = of("metric").filter_map(|metric| metric["name"].as_str()).collect();
        assert!(names.contains(&"rss-loaded"), "{name}: {names:?}");
    }
}

/// How many values a histogram has.
pub(crate) fn samples(histogram: &Value) -> u64 {
    let counts = histogram["counts"].as_array().expect("counts are a list").iter();
    counts.map(|pair| pair[1].as_u64().expect("a count")).sum()
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
