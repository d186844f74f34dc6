//! The block itself: header, table of sections, sections. The C header lays out the same.

use core::mem::{offset_of, size_of};
use core::sync::atomic::AtomicU32;
use core::sync::atomic::Ordering::Relaxed;

use crate::size;

/// One little-endian word.
pub(crate) type Word = AtomicU32;
/// A name in ASCII, padded with zeros.
pub(crate) type Name = [Word; 3];

/// The layout's version; a reader refuses others.
pub const VERSION: u32 = 1;

const SECTIONS: usize = 11;

/// Where a section is: kind, offset from the block's start, bytes an entry, entries.
type Section = [u32; 4];

#[repr(C)]
pub(crate) struct Clock {
    pub kind: Word,
    pub unit: Word,
    pub hertz: Word,
    pub mask: Word,
    pub invert: Word,
    pub address: Word,
    pub multiply: Word,
    pub shift: Word,
    pub read_cost: Word,
    pub event_cost: Word,
}

#[repr(C)]
pub(crate) struct RunWords {
    pub workload: Word,
    pub actors: Word,
    pub messages: Word,
    pub message_bytes: Word,
    pub in_flight: Word,
    pub mailbox: Word,
    pub idle: Word,
    pub iterations: Word,
    pub extra: Name,
}

#[repr(C)]
pub(crate) struct IterationWords {
    pub words: [Word; 14],
}

#[repr(C)]
pub(crate) struct Mailbox {
    pub name: Name,
    pub capacity: Word,
    pub sent: Word,
    pub handled: Word,
    pub full: Word,
    pub deepest: Word,
}

#[repr(C)]
pub(crate) struct Heap {
    pub capacity: Word,
    pub current: Word,
    pub peak_requested: Word,
    pub peak_allocated: Word,
    pub allocations: Word,
    pub frees: Word,
    pub failures: Word,
    pub largest_free: Word,
}

#[repr(C)]
pub(crate) struct Stack {
    pub name: Name,
    pub low: Word,
    pub high: Word,
    pub untouched: Word,
}

#[repr(C)]
pub(crate) struct HistogramWords {
    pub name: Name,
    pub bits: Word,
    pub count: Word,
    pub least: Word,
    pub most: Word,
    pub sum: [Word; 2],
}

#[repr(C)]
pub(crate) struct Event {
    pub time: Word,
    pub what: Word,
}

#[repr(C)]
pub(crate) struct Task {
    pub name: Name,
    pub runs: Word,
    pub total: [Word; 2],
    pub longest: Word,
}

#[repr(C)]
pub(crate) struct Metric {
    pub name: [Word; 5],
    pub unit: Word,
    pub value: Word,
}

/// Everything that litbench reads, in one symbol.
#[repr(C)]
pub struct Probe {
    magic: [Word; 2],
    version: Word,
    bytes: Word,
    pub(crate) state: Word,
    pub(crate) code: Word,
    pub(crate) events_made: Word,
    section_count: Word,
    sections: [[Word; 4]; SECTIONS],
    pub(crate) clock: Clock,
    pub(crate) run: RunWords,
    pub(crate) iterations: [IterationWords; size::ITERATIONS],
    pub(crate) mailboxes: [Mailbox; size::MAILBOXES],
    pub(crate) heap: Heap,
    pub(crate) stacks: [Stack; size::STACKS],
    pub(crate) histograms: [HistogramWords; size::HISTOGRAMS],
    pub(crate) buckets: [[Word; size::BUCKETS]; size::HISTOGRAMS],
    pub(crate) events: [Event; size::EVENTS],
    pub(crate) tasks: [Task; size::TASKS],
    pub(crate) metrics: [Metric; size::METRICS],
}

const fn section<T>(kind: u32, offset: usize, count: usize) -> Section {
    [kind, offset as u32, size_of::<T>() as u32, count as u32]
}

const TABLE: [Section; SECTIONS] = [
    section::<Clock>(1, offset_of!(Probe, clock), 1),
    section::<RunWords>(2, offset_of!(Probe, run), 1),
    section::<IterationWords>(3, offset_of!(Probe, iterations), size::ITERATIONS),
    section::<Mailbox>(4, offset_of!(Probe, mailboxes), size::MAILBOXES),
    section::<Heap>(5, offset_of!(Probe, heap), 1),
    section::<Stack>(6, offset_of!(Probe, stacks), size::STACKS),
    section::<HistogramWords>(7, offset_of!(Probe, histograms), size::HISTOGRAMS),
    section::<[Word; size::BUCKETS]>(8, offset_of!(Probe, buckets), size::HISTOGRAMS),
    section::<Event>(9, offset_of!(Probe, events), size::EVENTS),
    section::<Task>(10, offset_of!(Probe, tasks), size::TASKS),
    section::<Metric>(11, offset_of!(Probe, metrics), size::METRICS),
];

/// The block. litbench finds it by this symbol. All zero until [`crate::start`], so that it costs
/// RAM and no flash.
///
/// SAFETY: every field is an atomic integer, for which zero is a valid value.
#[no_mangle]
pub static LITBENCH_PROBE: Probe = unsafe { core::mem::zeroed() };

/// Writes the header; the magic comes last, when all of it is true.
pub(crate) fn write_header() {
    let block = &LITBENCH_PROBE;
    block.version.store(VERSION, Relaxed);
    block.bytes.store(size_of::<Probe>() as u32, Relaxed);
    block.section_count.store(SECTIONS as u32, Relaxed);
    for (words, values) in block.sections.iter().zip(TABLE.iter()) {
        store_all(words, values);
    }
    store_all(&block.magic, &[u32::from_le_bytes(*b"LITB"), u32::from_le_bytes(*b"ENCH")]);
}

/// Copies plain words into the block.
pub(crate) fn store_all(words: &[Word], values: &[u32]) {
    for (word, value) in words.iter().zip(values) {
        word.store(*value, Relaxed);
    }
}

/// Writes a name, cut to what fits.
pub(crate) fn store_name(words: &[Word], name: &str) {
    for (word, chunk) in words.iter().zip(name.as_bytes().chunks(4)) {
        let mut bytes = [0; 4];
        bytes[..chunk.len()].copy_from_slice(chunk);
        word.store(u32::from_le_bytes(bytes), Relaxed);
    }
}

/// Adds to a word that interrupts and tasks share.
#[inline(always)]
pub(crate) fn add(word: &Word, amount: u32) -> u32 {
    #[cfg(target_has_atomic = "32")]
    return word.fetch_add(amount, Relaxed);
    // Cores without read-modify-write (Armv6-M, RV32IMC): the owner must not be interrupted here by
    // a handler that counts the same thing.
    #[cfg(not(target_has_atomic = "32"))]
    {
        let before = word.load(Relaxed);
        word.store(before.wrapping_add(amount), Relaxed);
        before
    }
}

/// Adds to a 64-bit sum kept in two words; one writer only.
#[inline(always)]
pub(crate) fn add64(words: &[Word; 2], amount: u32) {
    let (low, carry) = words[0].load(Relaxed).overflowing_add(amount);
    words[0].store(low, Relaxed);
    if carry {
        words[1].store(words[1].load(Relaxed).wrapping_add(1), Relaxed);
    }
}

/// Raises a word to a value; one writer only.
#[inline(always)]
pub(crate) fn raise(word: &Word, value: u32) {
    if value > word.load(Relaxed) {
        word.store(value, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_lie_in_the_block_one_after_the_other() {
        let mut end = 32 + 16 * SECTIONS as u32;
        for [kind, offset, stride, count] in TABLE {
            assert!(offset >= end, "section {kind}");
            end = offset + stride * count;
        }
        assert!(end as usize <= size_of::<Probe>());
    }

    #[test]
    fn sums_carry_into_the_second_word() {
        let words = [Word::new(u32::MAX), Word::new(0)];
        add64(&words, 2);
        assert_eq!((words[0].load(Relaxed), words[1].load(Relaxed)), (1, 1));
    }

    #[test]
    fn names_are_cut_to_what_fits() {
        let words = [Word::new(0), Word::new(0), Word::new(0)];
        store_name(&words, "a name that is too long");
        assert_eq!(words[2].load(Relaxed).to_le_bytes(), *b"hat ");
    }
}
