//! `skynet`: a 10-ary tree of actors, its leaves summed.

use litbench_adapter::{clock, Failure, Iteration, Job};

use super::{Size, Workload};
use crate::behaviour::{Behaviour, Next};
use crate::chart::charts;
use crate::driver::Driver;
use crate::message::{Handle, Message};
use crate::spawn::{spawn, Style};
use litbench_adapter::bench::{Bench, Region, Tally};

const CHILDREN: u64 = 10;
/// 10^19 leaves have numbers of 64 bits.
const MOST_LEVELS: u64 = 19;

/// A tree of actors with 10^levels leaves.
#[derive(Clone, Copy, Debug)]
pub struct Skynet {
    levels: u32,
    mailbox: usize,
    style: Style,
}

impl Workload for Skynet {
    const NAME: &'static str = "skynet";
    const HISTOGRAM: &'static str = "node";

    fn of(job: &Job, style: Style) -> Result<Self, Failure> {
        let levels = job.positive("levels")?;
        if levels > MOST_LEVELS {
            let message = format!("skynet: levels must be at most {MOST_LEVELS}");
            return Err(Failure::new("parameters", message));
        }
        Ok(Self { levels: levels as u32, mailbox: job.length("mailbox")?, style })
    }

    fn size(&self) -> Size {
        let nodes = (0..=self.levels).map(|level| CHILDREN.pow(level)).sum();
        Size::new(nodes, nodes, self.mailbox)
    }

    async fn iterate(self, bench: &'static Bench) -> Iteration {
        let mark = bench.mark();
        let mut driver = Driver::new(bench, 1);

        let start = clock::now();
        let place = Place { first: 0, leaves: CHILDREN.pow(self.levels) };
        grow(bench, self.style, self.mailbox, place, driver.handle());
        let result = driver.value().await;
        let end = clock::now();

        drop(driver);
        let closed = bench.close(mark, Region { start, end }).await;
        closed.summed_as_they_are().check("result", result)
    }
}

/// A node's part of the tree: its leaves are numbered from `first`.
#[derive(Clone, Copy)]
struct Place {
    first: u64,
    leaves: u64,
}

#[derive(Clone)]
pub struct Node {
    account: Tally,
    born: u64,
    place: Place,
    style: Style,
    mailbox: usize,
    total: u64,
    parent: Handle,
}

/// Spawns a node. It learns from a control message that it is to begin, and where it is reached.
fn grow(bench: &'static Bench, style: Style, mailbox: usize, place: Place, parent: Handle) {
    let (born, account) = (bench.stamp(), Tally::new(bench));
    let node = Node { account, born, place, style, mailbox, total: 0, parent };
    let address = spawn(bench, style, node, mailbox);
    // Its mailbox is empty, so there is room.
    if place.leaves == 1 {
        let _ = address.try_send(Message::Start);
    } else {
        let own = Handle::new(address);
        let _ = own.try_send(Message::Meet { other: own.clone() });
    }
}

impl Node {
    fn report(&mut self, value: u64) -> Next {
        self.account.bench().record_since(self.born);
        self.account.send();
        Next::Say(Message::Work { from: 0, value, stamp: 0 })
    }
}

impl Behaviour for Node {
    fn receive(&mut self, message: &Message) -> Next {
        match message {
            Message::Start => self.report(self.place.first),
            Message::Meet { other: own } => {
                let leaves = self.place.leaves / CHILDREN;
                for child in 0..CHILDREN {
                    let place = Place { first: self.place.first + child * leaves, leaves };
                    grow(self.account.bench(), self.style, self.mailbox, place, own.clone());
                }
                Next::Rest
            }
            Message::Work { value, .. } => {
                self.account.handle(*value);
                self.total = self.total.wrapping_add(*value);
                if self.account.handled() < CHILDREN {
                    return Next::Rest;
                }
                self.report(self.total)
            }
            _ => Next::Rest,
        }
    }

    fn route(&self, _letter: &Message) -> &Handle {
        &self.parent
    }

    fn settle(&mut self) {
        self.account.enter();
    }
}

charts!(node: Node);
