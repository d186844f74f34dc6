//! `fan-in`: many senders flood one receiver.

use litbench_adapter::{clock, Failure, Fold, Iteration, Job};

use super::{bound, crowd, positive, Size, Workload};
use crate::bench::{begin, report, stop_all, Account, Bench, Driver, Region};
use crate::kernel::{mailbox, Actor, Address, Flow, CONTINUE};
use crate::message::Message;
use crate::runtime::Runtime;

/// A flood from many actors to one.
#[derive(Clone, Copy, Debug)]
pub struct FanIn {
    senders: u32,
    messages: u64,
    mailbox: usize,
}

impl Workload for FanIn {
    const NAME: &'static str = "fan-in";

    fn of(job: &Job) -> Result<Self, Failure> {
        let (senders, messages) = (crowd(job, "senders")?, positive(job, "messages")?);
        Ok(Self { senders, messages, mailbox: bound(job)? })
    }

    fn size(&self) -> Size {
        let senders = u64::from(self.senders);
        Size {
            actors: senders + 1,
            messages: senders * self.messages,
            in_flight: 0,
            mailbox: self.mailbox,
        }
    }

    async fn iterate<R: Runtime>(self, bench: &'static Bench) -> Iteration {
        let mark = bench.mark();
        let mut driver = Driver::<R>::new(bench, 1);
        let (receiver, receiver_mailbox) = mailbox::<R, _>(self.mailbox);
        let sink = Sink {
            account: Account::new(bench),
            folds: vec![Fold::new(); self.senders as usize],
            expected: self.size().messages,
            driver: driver.address(),
        };
        bench.system.spawn(receiver_mailbox, sink);
        let mut senders = Vec::with_capacity(self.senders as usize);
        for number in 0..self.senders {
            let (address, sender_mailbox) = mailbox::<R, _>(self.mailbox);
            let account = Account::new(bench);
            let source =
                Source { account, number, messages: self.messages, receiver: receiver.clone() };
            bench.system.spawn(sender_mailbox, source);
            senders.push(address);
        }

        let start = clock::now();
        for sender in &senders {
            begin(sender).await;
        }
        driver.done(1).await;
        let end = clock::now();

        stop_all(&senders).await;
        receiver.stop().await;
        drop(driver);
        bench.close(mark, Region { start, end }).await.ordered()
    }
}

struct Source<R: Runtime> {
    account: Account,
    number: u32,
    messages: u64,
    receiver: Address<R, Message>,
}

impl<R: Runtime> Actor for Source<R> {
    type Message = Message;

    async fn handle(&mut self, _start: Message) -> Flow {
        for value in 0..self.messages {
            let message = Message::work(self.number, value, self.account.bench().stamp());
            self.account.sent(self.receiver.send(message).await);
        }
        CONTINUE
    }

    fn unread(&mut self, message: Message) {
        self.account.unread(&message);
    }
}

struct Sink<R: Runtime> {
    account: Account,
    folds: Vec<Fold>,
    expected: u64,
    driver: Address<R, Message>,
}

impl<R: Runtime> Actor for Sink<R> {
    type Message = Message;

    async fn handle(&mut self, message: Message) -> Flow {
        self.account.bench().record_since(message.stamp);
        self.account.handle_from(&message, &mut self.folds);
        if self.account.handled() == self.expected {
            report(&self.driver, 0).await;
        }
        CONTINUE
    }

    fn unread(&mut self, message: Message) {
        self.account.unread(&message);
    }
}

impl<R: Runtime> Drop for Sink<R> {
    fn drop(&mut self) {
        self.account.settle(&self.folds);
    }
}
