//! `skynet`: a 10-ary tree of actors, its leaves summed.

use litbench_adapter::{clock, Failure, Iteration, Job};

use crate::bench::{Account, Bench, Driver, Region};
use crate::kernel::{mailbox, spawn, Actor, Address, Flow, CONTINUE, STOP};
use crate::message::Message;
use crate::runtime::Runtime;
use crate::workloads::{Size, Workload};

const CHILDREN: u64 = 10;
/// 10^19 leaves have numbers of 64 bits.
const MOST_LEVELS: u64 = 19;

/// A tree of actors with 10^levels leaves.
#[derive(Clone, Copy, Debug)]
pub struct Skynet {
    levels: u32,
    mailbox: usize,
}

impl Workload for Skynet {
    const NAME: &'static str = "skynet";
    const HISTOGRAM: &'static str = "node";

    fn of(job: &Job) -> Result<Self, Failure> {
        let levels = job.positive("levels")?;
        if levels > MOST_LEVELS {
            let message = format!("skynet: levels must be at most {MOST_LEVELS}");
            return Err(Failure::new("parameters", message));
        }
        Ok(Self { levels: levels as u32, mailbox: job.length("mailbox")? })
    }

    fn size(&self) -> Size {
        let nodes = (0..=self.levels).map(|level| CHILDREN.pow(level)).sum();
        Size { actors: nodes, messages: nodes, in_flight: 0, mailbox: self.mailbox }
    }

    async fn iterate<R: Runtime>(self, bench: &'static Bench) -> Iteration {
        let mark = bench.mark();
        let mut driver = Driver::<R>::new(bench, 1);

        let start = clock::now();
        let leaves = CHILDREN.pow(self.levels);
        grow::<R>(bench, self.mailbox, Place { first: 0, leaves }, driver.address());
        let result = driver.next().await;
        driver.account.handle(result.value);
        let end = clock::now();

        drop(driver);
        let closed = bench.close(mark, Region { start, end }).await;
        closed.summed_as_they_are().check("result", result.value)
    }
}

/// A node's part of the tree: its leaves are numbered from `first`.
#[derive(Clone, Copy)]
struct Place {
    first: u64,
    leaves: u64,
}

struct Node<R: Runtime> {
    account: Account,
    born: u64,
    place: Place,
    mailbox: usize,
    total: u64,
    parent: Address<R, Message>,
    /// What the children get; only they keep it.
    own: Option<Address<R, Message>>,
}

fn grow<R: Runtime>(
    bench: &'static Bench,
    bound: usize,
    place: Place,
    parent: Address<R, Message>,
) {
    let born = bench.stamp();
    let (address, node_mailbox) = mailbox::<R, _>(bound);
    let account = Account::new(bench);
    let own = Some(address);
    spawn(
        &bench.census,
        node_mailbox,
        Node { account, born, place, mailbox: bound, total: 0, parent, own },
    );
}

impl<R: Runtime> Node<R> {
    fn grow_children(&mut self) {
        let Some(own) = self.own.take() else { return };
        let leaves = self.place.leaves / CHILDREN;
        for child in 0..CHILDREN {
            let place = Place { first: self.place.first + child * leaves, leaves };
            grow::<R>(self.account.bench(), self.mailbox, place, own.clone());
        }
    }

    async fn report(&mut self, value: u64) -> Flow {
        self.account.bench().record_since(self.born);
        self.account.sent(self.parent.send(Message::work(0, value, 0)).await);
        STOP
    }
}

impl<R: Runtime> Actor for Node<R> {
    type Message = Message;

    async fn started(&mut self) -> Flow {
        if self.place.leaves == 1 {
            return self.report(self.place.first).await;
        }
        self.grow_children();
        CONTINUE
    }

    async fn handle(&mut self, message: Message) -> Flow {
        self.account.handle(message.value);
        self.total = self.total.wrapping_add(message.value);
        if self.account.handled() < CHILDREN {
            return CONTINUE;
        }
        self.report(self.total).await
    }

    fn unread(&mut self, message: Message) {
        self.account.unread(message.counts());
    }
}
