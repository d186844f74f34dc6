//! Supervision: children that crash are made anew and go on with the mailbox they had.
//!
//! A crash is a panic in a handler. It is caught around the poll of the child's task, which then ends and
//! hands its mailbox to the supervisor, a task of its own; that starts new tasks on the mailboxes of all
//! children that its strategy restarts. The message whose handler failed is gone, the others are kept.
//! A sibling that is restarted too first comes to the end of the message it is handling: a handler must not
//! wait for one of its siblings.

use std::collections::VecDeque;
use std::future::{poll_fn, Future};
use std::panic::{catch_unwind, panic_any, set_hook, take_hook, AssertUnwindSafe};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Once};
use std::task::Poll;
use std::time::{Duration, Instant};

use litbench_adapter::Census;

use crate::kernel::{spawn_task, Actor, Address, Envelope, Mailbox};
use crate::runtime::{Receiver, Runtime, Sender};

/// Which children are restarted when one crashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// That one.
    OneForOne,
    /// All of them.
    OneForAll,
    /// That one and those after it.
    RestForOne,
}

/// How many crashes a supervisor bears: more than `most` within `period`, and it gives up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Intensity {
    /// Crashes.
    pub most: usize,
    /// Time in which they are counted.
    pub period: Duration,
}

/// What a supervisor tells. The last two are its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// This child had crashed; it, and those that its strategy restarts with it, have been restarted.
    Restarted(usize),
    /// All children have stopped by themselves.
    Finished,
    /// There were too many crashes; it has stopped all children.
    GaveUp,
}

/// Where a child gets its messages: they outlive it.
pub type Place<R, M> = (Address<R, M>, Mailbox<R, M>);

/// What a supervisor does about crashes.
#[derive(Clone, Debug)]
pub struct Supervision {
    /// Which children are restarted.
    pub strategy: Strategy,
    /// How many crashes are borne; `None`: any number.
    pub intensity: Option<Intensity>,
    /// Counts the children that were restarted.
    pub restarts: Arc<AtomicU64>,
}

impl Supervision {
    /// With a strategy, whatever the number of crashes.
    #[must_use]
    pub fn new(strategy: Strategy) -> Self {
        Self { strategy, intensity: None, restarts: Arc::default() }
    }

    /// Giving up after too many.
    #[must_use]
    pub fn intensity(mut self, intensity: Intensity) -> Self {
        self.intensity = Some(intensity);
        self
    }

    /// Starts a supervisor and its children, one on each mailbox, each with the state that `make` gives
    /// child number so-and-so. Called from within a task. `tell` gets the news, for whoever is above.
    pub fn spawn<R: Runtime, A: Actor>(
        self,
        census: &'static Census,
        children: Vec<Place<R, A::Message>>,
        make: impl FnMut(usize) -> A + Send + 'static,
        mut tell: impl FnMut(News) + Send + 'static,
    ) {
        let (downs, received) = R::channel(children.len().max(1));
        let mut supervisor = Supervisor {
            census,
            rules: self,
            make,
            downs,
            received,
            children: Vec::with_capacity(children.len()),
            crashed: VecDeque::new(),
            recent: VecDeque::new(),
        };
        for (address, mailbox) in children {
            supervisor.adopt(address, mailbox);
        }
        spawn_task::<R>(census, async move {
            let ending = supervisor.run(&mut tell).await;
            drop(supervisor); // and the mailboxes that it still had
            tell(ending);
        });
    }
}

/// Fails the handler that calls it, by a panic that prints nothing.
pub fn crash() -> ! {
    static SILENT: Once = Once::new();
    SILENT.call_once(|| {
        let others = take_hook();
        set_hook(Box::new(move |information| {
            if !information.payload().is::<Crash>() {
                others(information);
            }
        }));
    });
    panic_any(Crash)
}

/// The payload of a panic on purpose.
struct Crash;

/// A child that has ended, and what it leaves.
struct Down<R: Runtime, M: Send + 'static> {
    child: usize,
    why: Why,
    mailbox: Mailbox<R, M>,
    /// Taken from the mailbox, but not handled.
    held: Option<Envelope<M>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Why {
    Finished,
    Crashed,
    Interrupted,
}

enum State<R: Runtime, M: Send + 'static> {
    Running,
    Down(Mailbox<R, M>, Option<Envelope<M>>),
    Finished,
}

struct Child<R: Runtime, M: Send + 'static> {
    address: Address<R, M>,
    /// Tells the child to end before its next message.
    interrupt: Arc<AtomicBool>,
    state: State<R, M>,
}

struct Supervisor<R: Runtime, A: Actor, F> {
    census: &'static Census,
    rules: Supervision,
    make: F,
    downs: R::Sender<Down<R, A::Message>>,
    received: R::Receiver<Down<R, A::Message>>,
    children: Vec<Child<R, A::Message>>,
    /// Children that have crashed, in that order, until they are restarted.
    crashed: VecDeque<usize>,
    /// Times of the crashes that still count.
    recent: VecDeque<Instant>,
}

impl<R: Runtime, A: Actor, F: FnMut(usize) -> A + Send + 'static> Supervisor<R, A, F> {
    fn adopt(&mut self, address: Address<R, A::Message>, mailbox: Mailbox<R, A::Message>) {
        let state = State::Down(mailbox, None);
        self.children.push(Child { address, interrupt: Arc::default(), state });
        self.start(self.children.len() - 1);
    }

    async fn run(&mut self, tell: &mut (impl FnMut(News) + Send)) -> News {
        while self.children.iter().any(|child| !matches!(child.state, State::Finished)) {
            while let Some(child) = self.crashed.pop_front() {
                if !self.bears_one_more() {
                    self.interrupt(0..self.children.len()).await;
                    return News::GaveUp;
                }
                let group = self.group(child);
                self.interrupt(group.clone()).await;
                for sibling in group {
                    self.restart(sibling);
                }
                // One that crashed while it was waited for, has just been restarted with its group.
                let children = &self.children;
                self.crashed.retain(|&other| matches!(children[other].state, State::Down(..)));
                tell(News::Restarted(child));
            }
            self.next_down().await;
        }
        News::Finished
    }

    fn bears_one_more(&mut self) -> bool {
        let Some(Intensity { most, period }) = self.rules.intensity else { return true };
        let now = Instant::now();
        while self.recent.front().is_some_and(|&time| now.duration_since(time) > period) {
            self.recent.pop_front();
        }
        self.recent.push_back(now);
        self.recent.len() <= most
    }

    fn group(&self, child: usize) -> std::ops::Range<usize> {
        match self.rules.strategy {
            Strategy::OneForOne => child..child + 1,
            Strategy::OneForAll => 0..self.children.len(),
            Strategy::RestForOne => child..self.children.len(),
        }
    }

    /// Ends the children that run, the last first, and waits until they have ended.
    async fn interrupt(&mut self, group: std::ops::Range<usize>) {
        for child in self.children[group.clone()].iter().rev() {
            if matches!(child.state, State::Running) {
                child.interrupt.store(true, Ordering::Release);
                // A mailbox without room has something to wake its actor with.
                let _ = child.address.0.try_send(Envelope::Wake);
            }
        }
        while self.children[group.clone()].iter().any(|it| matches!(it.state, State::Running)) {
            self.next_down().await;
        }
    }

    async fn next_down(&mut self) {
        let answer = self.received.receive().await;
        let Down { child, why, mailbox, held } =
            R::Receiver::message(answer).expect("the supervisor holds a sender");
        self.children[child].state = match why {
            Why::Finished => State::Finished,
            Why::Crashed | Why::Interrupted => State::Down(mailbox, held),
        };
        if why == Why::Crashed {
            self.crashed.push_back(child);
        }
    }

    fn restart(&mut self, child: usize) {
        if matches!(self.children[child].state, State::Down(..)) {
            self.rules.restarts.fetch_add(1, Ordering::Relaxed);
            self.start(child);
        }
    }

    fn start(&mut self, number: usize) {
        let actor = (self.make)(number);
        let child = &mut self.children[number];
        let State::Down(mailbox, held) = std::mem::replace(&mut child.state, State::Running) else {
            unreachable!("only a child that is down is started")
        };
        child.interrupt.store(false, Ordering::Release);
        let (interrupt, downs) = (Arc::clone(&child.interrupt), self.downs.clone());
        spawn_task::<R>(self.census, async move {
            let down =
                live(Down { child: number, why: Why::Finished, mailbox, held }, actor, &interrupt);
            let down = down.await;
            let _ = downs.send(down).await; // a supervisor that has given up waits for it too
        });
    }
}

/// A child's life, from its start to whatever ends it.
async fn live<R: Runtime, A: Actor>(
    mut down: Down<R, A::Message>,
    mut actor: A,
    interrupt: &AtomicBool,
) -> Down<R, A::Message> {
    let (mailbox, held) = (&mut down.mailbox, &mut down.held);
    down.why = caught(serve(mailbox, held, &mut actor, interrupt)).await.unwrap_or(Why::Crashed);
    if down.why == Why::Finished {
        if let Some(Envelope::Message(message)) = down.held.take() {
            actor.unread(message);
        }
        down.mailbox.empty(&mut actor);
    }
    down
}

async fn serve<R: Runtime, A: Actor>(
    mailbox: &mut Mailbox<R, A::Message>,
    held: &mut Option<Envelope<A::Message>>,
    actor: &mut A,
    interrupt: &AtomicBool,
) -> Why {
    let mut flow = actor.started().await;
    while flow.is_continue() {
        let next = match held.take() {
            Some(envelope) => Some(envelope),
            None => R::Receiver::message(mailbox.0.receive().await),
        };
        if interrupt.load(Ordering::Acquire) {
            *held = next;
            return Why::Interrupted;
        }
        match next {
            Some(Envelope::Message(message)) => flow = actor.handle(message).await,
            Some(Envelope::Wake) => {} // what it was for is over
            Some(Envelope::Stop) | None => break,
        }
    }
    Why::Finished
}

/// A future's output, or `None` if it panics.
async fn caught<F: Future>(future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    poll_fn(|context| {
        // What a panic may have left half done is the actor's state, which is thrown away.
        match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
            Ok(poll) => poll.map(Some),
            Err(_) => Poll::Ready(None),
        }
    })
    .await
}
