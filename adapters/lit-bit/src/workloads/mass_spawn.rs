//! `mass-spawn`: many actors that each answer once and then idle.

use litbench_adapter::{clock, Failure, Iteration, Job, Measure};

use super::{Size, Workload};
use crate::behaviour::{Behaviour, Kept, Next};
use crate::chart::charts;
use crate::driver::Driver;
use crate::message::{Handle, Message};
use crate::spawn::{spawn, Style};
use litbench_adapter::bench::{with_memory, Bench, Region, Tally};

/// Many actors alive at once.
#[derive(Clone, Copy, Debug)]
pub struct MassSpawn {
    actors: u32,
    mailbox: usize,
    state: usize,
    style: Style,
    memory: bool,
}

impl Workload for MassSpawn {
    const NAME: &'static str = "mass-spawn";
    const MEASURES: &'static [Measure] = &[Measure::Throughput, Measure::Memory];

    fn of(job: &Job, style: Style) -> Result<Self, Failure> {
        let memory = job.measure == Measure::Memory;
        let state = usize::try_from(job.parameter("state")?)
            .map_err(|_| Failure::new("parameters", "the state does not fit in memory"))?;
        Ok(Self {
            actors: job.crowd("actors")?,
            mailbox: job.length("mailbox")?,
            state,
            style,
            memory,
        })
    }

    fn size(&self) -> Size {
        let actors = u64::from(self.actors);
        Size::new(actors, 2 * actors, self.mailbox)
    }

    async fn iterate(self, bench: &'static Bench) -> Iteration {
        let mark = bench.mark();
        let mut driver = Driver::new(bench, self.actors.into());
        let mut crew = Vec::with_capacity(self.actors as usize);
        let before = bench.reading_if(self.memory).await;

        let start = clock::now();
        for value in 0..u64::from(self.actors) {
            let (account, driver_handle) = (Tally::new(bench), driver.handle());
            let state = Kept::new(vec![1; self.state].into_boxed_slice());
            let member = Member { account, driver: driver_handle, state };
            let address = spawn(bench, self.style, member, self.mailbox);
            driver.send(&address, value).await;
            crew.push(address);
        }
        let mut live = 0;
        for _ in 0..self.actors {
            driver.value().await;
            live += 1;
        }
        let end = clock::now();

        let loaded = bench.reading_if(self.memory).await;
        drop(driver);
        crew.clear(); // the only addresses; what `before` has seen stays
        bench.census.settled().await;
        let after = bench.reading_if(self.memory).await;
        drop(crew);
        let iteration = bench.close(mark, Region { start, end }).await.summed().check("live", live);
        with_memory(iteration, [before, loaded, after])
    }
}

/// Sends what it gets to the driver.
#[derive(Clone)]
pub struct Member {
    account: Tally,
    driver: Handle,
    state: Kept<Box<[u8]>>,
}

impl Behaviour for Member {
    fn receive(&mut self, message: &Message) -> Next {
        let Message::Work { value, .. } = message else { return Next::Rest };
        std::hint::black_box(self.state.get()); // it is there to be held
        self.account.handle(*value);
        self.account.send();
        Next::Say(message.clone())
    }

    fn route(&self, _letter: &Message) -> &Handle {
        &self.driver
    }

    fn settle(&mut self) {
        self.account.enter();
    }
}

charts!(member: Member);
