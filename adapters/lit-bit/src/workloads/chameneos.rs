//! `chameneos`: creatures meet in pairs through a broker.

use litbench_adapter::bench::{Bench, Region, Tally};
use litbench_adapter::{clock, Failure, Iteration, Job, Measure};

use super::{Size, Workload};
use crate::behaviour::{Behaviour, Next};
use crate::chart::charts;
use crate::driver::{post, tell, Driver};
use crate::message::{Circle, Handle, Message};
use crate::spawn::{spawn, Style};

/// Meetings of creatures that change their colours.
#[derive(Clone, Copy, Debug)]
pub struct Chameneos {
    creatures: u32,
    meetings: u64,
    mailbox: usize,
    style: Style,
}

impl Workload for Chameneos {
    const NAME: &'static str = "chameneos";
    const MEASURES: &'static [Measure] = &[Measure::Throughput];

    fn of(job: &Job, style: Style) -> Result<Self, Failure> {
        let creatures = job.crowd("creatures")?;
        if creatures < 2 {
            return Err(job.bad("creatures must be at least 2"));
        }
        let (meetings, mailbox) = (job.positive("meetings")?, job.length("mailbox")?);
        Ok(Self { creatures, meetings, mailbox, style })
    }

    fn size(&self) -> Size {
        let creatures = u64::from(self.creatures);
        Size::new(creatures + 1, 4 * self.meetings + creatures, self.mailbox)
    }

    async fn iterate(self, bench: &'static Bench) -> Iteration {
        let mark = bench.mark();
        let mut driver = Driver::new(bench, self.creatures.into());
        let pairing = Broker {
            account: Tally::new(bench),
            creatures: Circle::default(),
            waiting: None,
            meeting: 0,
            meetings: self.meetings,
        };
        let broker = Handle::new(spawn(bench, self.style, pairing, self.mailbox));
        let creatures: Circle = (0..self.creatures)
            .map(|number| {
                let creature = Creature {
                    account: Tally::new(bench),
                    number,
                    colour: u64::from(number) % 3,
                    broker: broker.clone(),
                    driver: driver.handle(),
                };
                Handle::new(spawn(bench, self.style, creature, self.mailbox))
            })
            .collect();
        tell(&broker, Message::MeetAll { others: creatures.clone() }).await;

        let start = clock::now();
        for creature in &*creatures {
            tell(creature, Message::Start).await;
        }
        let meetings = driver.total(self.creatures.into()).await;
        let end = clock::now();

        // Broker and creatures know each other: one has to forget the others.
        tell(&broker, Message::MeetAll { others: Circle::default() }).await;
        drop((broker, creatures, driver));
        bench.close(mark, Region { start, end }).await.summed().check("meetings", meetings)
    }
}

#[derive(Clone)]
pub struct Broker {
    account: Tally,
    creatures: Circle,
    /// Who asked and has no partner yet, with its colour.
    waiting: Option<(u32, u64)>,
    meeting: u64,
    meetings: u64,
}

impl Broker {
    fn pair(&mut self, creature: u32, colour: u64) {
        self.account.count();
        if self.meeting == self.meetings {
            post(&self.creatures[creature as usize], Message::Done { value: 0 });
        } else if let Some((first, first_colour)) = self.waiting.take() {
            self.introduce(first, colour);
            self.introduce(creature, first_colour);
            self.meeting += 1;
        } else {
            self.waiting = Some((creature, colour));
        }
    }

    /// Tells a creature the colour of the other one.
    fn introduce(&mut self, creature: u32, other: u64) {
        let value = 4 * self.meeting + other;
        self.account.send();
        post(&self.creatures[creature as usize], Message::Work { from: 0, value, stamp: 0 });
    }
}

impl Behaviour for Broker {
    fn receive(&mut self, message: &Message) -> Next {
        match message {
            Message::Work { from, value, .. } => self.pair(*from, *value),
            Message::MeetAll { others } => self.creatures = others.clone(),
            _ => {}
        }
        Next::Rest
    }

    fn route(&self, _letter: &Message) -> &Handle {
        unreachable!("a broker posts")
    }

    fn settle(&mut self) {
        self.account.enter();
    }
}

#[derive(Clone)]
pub struct Creature {
    account: Tally,
    number: u32,
    colour: u64,
    broker: Handle,
    driver: Handle,
}

impl Behaviour for Creature {
    fn receive(&mut self, message: &Message) -> Next {
        match *message {
            Message::Done { .. } => {
                return Next::Say(Message::Done { value: self.account.handled() })
            }
            Message::Work { value, .. } => {
                let (meeting, other) = (value / 4, value % 4);
                self.account.handle(meeting);
                if other != self.colour {
                    self.colour = 3 - self.colour - other;
                }
            }
            _ => {} // Start
        }
        self.account.send();
        Next::Say(Message::Work { from: self.number, value: self.colour, stamp: 0 })
    }

    fn route(&self, letter: &Message) -> &Handle {
        match letter {
            Message::Work { .. } => &self.broker,
            _ => &self.driver,
        }
    }

    fn settle(&mut self) {
        self.account.enter();
    }
}

charts!(broker: Broker, creature: Creature);
