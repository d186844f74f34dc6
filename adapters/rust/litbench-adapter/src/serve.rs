//! The adapter's command line and the course of one run.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::fd::FromRawFd;
use std::panic;
use std::process;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use crate::allocator::Allocations;
use crate::clock;
use crate::memory::{give_back, MemoryReadings, Reading};
use crate::protocol::{
    Failure, Job, Measure, Metric, Request, Response, Unit, LINE_LIMIT, PROTOCOL,
};
use crate::target::{Iteration, Run, Target};

/// The adapter's whole `main`: obeys the command line, then exits.
///
/// Exit codes: 0 a good run; 1 a failure, which litbench was told of; 2 wrong usage.
pub fn main(target: impl Target) -> ! {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["describe"] => process::exit(describe(&target)),
        ["serve"] => process::exit(serve_on_descriptor(&target)),
        _ => {
            eprintln!(
                "usage: ADAPTER describe | serve   (litbench runs it; see adapters/PROTOCOL.md)"
            );
            process::exit(2)
        }
    }
}

fn describe(target: &impl Target) -> i32 {
    let text = serde_json::to_string(&target.describe()).expect("strings and integers encode");
    match writeln!(io::stdout(), "{text}") {
        Ok(()) => 0,
        Err(_) => 1, // nobody listens
    }
}

fn serve_on_descriptor(target: &impl Target) -> i32 {
    let Some(channel) = open_channel() else {
        eprintln!("serve needs a descriptor number in the environment variable LITBENCH_FD");
        return 2;
    };
    let channel = Channel(Arc::new(Mutex::new(channel)));
    report_panics(channel.clone());
    let ended = Arc::new(AtomicBool::new(false));
    let hang_up = {
        let ended = Arc::clone(&ended);
        move || process::exit(i32::from(!ended.load(Ordering::SeqCst)))
    };
    let result = serve_until(target, BufReader::new(io::stdin()), channel.clone(), hang_up, &ended);
    i32::from(result.is_err())
}

fn open_channel() -> Option<File> {
    let number: i32 = std::env::var("LITBENCH_FD").ok()?.parse().ok()?;
    if number < 0 {
        return None;
    }
    // SAFETY: litbench opened the descriptor for this process alone; F_GETFD has no effect.
    let open = unsafe { libc::fcntl(number, libc::F_GETFD) } >= 0;
    // SAFETY: it is open and nothing else in this process uses it.
    open.then(|| unsafe { File::from_raw_fd(number) })
}

/// An actor that panics on a worker leaves its driver waiting for ever, so a panic ends the run. One that
/// is raised on purpose must not reach this hook: set one over it that keeps such a panic to itself, or raise
/// it with `std::panic::resume_unwind`, which passes hooks by.
fn report_panics(channel: Channel<File>) {
    let print = panic::take_hook();
    panic::set_hook(Box::new(move |information| {
        print(information);
        let message = information.to_string();
        let _ = channel.send(&Response::Error { code: "panic", message: &message });
        process::exit(1);
    }));
}

/// Performs one run over any reader and writer, as `main` does over standard input and `LITBENCH_FD`.
///
/// # Errors
/// The failure that ended the run, of which the other side has been told where that was possible.
pub fn serve(
    target: &impl Target,
    input: impl BufRead + Send + 'static,
    output: impl Write + Send + 'static,
) -> Result<(), Failure> {
    let channel = Channel(Arc::new(Mutex::new(output)));
    serve_until(target, input, channel, || (), &AtomicBool::new(false))
}

fn serve_until<W: Write>(
    target: &impl Target,
    input: impl BufRead + Send + 'static,
    channel: Channel<W>,
    hang_up: impl FnOnce() + Send + 'static,
    ended: &AtomicBool,
) -> Result<(), Failure> {
    let result = perform(target, input, &channel, hang_up, ended);
    if let Err(failure) = &result {
        eprintln!("{failure}");
        ended.store(true, Ordering::SeqCst);
        let _ = channel.send(&Response::Error { code: failure.code, message: &failure.message });
    }
    result
}

fn perform<W: Write>(
    target: &impl Target,
    mut input: impl BufRead + Send + 'static,
    channel: &Channel<W>,
    hang_up: impl FnOnce() + Send + 'static,
    ended: &AtomicBool,
) -> Result<(), Failure> {
    let job = match read_request(&mut input)? {
        Some(Request::Job(job)) => job,
        Some(_) => return Err(unexpected("a job")),
        None => return Err(Failure::new("protocol", "standard input closed before a job came")),
    };
    target.describe().accept(&job)?;
    let counting =
        (job.count_allocations || job.measure == Measure::Memory) && Allocations::begin();
    let mut run = target.prepare(&job)?;
    // Only now, since a target may have to set environment variables while there is one thread.
    let requests = follow(input, hang_up);
    let (clock, specification) = (clock::calibrate(), run.specification());
    channel.send(&Response::Ready { protocol: PROTOCOL, clock, specification })?;
    expect(&requests, &Request::Go, "go")?;
    let samples = iterate(&job, &mut *run, counting && job.count_allocations, channel)?;
    expect(&requests, &Request::Report, "report")?;
    for (name, histogram) in run.histograms() {
        channel.send(&Response::histogram(name, &histogram))?;
    }
    for metric in samples.metrics().into_iter().chain(run.metrics()) {
        channel.send(&Response::Metric(metric))?;
    }
    ended.store(true, Ordering::SeqCst);
    channel.send(&Response::End)
}

fn iterate<W: Write>(
    job: &Job,
    run: &mut dyn Run,
    count: bool,
    channel: &Channel<W>,
) -> Result<Samples, Failure> {
    let mut samples = Samples::default();
    let go = clock::now();
    let mut index = 0;
    while index < job.iterations && (index == 0 || clock::now() - go < job.time_limit_ns) {
        let before = count.then(|| {
            Allocations::forget_peak();
            Allocations::now()
        });
        if job.measure == Measure::Memory {
            give_back();
        }
        let iteration = run.iterate()?;
        samples.keep(before, &iteration);
        let Iteration { start, end, ledger, checks, .. } = iteration;
        channel.send(&Response::Iteration { index, start, end, ledger, checks })?;
        index += 1;
    }
    channel.send(&Response::Finish { iterations: index })?;
    Ok(samples)
}

/// What is kept of each iteration for the metrics.
#[derive(Default)]
struct Samples {
    allocations: Vec<Allocations>,
    memory: Vec<MemoryReadings>,
}

impl Samples {
    fn keep(&mut self, before: Option<Allocations>, iteration: &Iteration) {
        if let Some(before) = before {
            let now = Allocations::now();
            let (count, bytes) = (now.count - before.count, now.bytes - before.bytes);
            self.allocations.push(Allocations { count, bytes, ..now });
        }
        self.memory.extend(iteration.memory);
    }

    fn metrics(&self) -> Vec<Metric> {
        let counts = self.allocations.iter();
        let mut metrics = vec![
            Metric::new("allocations", Unit::Count, counts.clone().map(|it| it.count)),
            Metric::new("allocated", Unit::Bytes, counts.clone().map(|it| it.bytes)),
            Metric::new("allocator-peak", Unit::Bytes, counts.map(|it| it.peak)),
        ];
        for (moment, reading) in [
            ("before", (|m| m.before) as fn(&MemoryReadings) -> Reading),
            ("loaded", |m| m.loaded),
            ("after", |m| m.after),
        ] {
            let readings = self.memory.iter().map(reading);
            let (live, rss) = (format!("live-{moment}"), format!("rss-{moment}"));
            metrics.push(Metric::new(&live, Unit::Bytes, readings.clone().filter_map(|r| r.live)));
            metrics.push(Metric::new(&rss, Unit::Bytes, readings.filter_map(|r| r.resident)));
        }
        metrics.retain(|metric| !metric.values.is_empty());
        metrics
    }
}

/// The way to litbench: one JSON object a line.
struct Channel<W>(Arc<Mutex<W>>);

impl<W> Clone for Channel<W> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<W: Write> Channel<W> {
    fn send(&self, response: &Response<'_>) -> Result<(), Failure> {
        let mut line = serde_json::to_vec(response).expect("strings and numbers encode");
        line.push(b'\n');
        let mut output = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        output
            .write_all(&line)
            .and_then(|()| output.flush())
            .map_err(|error| Failure::new("channel", format!("cannot write to litbench: {error}")))
    }
}

/// Reads on, on a thread of its own, so that the end of input is noticed while a run is under way.
fn follow(
    mut input: impl BufRead + Send + 'static,
    hang_up: impl FnOnce() + Send + 'static,
) -> Receiver<Result<Request, Failure>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        while let Some(request) = read_request(&mut input).transpose() {
            if sender.send(request).is_err() {
                return; // the run is over
            }
        }
        hang_up();
    });
    receiver
}

fn expect(
    requests: &Receiver<Result<Request, Failure>>,
    wanted: &Request,
    name: &str,
) -> Result<(), Failure> {
    match requests.recv() {
        Ok(Ok(request)) if request == *wanted => Ok(()),
        Ok(Ok(_)) => Err(unexpected(name)),
        Ok(Err(failure)) => Err(failure),
        Err(_) => {
            Err(Failure::new("protocol", format!("standard input closed before {name} came")))
        }
    }
}

fn unexpected(wanted: &str) -> Failure {
    Failure::new("protocol", format!("expected {wanted}, and something else came"))
}

/// The next request, or `None` at the end of input (what cannot be read has ended).
fn read_request(input: &mut impl BufRead) -> Result<Option<Request>, Failure> {
    let mut line = Vec::new();
    let length = match input.take(LINE_LIMIT as u64 + 1).read_until(b'\n', &mut line) {
        Ok(0) | Err(_) => return Ok(None),
        Ok(length) => length,
    };
    if length > LINE_LIMIT {
        return Err(Failure::new("protocol", format!("a line is longer than {LINE_LIMIT} bytes")));
    }
    let text = std::str::from_utf8(&line)
        .map_err(|error| Failure::new("protocol", format!("a line is not UTF-8: {error}")))?;
    Request::parse(text).map(Some)
}
