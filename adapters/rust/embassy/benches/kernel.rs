//! The kernel's ping-pong against the same loop written by hand on the same channel: ns a round trip.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use actors::bench::Bench;
use actors::message::Message;
use actors::workloads::PingPong;
use actors::Runtime;
use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use embassy_sync::channel::Channel;
use litbench_adapter::{clock, Fold};
use litbench_embassy::Embassy;

const ROUNDS: u64 = 40_000;
const BOUND: usize = 16;

/// On Embassy's mutex for tasks of one executor.
type Queue = &'static Channel<NoopRawMutex, Message, BOUND>;

/// A task that never leaves the executor's thread.
struct Stays<F>(F);

// SAFETY: it is made in a task of the executor and spawned on that.
unsafe impl<F> Send for Stays<F> {}

impl<F: Future> Future for Stays<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        // SAFETY: the task is pinned with the whole.
        unsafe { self.map_unchecked_mut(|whole| &mut whole.0) }.poll(context)
    }
}

fn queue() -> Queue {
    Box::leak(Box::new(Channel::new()))
}

async fn ping(at_ping: Queue, to_pong: Queue, to_driver: Queue) {
    let mut fold = Fold::new();
    at_ping.receive().await;
    for value in 0..ROUNDS {
        to_pong.send(Message::work(0, value, 0)).await;
        fold.push(at_ping.receive().await.value);
    }
    to_driver.send(Message::work(0, fold.order(), 0)).await;
    to_pong.send(Message::work(0, u64::MAX, 0)).await;
}

async fn pong(at_pong: Queue, to_ping: Queue) {
    let mut fold = Fold::new();
    loop {
        let message = at_pong.receive().await;
        if message.value == u64::MAX {
            break;
        }
        fold.push(message.value);
        to_ping.send(message).await;
    }
    std::hint::black_box(fold);
}

async fn by_hand() -> f64 {
    let (at_ping, at_pong, at_driver) = (queue(), queue(), queue());
    Embassy::spawn(Stays(ping(at_ping, at_pong, at_driver)));
    Embassy::spawn(Stays(pong(at_pong, at_ping)));
    let start = clock::now();
    at_ping.send(Message::work(0, 0, 0)).await;
    std::hint::black_box(at_driver.receive().await);
    (clock::now() - start) as f64 / ROUNDS as f64
}

fn main() {
    let runtime = RefCell::new(Embassy::start(1).expect("the runtime starts"));
    let (kernel, bench) = (PingPong::new(ROUNDS, BOUND), Bench::new(false, false));
    let kept = compare::interleave(
        41,
        || kernel.nanoseconds_a_round(&mut *runtime.borrow_mut(), bench),
        || runtime.borrow_mut().run(Stays(by_hand())),
    )
    .print_ratio("embassy", 1.10);
    compare::conclude(&[kept]);
}
