//! The one message that all workloads send: three 64-bit words.

use crate::kernel::Envelope;

/// Who sent it (with what it is for), a value, and a stamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message {
    /// What it is for.
    pub kind: Kind,
    /// The sender's number among those that the receiver hears from.
    pub from: u32,
    /// The value.
    pub value: u64,
    /// When it was sent, in a latency run; otherwise 0.
    pub stamp: u64,
}

/// What a message is for. All but [`Kind::Work`] and [`Kind::Reply`] is control, which no ledger counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The workload's own.
    Work,
    /// The workload's own, in return for another.
    Reply,
    /// From the driver: begin.
    Start,
    /// To the driver: I am done.
    Done,
    /// A question.
    Ask,
    /// Its answer.
    Answer,
}

// Kind's niche holds Envelope::Stop.
const _: () = assert!(size_of::<Envelope<Message>>() == 24);

impl Message {
    /// A message of the workload.
    #[inline]
    #[must_use]
    pub const fn work(from: u32, value: u64, stamp: u64) -> Self {
        Self { kind: Kind::Work, from, value, stamp }
    }

    /// A message of the workload, in return for another.
    #[inline]
    #[must_use]
    pub const fn reply(from: u32, value: u64, stamp: u64) -> Self {
        Self { kind: Kind::Reply, from, value, stamp }
    }

    /// Whether the ledger counts it.
    #[must_use]
    pub const fn counts(&self) -> bool {
        matches!(self.kind, Kind::Work | Kind::Reply)
    }

    /// A control message.
    #[must_use]
    pub const fn control(kind: Kind, value: u64) -> Self {
        Self { kind, from: 0, value, stamp: 0 }
    }
}
