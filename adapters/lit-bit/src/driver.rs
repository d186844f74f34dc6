//! The driver's end of an iteration: a mailbox and an account of its own.

use lit_bit_core::actor::address::Address;
use lit_bit_core::actor::{create_mailbox, Inbox};

use litbench_adapter::bench::{Account, Bench};

use crate::message::{Circle, Handle, Message};

/// Sends and hears on behalf of the timing code, which is no actor.
pub struct Driver {
    /// What the driver itself sends and handles.
    pub account: Account,
    handle: Handle,
    inbox: Inbox<Message>,
}

impl Driver {
    /// A driver whose mailbox holds all that `senders` send it at once: it is never what is measured.
    #[must_use]
    pub fn new(bench: &'static Bench, senders: u64) -> Self {
        let (outbox, inbox) = create_mailbox(senders.max(16) as usize);
        let handle = Handle::new(Address::from_tokio_sender(outbox));
        Self { account: Account::new(bench), handle, inbox }
    }

    /// Where actors reach the driver.
    #[must_use]
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Sends a value, waiting while the mailbox is full.
    pub async fn send(&mut self, to: &Address<Message>, value: u64) {
        let stamp = self.account.bench().stamp();
        self.account.send();
        let _ = to.send(Message::Work { from: 0, value, stamp }).await; // a lost one is missed later
    }

    /// The next message for the driver.
    pub async fn next(&mut self) -> Message {
        self.inbox.recv().await.expect("the driver holds an address of its own mailbox")
    }

    /// The next value that an actor sends the driver.
    pub async fn value(&mut self) -> u64 {
        match self.next().await {
            Message::Work { value, .. } => {
                self.account.handle(value);
                value
            }
            other => panic!("a value was expected, not {other:?}"),
        }
    }

    /// An actor's answer to a question, as a message of the workload.
    pub async fn answer(&mut self) -> u64 {
        match self.next().await {
            Message::Answer { value } => {
                self.account.handle(value);
                value
            }
            other => panic!("an answer was expected, not {other:?}"),
        }
    }

    /// Waits until an actor is done; its result.
    pub async fn done(&mut self) -> u64 {
        match self.next().await {
            Message::Done { value } => value,
            other => panic!("only that an actor is done was expected, not {other:?}"),
        }
    }

    /// Waits until `count` actors are done; the sum of their results.
    pub async fn total(&mut self, count: u64) -> u64 {
        let mut total = 0u64;
        for _ in 0..count {
            total = total.wrapping_add(self.done().await);
        }
        total
    }

    /// What an actor answers to a question.
    pub async fn ask(&mut self, actor: &Address<Message>) -> u64 {
        tell(actor, Message::Ask).await;
        self.done().await
    }
}

/// Tells an actor something that no ledger counts. One that is gone is missed later.
pub async fn tell(actor: &Address<Message>, message: Message) {
    let _ = actor.send(message).await;
}

/// Sends what surely has room, as the workload's definition bounds what is under way.
#[inline]
pub fn post(actor: &Address<Message>, message: Message) {
    let _ = actor.try_send(message); // a lost one is missed later
}

/// Has actors forget whom they know, so that their mailboxes close.
pub async fn part(actors: &[Handle]) {
    for actor in actors {
        tell(actor, Message::MeetAll { others: Circle::default() }).await;
    }
}
