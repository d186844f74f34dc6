//! `banking`: transfers of money between accounts, through a teller.

use litbench_adapter::bench::{Bench, Region, Tally as Book};
use litbench_adapter::random::Xorshift;
use litbench_adapter::{clock, Failure, Iteration, Job};

use super::{Size, Workload};
use crate::behaviour::{Behaviour, Next};
use crate::chart::charts;
use crate::driver::{part, post, tell, Driver};
use crate::message::{Circle, Handle, Message};
use crate::spawn::{spawn, Style};

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
    style: Style,
}

impl Workload for Banking {
    const NAME: &'static str = "banking";
    const HISTOGRAM: &'static str = "transfer";

    fn of(job: &Job, style: Style) -> Result<Self, Failure> {
        let accounts = job.crowd("accounts")?;
        if !(2..=MOST_ACCOUNTS).contains(&accounts) {
            return Err(job.bad(&format!("accounts must be 2 to {MOST_ACCOUNTS}")));
        }
        let (transfers, window) = (job.positive("transfers")?, job.positive("window")?);
        Ok(Self { accounts, transfers, window, mailbox: job.length("mailbox")?, style })
    }

    fn size(&self) -> Size {
        Size::new(u64::from(self.accounts) + 1, 4 * self.transfers, self.mailbox)
            .in_flight(self.window)
    }

    async fn iterate(self, bench: &'static Bench) -> Iteration {
        let mark = bench.mark();
        let mut driver = Driver::new(bench, 1);
        let (teller, accounts) = self.open(bench, &driver).await;

        let start = clock::now();
        tell(&teller, Message::Start).await;
        driver.done().await;
        let end = clock::now();

        let (mut total, mut balances) = (0u64, 0u64);
        for (weight, account) in (1..).zip(&*accounts) {
            let balance = driver.ask(account).await;
            total = total.wrapping_add(balance);
            balances = balances.wrapping_add(balance.wrapping_mul(weight));
        }
        part(&[teller]).await;
        part(&accounts).await;
        drop((accounts, driver));
        let iteration = bench.close(mark, Region { start, end }).await.bare();
        iteration.check("total", total).check("balances", balances)
    }
}

impl Banking {
    /// The teller and the accounts, which all know each other.
    async fn open(self, bench: &'static Bench, driver: &Driver) -> (Handle, Circle) {
        let clerk = Teller {
            book: Book::new(bench),
            workload: self,
            random: Xorshift::of(0),
            next: 0,
            accounts: Circle::default(),
            driver: driver.handle(),
        };
        let teller = Handle::new(spawn(bench, self.style, clerk, self.mailbox));
        let account = |number| {
            let account = Account {
                book: Book::new(bench),
                number,
                balance: BALANCE,
                accounts: Circle::default(),
                to: None,
                teller: teller.clone(),
                driver: driver.handle(),
            };
            Handle::new(spawn(bench, self.style, account, self.mailbox))
        };
        let accounts: Circle = (0..self.accounts).map(account).collect();
        for actor in accounts.iter().chain([&teller]) {
            tell(actor, Message::MeetAll { others: accounts.clone() }).await;
        }
        (teller, accounts)
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

#[derive(Clone)]
pub struct Teller {
    book: Book,
    workload: Banking,
    random: Xorshift,
    next: u64,
    accounts: Circle,
    driver: Handle,
}

impl Teller {
    fn transfer_next(&mut self) {
        let accounts = self.accounts.len() as u64;
        let x = self.random.draw();
        let from = (x >> 33) % accounts;
        let to = (from + 1 + ((x >> 13) & 0xF_FFFF) % (accounts - 1)) % accounts;
        let value = Order::new(DEBIT, to as u32, (x & 0xFF) + 1).0;
        self.book.send();
        let stamp = self.book.bench().stamp();
        post(&self.accounts[from as usize], Message::Work { from: 0, value, stamp });
        self.next += 1;
    }
}

impl Behaviour for Teller {
    fn receive(&mut self, message: &Message) -> Next {
        let Banking { transfers, window, .. } = self.workload;
        match message {
            Message::Work { stamp, .. } => {
                self.book.bench().record_since(*stamp);
                self.book.count();
                if self.next < transfers {
                    self.transfer_next();
                }
                return Next::done_if(self.book.handled() == transfers, 0);
            }
            Message::MeetAll { others } => self.accounts = others.clone(),
            _ => (0..transfers.min(window)).for_each(|_| self.transfer_next()),
        }
        Next::Rest
    }

    fn route(&self, _letter: &Message) -> &Handle {
        &self.driver
    }

    fn settle(&mut self) {
        self.book.enter();
    }
}

#[derive(Clone)]
pub struct Account {
    book: Book,
    number: u32,
    /// In two's complement.
    balance: u64,
    accounts: Circle,
    /// The account that the last order goes to; `None`: the teller.
    to: Option<u32>,
    teller: Handle,
    driver: Handle,
}

impl Account {
    /// Performs an order and says what it goes on as.
    fn perform(&mut self, order: Order) -> Order {
        let purpose = match order.purpose() {
            DEBIT => {
                self.balance = self.balance.wrapping_sub(order.amount());
                self.to = Some(order.account());
                CREDIT
            }
            CREDIT => {
                self.balance = self.balance.wrapping_add(order.amount());
                self.to = Some(order.account());
                DONE
            }
            _ => {
                self.to = None;
                DONE
            }
        };
        Order::new(purpose, self.number, order.amount())
    }
}

impl Behaviour for Account {
    fn receive(&mut self, message: &Message) -> Next {
        match *message {
            Message::Work { value, stamp, .. } => {
                self.book.count();
                let value = self.perform(Order(value)).0;
                self.book.send();
                Next::Say(Message::Work { from: 0, value, stamp })
            }
            Message::MeetAll { ref others } => {
                self.accounts = others.clone();
                Next::Rest
            }
            _ => Next::Say(Message::Done { value: self.balance }),
        }
    }

    fn route(&self, letter: &Message) -> &Handle {
        match (letter, self.to) {
            (Message::Work { .. }, Some(account)) => &self.accounts[account as usize],
            (Message::Work { .. }, None) => &self.teller,
            _ => &self.driver,
        }
    }

    fn settle(&mut self) {
        self.book.enter();
    }
}

charts!(teller: Teller, account: Account);
