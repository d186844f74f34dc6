//! Behaviours as statecharts of lit-bit.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task;

use crate::behaviour::Next;
use crate::handled::Handled;
use crate::message::Message;

/// A chart's context: the behaviour, and what comes after a transition.
///
/// An action cannot wait, so it leaves that here for the actor around the chart.
pub struct Context<B> {
    pub(crate) behaviour: B,
    pub(crate) next: Next,
}

impl<B: Clone> Clone for Context<B> {
    fn clone(&self) -> Self {
        Self { behaviour: self.behaviour.clone(), next: Next::Rest } // the last one is over
    }
}

// lit-bit's code wants it of a context.
impl<B> fmt::Debug for Context<B> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Context")
    }
}

/// An actor around a statechart.
pub trait Step {
    /// Makes a transition, and what comes after it.
    fn step(&mut self, message: &Message) -> Handled;
}

/// The handler of an actor around a statechart. The transition is part of the future, since lit-bit catches
/// no panic of the call that makes the future.
pub enum Transition<'a, C> {
    /// Not made yet.
    Due(&'a mut C, Message),
    /// Made.
    Made(Handled),
}

impl<C: Step> Future for Transition<'_, C> {
    type Output = ();

    #[inline]
    fn poll(mut self: Pin<&mut Self>, context: &mut task::Context<'_>) -> task::Poll<()> {
        if let Self::Due(chart, message) = &mut *self {
            let handled = chart.step(message);
            *self = Self::Made(handled);
        }
        match &mut *self {
            Self::Due(..) => unreachable!("it has just been made"),
            Self::Made(handled) => Pin::new(handled).poll(context),
        }
    }
}

/// Makes behaviours [`Charted`](crate::behaviour::Charted): a statechart of two states and a transition for
/// every message, whose action is the behaviour. What lit-bit generates is public, so behaviours are too, and needs
/// a module for each.
macro_rules! charts {
    ($($module:ident: $behaviour:ident),+ $(,)?) => { $(
        // The code of `statechart!` names features of a crate that uses its timers.
        #[allow(missing_docs, unexpected_cfgs)]
        mod $module {
            use lit_bit_core::actor::Actor;
            #[allow(unused_imports)] // what the macro's code refers to by name
            use lit_bit_core::{statechart, StateMachine};
            use litbench_adapter::Presence;

            use super::$behaviour;
            use crate::behaviour::{Behaviour, Charted, Next};
            use crate::chart::{Step, Transition};
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
                    on Message::Reply { from: _, value: _, stamp: _ } => Odd [action receive];
                    on Message::Start => Odd [action receive];
                    on Message::Meet { other: _ } => Odd [action receive];
                    on Message::MeetAll { others: _ } => Odd [action receive];
                    on Message::Ask => Odd [action receive];
                    on Message::Answer { value: _ } => Odd [action receive];
                    on Message::Done { value: _ } => Odd [action receive];
                    on Message::Crash => Odd [action receive];
                }

                state Odd {
                    on Message::Work { from: _, value: _, stamp: _ } => Even [action receive];
                    on Message::Reply { from: _, value: _, stamp: _ } => Even [action receive];
                    on Message::Start => Even [action receive];
                    on Message::Meet { other: _ } => Even [action receive];
                    on Message::MeetAll { others: _ } => Even [action receive];
                    on Message::Ask => Even [action receive];
                    on Message::Answer { value: _ } => Even [action receive];
                    on Message::Done { value: _ } => Even [action receive];
                    on Message::Crash => Even [action receive];
                }
            }

            fn receive(held: &mut Held, message: &Message) {
                held.next = held.behaviour.receive(message);
            }

            /// The actor around the chart.
            struct Around {
                chart: Chart,
                _presence: Presence,
            }

            impl Step for Around {
                #[inline]
                fn step(&mut self, message: &Message) -> Handled {
                    let _ = self.chart.send(message); // one that matches no transition is missed later
                    let held = self.chart.context_mut();
                    let next = std::mem::replace(&mut held.next, Next::Rest);
                    Handled::of(&held.behaviour, next)
                }
            }

            impl Actor for Around {
                type Message = Message;
                type Future<'a> = Transition<'a, Self>;

                #[inline]
                fn handle(&mut self, message: Message) -> Transition<'_, Self> {
                    Transition::Due(self, message)
                }
            }

            impl Drop for Around {
                fn drop(&mut self) {
                    self.chart.context_mut().behaviour.settle();
                }
            }

            impl Charted for $behaviour {
                fn chart(self, presence: Presence) -> impl Actor<Message = Message> + 'static {
                    let held = Held { behaviour: self, next: Next::Rest };
                    let chart = Chart::new(held, &Message::default()).expect("two states");
                    Around { chart, _presence: presence }
                }
            }
        }
    )+ };
}

pub(crate) use charts;
