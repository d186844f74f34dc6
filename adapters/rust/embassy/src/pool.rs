//! Task storage, which Embassy wants to be static: made when needed, used again when its task has ended.

use std::any::{Any, TypeId};
use std::cell::RefCell;
use std::collections::HashMap;
use std::future::Future;
use std::hash::{BuildHasherDefault, Hasher};
use std::pin::Pin;
use std::ptr::NonNull;
use std::task::{Context, Poll};

use embassy_executor::raw::{AvailableTask, TaskStorage};
use embassy_executor::SpawnToken;

use crate::channel;

thread_local! {
    static POOLS: RefCell<HashMap<TypeId, Box<dyn AnyPool>, BuildHasherDefault<Identity>>> =
        RefCell::default();
}

/// A token to spawn `task` with, in storage from this thread's pool.
pub(crate) fn token<F: Future<Output = ()> + 'static>(task: F) -> SpawnToken<impl Sized> {
    let (storage, available) = with_pool(Pool::<F>::claim);
    available.initialize(|| Pooled { task, storage })
}

/// Frees all storage that no task uses.
///
/// Embassy's wakers point to storage and do not keep it alive, so this does nothing while a channel exists
/// that might hold one.
pub(crate) fn reclaim() {
    if channel::in_use() == 0 {
        POOLS.with_borrow_mut(|pools| pools.values_mut().for_each(|pool| pool.free()));
    }
}

/// A task that gives its storage back when it ends.
struct Pooled<F: Future<Output = ()> + 'static> {
    task: F,
    storage: &'static TaskStorage<Pooled<F>>,
}

impl<F: Future<Output = ()> + 'static> Future for Pooled<F> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        // SAFETY: `task` is pinned with the whole: nothing moves it out, Drop does not touch it.
        unsafe { self.map_unchecked_mut(|pooled| &mut pooled.task) }.poll(context)
    }
}

impl<F: Future<Output = ()> + 'static> Drop for Pooled<F> {
    fn drop(&mut self) {
        let storage = self.storage;
        with_pool::<F, _>(|pool| pool.ended.push(storage));
    }
}

/// The storage for tasks of one type.
struct Pool<F: Future<Output = ()> + 'static> {
    /// Storage whose task has ended; the executor may still have it in its queue.
    ended: Vec<&'static TaskStorage<Pooled<F>>>,
}

impl<F: Future<Output = ()> + 'static> Pool<F> {
    fn claim(&mut self) -> (&'static TaskStorage<Pooled<F>>, AvailableTask<Pooled<F>>) {
        // One that was woken as it ended is not available before the executor has seen it once more.
        for index in (0..self.ended.len()).rev().take(2) {
            if let Some(available) = AvailableTask::claim(self.ended[index]) {
                return (self.ended.swap_remove(index), available);
            }
        }
        let storage = Box::leak(Box::new(TaskStorage::new()));
        (storage, AvailableTask::claim(storage).expect("new storage is available"))
    }
}

trait AnyPool: Any {
    fn free(&mut self);
}

impl<F: Future<Output = ()> + 'static> AnyPool for Pool<F> {
    fn free(&mut self) {
        self.ended.retain(|&storage| {
            // Claiming proves that neither the executor nor a task has it; it is never spawned again.
            let unused = AvailableTask::claim(storage).is_some();
            if unused {
                // SAFETY: it came from Box::leak, is in no queue, and no channel is left with its waker.
                drop(unsafe { Box::from_raw(NonNull::from(storage).as_ptr()) });
            }
            !unused
        });
        self.ended.shrink_to_fit();
    }
}

fn with_pool<F: Future<Output = ()> + 'static, R>(use_it: impl FnOnce(&mut Pool<F>) -> R) -> R {
    POOLS.with_borrow_mut(|pools| {
        let pool = pools
            .entry(TypeId::of::<F>())
            .or_insert_with(|| Box::new(Pool::<F> { ended: Vec::new() }));
        let pool: &mut dyn Any = &mut **pool;
        use_it(pool.downcast_mut().expect("the key is the type"))
    })
}

/// A TypeId is a hash already.
#[derive(Default)]
struct Identity(u64);

impl Hasher for Identity {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.0 ^= u64::from_ne_bytes(word);
        }
    }

    fn write_u64(&mut self, word: u64) {
        self.0 ^= word;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
