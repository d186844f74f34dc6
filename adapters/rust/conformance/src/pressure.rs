//! Cases of the catalogue's workloads under load, beside a hog, through failures, and over time.

use actors::{ActorTarget, Runtime};
use litbench_adapter::Description;
use serde_json::{json, Value};

use crate::patterns::{streams, xorshift};
use crate::workloads::{fold, run, samples, Case, TIMED, WEIGHED};

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = vec![
        isolation(3, 100, 4),
        failure_injection(300, 10, 1),
        failure_injection(300, 20, 7),
        failure_injection(100, 0, 1),
        failure_injection(100, 100, 1),
        churn(4, 300),
        churn(4, 2),
        soak(3, 100),
    ];
    for strategy in 0..3 {
        cases.extend([supervision(40, 4, strategy), supervision(5, 1, strategy)]);
    }
    cases
}

fn isolation(actors: u64, messages: u64, burns: u64) -> Case {
    let parameters = json!({
        "actors": actors, "messages": messages, "burns": burns, "burn_us": 300, "mailbox": 1
    });
    let [(_, order), (_, sum)] = streams(actors, messages);
    let hog = fold(0..burns);
    let checks = [("order", order.wrapping_add(hog.order())), ("sum", sum + hog.sum())];
    let case = Case::plain("isolation", parameters, actors + 1, actors * messages + burns, checks);
    Case { other: Some("gap"), ..case }
}

fn supervision(crashes: u64, children: u64, strategy: u64) -> Case {
    let parameters =
        json!({"crashes": crashes, "children": children, "strategy": strategy, "mailbox": 16});
    let mut states = vec![0u64; children as usize];
    let (mut restarts, mut sum) = (0, 0);
    for crash in 0..crashes {
        let child = crash % children;
        for sibling in 0..children {
            let restarted = match strategy {
                0 => sibling == child,
                1 => true,
                _ => sibling >= child,
            };
            if restarted {
                states[sibling as usize] = 0;
                restarts += 1;
            }
        }
        states.iter_mut().for_each(|state| *state += crash + 1);
        sum += (1..).zip(&states).map(|(weight, state)| weight * state).sum::<u64>();
    }
    let checks = [("restarts", restarts), ("states", sum)];
    let messages = crashes * (1 + 2 * children);
    let case = Case::plain("supervision", parameters, children + 1, messages, checks);
    let measures = &["throughput", "latency", "memory"];
    Case { errored: crashes, ..Case { measures, ..case.timed("restart", crashes) } }
}

fn failure_injection(messages: u64, failures: u64, burst: u64) -> Case {
    let parameters = json!({
        "messages": messages, "failures": failures, "burst": burst, "mailbox": 4
    });
    let fails = |value: &u64| ((value / burst) * 2_654_435_761 % (1 << 32)) % 100 < failures;
    let handled: Vec<_> = (0..messages).filter(|value| !fails(value)).collect();
    let seen = fold(handled.iter().copied());
    let errored = messages - handled.len() as u64;
    let checks = [("order", seen.order()), ("sum", seen.sum()), ("restarts", errored)];
    let case = Case::plain("failure-injection", parameters, 2, messages, checks);
    Case { errored, other: Some("recovery"), ..case.timed("message", messages - errored) }
}

fn churn(actors: u64, messages: u64) -> Case {
    let parameters = json!({"actors": actors, "messages": messages, "keep": 5, "mailbox": 4});
    let (mut bytes, mut order) = (0, 0u64);
    for actor in 0..actors {
        let mut draw = xorshift(actor);
        let own = (actor..messages).step_by(actors as usize);
        bytes += own.clone().map(|_| 16 << ((draw() >> 33) % 10)).sum::<u64>();
        order = order.wrapping_add(fold(own).order());
    }
    let checks = [("order", order), ("sum", fold(0..messages).sum()), ("bytes", bytes)];
    Case { measures: WEIGHED, ..Case::plain("churn", parameters, actors, messages, checks) }
}

fn soak(senders: u64, messages: u64) -> Case {
    let parameters = json!({"senders": senders, "messages": messages, "mailbox": 16});
    let checks = streams(senders, messages);
    let case = Case::plain("soak", parameters, senders + 1, senders * messages, checks);
    Case { measures: &["memory"], ..case }
}

/// How many messages it has, the run itself says.
pub(crate) fn check_loaded_latency<R: Runtime>(threads: u64) {
    let parameters = json!({"load": 30, "milliseconds": 20, "stall_ms": 2, "mailbox": 16});
    let case = Case { measures: TIMED, ..Case::plain("loaded-latency", parameters, 2, 0, []) };
    let target = ActorTarget::<R>::new(Description::new("t", "0").threads(1, 64), |offer| offer);
    let lines = run(&target, &case, "latency", threads);
    let specification = &lines[0]["specification"];
    let driver = if R::ONE_THREAD { "worker" } else { "block_on" };
    assert_eq!((&specification["actors"], &specification["driver"]), (&json!(2), &json!(driver)));
    let messages = specification["messages"].as_u64().expect("a number");
    let (probe, bulk): (Vec<_>, Vec<_>) = (0..messages).partition(|value| value % 10 == 9);
    let count = probe.len() as u64;
    let (probe, bulk) = (fold(probe), fold(bulk));
    let of = |kind: &'static str| lines.iter().filter(move |line| line["type"] == kind);
    for iteration in of("iteration") {
        assert_eq!(iteration["ledger"]["handled"], messages);
        let order = probe.order().wrapping_add(bulk.order());
        assert_eq!(iteration["checks"], json!({"order": order, "sum": probe.sum() + bulk.sum()}));
    }
    let counts: Vec<_> = of("histogram").map(|it| (it["name"].as_str(), samples(it))).collect();
    let expected = [("corrected", 3 * count), ("naive", 3 * count), ("pacing", 3 * messages)];
    assert_eq!(counts, expected.map(|(name, count)| (Some(name), count)));
    let longest = |name| {
        let histogram = of("histogram").find(|line| line["name"] == name).expect("there");
        histogram["counts"].as_array().and_then(|all| all.last()?[0].as_u64()).expect("counts")
    };
    assert!(longest("corrected") >= 1_990_000, "the stall is seen");
    let metrics: Vec<_> = of("metric").filter_map(|line| line["name"].as_str()).collect();
    assert_eq!(metrics, ["capacity", "offered"]);
    let value = |name| {
        let metric: &Value = of("metric").find(|line| line["name"] == name).expect("there");
        metric["values"][0].as_u64().expect("hertz")
    };
    assert_eq!(value("offered"), value("capacity") * 30 / 100);
}
