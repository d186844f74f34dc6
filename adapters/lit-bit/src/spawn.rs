//! Behaviours as actors of lit-bit.

use lit_bit_core::actor::address::Address;
use lit_bit_core::actor::backpressure::SendError;
use lit_bit_core::actor::{
    spawn_actor_tokio, spawn_batch_actor_tokio, Actor, ActorError, BatchActor,
};

use crate::behaviour::Behaviour;
use crate::handled::Handled;
use crate::message::{Handle, Message};

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

/// Spawns an actor on the Tokio that the caller runs on.
pub fn spawn<B: Behaviour>(style: Style, behaviour: B, mailbox: usize) -> Address<Message> {
    match style {
        Style::Plain => spawn_actor_tokio(Plain(behaviour), mailbox),
        Style::Batch(most) => spawn_batch_actor_tokio(Batched { behaviour, most }, mailbox),
        Style::Chart => behaviour.spawn_chart(mailbox),
    }
}

/// Sends what a behaviour says, waiting only if the mailbox is full.
#[inline]
pub(crate) fn deliver(to: &Handle, letter: Message) -> Handled<'_> {
    match to.try_send(letter) {
        Ok(()) | Err(SendError::Closed(_)) => Handled::Ready, // a lost one is missed later
        Err(SendError::Full(letter)) => Handled::waiting(async move {
            let _ = to.send(letter).await;
        }),
    }
}

/// A behaviour that handles messages one at a time.
pub(crate) struct Plain<B>(pub(crate) B);

impl<B: Behaviour> Actor for Plain<B> {
    type Message = Message;
    type Future<'a> = Handled<'a>;

    #[inline]
    fn handle(&mut self, message: Message) -> Handled<'_> {
        match self.0.receive(&message) {
            None => Handled::Ready,
            Some(letter) => deliver(self.0.route(&letter), letter),
        }
    }

    fn on_stop(self) -> Result<(), ActorError> {
        self.0.settle();
        Ok(())
    }
}

/// A behaviour that is given several messages at once.
struct Batched<B> {
    behaviour: B,
    most: usize,
}

impl<B: Behaviour> BatchActor for Batched<B> {
    type Message = Message;
    type Future<'a> = Handled<'a>;

    fn handle_batch(&mut self, messages: &[Message]) -> Handled<'_> {
        let mut waiting = Vec::new();
        for message in messages {
            let Some(letter) = self.behaviour.receive(message) else { continue };
            let to = self.behaviour.route(&letter);
            if !waiting.is_empty() {
                waiting.push((to.clone(), letter)); // behind those that wait
            } else if let Err(SendError::Full(letter)) = to.try_send(letter) {
                waiting.push((to.clone(), letter));
            }
        }
        if waiting.is_empty() {
            return Handled::Ready;
        }
        Handled::waiting(async move {
            for (to, letter) in waiting {
                let _ = to.send(letter).await;
            }
        })
    }

    fn max_batch_size(&self) -> usize {
        self.most
    }

    fn on_stop(self) -> Result<(), ActorError> {
        self.behaviour.settle();
        Ok(())
    }
}
