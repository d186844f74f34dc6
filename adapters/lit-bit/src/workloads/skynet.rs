//! `skynet`: a 10-ary tree of actors, its leaves summed.

use lit_bit_core::actor::address::Address;
use litbench_adapter::{clock, Failure, Iteration, Job};

use super::{bound, positive, Size, Workload};
use crate::behaviour::Behaviour;
use crate::book::{Account, Book, Region};
use crate::chart::chart;
use crate::driver::Driver;
use crate::message::{Handle, Message};
use crate::spawn::{spawn, Style};

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
        let levels = positive(job, "levels")?;
        if levels > MOST_LEVELS {
            let message = format!("skynet: levels must be at most {MOST_LEVELS}");
            return Err(Failure::new("parameters", message));
        }
        Ok(Self { levels: levels as u32, mailbox: bound(job)?, style })
    }

    fn size(&self) -> Size {
        let nodes = (0..=self.levels).map(|level| CHILDREN.pow(level)).sum();
        Size::new(nodes, nodes, self.mailbox)
    }

    async fn iterate(self, book: &'static Book) -> Iteration {
        let mark = book.mark();
        let mut driver = Driver::new(book, 1);

        let start = clock::now();
        let place = Place { first: 0, leaves: CHILDREN.pow(self.levels) };
        grow(book, self.style, self.mailbox, place, driver.handle());
        let result = driver.value().await;
        let end = clock::now();

        driver.settle();
        let closed = book.close(mark, Region { start, end }).await;
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
    account: Account,
    born: u64,
    place: Place,
    style: Style,
    mailbox: usize,
    total: u64,
    parent: Handle,
}

/// Spawns a node. It learns from a control message that it is to begin, and where it is reached.
fn grow(book: &'static Book, style: Style, mailbox: usize, place: Place, parent: Handle) {
    let (born, account) = (book.stamp(), Account::new(book));
    let node = Node { account, born, place, style, mailbox, total: 0, parent };
    let address = spawn(style, node, mailbox);
    // Its mailbox is empty, so there is room.
    if place.leaves == 1 {
        let _ = address.try_send(Message::Start);
    } else {
        let own = Handle::new(address);
        let _ = own.try_send(Message::Meet { other: own.clone() });
    }
}

impl Node {
    fn report(&mut self, value: u64) -> Option<Message> {
        self.account.book().record_since(self.born);
        self.account.send();
        Some(Message::Work { from: 0, value, stamp: 0 })
    }
}

impl Behaviour for Node {
    fn receive(&mut self, message: &Message) -> Option<Message> {
        match message {
            Message::Start => self.report(self.place.first),
            Message::Meet { other: own } => {
                let leaves = self.place.leaves / CHILDREN;
                for child in 0..CHILDREN {
                    let place = Place { first: self.place.first + child * leaves, leaves };
                    grow(self.account.book(), self.style, self.mailbox, place, own.clone());
                }
                None
            }
            Message::Work { value, .. } => {
                self.account.handle(*value);
                self.total = self.total.wrapping_add(*value);
                if self.account.handled() < CHILDREN {
                    return None;
                }
                self.report(self.total)
            }
            _ => None,
        }
    }

    fn route(&self, _letter: &Message) -> &Handle {
        &self.parent
    }

    fn settle(&self) {
        self.account.settle(&[]);
    }

    fn spawn_chart(self, mailbox: usize) -> Address<Message> {
        charts::node::spawn(self, mailbox)
    }
}

mod charts {
    use super::*;

    chart!(node, Node);
}
