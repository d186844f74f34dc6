//! Many actors, and many messages: mass spawn, the spawn limit, mailbox fill.

use embassy_executor::Spawner;
use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex;
use embassy_sync::channel::Channel;
use litbench_probe as probe;
use probe::Iteration;

use super::spawn;
use crate::actors::{all_ended, settle, take_tally, tally, Alive, Fold, Message, DONE, TO_DRIVER};

/// Most actors of a mass spawn: what this firmware's memory was laid out for.
pub const MASS: usize = 1024;
/// Mailbox of the fill.
pub const FILL: usize = 4096;

type Small = Channel<CriticalSectionRawMutex, Message, 1>;
type Big = Channel<CriticalSectionRawMutex, Message, FILL>;

static SMALL: [Small; MASS] = [const { Small::new() }; MASS];
static BIG: Big = Channel::new();

/// Static bytes of one idle actor: its mailbox; the task's own storage is in the symbol of its pool.
pub const ACTOR_BYTES: usize = core::mem::size_of::<Small>();

/// Static bytes of the fill's mailbox.
pub const FILL_BYTES: usize = core::mem::size_of::<Big>();
/// What room for one more message in it costs.
pub const SLOT_BYTES: usize = (FILL_BYTES - core::mem::size_of::<Small>()) / (FILL - 1);

#[embassy_executor::task(pool_size = MASS)]
async fn echo(index: usize, alive: Alive) {
    echo_body(index, alive).await;
}

/// Answers once, then idles until the next message, which ends it.
async fn echo_body(index: usize, _alive: Alive) {
    let message = SMALL[index].receive().await;
    TO_DRIVER.send(Message { sender: index as u32, ..message }).await;
    tally(|t| {
        t.handled += 1;
        t.sent += 1;
        t.sum += u64::from(message.value) + 1;
    });
    SMALL[index].receive().await;
}

/// Actors that each answer once and then idle.
pub async fn mass_spawn(spawner: Spawner, actors: u32) -> Iteration {
    let start = probe::now();
    let mut heard = Fold::default();
    for index in 0..actors {
        spawn(spawner, echo(index as usize, Alive::new()));
        greet(index, &mut heard).await;
    }
    hear_all(actors, start, heard).await
}

/// As many actors as there is memory for: without a heap the pool's, with one until the heap is full.
pub async fn spawn_limit(spawner: Spawner) -> Iteration {
    let start = probe::now();
    let mut heard = Fold::default();
    let mut actors = 0;
    while (actors as usize) < MASS {
        if !limit::add(spawner, actors as usize) {
            break;
        }
        greet(actors, &mut heard).await;
        actors += 1;
    }
    hear_all(actors, start, heard).await
}

#[cfg(not(feature = "alloc"))]
mod limit {
    use super::{echo, Alive, Spawner};

    /// One more actor, if the pool has room.
    pub fn add(spawner: Spawner, index: usize) -> bool {
        echo(index, Alive::new()).map(|token| spawner.spawn(token)).is_ok()
    }
}

#[cfg(feature = "alloc")]
mod limit {
    use core::alloc::Layout;

    use embassy_executor::raw::TaskStorage;

    use super::{Alive, Spawner};

    /// One more actor, if the heap has room for its task. The storage is never given back: Embassy may touch it.
    pub fn add(spawner: Spawner, index: usize) -> bool {
        on_heap(spawner, move || super::echo_body(index, Alive::new()))
    }

    fn on_heap<F: core::future::Future + 'static>(spawner: Spawner, make: impl FnOnce() -> F) -> bool {
        let layout = Layout::new::<TaskStorage<F>>();
        // SAFETY: the layout has a size; the place is initialised before it is used, and lives for ever.
        let storage: &'static TaskStorage<F> = unsafe {
            let place = alloc::alloc::alloc(layout).cast::<TaskStorage<F>>();
            if place.is_null() {
                return false;
            }
            place.write(TaskStorage::new());
            &*place
        };
        storage.spawn(make).map(|token| spawner.spawn(token)).is_ok()
    }
}

/// Sends actor `index` its value, taking answers when there are any.
async fn greet(index: u32, heard: &mut Fold) {
    let message = Message { sender: 0, value: index, stamp: 0 };
    SMALL[index as usize].send(message).await;
    while let Ok(answer) = TO_DRIVER.try_receive() {
        heard.take(answer.value);
    }
}

async fn hear_all(actors: u32, start: u32, mut heard: Fold) -> Iteration {
    while heard.count < actors {
        heard.take(TO_DRIVER.receive().await.value);
    }
    let end = probe::now();
    settle().await;
    for mailbox in &SMALL[..actors as usize] {
        mailbox.send(Message::default()).await;
    }
    all_ended().await;
    heard.hand_in();
    tally(|t| {
        t.sent += actors;
        t.extra = u64::from(heard.count);
    });
    Iteration { start, end, ..take_tally() }
}

/// Messages queued for a receiver that is held back, then drained.
pub async fn mailbox_fill(spawner: Spawner, messages: u32) -> Iteration {
    if messages as usize > FILL {
        crate::give_up(probe::failure::LIMIT);
    }
    let start = probe::now();
    for value in 0..messages {
        BIG.send(Message { sender: 0, value, stamp: crate::actors::stamp() }).await;
    }
    spawn(spawner, drain(messages, Alive::new()));
    DONE.wait().await;
    let end = probe::now();
    all_ended().await;
    tally(|t| t.sent += messages);
    Iteration { start, end, ..take_tally() }
}

#[embassy_executor::task]
async fn drain(messages: u32, _alive: Alive) {
    let mut fold = Fold::default();
    for _ in 0..messages {
        fold.take(BIG.receive().await.value);
    }
    fold.hand_in();
    DONE.signal(());
}
