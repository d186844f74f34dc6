//! `pipeline`: every message goes through a row of stages.

use litbench_adapter::{clock, Failure, Iteration, Job};

use crate::bench::{report, stop_all, Account, Bench, Driver, Region};
use crate::kernel::{mailbox, spawn, Actor, Address, Flow, CONTINUE};
use crate::message::Message;
use crate::runtime::Runtime;
use crate::workloads::{Size, Workload};

/// A row of actors.
#[derive(Clone, Copy, Debug)]
pub struct Pipeline {
    stages: u32,
    messages: u64,
    mailbox: usize,
}

impl Workload for Pipeline {
    const NAME: &'static str = "pipeline";

    fn of(job: &Job) -> Result<Self, Failure> {
        let (stages, messages) = (job.crowd("stages")?, job.positive("messages")?);
        Ok(Self { stages, messages, mailbox: job.length("mailbox")? })
    }

    fn size(&self) -> Size {
        let stages = u64::from(self.stages);
        Size {
            actors: stages,
            messages: stages * self.messages,
            in_flight: 0,
            mailbox: self.mailbox,
        }
    }

    async fn iterate<R: Runtime>(self, bench: &'static Bench) -> Iteration {
        let mark = bench.mark();
        let mut driver = Driver::<R>::new(bench, 1);
        let (row, mailboxes): (Vec<_>, Vec<_>) =
            (0..self.stages).map(|_| mailbox::<R, _>(self.mailbox)).unzip();
        for (number, own) in mailboxes.into_iter().enumerate() {
            let stage = Stage {
                account: Account::new(bench),
                next: row.get(number + 1).cloned(),
                driver: driver.address(),
                expected: self.messages,
            };
            spawn(&bench.census, own, stage);
        }

        let start = clock::now();
        for value in 0..self.messages {
            let message = Message::work(0, value, bench.stamp());
            driver.account.sent(row[0].send(message).await);
        }
        driver.done(1).await;
        let end = clock::now();

        stop_all(&row).await;
        drop(driver);
        bench.close(mark, Region { start, end }).await.ordered()
    }
}

struct Stage<R: Runtime> {
    account: Account,
    /// `None` at the last stage.
    next: Option<Address<R, Message>>,
    driver: Address<R, Message>,
    expected: u64,
}

impl<R: Runtime> Actor for Stage<R> {
    type Message = Message;

    async fn handle(&mut self, message: Message) -> Flow {
        self.account.handle(message.value);
        if let Some(next) = &self.next {
            self.account.sent(next.send(message).await);
            return CONTINUE;
        }
        self.account.bench().record_since(message.stamp);
        if self.account.handled() == self.expected {
            report(&self.driver, 0).await;
        }
        CONTINUE
    }

    fn unread(&mut self, message: Message) {
        self.account.unread(message.counts());
    }
}
