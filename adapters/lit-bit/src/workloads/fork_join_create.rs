//! `fork-join-create`: actors that are each spawned for one message.

use litbench_adapter::bench::{Account, Bench, Region, Tally};
use litbench_adapter::{clock, Failure, Iteration, Job, Measure};

use super::{Size, Workload};
use crate::behaviour::{Behaviour, Next};
use crate::chart::charts;
use crate::driver::tell;
use crate::message::{Handle, Message};
use crate::spawn::{spawn, Style};

/// Actors that are each spawned for one message.
#[derive(Clone, Copy, Debug)]
pub struct ForkJoinCreate {
    actors: u32,
    mailbox: usize,
    style: Style,
}

impl Workload for ForkJoinCreate {
    const NAME: &'static str = "fork-join-create";
    const MEASURES: &'static [Measure] = &[Measure::Throughput];

    fn of(job: &Job, style: Style) -> Result<Self, Failure> {
        Ok(Self { actors: job.crowd("actors")?, mailbox: job.length("mailbox")?, style })
    }

    fn size(&self) -> Size {
        Size::new(self.actors.into(), self.actors.into(), self.mailbox)
    }

    async fn iterate(self, bench: &'static Bench) -> Iteration {
        let mark = bench.mark();
        let mut account = Account::new(bench);

        let start = clock::now();
        for value in 0..u64::from(self.actors) {
            // lit-bit's way to stop an actor: nobody has its address any more.
            let actor = spawn(bench, self.style, DayFly(Tally::new(bench)), self.mailbox);
            account.send();
            tell(&actor, Message::Work { from: 0, value, stamp: 0 }).await;
        }
        bench.census.settled().await;
        let end = clock::now();

        drop(account);
        bench.close(mark, Region { start, end }).await.summed()
    }
}

#[derive(Clone)]
pub struct DayFly(Tally);

impl Behaviour for DayFly {
    fn receive(&mut self, message: &Message) -> Next {
        if let Message::Work { value, .. } = message {
            self.0.handle(*value);
        }
        Next::Rest
    }

    fn route(&self, _letter: &Message) -> &Handle {
        unreachable!("it says nothing")
    }

    fn settle(&mut self) {
        self.0.enter();
    }
}

charts!(day_fly: DayFly);
