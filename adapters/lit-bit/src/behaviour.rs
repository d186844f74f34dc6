//! What an actor does with a message, whatever kind of lit-bit actor it is.

use lit_bit_core::actor::address::Address;

use crate::message::{Handle, Message};

/// An actor that answers each message with at most one other.
///
/// `Clone`, since lit-bit wants that of a statechart's context. Nothing clones it.
pub trait Behaviour: Clone + Send + 'static {
    /// Handles one message; what it says in return, if anything.
    fn receive(&mut self, message: &Message) -> Option<Message>;

    /// To whom it says that.
    fn route(&self, letter: &Message) -> &Handle;

    /// Called once, when the actor stops: enters its account into the book.
    fn settle(&self);

    /// Makes it a statechart of lit-bit and spawns that.
    fn spawn_chart(self, mailbox: usize) -> Address<Message>;
}
