//! The one message that all workloads send: three 64-bit words.

#![allow(missing_docs)] // of the kinds that lit-bit generates beside the messages

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use lit_bit_core::actor::address::Address;
use lit_bit_core::statechart_event;

/// A message of a workload, or a control message, which no ledger counts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)] // all but the first for the statecharts
#[statechart_event]
pub enum Message {
    /// The workload's own.
    Work {
        /// The sender's number among those that the receiver hears from.
        from: u32,
        /// The value.
        value: u64,
        /// When it was sent, in a latency run; otherwise 0.
        stamp: u64,
    },
    /// The workload's own, in return for another.
    Reply {
        /// The sender's number among those that the receiver hears from.
        from: u32,
        /// The value.
        value: u64,
        /// When what it answers was sent.
        stamp: u64,
    },
    /// From whoever spawned the actor: this is the actor that you talk to (or yourself).
    Meet {
        /// Where it is reached.
        other: Handle,
    },
    /// The same for several. Nobody: forget whom you know, since a mailbox closes with its last address.
    MeetAll {
        /// Where they are reached.
        others: Circle,
    },
    /// From the driver: begin.
    #[default]
    Start,
    /// To the driver: I am done, with a result. From another actor: that was all.
    Done {
        /// The result.
        value: u64,
    },
    /// A question.
    Ask,
    /// Its answer.
    Answer {
        /// What was asked for.
        value: u64,
    },
    /// Fail: the handler is to panic.
    Crash,
}

// What the specification of every run says.
const _: () = assert!(size_of::<Message>() == 24);

/// Where to send messages for one actor. lit-bit's Tokio address cannot be cloned, so it is shared.
#[derive(Clone)]
pub struct Handle(Arc<Address<Message>>);

impl Handle {
    /// Shares an address.
    #[must_use]
    pub fn new(address: Address<Message>) -> Self {
        Self(Arc::new(address))
    }
}

impl std::ops::Deref for Handle {
    type Target = Address<Message>;

    fn deref(&self) -> &Address<Message> {
        &self.0
    }
}

/// Several handles, shared.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Circle(Arc<[Handle]>);

impl FromIterator<Handle> for Circle {
    fn from_iter<I: IntoIterator<Item = Handle>>(handles: I) -> Self {
        Self(handles.into_iter().collect())
    }
}

impl std::ops::Deref for Circle {
    type Target = [Handle];

    fn deref(&self) -> &[Handle] {
        &self.0
    }
}

// The code that lit-bit generates for a statechart wants its events to be comparable.
impl PartialEq for Handle {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Handle {}

impl Hash for Handle {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        Arc::as_ptr(&self.0).hash(hasher);
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Handle")
    }
}
