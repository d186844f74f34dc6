//! `mass-spawn`: many actors that each answer once and then idle.

use lit_bit_core::actor::address::Address;
use litbench_adapter::{clock, Failure, Iteration, Job, Measure, MemoryReadings};

use super::{bound, crowd, Size, Workload};
use crate::behaviour::Behaviour;
use crate::book::{Account, Book, Region};
use crate::chart::chart;
use crate::driver::Driver;
use crate::message::{Handle, Message};
use crate::spawn::{spawn, Style};

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
        Ok(Self { actors: crowd(job, "actors")?, mailbox: bound(job)?, state, style, memory })
    }

    fn size(&self) -> Size {
        let actors = u64::from(self.actors);
        Size::new(actors, 2 * actors, self.mailbox)
    }

    async fn iterate(self, book: &'static Book) -> Iteration {
        let mark = book.mark();
        let mut driver = Driver::new(book, self.actors.into());
        let mut crew = Vec::with_capacity(self.actors as usize);
        let before = book.reading_if(self.memory).await;

        let start = clock::now();
        for value in 0..u64::from(self.actors) {
            let (account, driver_handle) = (Account::new(book), driver.handle());
            let state = vec![1; self.state].into_boxed_slice();
            let member = Member { account, driver: driver_handle, state };
            let address = spawn(self.style, member, self.mailbox);
            driver.send(&address, value).await;
            crew.push(address);
        }
        let mut live = 0;
        for _ in 0..self.actors {
            driver.value().await;
            live += 1;
        }
        let end = clock::now();

        let loaded = book.reading_if(self.memory).await;
        crew.clear(); // the only addresses; what `before` has seen stays
        driver.settle();
        book.settled().await;
        let after = book.reading_if(self.memory).await;
        drop(crew);
        let iteration = book.close(mark, Region { start, end }).await.summed().check("live", live);
        match (before, loaded, after) {
            (Some(before), Some(loaded), Some(after)) => {
                iteration.memory(MemoryReadings { before, loaded, after })
            }
            _ => iteration,
        }
    }
}

/// Sends what it gets to the driver.
#[derive(Clone)]
pub struct Member {
    account: Account,
    driver: Handle,
    state: Box<[u8]>,
}

impl Behaviour for Member {
    fn receive(&mut self, message: &Message) -> Option<Message> {
        let Message::Work { value, .. } = message else { return None };
        std::hint::black_box(&self.state); // it is there to be held
        self.account.handle(*value);
        self.account.send();
        Some(message.clone())
    }

    fn route(&self, _letter: &Message) -> &Handle {
        &self.driver
    }

    fn settle(&self) {
        self.account.settle(&[]);
    }

    fn spawn_chart(self, mailbox: usize) -> Address<Message> {
        charts::member::spawn(self, mailbox)
    }
}

mod charts {
    use super::*;

    chart!(member, Member);
}
