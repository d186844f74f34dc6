//! `pipeline`: every value goes through a row of actors.

use lit_bit_core::actor::address::Address;
use litbench_adapter::{clock, Failure, Iteration, Job};

use super::{bound, crowd, positive, Size, Workload};
use crate::behaviour::Behaviour;
use crate::book::{Account, Book, Region};
use crate::chart::chart;
use crate::driver::Driver;
use crate::message::{Handle, Message};
use crate::spawn::{spawn, Style};

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
        let (stages, messages) = (crowd(job, "stages")?, positive(job, "messages")?);
        Ok(Self { stages, messages, mailbox: bound(job)?, style })
    }

    fn size(&self) -> Size {
        let stages = u64::from(self.stages);
        Size::new(stages, stages * self.messages, self.mailbox)
    }

    async fn iterate(self, book: &'static Book) -> Iteration {
        let mark = book.mark();
        let mut driver = Driver::new(book, 1);
        let mut next = driver.handle();
        for number in 0..self.stages {
            let last = (number == 0).then_some(self.messages); // the last one is born first
            let stage = Stage { account: Account::new(book), last, next };
            next = Handle::new(spawn(self.style, stage, self.mailbox));
        }

        let start = clock::now();
        for value in 0..self.messages {
            driver.send(&next, value).await;
        }
        driver.done().await;
        let end = clock::now();

        drop(next);
        driver.settle();
        book.close(mark, Region { start, end }).await.ordered()
    }
}

/// Hands each value on; the last stage, which expects so many, says when it has all.
#[derive(Clone)]
pub struct Stage {
    account: Account,
    last: Option<u64>,
    next: Handle,
}

impl Behaviour for Stage {
    #[inline]
    fn receive(&mut self, message: &Message) -> Option<Message> {
        let Message::Work { value, stamp, .. } = message else { return None };
        self.account.handle(*value);
        match self.last {
            None => {
                self.account.send();
                Some(message.clone())
            }
            Some(expected) => {
                self.account.book().record_since(*stamp);
                (self.account.handled() == expected).then_some(Message::Done { value: 0 })
            }
        }
    }

    fn route(&self, _letter: &Message) -> &Handle {
        &self.next
    }

    fn settle(&self) {
        self.account.settle(&[]);
    }

    fn spawn_chart(self, mailbox: usize) -> Address<Message> {
        charts::stage::spawn(self, mailbox)
    }
}

mod charts {
    use super::*;

    chart!(stage, Stage);
}
