//! `banking`: transfers of money between accounts, through a teller.

use std::sync::Arc;

use litbench_adapter::{clock, Failure, Iteration, Job};

use crate::bench::{begin, report, stop_all, Account as Book, Bench, Driver, Region};
use crate::kernel::{mailbox, spawn, Actor, Address, Flow, CONTINUE};
use crate::message::{Kind, Message};
use crate::runtime::Runtime;
use crate::workloads::{Size, Workload};
use litbench_adapter::random::Xorshift;

/// What each account holds at first.
const BALANCE: u64 = 1_000_000;

/// Their numbers have 30 bits in a message.
const MOST_ACCOUNTS: u32 = (1 << 30) - 1;

/// Transfers between accounts.
#[derive(Clone, Copy, Debug)]
pub struct Banking {
    accounts: u32,
    transfers: u64,
    window: u64,
    mailbox: usize,
}

impl Workload for Banking {
    const NAME: &'static str = "banking";
    const HISTOGRAM: &'static str = "transfer";

    fn of(job: &Job) -> Result<Self, Failure> {
        let accounts = job.crowd("accounts")?;
        if !(2..=MOST_ACCOUNTS).contains(&accounts) {
            let message = format!("banking: accounts must be 2 to {MOST_ACCOUNTS}");
            return Err(Failure::new("parameters", message));
        }
        let (transfers, window) = (job.positive("transfers")?, job.positive("window")?);
        Ok(Self { accounts, transfers, window, mailbox: job.length("mailbox")? })
    }

    fn size(&self) -> Size {
        Size {
            actors: u64::from(self.accounts) + 1,
            messages: 4 * self.transfers,
            in_flight: self.window,
            mailbox: self.mailbox,
        }
    }

    async fn iterate<R: Runtime>(self, bench: &'static Bench) -> Iteration {
        let mark = bench.mark();
        let mut driver = Driver::<R>::new(bench, 1);
        let (teller, teller_mailbox) = mailbox::<R, _>(self.mailbox);
        let (accounts, mailboxes): (Vec<_>, Vec<_>) =
            (0..self.accounts).map(|_| mailbox::<R, _>(self.mailbox)).unzip();
        let accounts: Arc<[_]> = accounts.into();
        for (number, own) in (0..self.accounts).zip(mailboxes) {
            let account = Account {
                book: Book::new(bench),
                number,
                balance: BALANCE,
                accounts: Arc::clone(&accounts),
                teller: teller.clone(),
                driver: driver.address(),
            };
            spawn(&bench.census, own, account);
        }
        let clerk = Teller {
            book: Book::new(bench),
            workload: self,
            random: Xorshift::of(0),
            next: 0,
            accounts: Arc::clone(&accounts),
            driver: driver.address(),
        };
        spawn(&bench.census, teller_mailbox, clerk);

        let start = clock::now();
        begin(&teller).await;
        driver.done(1).await;
        let end = clock::now();

        let (mut total, mut balances) = (0u64, 0u64);
        for (weight, account) in (1..).zip(&*accounts) {
            let balance = driver.ask(account).await;
            total = total.wrapping_add(balance);
            balances = balances.wrapping_add(balance.wrapping_mul(weight));
        }
        teller.stop().await;
        stop_all(&accounts).await;
        drop(driver);
        let iteration = bench.close(mark, Region { start, end }).await.bare();
        iteration.check("total", total).check("balances", balances)
    }
}

/// A message's value: what it is for (2 bits), the account that it is about (30), and an amount (32).
#[derive(Clone, Copy)]
struct Order(u64);

const DEBIT: u64 = 0;
const CREDIT: u64 = 1;
const DONE: u64 = 2;

impl Order {
    fn new(purpose: u64, account: u32, amount: u64) -> Self {
        Self(purpose << 62 | u64::from(account) << 32 | amount)
    }

    fn purpose(self) -> u64 {
        self.0 >> 62
    }

    fn account(self) -> u32 {
        (self.0 >> 32) as u32 & MOST_ACCOUNTS
    }

    fn amount(self) -> u64 {
        self.0 & 0xFFFF_FFFF
    }
}

struct Teller<R: Runtime> {
    book: Book,
    workload: Banking,
    random: Xorshift,
    next: u64,
    accounts: Arc<[Address<R, Message>]>,
    driver: Address<R, Message>,
}

impl<R: Runtime> Teller<R> {
    async fn transfer_next(&mut self) {
        let accounts = self.accounts.len() as u64;
        let x = self.random.draw();
        let from = (x >> 33) % accounts;
        let to = (from + 1 + ((x >> 13) & 0xF_FFFF) % (accounts - 1)) % accounts;
        let order = Order::new(DEBIT, to as u32, (x & 0xFF) + 1);
        let message = Message::work(0, order.0, self.book.bench().stamp());
        self.book.sent(self.accounts[from as usize].send(message).await);
        self.next += 1;
    }
}

impl<R: Runtime> Actor for Teller<R> {
    type Message = Message;

    async fn handle(&mut self, message: Message) -> Flow {
        let Banking { transfers, window, .. } = self.workload;
        if message.kind == Kind::Start {
            while self.next < transfers.min(window) {
                self.transfer_next().await;
            }
            return CONTINUE;
        }
        self.book.bench().record_since(message.stamp);
        self.book.count();
        if self.next < transfers {
            self.transfer_next().await;
        } else if self.book.handled() == transfers {
            report(&self.driver, 0).await;
        }
        CONTINUE
    }

    fn unread(&mut self, message: Message) {
        self.book.unread(message.counts());
    }
}

struct Account<R: Runtime> {
    book: Book,
    number: u32,
    /// In two's complement.
    balance: u64,
    accounts: Arc<[Address<R, Message>]>,
    teller: Address<R, Message>,
    driver: Address<R, Message>,
}

impl<R: Runtime> Account<R> {
    async fn perform(&mut self, order: Order, stamp: u64) {
        let (next, purpose) = match order.purpose() {
            DEBIT => {
                self.balance = self.balance.wrapping_sub(order.amount());
                (&self.accounts[order.account() as usize], CREDIT)
            }
            CREDIT => {
                self.balance = self.balance.wrapping_add(order.amount());
                (&self.accounts[order.account() as usize], DONE)
            }
            _ => (&self.teller, DONE),
        };
        let order = Order::new(purpose, self.number, order.amount());
        self.book.sent(next.send(Message::work(0, order.0, stamp)).await);
    }
}

impl<R: Runtime> Actor for Account<R> {
    type Message = Message;

    async fn handle(&mut self, message: Message) -> Flow {
        if message.kind == Kind::Ask {
            report(&self.driver, self.balance).await;
        } else {
            self.book.count();
            self.perform(Order(message.value), message.stamp).await;
        }
        CONTINUE
    }

    fn unread(&mut self, message: Message) {
        self.book.unread(message.counts());
    }
}
