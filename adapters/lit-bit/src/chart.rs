//! Behaviours as statecharts of lit-bit.

use std::fmt;

use crate::message::Message;

/// A chart's context: the behaviour, and what it says after a transition.
///
/// An action cannot wait, so it leaves what is to be sent here for the actor around the chart.
#[derive(Clone)]
pub struct Context<B> {
    pub(crate) behaviour: B,
    pub(crate) letter: Option<Message>,
}

impl<B> fmt::Debug for Context<B> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Context") // lit-bit's code wants it, nothing shows it
    }
}

/// A statechart of two states and a transition for every message, whose action is the behaviour.
macro_rules! chart {
    ($module:ident, $behaviour:ty) => {
        // The code of `statechart!` names features of a crate that uses its timers.
        #[allow(missing_docs, unexpected_cfgs)]
        pub(super) mod $module {
            use lit_bit_core::actor::address::Address;
            use lit_bit_core::actor::{spawn_actor_tokio, Actor, ActorError};
            #[allow(unused_imports)] // what the macro's code refers to by name
            use lit_bit_core::{statechart, StateMachine};

            use super::*; // the behaviour, and the trait that it has
            use crate::handled::Handled;
            use crate::message::Message;
            #[allow(unused_imports)]
            use crate::message::MessageKind;

            type Held = crate::chart::Context<$behaviour>;

            statechart! {
                name: Chart,
                context: Held,
                event: Message,
                initial: Even,

                state Even {
                    on Message::Work { from: _, value: _, stamp: _ } => Odd [action receive];
                    on Message::Start => Odd [action receive];
                    on Message::Meet { other: _ } => Odd [action receive];
                    on Message::Ask => Odd [action receive];
                }

                state Odd {
                    on Message::Work { from: _, value: _, stamp: _ } => Even [action receive];
                    on Message::Start => Even [action receive];
                    on Message::Meet { other: _ } => Even [action receive];
                    on Message::Ask => Even [action receive];
                }
            }

            fn receive(held: &mut Held, message: &Message) {
                held.letter = held.behaviour.receive(message);
            }

            impl Actor for Chart {
                type Message = Message;
                type Future<'a> = Handled<'a>;

                #[inline]
                fn handle(&mut self, message: Message) -> Handled<'_> {
                    let _ = self.send(&message); // one that matches no transition is missed later
                    let held = self.context_mut();
                    match held.letter.take() {
                        None => Handled::Ready,
                        Some(letter) => {
                            crate::spawn::deliver(held.behaviour.route(&letter), letter)
                        }
                    }
                }

                fn on_stop(self) -> Result<(), ActorError> {
                    self.context().behaviour.settle();
                    Ok(())
                }
            }

            pub(in super::super) fn spawn(
                behaviour: $behaviour,
                mailbox: usize,
            ) -> Address<Message> {
                let held = Held { behaviour, letter: None };
                let chart = Chart::new(held, &Message::default()).expect("a chart of two states");
                spawn_actor_tokio(chart, mailbox)
            }
        }
    };
}

pub(crate) use chart;
