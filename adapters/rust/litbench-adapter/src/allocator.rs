//! A global allocator that counts, when asked to.
//!
//! Each thread counts in a slot of its own with plain loads and stores. What a thread's live bytes have
//! changed by is handed to a global sum each time it exceeds [`HANDOVER`], which is also when the peak is
//! looked at: so the peak is within `HANDOVER` bytes a thread of the truth, and everything else is exact.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::ptr;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Release};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicPtr, AtomicU64, Ordering::Relaxed};

/// Bytes by which a thread's live bytes change before the global sum hears of it.
const HANDOVER: i64 = 16 * 1024;

static COUNTING: AtomicBool = AtomicBool::new(false);
/// Live bytes that threads have handed over.
static LIVE: AtomicI64 = AtomicI64::new(0);
static PEAK: AtomicI64 = AtomicI64::new(0);
/// Every slot there ever was; a thread that ends leaves its slot, with its counts, to another.
static SLOTS: AtomicPtr<Slot> = AtomicPtr::new(ptr::null_mut());
/// For threads that are past the destructors of their thread-locals.
static HOMELESS: Slot = Slot::new();

/// Counts allocations, on top of another allocator; install it with `#[global_allocator]`.
///
/// It is off until litbench asks for counts (a memory run, or `count_allocations`), and then costs one
/// relaxed load a call. On, it costs less than 3 ns an allocation of up to 16 KiB, and about 10 ns one
/// that is larger.
///
/// ```
/// #[global_allocator]
/// static ALLOCATOR: litbench_adapter::CountingAllocator = litbench_adapter::CountingAllocator::system();
/// # fn main() {}
/// ```
#[derive(Debug)]
pub struct CountingAllocator<A = System> {
    inner: A,
}

impl CountingAllocator {
    /// On top of the system's allocator.
    #[must_use]
    pub const fn system() -> Self {
        Self::over(System)
    }
}

impl<A> CountingAllocator<A> {
    /// On top of another allocator.
    #[must_use]
    pub const fn over(inner: A) -> Self {
        Self { inner }
    }
}

// SAFETY: every call is handed to `inner` unchanged and its answer is returned unchanged.
unsafe impl<A: GlobalAlloc> GlobalAlloc for CountingAllocator<A> {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps alloc's contract.
        let memory = unsafe { self.inner.alloc(layout) };
        count_new(memory, layout.size(), 0);
        memory
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps alloc_zeroed's contract.
        let memory = unsafe { self.inner.alloc_zeroed(layout) };
        count_new(memory, layout.size(), 0);
        memory
    }

    #[inline]
    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps dealloc's contract.
        unsafe { self.inner.dealloc(memory, layout) };
        if COUNTING.load(Relaxed) {
            with_slot(|slot| slot.change(-(layout.size() as i64)));
        }
    }

    #[inline]
    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller keeps realloc's contract.
        let moved = unsafe { self.inner.realloc(memory, layout, size) };
        count_new(moved, size, layout.size());
        moved
    }
}

#[inline]
fn count_new(memory: *mut u8, size: usize, replaced: usize) {
    if COUNTING.load(Relaxed) && !memory.is_null() {
        with_slot(|slot| {
            slot.allocations.store(slot.allocations.load(Relaxed) + 1, Relaxed);
            slot.bytes.store(slot.bytes.load(Relaxed) + size as u64, Relaxed);
            slot.change(size as i64 - replaced as i64);
        });
    }
}

/// What the allocator has done since counting began. A reallocation is one more allocation of its new size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Allocations {
    /// How many allocations.
    pub count: u64,
    /// The bytes they asked for.
    pub bytes: u64,
    /// Bytes asked for and not freed since counting began.
    pub live: u64,
    /// The most that `live` has been since [`Allocations::forget_peak`], within 16 KiB a thread.
    pub peak: u64,
}

impl Allocations {
    /// Turns counting on. Answers whether a [`CountingAllocator`] is this program's global allocator.
    pub fn begin() -> bool {
        COUNTING.store(true, Relaxed);
        let before = Self::now().count;
        drop(std::hint::black_box(Box::new(0u64)));
        Self::now().count > before
    }

    /// Turns counting off; the counts stay.
    pub fn stop() {
        COUNTING.store(false, Relaxed);
    }

    /// The counts at this moment. Exact when no other thread is allocating.
    #[must_use]
    pub fn now() -> Self {
        let (mut count, mut bytes, mut live) = (0, 0, LIVE.load(Relaxed));
        for slot in slots().chain([&HOMELESS]) {
            count += slot.allocations.load(Relaxed);
            bytes += slot.bytes.load(Relaxed);
            live += slot.pending.load(Relaxed);
        }
        let peak = PEAK.load(Relaxed).max(live);
        // What was allocated before counting began and freed since may outweigh the rest.
        Self { count, bytes, live: live.max(0) as u64, peak: peak.max(0) as u64 }
    }

    /// Starts a new search for the peak, from what is live now.
    pub fn forget_peak() {
        PEAK.store(Self::now().live as i64, Relaxed);
    }
}

/// One thread's counts, on cache lines of its own (processors fetch them in pairs).
#[repr(align(128))]
struct Slot {
    allocations: AtomicU64,
    bytes: AtomicU64,
    /// Change of live bytes that has not been handed over.
    pending: AtomicI64,
    taken: AtomicBool,
    next: AtomicPtr<Slot>,
}

impl Slot {
    const fn new() -> Self {
        Self {
            allocations: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            pending: AtomicI64::new(0),
            taken: AtomicBool::new(true),
            next: AtomicPtr::new(ptr::null_mut()),
        }
    }

    #[inline]
    fn change(&self, by: i64) {
        let pending = self.pending.load(Relaxed) + by;
        if (-HANDOVER..=HANDOVER).contains(&pending) {
            self.pending.store(pending, Relaxed);
        } else {
            self.hand_over(pending);
        }
    }

    #[cold]
    fn hand_over(&self, pending: i64) {
        self.pending.store(0, Relaxed);
        let live = LIVE.fetch_add(pending, Relaxed) + pending;
        if live > PEAK.load(Relaxed) {
            PEAK.fetch_max(live, Relaxed);
        }
    }
}

thread_local! {
    // Neither allocates nor has a destructor, so it can be read inside the allocator at any time.
    static MINE: Cell<*const Slot> = const { Cell::new(ptr::null()) };
    static LEASE: Lease = const { Lease };
}

/// Gives the thread's slot back when the thread ends.
struct Lease;

impl Drop for Lease {
    fn drop(&mut self) {
        let slot = MINE.replace(ptr::null());
        // SAFETY: MINE holds null or a slot, and slots live for ever.
        if let Some(slot) = unsafe { slot.as_ref() } {
            slot.taken.store(false, Release);
        }
    }
}

#[inline]
fn with_slot(count: impl FnOnce(&Slot)) {
    // SAFETY: MINE holds null or a slot, and slots live for ever.
    match unsafe { MINE.get().as_ref() } {
        Some(slot) => count(slot),
        None => with_new_slot(count),
    }
}

#[cold]
fn with_new_slot(count: impl FnOnce(&Slot)) {
    // Without a lease the thread is past its destructors: nobody would give the slot back.
    if LEASE.try_with(|_| ()).is_err() {
        return with_homeless_slot(count);
    }
    match reuse_slot().or_else(add_slot) {
        Some(slot) => {
            MINE.set(slot);
            count(slot);
        }
        None => with_homeless_slot(count), // out of memory
    }
}

/// Rare, and shared between threads, hence under a lock. It spins, as a lock that sleeps might allocate.
#[cold]
fn with_homeless_slot(count: impl FnOnce(&Slot)) {
    static BUSY: AtomicBool = AtomicBool::new(false);
    while BUSY.swap(true, Acquire) {
        std::hint::spin_loop();
    }
    count(&HOMELESS);
    BUSY.store(false, Release);
}

fn slots() -> impl Iterator<Item = &'static Slot> {
    // SAFETY: the list holds null or slots that live for ever.
    let follow = |link: &AtomicPtr<Slot>| unsafe { link.load(Acquire).as_ref() };
    std::iter::successors(follow(&SLOTS), move |slot| follow(&slot.next))
}

fn reuse_slot() -> Option<&'static Slot> {
    slots().find(|slot| slot.taken.compare_exchange(false, true, AcqRel, Relaxed).is_ok())
}

fn add_slot() -> Option<&'static Slot> {
    // SAFETY: the layout of Slot is not of size 0. System, since this runs inside the global allocator.
    let memory = unsafe { System.alloc(Layout::new::<Slot>()) }.cast::<Slot>();
    if memory.is_null() {
        return None;
    }
    // SAFETY: `memory` was allocated for one Slot, is never freed, and from here on is only shared.
    let slot = unsafe {
        memory.write(Slot::new());
        &*memory
    };
    let link = |first| {
        slot.next.store(first, Relaxed);
        Some(memory)
    };
    let _ = SLOTS.fetch_update(AcqRel, Acquire, link); // `link` never declines
    Some(slot)
}
