//! The kernel's ping-pong against the same loop written by hand on the same channel: ns a round trip.

use std::cell::RefCell;

use actors::bench::Bench;
use actors::message::Message;
use actors::workloads::PingPong;
use actors::Runtime;
use async_std::channel;
use litbench_adapter::{clock, Fold};
use litbench_async_std::AsyncStd;

const ROUNDS: u64 = 40_000;
const BOUND: usize = 16;

async fn by_hand<R: Runtime>() -> f64 {
    let (to_ping, at_ping) = channel::bounded::<Message>(BOUND);
    let (to_pong, at_pong) = channel::bounded::<Message>(BOUND);
    let (to_driver, at_driver) = channel::bounded(BOUND);
    let start_ping = to_ping.clone();
    R::spawn(async move {
        let mut fold = Fold::new();
        let _ = at_ping.recv().await;
        for value in 0..ROUNDS {
            if to_pong.send(Message::work(0, value, 0)).await.is_err() {
                return;
            }
            match at_ping.recv().await {
                Ok(message) => fold.push(message.value),
                Err(_) => return,
            }
        }
        let _ = to_driver.send(fold).await;
    });
    R::spawn(async move {
        let mut fold = Fold::new();
        while let Ok(message) = at_pong.recv().await {
            fold.push(message.value);
            if to_ping.send(message).await.is_err() {
                break;
            }
        }
        std::hint::black_box(fold);
    });
    let start = clock::now();
    let _ = start_ping.send(Message::work(0, 0, 0)).await;
    let _ = std::hint::black_box(at_driver.recv().await);
    (clock::now() - start) as f64 / ROUNDS as f64
}

fn compare<R: Runtime>(name: &str) -> bool {
    let runtime = RefCell::new(R::start(1).expect("the runtime starts"));
    let (kernel, bench) = (PingPong::new(ROUNDS, BOUND), Bench::new(false, false));
    compare::interleave(
        41,
        || kernel.nanoseconds_a_round(&mut *runtime.borrow_mut(), bench),
        || runtime.borrow_mut().run(by_hand::<R>()),
    )
    .print_ratio(name, 1.10)
}

fn main() {
    compare::conclude(&[compare::<AsyncStd>("async-std, 1 worker")]);
}
