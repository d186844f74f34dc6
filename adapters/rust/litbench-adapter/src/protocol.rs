//! The messages of the adapter protocol, version 1 (`adapters/PROTOCOL.md`).

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Histogram;

/// The protocol version that this crate speaks.
pub const PROTOCOL: u32 = 1;

/// No line of the protocol is longer, in bytes.
pub const LINE_LIMIT: usize = 1 << 20;

/// What a run is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Measure {
    /// Time whole iterations; touch no clock inside.
    Throughput,
    /// Time each message or round trip as well.
    Latency,
    /// Read memory around the actors' or messages' life.
    Memory,
}

/// What litbench sends.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Request {
    /// The run to set up.
    Job(Job),
    /// Begin to iterate.
    Go,
    /// Instruments are off: send what was recorded.
    Report,
}

impl Request {
    /// Reads one line.
    ///
    /// # Errors
    /// A `protocol` failure when the line is not a request of this protocol version.
    pub fn parse(line: &str) -> Result<Self, Failure> {
        let request = serde_json::from_str(line)
            .map_err(|error| Failure::new("protocol", format!("not a request: {error}")))?;
        if let Self::Job(job) = &request {
            job.validate()?;
        }
        Ok(request)
    }
}

/// The run that litbench asks for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Job {
    /// Version of the protocol that litbench speaks.
    pub protocol: u32,
    /// The workload's name.
    pub workload: String,
    /// The workload's version.
    pub version: u32,
    /// The workload's parameters; see [`Job::parameter`].
    pub parameters: BTreeMap<String, u64>,
    /// What the run is for.
    pub measure: Measure,
    /// How many iterations to make.
    pub iterations: u64,
    /// No iteration starts once this has passed since `go`, but for the first.
    pub time_limit_ns: u64,
    /// Worker threads of the runtime.
    pub threads: u64,
    /// For whatever the workload draws at random.
    pub seed: u64,
    /// Whether to count what the allocator does in each iteration.
    pub count_allocations: bool,
}

impl Job {
    fn validate(&self) -> Result<(), Failure> {
        if self.protocol != PROTOCOL {
            let message =
                format!("litbench speaks protocol {}, this adapter {PROTOCOL}", self.protocol);
            return Err(Failure::new("protocol", message));
        }
        if self.iterations == 0 || self.threads == 0 {
            return Err(Failure::new(
                "protocol",
                "a run has at least one iteration and one thread",
            ));
        }
        Ok(())
    }

    /// A parameter of the workload.
    ///
    /// # Errors
    /// A `parameters` failure when the job does not have it.
    pub fn parameter(&self, name: &str) -> Result<u64, Failure> {
        self.parameters.get(name).copied().ok_or_else(|| {
            Failure::new("parameters", format!("{} needs the parameter {name:?}", self.workload))
        })
    }

    /// A parameter that turns something on; 0 where litbench does not know it.
    #[must_use]
    pub fn option(&self, name: &str) -> u64 {
        self.parameters.get(name).copied().unwrap_or(0)
    }

    /// A parameter of at least 1.
    ///
    /// # Errors
    /// A `parameters` failure when the job does not have it, or it is 0.
    pub fn positive(&self, name: &str) -> Result<u64, Failure> {
        match self.parameter(name)? {
            0 => Err(self.bad(&format!("{name} must be at least 1"))),
            value => Ok(value),
        }
    }

    /// How many of something there are that messages name by a 32-bit number, at least 1.
    ///
    /// # Errors
    /// A `parameters` failure when the job does not have it, or it is out of range.
    pub fn crowd(&self, name: &str) -> Result<u32, Failure> {
        u32::try_from(self.positive(name)?)
            .map_err(|_| self.bad(&format!("{name} must be below 2^32")))
    }

    /// A length in memory, at least 1: the parameter `mailbox`, mostly.
    ///
    /// # Errors
    /// A `parameters` failure when the job does not have it, or it is out of range.
    pub fn length(&self, name: &str) -> Result<usize, Failure> {
        usize::try_from(self.positive(name)?)
            .map_err(|_| self.bad(&format!("{name} does not fit in memory")))
    }

    /// A `parameters` failure that says what is wrong with the job's.
    #[must_use]
    pub fn bad(&self, what: &str) -> Failure {
        Failure::new("parameters", format!("{}: {what}", self.workload))
    }
}

/// The answer to `describe`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Description {
    pub(crate) protocol: u32,
    pub(crate) target: String,
    pub(crate) version: String,
    pub(crate) language: &'static str,
    pub(crate) runtime: String,
    pub(crate) runtime_version: String,
    pub(crate) threads: ThreadRange,
    pub(crate) workloads: Vec<OfferedWorkload>,
    pub(crate) missing: Vec<MissingWorkload>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct ThreadRange {
    pub(crate) least: u64,
    pub(crate) most: u64,
}

/// A workload that a target can do.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OfferedWorkload {
    /// Its name in litbench's catalogue.
    pub name: String,
    /// The version of its definition that was implemented.
    pub version: u32,
    /// What it can be measured for.
    pub measures: Vec<Measure>,
    /// The largest value of a parameter that the target can hold.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub limits: BTreeMap<String, u64>,
    /// Why there are limits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    /// How the target departs from the workload's definition, in sentences.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<String>,
}

impl OfferedWorkload {
    /// A workload without limits and differences.
    #[must_use]
    pub fn new(name: &str, version: u32, measures: &[Measure]) -> Self {
        Self {
            name: name.to_owned(),
            version,
            measures: measures.to_vec(),
            limits: BTreeMap::new(),
            because: None,
            differences: Vec::new(),
        }
    }

    /// With a largest value of a parameter, and why.
    #[must_use]
    pub fn limit(mut self, parameter: &str, most: u64, because: &str) -> Self {
        self.limits.insert(parameter.to_owned(), most);
        self.because = Some(because.to_owned());
        self
    }

    /// With a sentence on how it departs from the definition.
    #[must_use]
    pub fn difference(mut self, sentence: &str) -> Self {
        self.differences.push(sentence.to_owned());
        self
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct MissingWorkload {
    pub(crate) name: String,
    pub(crate) because: String,
}

impl Description {
    /// A single-threaded target without workloads; `version` is the adapter's own.
    #[must_use]
    pub fn new(target: &str, version: &str) -> Self {
        Self {
            protocol: PROTOCOL,
            target: target.to_owned(),
            version: version.to_owned(),
            language: "rust",
            runtime: String::new(),
            runtime_version: String::new(),
            threads: ThreadRange { least: 1, most: 1 },
            workloads: Vec::new(),
            missing: Vec::new(),
        }
    }

    /// Names the runtime under the actors; see [`locked_version`](crate::locked_version).
    #[must_use]
    pub fn runtime(mut self, name: &str, version: &str) -> Self {
        self.runtime = name.to_owned();
        self.runtime_version = version.to_owned();
        self
    }

    /// Says how many worker threads the target can be given.
    #[must_use]
    pub fn threads(mut self, least: u64, most: u64) -> Self {
        self.threads = ThreadRange { least, most };
        self
    }

    /// With a workload that it can do, for these measures.
    #[must_use]
    pub fn workload(self, name: &str, version: u32, measures: &[Measure]) -> Self {
        self.offer(OfferedWorkload::new(name, version, measures))
    }

    /// With a workload that it can do, within limits or with differences.
    #[must_use]
    pub fn offer(mut self, workload: OfferedWorkload) -> Self {
        self.workloads.push(workload);
        self
    }

    /// With a workload that it cannot do, and why.
    #[must_use]
    pub fn missing(mut self, name: &str, because: &str) -> Self {
        self.missing.push(MissingWorkload { name: name.to_owned(), because: because.to_owned() });
        self
    }

    /// Whether this target can take the job.
    ///
    /// # Errors
    /// A failure that says what it does not offer.
    pub fn accept(&self, job: &Job) -> Result<(), Failure> {
        let offered = self
            .workloads
            .iter()
            .find(|offered| offered.name == job.workload && offered.version == job.version)
            .ok_or_else(|| {
                Failure::new(
                    "workload",
                    format!("{} has no {} version {}", self.target, job.workload, job.version),
                )
            })?;
        self.accept_threads(job)?;
        offered.accept(job)
    }

    fn accept_threads(&self, job: &Job) -> Result<(), Failure> {
        let ThreadRange { least, most } = self.threads;
        if (least..=most).contains(&job.threads) {
            return Ok(());
        }
        Err(Failure::new(
            "threads",
            format!("{} runs on {least} to {most} threads, not on {}", self.target, job.threads),
        ))
    }
}

impl OfferedWorkload {
    fn accept(&self, job: &Job) -> Result<(), Failure> {
        if !self.measures.contains(&job.measure) {
            let message = format!("{} is not measured for {:?} here", self.name, job.measure);
            return Err(Failure::new("measure", message.to_lowercase()));
        }
        for (name, &value) in &job.parameters {
            if self.limits.get(name).is_some_and(|&most| value > most) {
                let because = self.because.as_deref().unwrap_or("this is its limit");
                let message = format!("{}: {name}={value} is too large: {because}", self.name);
                return Err(Failure::new("limit", message));
            }
        }
        Ok(())
    }
}

/// What a run will really do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Specification {
    actors: u64,
    messages: u64,
    message_bytes: u64,
    in_flight: u64,
    mailbox: u64,
    threads: u64,
    driver: &'static str,
    batch: u64,
    policy: &'static str,
}

impl Specification {
    /// So many actors and messages (of 24 bytes), on one worker thread, driven from a worker, with
    /// back-pressure and unbounded mailboxes.
    #[must_use]
    pub fn new(actors: u64, messages: u64) -> Self {
        Self {
            actors,
            messages,
            message_bytes: 24,
            in_flight: 0,
            mailbox: 0,
            threads: 1,
            driver: "worker",
            batch: 1,
            policy: "backpressure",
        }
    }

    /// Bytes of one message.
    #[must_use]
    pub fn message_bytes(mut self, bytes: u64) -> Self {
        self.message_bytes = bytes;
        self
    }

    /// The most messages under way at once by the workload's design; 0: as many as mailboxes hold.
    #[must_use]
    pub fn in_flight(mut self, messages: u64) -> Self {
        self.in_flight = messages;
        self
    }

    /// The bound of each mailbox in messages; 0: unbounded.
    #[must_use]
    pub fn mailbox(mut self, bound: u64) -> Self {
        self.mailbox = bound;
        self
    }

    /// Worker threads of the runtime.
    #[must_use]
    pub fn threads(mut self, threads: u64) -> Self {
        self.threads = threads;
        self
    }

    /// The timing code is on a thread outside the runtime's workers.
    #[must_use]
    pub fn driver_blocks_on(mut self) -> Self {
        self.driver = "block_on";
        self
    }

    /// Messages handled per wake-up of an actor.
    #[must_use]
    pub fn batch(mut self, messages: u64) -> Self {
        self.batch = messages;
        self
    }

    /// What happens to a message for a full mailbox.
    #[must_use]
    pub fn policy(mut self, policy: &'static str) -> Self {
        self.policy = policy;
        self
    }
}

/// The fate of an iteration's messages: `sent` is the sum of all others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Ledger {
    /// Every send that was tried.
    pub sent: u64,
    /// Handled by a handler.
    pub handled: u64,
    /// Thrown away by a mailbox, on purpose.
    pub dropped: u64,
    /// The send failed.
    pub errored: u64,
    /// Still in a mailbox when the timed region ended.
    pub pending: u64,
}

impl Ledger {
    /// So many messages, each sent and handled.
    #[must_use]
    pub fn all_handled(messages: u64) -> Self {
        Self { sent: messages, handled: messages, ..Self::default() }
    }
}

/// The unit of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)] // their names say it
pub enum Unit {
    Ns,
    Cycles,
    Instructions,
    Bytes,
    Messages,
    Actors,
    Count,
    Ratio,
    Joules,
    Hertz,
}

/// Named raw samples, in iteration order; never summaries.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Metric {
    /// Its name; PROTOCOL.md has those that litbench understands.
    pub name: String,
    /// The unit of its values.
    pub unit: Unit,
    /// The samples.
    pub values: Vec<serde_json::Number>,
}

impl Metric {
    /// A metric of integers.
    #[must_use]
    pub fn new(name: &str, unit: Unit, values: impl IntoIterator<Item = u64>) -> Self {
        let values = values.into_iter().map(serde_json::Number::from).collect();
        Self { name: name.to_owned(), unit, values }
    }

    /// A metric of numbers with fractions; those that JSON cannot express are left out.
    #[must_use]
    pub fn fractions(name: &str, unit: Unit, values: impl IntoIterator<Item = f64>) -> Self {
        let values = values.into_iter().filter_map(serde_json::Number::from_f64).collect();
        Self { name: name.to_owned(), unit, values }
    }
}

/// The clock behind `start` and `end`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClockDescription {
    /// Its name.
    pub name: &'static str,
    /// Its unit.
    pub unit: &'static str,
    /// What one reading costs, in its unit.
    pub cost: f64,
    /// The smallest step it makes, in its unit.
    pub resolution: f64,
}

/// What an adapter sends.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
#[allow(missing_docs)] // PROTOCOL.md defines the fields
pub enum Response<'a> {
    /// Set up.
    Ready { protocol: u32, clock: ClockDescription, specification: Specification },
    /// One iteration is over.
    Iteration {
        index: u64,
        start: u64,
        end: u64,
        ledger: Ledger,
        checks: BTreeMap<&'static str, u64>,
    },
    /// The measured part is over.
    Finish { iterations: u64 },
    /// Latencies of the whole run.
    Histogram { name: &'a str, unit: Unit, counts: Vec<(u64, u64)> },
    /// Raw samples.
    Metric(Metric),
    /// The end of a good run.
    End,
    /// The end of a bad one.
    Error { code: &'a str, message: &'a str },
}

impl<'a> Response<'a> {
    /// A histogram of nanoseconds, as a line.
    #[must_use]
    pub fn histogram(name: &'a str, histogram: &Histogram) -> Self {
        Self::Histogram { name, unit: Unit::Ns, counts: histogram.sparse() }
    }
}

/// Why a run cannot go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// For programs: one word, such as `out-of-memory`.
    pub code: &'static str,
    /// For people.
    pub message: String,
}

impl Failure {
    /// A failure with a code for programs and a message for people.
    #[must_use]
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for Failure {}
