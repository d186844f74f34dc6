//! RTIC 2: two hardware tasks that share a resource, two software tasks at priorities of their own.
#![no_std]
#![no_main]

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    loop {}
}

#[rtic::app(device = lm3s6965, dispatchers = [SSI0, QEI0])]
mod app {
    use core::hint::black_box;

    #[shared]
    struct Shared {
        total: u32,
    }

    #[local]
    struct Local {
        ticks: u32,
    }

    #[init]
    fn init(_: init::Context) -> (Shared, Local) {
        blink::spawn().ok();
        report::spawn(3).ok();
        (Shared { total: 0 }, Local { ticks: 0 })
    }

    #[idle]
    fn idle(_: idle::Context) -> ! {
        loop {
            cortex_m::asm::nop();
        }
    }

    #[task(binds = GPIOA, priority = 3, local = [ticks], shared = [total])]
    fn button(mut context: button::Context) {
        let mut block = [0u8; 64];
        black_box(&mut block);
        *context.local.ticks += 1;
        context.shared.total.lock(|total| *total += u32::from(block[3]));
        report::spawn(*context.local.ticks).ok();
    }

    #[task(binds = UART0, priority = 2, shared = [total])]
    fn receive(mut context: receive::Context) {
        context.shared.total.lock(|total| *total += 1);
    }

    #[task(priority = 1)]
    async fn blink(_: blink::Context) {
        let mut block = [1u8; 100];
        black_box(&mut block);
        core::future::ready(()).await;
        black_box(&block);
    }

    #[task(priority = 2, shared = [total])]
    async fn report(mut context: report::Context, add: u32) {
        let mut block = [2u8; 40];
        black_box(&mut block);
        context.shared.total.lock(|total| *total += add);
    }
}
