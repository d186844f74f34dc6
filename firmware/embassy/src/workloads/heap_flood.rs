//! Messages on the heap: a producer boxes each payload, the consumer frees it.

use alloc::boxed::Box;

use embassy_executor::Spawner;
use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex;
use embassy_sync::channel::Channel;
use litbench_probe as probe;
use probe::Iteration;

use super::{spawn, Job};
use crate::actors::{all_ended, settle, take_tally, tally, Alive, Fold, BOUND, DONE, GO};

struct Letter {
    value: u32,
    payload: Box<[u8]>,
}

static LETTERS: Channel<CriticalSectionRawMutex, Letter, BOUND> = Channel::new();

/// Parameters: messages, payload bytes.
pub async fn run(spawner: Spawner, job: &Job) -> Iteration {
    let [messages, bytes, ..] = job.p;
    spawn(spawner, writer(messages, bytes, Alive::new()));
    spawn(spawner, reader(messages, Alive::new()));
    settle().await;
    let start = probe::now();
    GO[0].signal(());
    DONE.wait().await;
    let end = probe::now();
    all_ended().await;
    tally(|t| t.extra = u64::from(messages));
    Iteration { start, end, ..take_tally() }
}

#[embassy_executor::task]
async fn writer(messages: u32, bytes: u32, _alive: Alive) {
    GO[0].wait().await;
    for value in 0..messages {
        let payload = alloc::vec![value as u8; bytes as usize].into_boxed_slice();
        LETTERS.send(Letter { value, payload }).await;
    }
    tally(|t| t.sent += messages);
}

#[embassy_executor::task]
async fn reader(messages: u32, _alive: Alive) {
    let mut fold = Fold::default();
    for _ in 0..messages {
        let letter = LETTERS.receive().await;
        let right = letter.payload.iter().all(|byte| *byte == letter.value as u8);
        fold.take(if right { letter.value } else { u32::MAX - 1 });
    }
    fold.hand_in();
    DONE.signal(());
}
