//! Cases of the catalogue's pairs, trees and stores.

use std::collections::BTreeMap;

use serde_json::json;

use crate::workloads::{fold, Case};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        pipelined_ping_pong(1, 50, 1, 1),
        pipelined_ping_pong(3, 50, 8, 8),
        pipelined_ping_pong(3, 5, 8, 16),
        fork_join_throughput(5, 100, 37),
        fork_join_throughput(5, 100, 0),
        fork_join_create(300),
        star(1, 30),
        star(7, 30),
        pipeline(1, 200, 1),
        pipeline(6, 200, 4),
        big(2, 40),
        big(9, 40),
        chameneos(2, 50),
        chameneos(7, 100),
        bounded_buffer(3, 4, 50, 1),
        bounded_buffer(1, 4, 2, 5),
        dictionary(3, 300, 10),
        dictionary(2, 100, 0),
        banking(2, 50, 1),
        banking(10, 300, 7),
    ]
}

/// The generator of PROTOCOL.md, by actor number.
pub(crate) fn xorshift(number: u64) -> impl FnMut() -> u64 {
    let mut x = (number + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    move || {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        x
    }
}

/// `order` and `sum` of so many streams 0, 1, ...
pub(crate) fn streams(count: u64, messages: u64) -> [(&'static str, u64); 2] {
    let one = fold(0..messages);
    [("order", one.order().wrapping_mul(count)), ("sum", one.sum() * count)]
}

fn pipelined_ping_pong(pairs: u64, rounds: u64, window: u64, mailbox: u64) -> Case {
    let parameters =
        json!({"pairs": pairs, "rounds": rounds, "window": window, "mailbox": mailbox});
    let (actors, messages) = (2 * pairs, 2 * pairs * rounds);
    let checks = streams(2 * pairs, rounds);
    Case::plain("pipelined-ping-pong", parameters, actors, messages, checks)
        .timed("round-trip", pairs * rounds)
}

fn fork_join_throughput(actors: u64, messages: u64, work: u64) -> Case {
    let parameters = json!({"actors": actors, "messages": messages, "work": work, "mailbox": 16});
    let mut results = 0u64;
    for mut value in 0..messages {
        for _ in 0..work {
            value = value.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        }
        results = results.wrapping_add(value.wrapping_mul(actors));
    }
    let [order, sum] = streams(actors, messages);
    let checks = [order, sum, ("work", results)];
    Case::plain("fork-join-throughput", parameters, actors + 1, actors * messages, checks)
}

fn fork_join_create(actors: u64) -> Case {
    let parameters = json!({"actors": actors, "mailbox": 16});
    let checks = [("sum", fold(0..actors).sum())];
    Case::plain("fork-join-create", parameters, actors, actors, checks)
}

fn star(spokes: u64, rounds: u64) -> Case {
    let parameters = json!({"spokes": spokes, "rounds": rounds, "mailbox": spokes});
    let (actors, messages) = (spokes + 1, 2 * spokes * rounds);
    let checks = streams(2 * spokes, rounds);
    Case::plain("star", parameters, actors, messages, checks).timed("round", rounds)
}

fn pipeline(stages: u64, messages: u64, mailbox: u64) -> Case {
    let parameters = json!({"stages": stages, "messages": messages, "mailbox": mailbox});
    let checks = streams(stages, messages);
    Case::plain("pipeline", parameters, stages, stages * messages, checks)
        .timed("message", messages)
}

fn big(actors: u64, pings: u64) -> Case {
    let parameters = json!({"actors": actors, "pings": pings, "mailbox": actors});
    let mut streams = BTreeMap::<(u64, u64), Vec<u64>>::new();
    for sender in 0..actors {
        let mut draw = xorshift(sender);
        for ping in 0..pings {
            let others: Vec<_> = (0..actors).filter(|&other| other != sender).collect();
            let receiver = others[((draw() >> 33) % (actors - 1)) as usize];
            streams.entry((receiver, sender)).or_default().push(ping);
        }
    }
    let orders = streams.into_values().map(|values| fold(values).order());
    let order = orders.fold(0u64, u64::wrapping_add).wrapping_mul(2);
    let checks = [("order", order), ("sum", 2 * actors * fold(0..pings).sum())];
    Case::plain("big", parameters, actors, 2 * actors * pings, checks)
        .timed("round-trip", actors * pings)
}

fn chameneos(creatures: u64, meetings: u64) -> Case {
    let parameters = json!({"creatures": creatures, "meetings": meetings, "mailbox": creatures});
    let checks = [("meetings", 2 * meetings), ("sum", 2 * fold(0..meetings).sum())];
    Case::plain("chameneos", parameters, creatures + 1, 4 * meetings + creatures, checks)
}

fn bounded_buffer(producers: u64, consumers: u64, items: u64, buffer: u64) -> Case {
    let parameters = json!({
        "producers": producers, "consumers": consumers, "items": items, "buffer": buffer
    });
    let [order, (_, sum)] = streams(producers, items);
    let checks = [order, ("sum", 2 * sum), ("items", producers * items)];
    let (actors, messages) = (producers + consumers + 1, 2 * producers * items);
    Case::plain("bounded-buffer", parameters, actors, messages, checks)
}

fn dictionary(workers: u64, requests: u64, writes: u64) -> Case {
    let parameters =
        json!({"workers": workers, "requests": requests, "writes": writes, "mailbox": 4});
    let mut map = BTreeMap::<u64, u64>::new();
    let mut replies = 0;
    for worker in 0..workers {
        let mut draw = xorshift(worker);
        for request in 0..requests {
            let x = draw();
            let key = ((x >> 16) % 512) * workers + worker;
            if (x >> 33) % 100 < writes {
                map.insert(key, request + 1);
            }
            replies += map.get(&key).copied().unwrap_or(0);
        }
    }
    let last = map.iter().map(|(key, value)| (key + 1) * value).sum();
    let checks = [("final", last), ("replies", replies)];
    Case::plain("dictionary", parameters, workers + 1, 2 * workers * requests, checks)
        .timed("round-trip", workers * requests)
}

fn banking(accounts: u64, transfers: u64, window: u64) -> Case {
    let parameters = json!({
        "accounts": accounts, "transfers": transfers, "window": window, "mailbox": 16
    });
    let mut balances = vec![1_000_000i64; accounts as usize];
    let mut draw = xorshift(0);
    for _ in 0..transfers {
        let x = draw();
        let from = (x >> 33) % accounts;
        let to = (from + 1 + ((x >> 13) & 0xF_FFFF) % (accounts - 1)) % accounts;
        let amount = (x & 0xFF) as i64 + 1;
        balances[from as usize] -= amount;
        balances[to as usize] += amount;
    }
    let weighed: i64 = (1..).zip(&balances).map(|(weight, balance)| weight * balance).sum();
    let checks = [("total", balances.iter().sum::<i64>() as u64), ("balances", weighed as u64)];
    Case::plain("banking", parameters, accounts + 1, 4 * transfers, checks)
        .timed("transfer", transfers)
}
