//! `pipeline`: every value goes through a row of actors.

use litbench_adapter::{clock, Failure, Iteration, Job};

use super::{Size, Workload};
use crate::behaviour::{Behaviour, Next};
use crate::chart::charts;
use crate::driver::Driver;
use crate::message::{Handle, Message};
use crate::spawn::{spawn, Style};
use litbench_adapter::bench::{Bench, Region, Tally};

/// Values that are handed on from stage to stage.
#[derive(Clone, Copy, Debug)]
pub struct Pipeline {
    stages: u32,
    messages: u64,
    mailbox: usize,
    style: Style,
}

impl Workload for Pipeline {
    const NAME: &'static str = "pipeline";

    fn of(job: &Job, style: Style) -> Result<Self, Failure> {
        let (stages, messages) = (job.crowd("stages")?, job.positive("messages")?);
        Ok(Self { stages, messages, mailbox: job.length("mailbox")?, style })
    }

    fn size(&self) -> Size {
        let stages = u64::from(self.stages);
        Size::new(stages, stages * self.messages, self.mailbox)
    }

    async fn iterate(self, bench: &'static Bench) -> Iteration {
        let mark = bench.mark();
        let mut driver = Driver::new(bench, 1);
        let mut next = driver.handle();
        for number in 0..self.stages {
            let last = (number == 0).then_some(self.messages); // the last one is born first
            let stage = Stage { account: Tally::new(bench), last, next };
            next = Handle::new(spawn(bench, self.style, stage, self.mailbox));
        }

        let start = clock::now();
        for value in 0..self.messages {
            driver.send(&next, value).await;
        }
        driver.done().await;
        let end = clock::now();

        drop((next, driver));
        bench.close(mark, Region { start, end }).await.ordered()
    }
}

/// Hands each value on; the last stage, which expects so many, says when it has all.
#[derive(Clone)]
pub struct Stage {
    account: Tally,
    last: Option<u64>,
    next: Handle,
}

impl Behaviour for Stage {
    #[inline]
    fn receive(&mut self, message: &Message) -> Next {
        let Message::Work { value, stamp, .. } = message else { return Next::Rest };
        self.account.handle(*value);
        match self.last {
            None => {
                self.account.send();
                Next::Say(message.clone())
            }
            Some(expected) => {
                self.account.bench().record_since(*stamp);
                Next::done_if(self.account.handled() == expected, 0)
            }
        }
    }

    fn route(&self, _letter: &Message) -> &Handle {
        &self.next
    }

    fn settle(&mut self) {
        self.account.enter();
    }
}

charts!(stage: Stage);
