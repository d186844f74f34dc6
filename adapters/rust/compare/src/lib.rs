//! Compares the speed of two pieces of code within one process, by ratio.
//!
//! Both run in turns, in an order that alternates, so that a drift of the machine meets both alike. The
//! ratio is that of the fastest times: what else runs on the machine only ever makes them slower.

use std::process::exit;

/// Times of two pieces of code, in any one unit, from runs that alternated.
#[derive(Clone, Debug)]
pub struct Comparison {
    subject: Vec<f64>,
    baseline: Vec<f64>,
}

/// Runs both `rounds` times, in turns. Each answers how long it took.
pub fn interleave(
    rounds: usize,
    mut subject: impl FnMut() -> f64,
    mut baseline: impl FnMut() -> f64,
) -> Comparison {
    let mut times = Comparison { subject: Vec::new(), baseline: Vec::new() };
    for round in 0..rounds {
        if round % 2 == 0 {
            times.subject.push(subject());
            times.baseline.push(baseline());
        } else {
            times.baseline.push(baseline());
            times.subject.push(subject());
        }
    }
    times
}

impl Comparison {
    /// The fastest of the subject over the fastest of the baseline.
    #[must_use]
    pub fn ratio(&self) -> f64 {
        least(&self.subject) / least(&self.baseline)
    }

    /// The fastest of the subject less the fastest of the baseline.
    #[must_use]
    pub fn excess(&self) -> f64 {
        least(&self.subject) - least(&self.baseline)
    }

    /// Prints one line: both times, their ratio by least and by median, and whether it keeps the limit.
    /// Answers the latter.
    pub fn print_ratio(&self, name: &str, limit: f64) -> bool {
        let kept = self.ratio() <= limit;
        println!(
            "{name:<34} {:>9.1} {:>9.1}   ratio {:.3} (medians {:.3}), at most {limit:.2}: {}",
            least(&self.subject),
            least(&self.baseline),
            self.ratio(),
            median(&self.subject) / median(&self.baseline),
            verdict(kept),
        );
        kept
    }

    /// Prints one line: both times and how much more the subject takes, and whether it keeps the limit.
    /// Answers the latter.
    pub fn print_excess(&self, name: &str, limit: f64) -> bool {
        let kept = self.excess() <= limit;
        println!(
            "{name:<34} {:>9.2} {:>9.2}   {:.2} more, at most {limit:.2}: {}",
            least(&self.subject),
            least(&self.baseline),
            self.excess(),
            verdict(kept),
        );
        kept
    }
}

/// Ends a benchmark program: with 1 if a limit was not kept.
pub fn conclude(kept: &[bool]) -> ! {
    exit(i32::from(kept.contains(&false)))
}

fn verdict(kept: bool) -> &'static str {
    if kept {
        "kept"
    } else {
        "NOT KEPT"
    }
}

fn least(times: &[f64]) -> f64 {
    times.iter().copied().fold(f64::INFINITY, f64::min)
}

fn median(times: &[f64]) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alternates_who_is_first() {
        let order = std::cell::RefCell::new(String::new());
        let note = |name: char, time: f64| {
            order.borrow_mut().push(name);
            time
        };
        let comparison = interleave(3, || note('s', 3.0), || note('b', 2.0));
        assert_eq!(*order.borrow(), "sbbssb");
        assert_eq!((comparison.ratio(), comparison.excess()), (1.5, 1.0));
    }

    #[test]
    fn a_limit_can_be_missed() {
        let comparison = interleave(2, || 3.0, || 2.0);
        assert!(comparison.print_ratio("kept", 1.5) && !comparison.print_ratio("missed", 1.4));
        assert!(comparison.print_excess("kept", 1.0) && !comparison.print_excess("missed", 0.9));
    }
}
