//! The driver of a run, and what it and the actors say to each other. The books are litbench-adapter's.

pub use litbench_adapter::bench::{with_memory, Account, Bench, Closed, Mark, Region};

use crate::kernel::{mailbox, Address, Mailbox};
use crate::message::{Kind, Message};
use crate::runtime::Runtime;

/// The driver's end of an iteration: a mailbox and an account of its own.
pub struct Driver<R: Runtime> {
    /// What the driver itself sends and handles.
    pub account: Account,
    address: Address<R, Message>,
    mailbox: Mailbox<R, Message>,
}

impl<R: Runtime> Driver<R> {
    /// A driver whose mailbox holds all that `senders` send it at once: it is never what is measured.
    #[must_use]
    pub fn new(bench: &'static Bench, senders: u64) -> Self {
        let (address, mailbox) = mailbox(senders.max(16) as usize);
        Self { account: Account::new(bench), address, mailbox }
    }

    /// Where actors reach the driver.
    #[must_use]
    pub fn address(&self) -> Address<R, Message> {
        self.address.clone()
    }

    /// The next message for the driver.
    pub async fn next(&mut self) -> Message {
        self.mailbox.receive().await.expect("the driver holds an address of its own mailbox")
    }

    /// Waits until `count` actors are done; the last one's value.
    pub async fn done(&mut self, count: u64) -> u64 {
        let mut value = 0;
        for _ in 0..count {
            let message = self.next().await;
            assert_eq!(message.kind, Kind::Done, "only that was expected");
            value = message.value;
        }
        value
    }

    /// Waits until `count` actors are done; the sum of their values.
    pub async fn total(&mut self, count: u64) -> u64 {
        let mut total = 0u64;
        for _ in 0..count {
            total = total.wrapping_add(self.done(1).await);
        }
        total
    }

    /// What an actor answers to a question.
    pub async fn ask(&mut self, actor: &Address<R, Message>) -> u64 {
        let _ = actor.send(Message::control(Kind::Ask, 0)).await; // the answer is waited for
        self.done(1).await
    }
}

/// Tells an actor to begin.
pub async fn begin<R: Runtime>(actor: &Address<R, Message>) {
    let _ = actor.send(Message::control(Kind::Start, 0)).await; // one that is gone is missed later
}

/// Tells the driver that an actor is done.
pub async fn report<R: Runtime>(driver: &Address<R, Message>, value: u64) {
    let _ = driver.send(Message::control(Kind::Done, value)).await; // the driver waits for it
}

/// Stops actors once they have handled what they were sent.
pub async fn stop_all<R: Runtime>(actors: &[Address<R, Message>]) {
    for actor in actors {
        actor.stop().await;
    }
}
