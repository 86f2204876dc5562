//! From a long stream that shows a difference to a short one: drop runs of steps, long ones first, then make what is left
//! plain, and keep whatever still differs (delta debugging, Zeller and Hildebrandt 2002, without the complements).

use std::time::{Duration, Instant};

use super::runner::{Difference, Servers};
use super::step::{Form, Request, Step, Work};
use super::tally::Tally;

/// Shrinking ends after so many runs, or after so much time, with what it has.
const RUNS: usize = 3000;
const TIME: Duration = Duration::from_secs(60);
/// No right server makes us wait longer for a reply.
pub const PATIENCE: Duration = Duration::from_secs(1);
/// How often a stream is tried again before we say that its difference does not come back.
const RETRIES: usize = 3;

/// A shorter stream and its difference.
pub struct Shrunk {
    /// What is left.
    pub steps: Vec<Step>,
    /// What it shows.
    pub difference: Difference,
    /// How often the servers were asked.
    pub runs: usize,
}

/// How a stream is run.
pub type Play<'p> = &'p dyn Fn(&Servers, &[Step]) -> Result<Tally, Box<Difference>>;

struct Shrinker<'p> {
    servers: Option<Servers>,
    play: Play<'p>,
    deadline: Instant,
    runs: usize,
}

/// The smallest stream found that still differs; None when the difference does not come back.
pub fn shrink(servers: Servers, steps: &[Step], play: Play) -> Option<Shrunk> {
    let mut shrinker = Shrinker {
        servers: Some(servers),
        play,
        deadline: Instant::now() + TIME,
        runs: 0,
    };
    let difference = (0..RETRIES).find_map(|_| shrinker.differs(steps))?;
    let mut best = (steps.to_vec(), difference);
    cut_tail(&mut best);
    shrinker.drop_steps(&mut best);
    shrinker.simplify(&mut best);
    // A plainer stream may need fewer steps.
    shrinker.drop_steps(&mut best);
    let (steps, difference) = best;
    Some(Shrunk {
        steps,
        difference,
        runs: shrinker.runs,
    })
}

/// What was not yet sent had no part in it.
fn cut_tail(best: &mut (Vec<Step>, Difference)) {
    best.0.truncate(best.1.sent);
}

impl Shrinker<'_> {
    fn has_time(&self) -> bool {
        self.runs < RUNS && Instant::now() < self.deadline
    }

    fn differs(&mut self, steps: &[Step]) -> Option<Difference> {
        self.runs += 1;
        let mut servers = self
            .servers
            .take()
            .expect("the servers are put back after each run");
        if !servers.is_alive() {
            servers = servers.revive();
        }
        let difference = (self.play)(&servers, steps).err();
        self.servers = Some(servers);
        difference.map(|difference| *difference)
    }

    /// Takes the candidate when it differs too.
    fn try_instead(&mut self, best: &mut (Vec<Step>, Difference), candidate: Vec<Step>) -> bool {
        match self.differs(&candidate) {
            Some(difference) => {
                *best = (candidate, difference);
                cut_tail(best);
                true
            }
            None => false,
        }
    }

    fn drop_steps(&mut self, best: &mut (Vec<Step>, Difference)) {
        let mut size = best.0.len().div_ceil(2);
        while size > 0 {
            let mut dropped = false;
            let mut end = best.0.len();
            while end > 0 && self.has_time() {
                let start = end.saturating_sub(size);
                let mut candidate = best.0.clone();
                candidate.drain(start..end);
                dropped |= !candidate.is_empty() && self.try_instead(best, candidate);
                end = start.min(best.0.len());
            }
            // Single steps are tried until all of them are needed.
            if size > 1 || !dropped || !self.has_time() {
                size /= 2;
            }
        }
    }

    /// Every step: one write, replies read at once, no inline requests, short arguments.
    fn simplify(&mut self, best: &mut (Vec<Step>, Difference)) {
        let mut index = 0;
        while index < best.0.len() && self.has_time() {
            self.change(best, index, |step| step.cuts.clear());
            self.change(best, index, |step| step.ends_batch = true);
            self.change(best, index, |step| {
                step.requests.iter_mut().for_each(make_multibulk)
            });
            let requests = best.0.get(index).map_or(0, |step| step.requests.len());
            for request in 0..requests {
                self.shorten(best, index, request);
            }
            index += 1;
        }
    }

    fn change(
        &mut self,
        best: &mut (Vec<Step>, Difference),
        index: usize,
        change: impl Fn(&mut Step),
    ) -> bool {
        let mut candidate = best.0.clone();
        let Some(step) = candidate.get_mut(index) else {
            return false;
        };
        change(step);
        candidate != best.0 && self.has_time() && self.try_instead(best, candidate)
    }

    /// Halves the long arguments of a request.
    fn shorten(&mut self, best: &mut (Vec<Step>, Difference), index: usize, request: usize) {
        /// Shorter ones are read with ease.
        const SHORT: usize = 16;
        let of = |steps: &[Step]| {
            steps
                .get(index)
                .and_then(|step| step.requests.get(request))
                .map(|r| (r.args.len(), r.form))
        };
        let Some((args, form)) = of(&best.0) else {
            return;
        };
        let step = &best.0[index];
        let scans = matches!(step.work, Work::ScanToTheEnd { .. });
        if form == Form::Raw || scans || step.whole {
            return;
        }
        for arg in 0..args {
            let halve = |step: &mut Step| {
                let arg = &mut step.requests[request].args[arg];
                if arg.len() > SHORT {
                    arg.truncate(arg.len() / 2);
                }
            };
            while self.change(best, index, halve) && of(&best.0) == Some((args, form)) {}
        }
    }
}

fn make_multibulk(request: &mut Request) {
    if request.form != Form::Raw {
        request.form = Form::Multibulk;
    }
}
