//! What goes wrong on purpose: a full mailbox that refuses, an actor that crashes and is restarted.

use embassy_executor::Spawner;
use litbench_probe as probe;
use probe::Iteration;

use super::{spawn, Job};
use crate::actors::{
    all_ended, receive, send, take_tally, tally, Alive, Fold, Message, BOUND, DONE, MAILBOXES,
};

/// Fail-fast senders: bursts into a held mailbox. Parameters: messages, burst.
///
/// Of every burst the mailbox takes its bound and refuses the rest; then the receiver drains it.
pub async fn mailbox_full(job: &Job) -> Iteration {
    let [messages, burst, ..] = job.p;
    probe::mailbox(0, "held", BOUND as u32);
    let mut fold = Fold::default();
    let (mut dropped, mut value) = (0, 0);
    let start = probe::now();
    while value < messages {
        for _ in 0..burst.min(messages - value) {
            let message = Message { sender: 0, value, stamp: crate::actors::stamp() };
            if MAILBOXES[0].try_send(message).is_ok() {
                probe::mailbox_sent(0, MAILBOXES[0].len() as u32);
            } else {
                probe::mailbox_full(0);
                dropped += 1;
            }
            value += 1;
        }
        while let Ok(message) = MAILBOXES[0].try_receive() {
            probe::mailbox_handled(0);
            fold.take(message.value);
        }
    }
    let end = probe::now();
    fold.hand_in();
    tally(|t| {
        t.sent += messages;
        t.dropped += dropped;
    });
    Iteration { start, end, ..take_tally() }
}

/// An actor that crashes after so many messages, and a supervisor that starts it anew with fresh state.
/// Parameters: crashes, messages between crashes. Histogram: from the crash until the new actor handles.
///
/// `no_std` Rust has no unwinding: a crash here is the actor's task ending with its state dropped.
pub async fn supervision(spawner: Spawner, job: &Job) -> Iteration {
    let [crashes, messages, ..] = job.p;
    let mut restarts = 0u32;
    let start = probe::now();
    for _ in 0..crashes {
        spawn(spawner, worker(messages, probe::now(), Alive::new()));
        restarts += 1;
        for value in 0..messages {
            send(0, 0, value).await;
        }
        DONE.wait().await;
        all_ended().await;
    }
    let end = probe::now();
    tally(|t| {
        t.sent += crashes * messages;
        t.extra = u64::from(restarts);
    });
    Iteration { start, end, ..take_tally() }
}

#[embassy_executor::task]
async fn worker(life: u32, crashed: u32, _alive: Alive) {
    let mut fold = Fold::default();
    for count in 0..life {
        let message = receive(0).await;
        if count == 0 {
            probe::record(0, probe::elapsed(crashed, probe::now()));
        }
        fold.take(message.value);
    }
    fold.hand_in();
    DONE.signal(());
}
