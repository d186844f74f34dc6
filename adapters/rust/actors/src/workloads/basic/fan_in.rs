//! `fan-in`: many senders flood one receiver.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;

use litbench_adapter::{clock, yield_now, Failure, Fold, Iteration, Job, Specification, Unit};

use crate::bench::{begin, report, stop_all, Account, Bench, Driver, Region};
use crate::kernel::{mailbox, spawn, Actor, Address, Flow, CONTINUE};
use crate::message::Message;
use crate::runtime::{Refused, Runtime};
use crate::workloads::{batch, spawn_receiver, Size, Workload};

/// A flood from many actors to one.
#[derive(Clone, Copy, Debug)]
pub struct FanIn {
    senders: u32,
    messages: u64,
    mailbox: usize,
    batch: usize,
    fail_fast: bool,
}

impl Workload for FanIn {
    const NAME: &'static str = "fan-in";

    fn of(job: &Job) -> Result<Self, Failure> {
        let (senders, messages) = (job.crowd("senders")?, job.positive("messages")?);
        let fail_fast = job.option("fail_fast") != 0;
        Ok(Self {
            senders,
            messages,
            mailbox: job.length("mailbox")?,
            batch: batch(job),
            fail_fast,
        })
    }

    fn size(&self) -> Size {
        let senders = u64::from(self.senders);
        Size {
            actors: senders + 1,
            messages: senders * self.messages,
            in_flight: 0,
            mailbox: self.mailbox,
        }
    }

    fn specify<R: Runtime>(&self, specification: Specification) -> Specification {
        let specification = specification.batch(self.batch as u64);
        if self.fail_fast {
            specification.policy("fail-fast")
        } else {
            specification
        }
    }

    async fn iterate<R: Runtime>(self, bench: &'static Bench) -> Iteration {
        let mark = bench.mark();
        let mut driver = Driver::<R>::new(bench, 1);
        let (receiver, receiver_mailbox) = mailbox::<R, _>(self.mailbox);
        let sink = Sink {
            account: Account::new(bench),
            folds: vec![Fold::new(); self.senders as usize],
            expected: self.size().messages,
            driver: driver.address(),
        };
        spawn_receiver(bench, receiver_mailbox, sink, self.batch);
        let refused = Arc::new(AtomicU64::new(0));
        let mut senders = Vec::with_capacity(self.senders as usize);
        for number in 0..self.senders {
            let (address, own) = mailbox::<R, _>(self.mailbox);
            let (account, receiver) = (Account::new(bench), receiver.clone());
            let source = Source { account, number, messages: self.messages, receiver };
            if self.fail_fast {
                let refused = Arc::clone(&refused);
                spawn(&bench.census, own, Impatient { source, refused });
            } else {
                spawn(&bench.census, own, source);
            }
            senders.push(address);
        }

        let start = clock::now();
        for sender in &senders {
            begin(sender).await;
        }
        driver.done(1).await;
        let end = clock::now();

        stop_all(&senders).await;
        receiver.stop().await;
        drop(driver);
        let closed = bench.close(mark, Region { start, end }).await;
        if self.fail_fast {
            bench.note("refused", Unit::Count, refused.load(Ordering::Relaxed) as f64);
        }
        closed.ordered()
    }
}

struct Source<R: Runtime> {
    account: Account,
    number: u32,
    messages: u64,
    receiver: Address<R, Message>,
}

impl<R: Runtime> Actor for Source<R> {
    type Message = Message;

    async fn handle(&mut self, _start: Message) -> Flow {
        for value in 0..self.messages {
            let message = Message::work(self.number, value, self.account.bench().stamp());
            self.account.sent(self.receiver.send(message).await);
        }
        CONTINUE
    }

    fn unread(&mut self, message: Message) {
        self.account.unread(message.counts());
    }
}

/// A source that never waits for room.
struct Impatient<R: Runtime> {
    source: Source<R>,
    /// How many times the senders' messages were given back.
    refused: Arc<AtomicU64>,
}

impl<R: Runtime> Actor for Impatient<R> {
    type Message = Message;

    async fn handle(&mut self, _start: Message) -> Flow {
        let Source { account, number, messages, receiver } = &mut self.source;
        let mut refused = 0;
        for value in 0..*messages {
            let mut message = Message::work(*number, value, account.bench().stamp());
            let outcome = loop {
                match receiver.try_send(message) {
                    Err(Refused::Full(back)) => message = back,
                    other => break other,
                }
                refused += 1;
                yield_now().await;
            };
            account.sent(outcome);
        }
        self.refused.fetch_add(refused, Ordering::Relaxed);
        CONTINUE
    }

    fn unread(&mut self, message: Message) {
        self.source.unread(message);
    }
}

struct Sink<R: Runtime> {
    account: Account,
    folds: Vec<Fold>,
    expected: u64,
    driver: Address<R, Message>,
}

impl<R: Runtime> Actor for Sink<R> {
    type Message = Message;

    async fn handle(&mut self, message: Message) -> Flow {
        self.account.bench().record_since(message.stamp);
        self.account.handle_from(message.value, &mut self.folds[message.from as usize]);
        if self.account.handled() == self.expected {
            report(&self.driver, 0).await;
        }
        CONTINUE
    }

    fn unread(&mut self, message: Message) {
        self.account.unread(message.counts());
    }
}

impl<R: Runtime> Drop for Sink<R> {
    fn drop(&mut self) {
        self.account.settle(&self.folds);
    }
}
