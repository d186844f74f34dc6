//! Behaviours as actors of lit-bit.

use lit_bit_core::actor::address::Address;
use lit_bit_core::actor::backpressure::SendError;
use lit_bit_core::actor::{spawn_actor_tokio, spawn_batch_actor_tokio, Actor, BatchActor};
use litbench_adapter::bench::Bench;
use litbench_adapter::Presence;

use crate::behaviour::{Behaviour, Next, Waiting};
use crate::handled::{send_waiting, Handled};
use crate::message::Message;

/// What kind of actor of lit-bit a behaviour becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// An `Actor`.
    Plain,
    /// A `BatchActor` that is given up to so many messages at once.
    Batch(usize),
    /// A statechart: each message is a transition.
    Chart,
}

impl Style {
    /// The style of an actor that takes up to so many messages at once.
    #[must_use]
    pub fn taking(self, batch: usize) -> Self {
        if batch == 1 {
            self
        } else {
            Self::Batch(batch)
        }
    }
}

/// Spawns an actor on the Tokio that the caller runs on.
pub fn spawn<B: Behaviour>(
    bench: &'static Bench,
    style: Style,
    behaviour: B,
    mailbox: usize,
) -> Address<Message> {
    let presence = bench.census.enter();
    match style {
        Style::Plain => spawn_actor_tokio(Plain::new(behaviour, presence), mailbox),
        Style::Batch(most) => {
            spawn_batch_actor_tokio(Batched { behaviour, most, _presence: presence }, mailbox)
        }
        Style::Chart => spawn_actor_tokio(behaviour.chart(presence), mailbox),
    }
}

/// A behaviour that handles messages one at a time.
pub struct Plain<B: Behaviour> {
    behaviour: B,
    _presence: Presence,
}

impl<B: Behaviour> Plain<B> {
    /// An actor that is there already.
    pub fn new(behaviour: B, presence: Presence) -> Self {
        Self { behaviour, _presence: presence }
    }
}

impl<B: Behaviour> Actor for Plain<B> {
    type Message = Message;
    type Future<'a> = Handled;

    #[inline]
    fn handle(&mut self, message: Message) -> Handled {
        let next = self.behaviour.receive(&message);
        Handled::of(&self.behaviour, next)
    }
}

impl<B: Behaviour> Drop for Plain<B> {
    fn drop(&mut self) {
        self.behaviour.settle();
    }
}

/// A behaviour that is given several messages at once.
struct Batched<B: Behaviour> {
    behaviour: B,
    most: usize,
    _presence: Presence,
}

impl<B: Behaviour> Batched<B> {
    /// Handles a message. What has to wait, or comes behind what waits, is left in `waiting`.
    #[inline]
    fn receive(&mut self, message: &Message, waiting: &mut Vec<Waiting>) {
        let letter = match self.behaviour.receive(message) {
            Next::Rest => return,
            Next::Say(letter) => letter,
            Next::Yield => return waiting.push(Box::pin(Handled::Yielding)),
            Next::Wait(future) => return waiting.push(future),
        };
        let to = self.behaviour.route(&letter);
        if !waiting.is_empty() {
            waiting.push(send_waiting(to, letter));
        } else if let Err(SendError::Full(letter)) = to.try_send(letter) {
            waiting.push(send_waiting(to, letter));
        }
    }
}

impl<B: Behaviour> BatchActor for Batched<B> {
    type Message = Message;
    type Future<'a> = Handled;

    fn handle_batch(&mut self, messages: &[Message]) -> Handled {
        let mut waiting = Vec::new();
        messages.iter().for_each(|message| self.receive(message, &mut waiting));
        if waiting.is_empty() {
            return Handled::Ready;
        }
        Handled::Waiting(Box::pin(async move {
            for future in waiting {
                future.await;
            }
        }))
    }

    fn max_batch_size(&self) -> usize {
        self.most
    }
}

impl<B: Behaviour> Drop for Batched<B> {
    fn drop(&mut self) {
        self.behaviour.settle();
    }
}
