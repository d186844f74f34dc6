//! What lit-bit's interface decides: why the target has no `failure-injection`.

use std::future::Future;
use std::panic::resume_unwind;
use std::pin::Pin;
use std::sync::Arc;

use lit_bit_core::actor::backpressure::SendError;
use lit_bit_core::actor::spawn::panic_safe_actor_task;
use lit_bit_core::actor::{create_mailbox, Actor};

struct Fragile;

impl Actor for Fragile {
    type Message = Arc<()>;
    type Future<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

    fn handle(&mut self, _message: Arc<()>) -> Self::Future<'_> {
        Box::pin(async { resume_unwind(Box::new("on purpose")) })
    }
}

/// A mailbox goes with the actor that panics, and what was queued goes with the mailbox.
#[test]
fn a_panicked_actor_takes_its_mailbox_along() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let (outbox, inbox) = create_mailbox(8);
    let message = Arc::new(());
    for _ in 0..3 {
        outbox.try_send(Arc::clone(&message)).expect("there is room");
    }
    assert_eq!(Arc::strong_count(&message), 4);
    let task = panic_safe_actor_task(Fragile, inbox, None, "child".to_owned());
    runtime.block_on(task).expect("it reports the panic to a supervisor alone");
    assert_eq!(Arc::strong_count(&message), 1, "the two behind the first are gone");
    let address = lit_bit_core::actor::address::Address::from_tokio_sender(outbox);
    assert_eq!(address.try_send(Arc::clone(&message)), Err(SendError::Closed(message)));
}
