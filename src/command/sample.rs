//! Elements by chance: the counts of HRANDFIELD, SRANDMEMBER, ZRANDMEMBER and SPOP, and drawing so many.
//!
//! A positive count asks for as many different elements, a negative one for that many draws, each from
//! all elements. Every choice is as likely as any other:
//!
//! - Draws are made while they are replied with, and none of them is kept: their number is the
//!   client's. Where they are no fewer than the elements, all of these are listed first, since drawing
//!   from a packed collection is a walk through it.
//! - Few of many are drawn one by one; one that has come already is drawn again.
//! - Most of all are chosen while going through all of them: of those not seen yet, so many are
//!   still wanted, and the next one is taken with that probability (selection sampling: C. T. Fan,
//!   M. E. Muller and I. Rezucha, 1962; algorithm S in D. E. Knuth's book).

use super::{Error, is_word};
use crate::engine::Random;
use crate::number::parse_i64;
use crate::resp::Request;
use std::collections::HashSet;

/// The most draws with repetition that one command makes. Redis goes on until its memory is used up.
const MAX_DRAWS: usize = 10_000_000;

/// Drawing one by one is worth it for fewer than one in so many.
const SPARSE: usize = 3;

const NO_COUNT: Error = Error::new(
    "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807",
);
const OUT_OF_RANGE: Error = Error::new("ERR value is out of range");

/// How many elements a client wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    /// So many different ones, or all.
    Different(usize),
    /// So many, each drawn from all.
    Draws(usize),
}

impl Count {
    /// Reads a count.
    ///
    /// # Errors
    /// Redis's, where it is no integer or has no magnitude.
    pub fn parse(text: &[u8]) -> Result<Count, Error> {
        let count = parse_i64(text).ok_or(Error::NOT_AN_INTEGER)?;
        if count == i64::MIN {
            return Err(NO_COUNT);
        }
        let number = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
        Ok(if count < 0 {
            Count::Draws(number)
        } else {
            Count::Different(number)
        })
    }

    /// Reads the count of HRANDFIELD and ZRANDMEMBER in argument 2, and whether `word` behind it asks
    /// for a second thing about each element.
    ///
    /// # Errors
    /// Those of [`Count::parse`], then another word, then a count too large for two things each.
    pub fn parse_with(args: &Request, word: &str) -> Result<(Count, bool), Error> {
        let count = Count::parse(args.arg(2))?;
        let is_paired = args.len() > 3;
        if is_paired {
            if args.len() > 4 || !is_word(args.arg(3), word) {
                return Err(Error::SYNTAX);
            }
            count.check_paired()?;
        }
        Ok((count, is_paired))
    }

    /// Checks a count of elements each of which is answered with two things.
    ///
    /// # Errors
    /// Where twice as much is no number any more.
    fn check_paired(self) -> Result<(), Error> {
        let (Count::Different(number) | Count::Draws(number)) = self;
        if number as u64 > i64::MAX as u64 / 2 {
            return Err(OUT_OF_RANGE);
        }
        Ok(())
    }
}

/// A collection that elements are drawn from.
pub trait Sampled {
    /// What is drawn.
    type Element: Copy;

    /// How many elements there are.
    fn len(&self) -> usize;

    /// All of them.
    fn all(&self) -> impl Iterator<Item = Self::Element>;

    /// One of them, each as likely as any other.
    fn draw(&self, random: &mut Random) -> Option<Self::Element>;

    /// What no other element has.
    fn name(element: &Self::Element) -> Vec<u8>;
}

/// As many elements as a client wants.
pub enum Drawn<'a, S: Sampled> {
    /// Different ones.
    Chosen(std::vec::IntoIter<S::Element>),
    /// Draws from a collection that has more elements than that.
    Few {
        /// The collection, which is not empty.
        from: &'a S,
        /// What decides.
        random: &'a mut Random,
        /// How many are still to be drawn.
        left: usize,
    },
    /// Draws from these.
    Many {
        /// All elements of the collection.
        all: Vec<S::Element>,
        /// What decides.
        random: &'a mut Random,
        /// How many are still to be drawn.
        left: usize,
    },
}

impl<S: Sampled> Drawn<'_, S> {
    /// Nothing: there is no collection.
    pub fn nothing() -> Self {
        Drawn::Chosen(Vec::new().into_iter())
    }
}

impl<S: Sampled> Iterator for Drawn<'_, S> {
    type Item = S::Element;

    fn next(&mut self) -> Option<S::Element> {
        match self {
            Drawn::Chosen(elements) => elements.next(),
            Drawn::Few { from, random, left } => {
                *left = left.checked_sub(1)?;
                from.draw(random)
            }
            Drawn::Many { all, random, left } => {
                *left = left.checked_sub(1)?;
                all.get(random.below(all.len())).copied()
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = match self {
            Drawn::Chosen(elements) => elements.len(),
            Drawn::Few { left, .. } | Drawn::Many { left, .. } => *left,
        };
        (left, Some(left))
    }
}

impl<S: Sampled> ExactSizeIterator for Drawn<'_, S> {}

/// Draws as many elements as a client wants.
///
/// # Errors
/// Where it wants more than one command draws.
pub fn sample<'a, S: Sampled>(
    from: &'a S,
    count: Count,
    random: &'a mut Random,
) -> Result<Drawn<'a, S>, Error> {
    let left = match count {
        Count::Different(wanted) => {
            let chosen = different(from, wanted, random);
            return Ok(Drawn::Chosen(chosen.into_iter()));
        }
        Count::Draws(draws) if draws > MAX_DRAWS => return Err(OUT_OF_RANGE),
        Count::Draws(draws) => draws,
    };
    Ok(match from.len() {
        0 => Drawn::nothing(),
        len if left < len => Drawn::Few { from, random, left },
        _ => Drawn::Many {
            all: from.all().collect(),
            random,
            left,
        },
    })
}

fn different<S: Sampled>(from: &S, wanted: usize, random: &mut Random) -> Vec<S::Element> {
    if wanted.saturating_mul(SPARSE) >= from.len() {
        return select(from, wanted.min(from.len()), random);
    }
    let mut seen = HashSet::new();
    let mut chosen = Vec::new();
    while chosen.len() < wanted {
        match from.draw(random) {
            Some(element) if seen.insert(S::name(&element)) => chosen.push(element),
            Some(_) => {}
            None => break,
        }
    }
    chosen
}

fn select<S: Sampled>(from: &S, wanted: usize, random: &mut Random) -> Vec<S::Element> {
    let mut missing = wanted;
    from.all()
        .zip((1..=from.len()).rev())
        .filter(|(_, left)| {
            let is_taken = missing > 0 && random.below(*left) < missing;
            missing -= usize::from(is_taken);
            is_taken
        })
        .map(|(element, _)| element)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers below another one.
    struct Below(usize);

    impl Sampled for Below {
        type Element = usize;

        fn len(&self) -> usize {
            self.0
        }

        fn all(&self) -> impl Iterator<Item = usize> {
            0..self.0
        }

        fn draw(&self, random: &mut Random) -> Option<usize> {
            (self.0 > 0).then(|| random.below(self.0))
        }

        fn name(element: &usize) -> Vec<u8> {
            element.to_le_bytes().to_vec()
        }
    }

    /// How often each of `len` elements is chosen in so many choices of `wanted`.
    fn chosen(wanted: usize, len: usize, choices: usize) -> Vec<f64> {
        let mut random = Random::new(11);
        let mut times = vec![0.0; len];
        for _ in 0..choices {
            let elements = different(&Below(len), wanted, &mut random);
            let names: HashSet<usize> = elements.iter().copied().collect();
            assert_eq!(names.len(), elements.len());
            assert_eq!(elements.len(), wanted.min(len));
            for element in elements {
                times[element] += 1.0;
            }
        }
        times
    }

    #[test]
    fn every_element_is_chosen_as_often_as_any_other() {
        const CHOICES: usize = 3000;
        for (wanted, len) in [(1, 20), (3, 20), (6, 20), (7, 20), (13, 20), (19, 20)] {
            let times = chosen(wanted, len, CHOICES);
            let share = wanted as f64 / len as f64;
            let mean = CHOICES as f64 * share;
            let variance = mean * (1.0 - share) * len as f64 / (len - 1) as f64;
            let chi: f64 = times.iter().map(|n| (n - mean).powi(2) / variance).sum();
            // 19 degrees of freedom: above this once in a thousand draws of another seed.
            assert!(chi < 43.8, "{chi} for {wanted} of {len}");
        }
    }

    #[test]
    fn all_are_chosen_where_more_are_wanted() {
        assert_eq!(chosen(50, 20, 3), [3.0; 20]);
        assert_eq!(chosen(0, 20, 3), [0.0; 20]);
        assert!(chosen(5, 0, 3).is_empty());
    }

    #[test]
    fn counts_are_checked_as_redis_checks_them() {
        for (text, count) in [
            ("3", Ok(Count::Different(3))),
            ("-3", Ok(Count::Draws(3))),
            ("x", Err(Error::NOT_AN_INTEGER)),
            ("-9223372036854775808", Err(NO_COUNT)),
        ] {
            assert_eq!(Count::parse(text.as_bytes()), count, "{text}");
        }
        assert_eq!(Count::Draws(1 << 62).check_paired(), Err(OUT_OF_RANGE));
        assert_eq!(Count::Draws((1 << 62) - 1).check_paired(), Ok(()));
    }

    #[test]
    fn every_draw_is_from_all_elements() {
        const DRAWS: usize = 20_000;
        let mut random = Random::new(11);
        // One after the other from the collection, and all at once from a list of it.
        for at_once in [10, DRAWS] {
            let mut times = [0.0; 20];
            for _ in 0..DRAWS / at_once {
                let drawn = sample(&Below(20), Count::Draws(at_once), &mut random);
                let Ok(drawn) = drawn else {
                    panic!("these are not too many");
                };
                assert_eq!(drawn.len(), at_once);
                drawn.for_each(|element| times[element] += 1.0);
            }
            let mean = DRAWS as f64 / 20.0;
            let chi: f64 = times.iter().map(|n| (n - mean).powi(2) / mean).sum();
            // 19 degrees of freedom: above this once in a thousand draws of another seed.
            assert!(chi < 43.8, "{chi} with {at_once} at once");
        }
    }

    /// A collection that is walked through for every draw.
    struct Walked(usize);

    impl Sampled for Walked {
        type Element = usize;

        fn len(&self) -> usize {
            self.0
        }

        fn all(&self) -> impl Iterator<Item = usize> {
            0..self.0
        }

        fn draw(&self, _: &mut Random) -> Option<usize> {
            panic!("so many walks hold the loop")
        }

        fn name(element: &usize) -> Vec<u8> {
            element.to_le_bytes().to_vec()
        }
    }

    #[test]
    fn many_draws_are_one_walk() {
        let mut random = Random::new(11);
        let drawn = sample(&Walked(500), Count::Draws(1000), &mut random);
        assert_eq!(drawn.map(Iterator::count).ok(), Some(1000));
    }

    #[test]
    fn nobody_draws_for_ever() {
        let mut random = Random::new(11);
        let drawn = sample(&Below(3), Count::Draws(100), &mut random);
        assert_eq!(drawn.map(Iterator::count).ok(), Some(100));
        let refused = sample(&Below(3), Count::Draws(usize::MAX), &mut random);
        assert_eq!(refused.err(), Some(OUT_OF_RANGE));
        let none = sample(&Below(0), Count::Draws(100), &mut random);
        assert_eq!(none.map(Iterator::count).ok(), Some(0));
    }
}
