//! What every runtime under the actors must pass; each runtime's tests call it.
//!
//! [`kernel`] checks what the kernel asks of a runtime: order, bounds, back-pressure, closing.
//! [`supervision`] checks the kernel's supervisor on it. [`workloads`] runs all workloads through the protocol and compares their ledgers and checks with what follows from
//! their definitions, which is computed here anew, in the simplest way.

pub mod kernel;
mod patterns;
mod pressure;
pub mod supervision;
pub mod workloads;
