//! The driver's end of an iteration: a mailbox and an account of its own.

use std::future::poll_fn;
use std::mem;
use std::task::Poll;

use lit_bit_core::actor::address::Address;
use lit_bit_core::actor::{create_mailbox, Inbox};

use crate::book::{Account, Book};
use crate::message::{Handle, Message};

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
    pub fn new(book: &'static Book, senders: u64) -> Self {
        let (outbox, inbox) = create_mailbox(senders.max(16) as usize);
        let handle = Handle::new(Address::from_tokio_sender(outbox));
        Self { account: Account::new(book), handle, inbox }
    }

    /// Where actors reach the driver.
    #[must_use]
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Sends a value, waiting while the mailbox is full.
    pub async fn send(&mut self, to: &Address<Message>, value: u64) {
        let stamp = self.account.book().stamp();
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

    /// Settles the driver's account.
    pub fn settle(self) {
        self.account.settle(&[]);
    }
}

/// Tells an actor something that no ledger counts. One that is gone is missed later.
pub async fn tell(actor: &Address<Message>, message: Message) {
    let _ = actor.send(message).await;
}

/// Lets other tasks run first.
pub async fn yield_now() {
    let mut yielded = false;
    poll_fn(|context| {
        if mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
