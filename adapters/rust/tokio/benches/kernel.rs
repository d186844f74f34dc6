//! The kernel's ping-pong against the same loop written by hand on the same channel: ns a round trip.

use actors::bench::Bench;
use actors::message::Message;
use actors::workloads::PingPong;
use actors::Runtime;
use litbench_adapter::{clock, Fold};
use litbench_tokio::{CurrentThread, MultiThread};
use tokio::sync::mpsc;

const ROUNDS: u64 = 40_000;
const BOUND: usize = 16;

async fn by_hand() -> f64 {
    let (to_ping, mut at_ping) = mpsc::channel::<Message>(BOUND);
    let (to_pong, mut at_pong) = mpsc::channel::<Message>(BOUND);
    let (to_driver, mut at_driver) = mpsc::channel(BOUND);
    let start_ping = to_ping.clone();
    tokio::spawn(async move {
        let mut fold = Fold::new();
        at_ping.recv().await;
        for value in 0..ROUNDS {
            if to_pong.send(Message::work(0, value, 0)).await.is_err() {
                return;
            }
            match at_ping.recv().await {
                Some(message) => fold.push(message.value),
                None => return,
            }
        }
        let _ = to_driver.send(fold).await;
    });
    tokio::spawn(async move {
        let mut fold = Fold::new();
        while let Some(message) = at_pong.recv().await {
            fold.push(message.value);
            if to_ping.send(message).await.is_err() {
                break;
            }
        }
        std::hint::black_box(fold);
    });
    let start = clock::now();
    let _ = start_ping.send(Message::work(0, 0, 0)).await;
    std::hint::black_box(at_driver.recv().await);
    (clock::now() - start) as f64 / ROUNDS as f64
}

fn compare<R: Runtime>(name: &str, threads: usize) -> bool {
    let runtime = std::cell::RefCell::new(R::start(threads).expect("the runtime starts"));
    let (kernel, bench) = (PingPong::new(ROUNDS, BOUND), Bench::new(false, false));
    compare::interleave(
        41,
        || kernel.nanoseconds_a_round(&mut *runtime.borrow_mut(), bench),
        || runtime.borrow_mut().run(by_hand()),
    )
    .print_ratio(name, 1.10)
}

fn main() {
    compare::conclude(&[
        compare::<MultiThread>("tokio-mt, 1 worker", 1),
        compare::<CurrentThread>("tokio-ct", 1),
    ]);
}
