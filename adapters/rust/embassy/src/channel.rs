//! `embassy_sync`'s channel, whose capacity is a constant of its type.

use std::cell::Cell;
use std::future::{poll_fn, Future};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::Arc;
use std::task::{Context, Poll};

use actors::runtime::{Receiver, Refused, Sender};
use embassy_sync::blocking_mutex::raw::RawMutex;
use embassy_sync::channel::{Channel, TrySendError};

/// The largest capacity there is.
pub const LARGEST_BOUND: usize = 1 << 20;

thread_local! {
    /// Channels that this thread has made and that still exist.
    static CHANNELS: Cell<usize> = const { Cell::new(0) };
}

/// How many channels of this thread's exist.
pub(crate) fn in_use() -> usize {
    CHANNELS.get()
}

macro_rules! capacities {
    ($($capacity:literal)*) => {
        /// The smallest capacity that holds `bound` messages.
        pub(crate) fn capacity(bound: usize) -> usize {
            $(if bound <= $capacity { return $capacity; })*
            panic!("no channel of Embassy holds {bound} messages here, {LARGEST_BOUND} at most")
        }

        pub(crate) fn channel<T: Send + 'static>(
            bound: usize,
        ) -> (ChannelSender<T>, ChannelReceiver<T>) {
            match capacity(bound) {
                $($capacity => halves(Shared::<T, $capacity>::new()),)*
                _ => unreachable!("capacity() answers one of these"),
            }
        }
    };
}

capacities!(1 4 16 64 256 1024 4096 16384 65536 262144 1048576);

fn halves<T>(shared: Arc<dyn AnyChannel<T>>) -> (ChannelSender<T>, ChannelReceiver<T>) {
    (ChannelSender(Arc::clone(&shared)), ChannelReceiver(shared))
}

/// A channel and whether its receiver still is there, which Embassy's own does not know: its channels are
/// statics.
struct Shared<T, const N: usize> {
    /// The thread that counts it among its channels.
    home: usize,
    closed: AtomicBool,
    channel: Channel<OneThread, T, N>,
}

impl<T, const N: usize> Shared<T, N> {
    /// Never inlined, as the frame of whoever inlined it might have room for a channel of each capacity.
    #[inline(never)]
    fn new() -> Arc<Self> {
        CHANNELS.set(CHANNELS.get() + 1);
        let home = thread_address();
        let mut shared = Arc::new_uninit(); // in its place, not on the stack first
        Arc::get_mut(&mut shared).expect("not shared yet").write(Self {
            home,
            closed: AtomicBool::new(false),
            channel: Channel::new(),
        });
        // SAFETY: written above.
        unsafe { shared.assume_init() }
    }
}

impl<T, const N: usize> Drop for Shared<T, N> {
    fn drop(&mut self) {
        // One that ends elsewhere stays counted, so that `in_use` is never too low.
        if self.home == thread_address() {
            CHANNELS.set(CHANNELS.get() - 1);
        }
    }
}

/// A channel of any capacity.
trait AnyChannel<T>: Send + Sync {
    fn poll_receive(&self, context: &mut Context<'_>) -> Poll<T>;
    fn try_receive(&self) -> Option<T>;
    fn poll_ready_to_send(&self, context: &mut Context<'_>) -> Poll<()>;
    fn try_send(&self, message: T) -> Result<(), Refused<T>>;
    fn close(&self);
}

impl<T: Send, const N: usize> AnyChannel<T> for Shared<T, N> {
    fn poll_receive(&self, context: &mut Context<'_>) -> Poll<T> {
        self.channel.poll_receive(context)
    }

    fn try_receive(&self) -> Option<T> {
        self.channel.try_receive().ok()
    }

    fn poll_ready_to_send(&self, context: &mut Context<'_>) -> Poll<()> {
        self.channel.poll_ready_to_send(context)
    }

    fn try_send(&self, message: T) -> Result<(), Refused<T>> {
        if self.closed.load(Ordering::Relaxed) {
            return Err(Refused::Closed(message));
        }
        self.channel.try_send(message).map_err(|TrySendError::Full(message)| Refused::Full(message))
    }

    fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
        self.channel.clear(); // wakes who waits for room
    }
}

/// Sends into an `embassy_sync::channel::Channel`.
pub struct ChannelSender<T>(Arc<dyn AnyChannel<T>>);

impl<T> Clone for ChannelSender<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T: Send + 'static> Sender<T> for ChannelSender<T> {
    type Closed = T;

    #[inline]
    fn send(&self, message: T) -> impl Future<Output = Result<(), T>> + Send {
        let mut message = Some(message);
        poll_fn(move |context| self.poll_send(&mut message, context))
    }

    fn try_send(&self, message: T) -> Result<(), Refused<T>> {
        self.0.try_send(message)
    }
}

impl<T> ChannelSender<T> {
    fn poll_send(&self, message: &mut Option<T>, context: &mut Context<'_>) -> Poll<Result<(), T>> {
        loop {
            let sending = message.take().expect("polled no more once it is ready");
            match self.0.try_send(sending) {
                Ok(()) => return Poll::Ready(Ok(())),
                Err(Refused::Closed(back)) => return Poll::Ready(Err(back)),
                Err(Refused::Full(back)) => *message = Some(back),
            }
            if self.0.poll_ready_to_send(context).is_pending() {
                return Poll::Pending;
            }
        }
    }
}

/// Receives from an `embassy_sync::channel::Channel`.
pub struct ChannelReceiver<T>(Arc<dyn AnyChannel<T>>);

impl<T: Send + 'static> Receiver<T> for ChannelReceiver<T> {
    type Answer = T;

    #[inline]
    fn receive(&mut self) -> impl Future<Output = T> + Send {
        poll_fn(|context| self.0.poll_receive(context))
    }

    fn message(answer: T) -> Option<T> {
        Some(answer)
    }

    fn try_receive(&mut self) -> Option<T> {
        self.0.try_receive()
    }
}

impl<T> Drop for ChannelReceiver<T> {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// A mutex that costs as little as Embassy's for tasks of one executor (`NoopRawMutex`), and can be sent:
/// the first thread that locks it is the only one that may.
struct OneThread {
    owner: AtomicUsize,
}

// SAFETY: only one thread ever gets past `lock`, so no two hold it at once. (A thread's address may be
// that of one that has ended, which holds nothing any more.)
unsafe impl RawMutex for OneThread {
    #[allow(clippy::declare_interior_mutable_const)] // the trait wants it so
    const INIT: Self = Self { owner: AtomicUsize::new(0) };

    #[inline]
    fn lock<R>(&self, f: impl FnOnce() -> R) -> R {
        let thread = thread_address();
        let owner = self.owner.load(Ordering::Relaxed);
        assert!(owner == thread || self.claim(thread), "used on two threads");
        f()
    }
}

impl OneThread {
    #[cold]
    fn claim(&self, thread: usize) -> bool {
        self.owner.compare_exchange(0, thread, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}

/// A number that no other living thread has.
#[inline]
fn thread_address() -> usize {
    CHANNELS.with(|own| std::ptr::from_ref(own) as usize)
}
