//! `chameneos`: creatures meet in pairs through a broker.

use litbench_adapter::{clock, Failure, Iteration, Job, Measure};

use crate::bench::{begin, report, stop_all, Account, Bench, Driver, Region};
use crate::kernel::{mailbox, spawn, Actor, Address, Flow, CONTINUE};
use crate::message::{Kind, Message};
use crate::runtime::Runtime;
use crate::workloads::{Size, Workload};

/// Meetings of creatures that change their colours.
#[derive(Clone, Copy, Debug)]
pub struct Chameneos {
    creatures: u32,
    meetings: u64,
    mailbox: usize,
}

impl Workload for Chameneos {
    const NAME: &'static str = "chameneos";
    const MEASURES: &'static [Measure] = &[Measure::Throughput];

    fn of(job: &Job) -> Result<Self, Failure> {
        let creatures = job.crowd("creatures")?;
        if creatures < 2 {
            return Err(Failure::new("parameters", "chameneos: creatures must be at least 2"));
        }
        Ok(Self { creatures, meetings: job.positive("meetings")?, mailbox: job.length("mailbox")? })
    }

    fn size(&self) -> Size {
        let creatures = u64::from(self.creatures);
        Size {
            actors: creatures + 1,
            messages: 4 * self.meetings + creatures,
            in_flight: 0,
            mailbox: self.mailbox,
        }
    }

    async fn iterate<R: Runtime>(self, bench: &'static Bench) -> Iteration {
        let mark = bench.mark();
        let mut driver = Driver::<R>::new(bench, self.creatures.into());
        let (broker, broker_mailbox) = mailbox::<R, _>(self.mailbox);
        let mut creatures = Vec::with_capacity(self.creatures as usize);
        for number in 0..self.creatures {
            let (address, own) = mailbox::<R, _>(self.mailbox);
            let creature = Creature {
                account: Account::new(bench),
                number,
                colour: u64::from(number) % 3,
                broker: broker.clone(),
                driver: driver.address(),
            };
            spawn(&bench.census, own, creature);
            creatures.push(address);
        }
        let pairing = Broker {
            account: Account::new(bench),
            creatures: creatures.clone(),
            waiting: None,
            meeting: 0,
            meetings: self.meetings,
        };
        spawn(&bench.census, broker_mailbox, pairing);

        let start = clock::now();
        for creature in &creatures {
            begin(creature).await;
        }
        let meetings = driver.total(self.creatures.into()).await;
        let end = clock::now();

        stop_all(&creatures).await;
        broker.stop().await;
        drop(driver);
        bench.close(mark, Region { start, end }).await.summed().check("meetings", meetings)
    }
}

struct Broker<R: Runtime> {
    account: Account,
    creatures: Vec<Address<R, Message>>,
    /// Who asked and has no partner yet.
    waiting: Option<Message>,
    meeting: u64,
    meetings: u64,
}

impl<R: Runtime> Broker<R> {
    /// Tells a creature the colour of the other one.
    async fn introduce(&mut self, creature: &Message, other: &Message) {
        let news = Message::work(0, 4 * self.meeting + other.value, 0);
        self.account.sent(self.creatures[creature.from as usize].send(news).await);
    }
}

impl<R: Runtime> Actor for Broker<R> {
    type Message = Message;

    async fn handle(&mut self, message: Message) -> Flow {
        self.account.count();
        if self.meeting == self.meetings {
            let stop = Message::control(Kind::Done, 0);
            let _ = self.creatures[message.from as usize].send(stop).await; // the driver waits for it
        } else if let Some(first) = self.waiting.take() {
            self.introduce(&first, &message).await;
            self.introduce(&message, &first).await;
            self.meeting += 1;
        } else {
            self.waiting = Some(message);
        }
        CONTINUE
    }

    fn unread(&mut self, message: Message) {
        self.account.unread(message.counts());
    }
}

struct Creature<R: Runtime> {
    account: Account,
    number: u32,
    colour: u64,
    broker: Address<R, Message>,
    driver: Address<R, Message>,
}

impl<R: Runtime> Actor for Creature<R> {
    type Message = Message;

    async fn handle(&mut self, message: Message) -> Flow {
        if message.kind == Kind::Done {
            report(&self.driver, self.account.handled()).await;
            return CONTINUE;
        }
        if message.kind == Kind::Work {
            let (meeting, other) = (message.value / 4, message.value % 4);
            self.account.count();
            self.account.fold(meeting);
            if other != self.colour {
                self.colour = 3 - self.colour - other;
            }
        }
        let request = Message::work(self.number, self.colour, 0);
        self.account.sent(self.broker.send(request).await);
        CONTINUE
    }

    fn unread(&mut self, message: Message) {
        self.account.unread(message.counts());
    }
}
