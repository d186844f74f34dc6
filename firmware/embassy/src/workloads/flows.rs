//! Traffic patterns that hosts have too: ping-pong, counting, fan-in, fan-out, thread ring.

use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use embassy_executor::Spawner;
use litbench_probe as probe;
use probe::Iteration;

use super::{spawn, Job};
use crate::actors::{
    all_ended, observe, receive, send, settle, stamp, take_tally, tally, Alive, Fold, ACTORS, DONE, GO,
};

/// A value that tells an actor to stop; control, not counted.
const STOP: u32 = u32::MAX;

/// Starts the actors `0..starters`, waits for the end of the region, and collects.
async fn measure(starters: usize) -> Iteration {
    settle().await;
    let start = probe::now();
    for signal in &GO[..starters] {
        signal.signal(());
    }
    DONE.wait().await;
    let end = probe::now();
    all_ended().await;
    Iteration { start, end, ..take_tally() }
}

/// Two actors, one message in flight. Parameters: rounds.
pub async fn ping_pong(spawner: Spawner, job: &Job) -> Iteration {
    spawn(spawner, ping(job.p[0], Alive::new()));
    spawn(spawner, pong(job.p[0], Alive::new()));
    measure(1).await
}

#[embassy_executor::task]
async fn ping(rounds: u32, _alive: Alive) {
    GO[0].wait().await;
    let mut fold = Fold::default();
    for value in 0..rounds {
        let sent = stamp();
        send(1, 0, value).await;
        fold.take(receive(0).await.value);
        observe(sent);
    }
    fold.hand_in();
    tally(|t| t.sent += rounds);
    DONE.signal(());
}

#[embassy_executor::task]
async fn pong(rounds: u32, _alive: Alive) {
    let mut fold = Fold::default();
    for _ in 0..rounds {
        let message = receive(1).await;
        fold.take(message.value);
        if message.value + 1 == rounds {
            fold.hand_in();
            tally(|t| t.sent += rounds);
        }
        send(0, 1, message.value).await;
    }
}

/// A producer floods one counter, then asks for the total. Parameters: messages.
pub async fn counting(spawner: Spawner, job: &Job) -> Iteration {
    spawn(spawner, producer(job.p[0], Alive::new()));
    spawn(spawner, counter(Alive::new()));
    measure(1).await
}

#[embassy_executor::task]
async fn producer(messages: u32, _alive: Alive) {
    GO[0].wait().await;
    for value in 0..messages {
        send(1, 0, value).await;
    }
    send(1, 0, STOP).await;
    let total = receive(0).await.value;
    tally(|t| {
        t.sent += messages;
        t.extra = u64::from(total);
    });
    DONE.signal(());
}

#[embassy_executor::task]
async fn counter(_alive: Alive) {
    let mut fold = Fold::default();
    loop {
        let message = receive(1).await;
        if message.value == STOP {
            break;
        }
        fold.take(message.value);
        observe(message.stamp);
    }
    fold.hand_in();
    send(0, 1, fold.count).await;
}

/// Senders flood one receiver. Parameters: senders, messages each.
pub async fn fan_in(spawner: Spawner, job: &Job) -> Iteration {
    let [senders, messages, ..] = job.p;
    for index in 0..senders {
        spawn(spawner, sender(index as usize, senders as usize, messages, Alive::new()));
    }
    spawn(spawner, receiver(senders as usize, senders, messages, Alive::new()));
    measure(senders as usize).await
}

#[embassy_executor::task(pool_size = ACTORS)]
async fn sender(index: usize, to: usize, messages: u32, _alive: Alive) {
    GO[index].wait().await;
    for value in 0..messages {
        send(to, index, value).await;
    }
    tally(|t| t.sent += messages);
}

#[embassy_executor::task]
async fn receiver(mailbox: usize, senders: u32, messages: u32, _alive: Alive) {
    let mut folds = [Fold::default(); ACTORS];
    for _ in 0..senders * messages {
        let message = receive(mailbox).await;
        folds[message.sender as usize % ACTORS].take(message.value);
        observe(message.stamp);
    }
    folds.iter().for_each(Fold::hand_in);
    DONE.signal(());
}

static LEFT: AtomicU32 = AtomicU32::new(0);

/// One sender, many receivers. Parameters: receivers, messages to each.
pub async fn fan_out(spawner: Spawner, job: &Job) -> Iteration {
    let [receivers, messages, ..] = job.p;
    LEFT.store(receivers, Relaxed);
    spawn(spawner, broadcaster(receivers as usize, messages, Alive::new()));
    for index in 1..=receivers {
        spawn(spawner, listener(index as usize, messages, Alive::new()));
    }
    measure(1).await
}

#[embassy_executor::task]
async fn broadcaster(receivers: usize, messages: u32, _alive: Alive) {
    GO[0].wait().await;
    for value in 0..messages {
        for receiver in 1..=receivers {
            send(receiver, 0, value).await;
        }
    }
    tally(|t| t.sent += messages * receivers as u32);
}

#[embassy_executor::task(pool_size = ACTORS)]
async fn listener(mailbox: usize, messages: u32, _alive: Alive) {
    let mut fold = Fold::default();
    for _ in 0..messages {
        let message = receive(mailbox).await;
        fold.take(message.value);
        observe(message.stamp);
    }
    fold.hand_in();
    if LEFT.fetch_sub(1, Relaxed) == 1 {
        DONE.signal(());
    }
}

/// A token goes round. Parameters: actors, hops.
pub async fn thread_ring(spawner: Spawner, job: &Job) -> Iteration {
    let [actors, hops, ..] = job.p;
    for index in 0..actors {
        spawn(spawner, member(index as usize, actors as usize, hops, Alive::new()));
    }
    settle().await;
    let start = probe::now();
    send(0, 0, 0).await;
    DONE.wait().await;
    let end = probe::now();
    for index in 0..actors {
        send(index as usize, 0, STOP).await;
    }
    all_ended().await;
    tally(|t| t.sent += 1);
    Iteration { start, end, ..take_tally() }
}

#[embassy_executor::task(pool_size = ACTORS)]
async fn member(index: usize, actors: usize, hops: u32, _alive: Alive) {
    let next = if index + 1 == actors { 0 } else { index + 1 };
    let mut fold = Fold::default();
    let mut sent = 0;
    loop {
        let message = receive(index).await;
        if message.value == STOP {
            break;
        }
        fold.take(message.value);
        observe(message.stamp);
        if message.value + 1 == hops {
            tally(|t| t.extra = index as u64);
            DONE.signal(());
        } else {
            sent += 1;
            send(next, index, message.value + 1).await;
        }
    }
    fold.hand_in();
    tally(|t| t.sent += sent);
}
