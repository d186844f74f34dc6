//! The kernel's supervisor on a runtime: strategies, intensity, fresh state, kept mailboxes.

use std::sync::atomic::Ordering;
use std::time::Duration;

use actors::kernel::{mailbox, Actor, Address, Flow, Mailbox, CONTINUE};
use actors::message::{Kind, Message};
use actors::runtime::Runtime;
use actors::supervisor::{crash, Intensity, News, Strategy, Supervision};
use litbench_adapter::Census;

/// All of the supervisor's checks, on a runtime with that many worker threads.
///
/// # Panics
/// When one fails.
pub fn check<R: Runtime>(threads: usize) {
    let mut runtime = R::start(threads).expect("the runtime starts");
    for (strategy, states) in [
        (Strategy::OneForOne, [1, 0, 1, 1]),
        (Strategy::OneForAll, [0, 0, 0, 0]),
        (Strategy::RestForOne, [1, 0, 0, 0]),
    ] {
        runtime.run(restarts_those_of_the_strategy::<R>(strategy, states));
        runtime.run(keeps_mailboxes::<R>(strategy));
        runtime.run(survives_crashes_of_several_at_once::<R>(strategy));
    }
    runtime.run(gives_up_after_too_many::<R>());
    runtime.run(forgets_crashes_of_long_ago::<R>());
    runtime.run(ends_when_its_children_have_stopped::<R>());
    runtime.reclaim();
}

const COUNT: u32 = 0;
const CRASH: u32 = 1;
const STATE: u32 = 2;

/// Counts, crashes or tells its count, as messages say.
struct Tally<R: Runtime> {
    count: u64,
    tester: Address<R, Message>,
}

impl<R: Runtime> Actor for Tally<R> {
    type Message = Message;

    async fn handle(&mut self, message: Message) -> Flow {
        match message.from {
            COUNT => self.count += 1,
            CRASH => crash(),
            _ => drop(self.tester.send(Message::control(Kind::Answer, self.count)).await),
        }
        CONTINUE
    }

    fn unread(&mut self, message: Message) {
        let _ = self.tester.try_send(Message::control(Kind::Start, message.value));
    }
}

/// A supervisor over four children, and what is heard of it.
struct Family<R: Runtime> {
    census: &'static Census,
    rules: Supervision,
    children: Vec<Address<R, Message>>,
    heard: Mailbox<R, Message>,
    news: Mailbox<R, Message>,
}

const RESTARTED: u64 = 1;
const FINISHED: u64 = 2;
const GAVE_UP: u64 = 3;

impl<R: Runtime> Family<R> {
    fn new(rules: Supervision, bound: usize) -> Self {
        let census: &'static Census = Box::leak(Box::new(Census::new()));
        let (tester, heard) = mailbox::<R, Message>(256);
        let (teller, news) = mailbox::<R, Message>(256);
        let family: Vec<_> = (0..4).map(|_| mailbox::<R, Message>(bound)).collect();
        let children = family.iter().map(|(address, _)| address.clone()).collect();
        let make = move |_| Tally { count: 0, tester: tester.clone() };
        let tell = move |news| {
            let value = match news {
                News::Restarted(_) => RESTARTED,
                News::Finished => FINISHED,
                News::GaveUp => GAVE_UP,
            };
            assert!(teller.try_send(Message::control(Kind::Done, value)).is_ok());
        };
        rules.clone().spawn(census, family, make, tell);
        Self { census, rules, children, heard, news }
    }

    async fn send(&mut self, child: usize, request: u32) {
        assert!(self.children[child].send(Message::work(request, 0, 0)).await.is_ok());
    }

    async fn next_news(&mut self) -> u64 {
        self.news.receive().await.expect("the supervisor has a sender").value
    }

    async fn states(&mut self) -> Vec<u64> {
        let mut states = Vec::new();
        for child in 0..self.children.len() {
            self.send(child, STATE).await;
            states.push(self.heard.receive().await.expect("children have a sender").value);
        }
        states
    }

    fn restarts(&self) -> u64 {
        self.rules.restarts.load(Ordering::Relaxed)
    }

    async fn end(self) {
        actors::bench::stop_all(&self.children).await;
        self.census.settled().await;
    }
}

async fn restarts_those_of_the_strategy<R: Runtime>(strategy: Strategy, expected: [u64; 4]) {
    let mut family = Family::<R>::new(Supervision::new(strategy), 8);
    for child in 0..4 {
        family.send(child, COUNT).await;
    }
    assert_eq!(family.states().await, [1, 1, 1, 1]);
    family.send(1, CRASH).await;
    assert_eq!(family.next_news().await, RESTARTED);
    assert_eq!(family.states().await, expected, "{strategy:?}");
    assert_eq!(family.restarts(), expected.iter().filter(|&&state| state == 0).count() as u64);
    family.end().await;
}

/// What waits in the mailboxes when a child crashes is handled by the children as they are restarted.
async fn keeps_mailboxes<R: Runtime>(strategy: Strategy) {
    const AFTER: u64 = 50;
    let mut family = Family::<R>::new(Supervision::new(strategy), 64);
    for _ in 0..3 {
        family.send(0, COUNT).await;
    }
    family.send(0, CRASH).await;
    for _ in 0..AFTER {
        family.send(0, COUNT).await;
        family.send(3, COUNT).await;
    }
    assert_eq!(family.next_news().await, RESTARTED);
    let states = family.states().await;
    assert_eq!(states[0], AFTER, "{strategy:?}");
    // Child 3 may have handled some before it was restarted too; none may be handled twice.
    assert!(states[3] <= AFTER && (strategy != Strategy::OneForOne || states[3] == AFTER));
    family.end().await;
}

/// Mailboxes of one message: each wakes a child, crashes it or waits outside.
async fn survives_crashes_of_several_at_once<R: Runtime>(strategy: Strategy) {
    const ROUNDS: usize = 25;
    let mut family = Family::<R>::new(Supervision::new(strategy), 1);
    for _ in 0..ROUNDS {
        for child in [3, 0, 2, 1] {
            family.send(child, CRASH).await;
        }
    }
    for child in 0..4 {
        family.send(child, COUNT).await;
    }
    family.states().await; // everyone lives and answers
    let least = if strategy == Strategy::OneForAll { ROUNDS } else { 4 * ROUNDS };
    assert!(family.restarts() >= least as u64, "{strategy:?}");
    family.end().await;
}

async fn gives_up_after_too_many<R: Runtime>() {
    let intensity = Intensity { most: 2, period: Duration::from_secs(3600) };
    let rules = Supervision::new(Strategy::OneForOne).intensity(intensity);
    let mut family = Family::<R>::new(rules, 8);
    for _ in 0..3 {
        family.send(2, CRASH).await;
    }
    let mut news = Vec::new();
    while news.last() != Some(&GAVE_UP) {
        news.push(family.next_news().await);
    }
    assert_eq!(news, [RESTARTED, RESTARTED, GAVE_UP]);
    assert_eq!(family.restarts(), 2);
    family.census.settled().await; // all children have been stopped
    for child in &family.children {
        assert!(child.send(Message::work(COUNT, 0, 0)).await.is_err());
    }
}

async fn forgets_crashes_of_long_ago<R: Runtime>() {
    let intensity = Intensity { most: 1, period: Duration::from_millis(20) };
    let rules = Supervision::new(Strategy::OneForOne).intensity(intensity);
    let mut family = Family::<R>::new(rules, 8);
    for _ in 0..3 {
        family.send(2, CRASH).await;
        assert_eq!(family.next_news().await, RESTARTED);
        std::thread::sleep(Duration::from_millis(40));
    }
    family.end().await;
}

async fn ends_when_its_children_have_stopped<R: Runtime>() {
    let mut family = Family::<R>::new(Supervision::new(Strategy::OneForAll), 8);
    family.children[1].stop().await;
    family.send(0, CRASH).await;
    assert_eq!(family.next_news().await, RESTARTED);
    for child in [0, 2, 3] {
        family.send(child, COUNT).await;
        family.children[child].stop().await;
    }
    assert_eq!(family.next_news().await, FINISHED);
    family.census.settled().await;
    assert!(family.restarts() <= 4, "who has stopped is not restarted, or crashed before it could");
}
