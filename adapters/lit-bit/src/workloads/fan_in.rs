//! `fan-in`: many senders flood one receiver.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;

use lit_bit_core::actor::backpressure::SendError;
use litbench_adapter::bench::{Bench, Region, Tally};
use litbench_adapter::{clock, yield_now, Failure, Fold, Iteration, Job, Unit};

use super::{batched, Size, Workload};
use crate::behaviour::{Behaviour, Kept, Next};
use crate::chart::charts;
use crate::driver::{tell, Driver};
use crate::message::{Handle, Message};
use crate::spawn::{spawn, Style};

/// A flood from many actors to one.
#[derive(Clone, Copy, Debug)]
pub struct FanIn {
    senders: u32,
    messages: u64,
    mailbox: usize,
    style: Style,
    batch: usize,
    fail_fast: bool,
}

impl Workload for FanIn {
    const NAME: &'static str = "fan-in";

    fn of(job: &Job, style: Style) -> Result<Self, Failure> {
        Ok(Self {
            senders: job.crowd("senders")?,
            messages: job.positive("messages")?,
            mailbox: job.length("mailbox")?,
            style,
            batch: batched(job, style)?,
            fail_fast: job.option("fail_fast") != 0,
        })
    }

    fn size(&self) -> Size {
        let senders = u64::from(self.senders);
        Size {
            batch: self.batch,
            fail_fast: self.fail_fast,
            ..Size::new(senders + 1, senders * self.messages, self.mailbox)
        }
    }

    async fn iterate(self, bench: &'static Bench) -> Iteration {
        let mark = bench.mark();
        let mut driver = Driver::new(bench, 1);
        let sink = Sink {
            account: Tally::new(bench),
            folds: Kept::new(vec![Fold::new(); self.senders as usize]),
            expected: self.size().messages,
            driver: driver.handle(),
        };
        let style = self.style.taking(self.batch);
        let receiver = Handle::new(spawn(bench, style, sink, self.mailbox));
        let refused = Arc::new(AtomicU64::new(0));
        let sources: Vec<_> = (0..self.senders)
            .map(|number| {
                let (account, receiver) = (Tally::new(bench), receiver.clone());
                let refused = self.fail_fast.then(|| Arc::clone(&refused));
                let flood = Flood { account, number, messages: self.messages, receiver, refused };
                spawn(bench, self.style, Source(Some(flood)), self.mailbox)
            })
            .collect();

        let start = clock::now();
        for source in &sources {
            tell(source, Message::Start).await;
        }
        driver.done().await;
        let end = clock::now();

        drop((sources, receiver, driver));
        let closed = bench.close(mark, Region { start, end }).await;
        if self.fail_fast {
            bench.note("refused", Unit::Count, refused.load(Ordering::Relaxed) as f64);
        }
        closed.ordered()
    }
}

/// Floods the receiver.
#[derive(Clone)]
pub struct Source(Option<Flood>);

#[derive(Clone)]
struct Flood {
    account: Tally,
    number: u32,
    messages: u64,
    receiver: Handle,
    /// Counts what a full mailbox refused, where senders never wait for room.
    refused: Option<Arc<AtomicU64>>,
}

impl Flood {
    async fn pour(mut self) {
        let mut refused = 0;
        for value in 0..self.messages {
            let stamp = self.account.bench().stamp();
            self.account.send();
            let mut message = Message::Work { from: self.number, value, stamp };
            if self.refused.is_none() {
                let _ = self.receiver.send(message).await; // a lost one is missed later
                continue;
            }
            while let Err(SendError::Full(back)) = self.receiver.try_send(message) {
                refused += 1;
                message = back;
                yield_now().await;
            }
        }
        self.account.enter();
        if let Some(total) = self.refused {
            total.fetch_add(refused, Ordering::Relaxed);
        }
    }
}

impl Behaviour for Source {
    fn receive(&mut self, _start: &Message) -> Next {
        Next::wait_once(self.0.take().map(Flood::pour))
    }

    fn route(&self, _letter: &Message) -> &Handle {
        unreachable!("a source does all in its flood")
    }

    fn settle(&mut self) {} // its flood does
}

/// Keeps one fold for each sender.
#[derive(Clone)]
pub struct Sink {
    account: Tally,
    folds: Kept<Vec<Fold>>,
    expected: u64,
    driver: Handle,
}

impl Behaviour for Sink {
    #[inline]
    fn receive(&mut self, message: &Message) -> Next {
        let Message::Work { from, value, stamp } = message else { return Next::Rest };
        self.account.bench().record_since(*stamp);
        self.account.handle_from(*value, &mut self.folds.get()[*from as usize]);
        Next::done_if(self.account.handled() == self.expected, 0)
    }

    fn route(&self, _letter: &Message) -> &Handle {
        &self.driver
    }

    fn settle(&mut self) {
        self.account.settle(self.folds.get());
        self.account.enter();
    }
}

charts!(source: Source, sink: Sink);
