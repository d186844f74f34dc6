//! The kernel on a runtime: order, bounds, back-pressure, stopping.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use actors::bench::{Account, Bench};
use actors::kernel::{mailbox, spawn, Actor, Address, Flow, CONTINUE, STOP};
use actors::message::{Kind, Message};
use actors::runtime::{Receiver, Refused, Runtime, Sender};
use litbench_adapter::{yield_now, Census};

/// All of the kernel's checks, on a runtime with that many worker threads.
///
/// # Panics
/// When one fails.
pub fn check<R: Runtime>(threads: usize) {
    let mut runtime = R::start(threads).expect("the runtime starts");
    runtime.run(keeps_order::<R>());
    runtime.run(a_full_channel_gives_back::<R>());
    runtime.run(a_closed_channel_gives_back::<R>());
    runtime.run(who_waits_for_room_learns_of_the_end::<R>());
    runtime.run(an_actor_stops_after_what_was_sent_before::<R>());
    runtime.run(an_actor_that_stops_leaves_the_rest_unread::<R>());
    runtime.run(actors_are_reused_and_end::<R>());
    runtime.run(a_message_to_one_that_is_gone_is_counted::<R>());
    runtime.reclaim();
    runtime.run(keeps_order::<R>());
}

fn census() -> &'static Census {
    Box::leak(Box::new(Census::new()))
}

async fn keeps_order<R: Runtime>() {
    const COUNT: u64 = 10_000;
    let (sender, mut receiver) = R::channel::<u64>(4);
    R::spawn(async move {
        for number in 0..COUNT {
            let _ = sender.send(number).await;
        }
    });
    for number in 0..COUNT {
        assert_eq!(R::Receiver::message(receiver.receive().await), Some(number));
    }
    assert_eq!(receiver.try_receive(), None);
}

async fn a_full_channel_gives_back<R: Runtime>() {
    let bound = R::bound(3);
    assert!(bound >= 3);
    let (sender, mut receiver) = R::channel::<usize>(3);
    for number in 0..bound {
        assert_eq!(sender.try_send(number), Ok(()));
    }
    assert_eq!(sender.try_send(77), Err(Refused::Full(77)));
    assert_eq!(receiver.try_receive(), Some(0));
    assert_eq!(sender.try_send(78), Ok(()));
    assert_eq!(sender.try_send(79), Err(Refused::Full(79)));
}

async fn a_closed_channel_gives_back<R: Runtime>() {
    let (sender, receiver) = R::channel::<u64>(3);
    assert_eq!(sender.try_send(1), Ok(()));
    drop(receiver);
    assert_eq!(sender.try_send(2), Err(Refused::Closed(2)));
    assert!(sender.send(3).await.is_err());
}

async fn who_waits_for_room_learns_of_the_end<R: Runtime>() {
    const SENDERS: u64 = 5;
    let (sender, receiver) = R::channel::<u64>(1);
    for _ in 0..R::bound(1) {
        assert_eq!(sender.try_send(0), Ok(()));
    }
    let errors = Arc::new(AtomicU64::new(0));
    for number in 0..SENDERS {
        let (sender, errors) = (sender.clone(), Arc::clone(&errors));
        R::spawn(async move {
            if sender.send(number).await.is_err() {
                errors.fetch_add(1, Ordering::SeqCst);
            }
        });
    }
    for _ in 0..100 {
        yield_now().await; // all of them wait by now, or will find it closed
    }
    drop(receiver);
    while errors.load(Ordering::SeqCst) < SENDERS {
        yield_now().await;
    }
}

/// What an actor was given, by what became of it.
#[derive(Default)]
struct Diary {
    handled: Vec<u64>,
    unread: Vec<u64>,
}

struct Diarist {
    diary: Arc<Mutex<Diary>>,
    stop_at: u64,
}

impl Actor for Diarist {
    type Message = Message;

    async fn handle(&mut self, message: Message) -> Flow {
        self.diary.lock().unwrap().handled.push(message.value);
        if message.value == self.stop_at {
            STOP
        } else {
            CONTINUE
        }
    }

    fn unread(&mut self, message: Message) {
        self.diary.lock().unwrap().unread.push(message.value);
    }
}

async fn fill<R: Runtime>(address: &Address<R, Message>, count: u64) {
    for value in 0..count {
        assert!(address.send(Message::work(0, value, 0)).await.is_ok());
    }
}

async fn an_actor_stops_after_what_was_sent_before<R: Runtime>() {
    let (census, diary) = (census(), Arc::new(Mutex::new(Diary::default())));
    let (address, own) = mailbox::<R, _>(16);
    fill(&address, 10).await;
    address.stop().await;
    spawn(census, own, Diarist { diary: Arc::clone(&diary), stop_at: u64::MAX });
    census.settled().await;
    assert!(address.send(Message::work(0, 11, 0)).await.is_err());
    let diary = diary.lock().unwrap();
    assert_eq!((&diary.handled[..], diary.unread.len()), (&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9][..], 0));
}

async fn an_actor_that_stops_leaves_the_rest_unread<R: Runtime>() {
    let (census, diary) = (census(), Arc::new(Mutex::new(Diary::default())));
    let (address, own) = mailbox::<R, _>(16);
    fill(&address, 6).await;
    address.stop().await;
    fill(&address, 1).await;
    spawn(census, own, Diarist { diary: Arc::clone(&diary), stop_at: 3 });
    census.settled().await;
    let diary = diary.lock().unwrap();
    assert_eq!((&diary.handled[..], &diary.unread[..]), (&[0, 1, 2, 3][..], &[4, 5, 0][..]));
}

/// Many actors, in generations: storage that a runtime keeps is used again and none is lost.
async fn actors_are_reused_and_end<R: Runtime>() {
    const GENERATIONS: u64 = 5;
    const SIZE: u64 = 1000;
    let (census, ended) = (census(), Arc::new(AtomicU64::new(0)));
    for generation in 1..=GENERATIONS {
        let addresses: Vec<_> = (0..SIZE)
            .map(|_| {
                let (address, own) = mailbox::<R, Message>(1);
                spawn(census, own, CountsItsEnd(Arc::clone(&ended)));
                address
            })
            .collect();
        actors::bench::stop_all(&addresses).await;
        census.settled().await;
        assert_eq!(ended.load(Ordering::SeqCst), generation * SIZE);
    }
}

struct CountsItsEnd(Arc<AtomicU64>);

impl Drop for CountsItsEnd {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Actor for CountsItsEnd {
    type Message = Message;

    async fn handle(&mut self, _message: Message) -> Flow {
        CONTINUE
    }

    fn unread(&mut self, _message: Message) {}
}

/// The ledger tells of messages that failed and of messages that were left: what hides a broken benchmark.
async fn a_message_to_one_that_is_gone_is_counted<R: Runtime>() {
    let bench = Bench::new(false, false);
    let mark = bench.mark();
    let (address, own) = mailbox::<R, _>(16);
    spawn(&bench.census, own, StopsAtOnce(Account::new(bench)));
    let mut account = Account::new(bench);
    let work = |value| Message::work(0, value, 0);
    account.sent(address.try_send(work(0))); // handled
    account.sent(address.try_send(work(1))); // pending, or errored if that was too late
    address.try_send(Message::control(Kind::Start, 0)).ok(); // in no ledger
    bench.census.settled().await;
    account.sent(address.send(work(2)).await); // errored
    drop(account);
    let region = actors::bench::Region { start: 0, end: 1 };
    let iteration = bench.close(mark, region).await.ordered();
    let ledger = iteration.ledger;
    assert_eq!((ledger.sent, ledger.handled, ledger.dropped), (3, 1, 0));
    assert_eq!(ledger.errored + ledger.pending, 2);
    assert!(ledger.errored >= 1);
    assert_eq!((iteration.checks["order"], iteration.checks["sum"]), (1, 1));
}

struct StopsAtOnce(Account);

impl Actor for StopsAtOnce {
    type Message = Message;

    async fn handle(&mut self, message: Message) -> Flow {
        self.0.handle(message.value);
        STOP
    }

    fn unread(&mut self, message: Message) {
        self.0.unread(message.counts());
    }
}
