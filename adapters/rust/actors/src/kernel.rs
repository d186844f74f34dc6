//! The actor kernel: mailboxes, the actor trait, spawning and stopping.

use std::future::Future;
use std::ops::ControlFlow;

use litbench_adapter::Census;

use crate::runtime::{Receiver, Refused, Runtime, Sender};

/// Whether an actor goes on after what it just did: `Continue(())` or `Break(())` to stop.
pub type Flow = ControlFlow<()>;

/// Go on.
pub const CONTINUE: Flow = ControlFlow::Continue(());
/// Stop.
pub const STOP: Flow = ControlFlow::Break(());

/// What lies in a mailbox. As large as the message alone when that has a niche.
#[derive(Debug)]
pub enum Envelope<M> {
    /// For the actor's handler.
    Message(M),
    /// For the kernel: stop the actor.
    Stop,
    /// For the kernel: look whether the supervisor wants something.
    Wake,
}

/// What a runtime answers to a message for an actor that is gone.
pub type Closed<R, M> = <<R as Runtime>::Sender<Envelope<M>> as Sender<Envelope<M>>>::Closed;

/// Where to send messages for one actor.
pub struct Address<R: Runtime, M: Send + 'static>(pub(crate) R::Sender<Envelope<M>>);

impl<R: Runtime, M: Send + 'static> Clone for Address<R, M> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<R: Runtime, M: Send + 'static> Address<R, M> {
    /// Sends a message, waiting while the mailbox is full. An error when the actor is gone.
    #[inline]
    pub fn send(&self, message: M) -> impl Future<Output = Result<(), Closed<R, M>>> + Send + '_ {
        self.0.send(Envelope::Message(message))
    }

    /// Sends a message if the mailbox has room.
    ///
    /// # Errors
    /// Gives the message back when the mailbox is full or the actor gone.
    pub fn try_send(&self, message: M) -> Result<(), Refused<M>> {
        self.0.try_send(Envelope::Message(message)).map_err(|refused| match refused {
            Refused::Full(Envelope::Message(message)) => Refused::Full(message),
            Refused::Closed(Envelope::Message(message)) => Refused::Closed(message),
            Refused::Full(_) | Refused::Closed(_) => {
                unreachable!("a channel gives back what it was given")
            }
        })
    }

    /// Stops the actor once it has handled what was sent before.
    pub async fn stop(&self) {
        let _ = self.0.send(Envelope::Stop).await; // one that is gone has stopped
    }
}

/// The receiving end of an actor's bounded mailbox.
pub struct Mailbox<R: Runtime, M: Send + 'static>(pub(crate) R::Receiver<Envelope<M>>);

impl<R: Runtime, M: Send + 'static> Mailbox<R, M> {
    /// Waits for the next message; `None` when told to stop.
    #[inline]
    pub async fn receive(&mut self) -> Option<M> {
        Self::message(self.0.receive().await)
    }

    #[inline]
    fn message(answer: <R::Receiver<Envelope<M>> as Receiver<Envelope<M>>>::Answer) -> Option<M> {
        match R::Receiver::message(answer) {
            Some(Envelope::Message(message)) => Some(message),
            Some(Envelope::Stop | Envelope::Wake) | None => None,
        }
    }

    /// A message that is there already.
    fn take(&mut self) -> Option<M> {
        loop {
            match self.0.try_receive()? {
                Envelope::Message(message) => return Some(message),
                Envelope::Stop | Envelope::Wake => {}
            }
        }
    }

    /// Hands the actor what it will not handle.
    pub(crate) fn empty<A: Actor<Message = M>>(&mut self, actor: &mut A) {
        while let Some(message) = self.take() {
            actor.unread(message);
        }
    }
}

/// A mailbox and its address. Mailboxes come before actors so that actors can know each other from birth.
#[must_use]
pub fn mailbox<R: Runtime, M: Send + 'static>(bound: usize) -> (Address<R, M>, Mailbox<R, M>) {
    let (sender, receiver) = R::channel(bound);
    (Address(sender), Mailbox(receiver))
}

/// An actor: state of its own, and one message at a time.
pub trait Actor: Send + 'static {
    /// What it is sent.
    type Message: Send + 'static;

    /// Called once, before the first message.
    fn started(&mut self) -> impl Future<Output = Flow> + Send {
        async { CONTINUE }
    }

    /// Handles one message.
    fn handle(&mut self, message: Self::Message) -> impl Future<Output = Flow> + Send;

    /// Called after it stopped, for each message that it will not handle.
    fn unread(&mut self, message: Self::Message);
}

/// Starts an actor on its mailbox; called from within a task of the runtime.
pub fn spawn<R: Runtime, A: Actor>(
    census: &'static Census,
    mut mailbox: Mailbox<R, A::Message>,
    mut actor: A,
) {
    let presence = census.enter();
    // One block that only borrows what it captures: a function's arguments would be stored twice.
    R::spawn(async move {
        let mut flow = actor.started().await;
        while flow.is_continue() {
            flow = match Mailbox::<R, _>::message(mailbox.0.receive().await) {
                Some(message) => actor.handle(message).await,
                None => STOP,
            };
        }
        mailbox.empty(&mut actor);
        drop((actor, mailbox)); // settles the actor's accounts
        drop(presence);
    });
}

/// Starts an actor that takes up to `batch` messages out of its mailbox at each wake-up.
pub fn spawn_batched<R: Runtime, A: Actor>(
    census: &'static Census,
    mut mailbox: Mailbox<R, A::Message>,
    mut actor: A,
    batch: usize,
) {
    let presence = census.enter();
    R::spawn(async move {
        let mut taken = Vec::new();
        let mut flow = actor.started().await;
        while flow.is_continue() {
            mailbox.0.receive_many(&mut taken, batch).await;
            if taken.is_empty() {
                break;
            }
            for envelope in taken.drain(..) {
                match (flow, envelope) {
                    (CONTINUE, Envelope::Message(message)) => flow = actor.handle(message).await,
                    (STOP, Envelope::Message(message)) => actor.unread(message),
                    (_, Envelope::Stop | Envelope::Wake) => flow = STOP,
                }
            }
        }
        mailbox.empty(&mut actor);
        drop((actor, mailbox)); // settles the actor's accounts
        drop(presence);
    });
}

/// Starts a task that the census counts as one of the actors.
pub(crate) fn spawn_task<R: Runtime>(
    census: &'static Census,
    task: impl Future<Output = ()> + Send + 'static,
) {
    let presence = census.enter();
    R::spawn(async move {
        task.await;
        drop(presence);
    });
}
