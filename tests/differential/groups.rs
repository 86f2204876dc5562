//! The groups of commands that a stream is made of: one file each, with its share of the stream and the keys that are its home.

use super::homes::Home;
use super::step::{Args, Step};
use super::vocabulary::Vocabulary;
use super::{
    bits, geo, hashes, hyperloglog, keys, lex_sets, limits, lists, sessions, sets, sort,
    sorted_sets, strings, transactions,
};

/// Makes one request, or some that belong together.
pub enum Maker {
    /// A request on its own, which may then be bent out of shape.
    One(fn(&mut Vocabulary) -> Args),
    /// A request as it is.
    Plain(fn(&mut Vocabulary) -> Args),
    /// A step as it is.
    Some(fn(&mut Vocabulary) -> Step),
    /// HELLO, mostly with the stream's protocol.
    Hello,
    /// RESET, and back to the stream's protocol.
    Reset,
}

/// Commands of one kind.
pub struct Group {
    /// What `AEROLITE_DIFF_ONLY` calls it.
    pub name: &'static str,
    /// How much of the stream it makes, next to the others.
    share: usize,
    /// Where its keys are; a group without a home takes the keys of all.
    home: Option<Home>,
    makers: &'static [(usize, Maker)],
}

/// All of them.
const GROUPS: &[Group] = &[
    group("strings", 500, Some(Home::Strings), strings::MAKERS),
    group("keys", 420, None, keys::MAKERS),
    group("sessions", 100, None, sessions::MAKERS),
    group("limits", 25, None, limits::MAKERS),
    group("lists", 400, Some(Home::Lists), lists::MAKERS),
    group("hashes", 350, Some(Home::Hashes), hashes::MAKERS),
    group("sets", 400, Some(Home::Sets), sets::MAKERS),
    group(
        "sorted_sets",
        450,
        Some(Home::SortedSets),
        sorted_sets::MAKERS,
    ),
    group("sorted_sets", 150, Some(Home::LexSets), lex_sets::MAKERS),
    group("geo", 200, Some(Home::Geo), geo::MAKERS),
    group("bits", 200, Some(Home::Bits), bits::MAKERS),
    group(
        "hyperloglog",
        120,
        Some(Home::HyperLogLogs),
        hyperloglog::MAKERS,
    ),
    group("sort", 150, Some(Home::Sortable), sort::MAKERS),
    group("transactions", 350, None, transactions::MAKERS),
];

const fn group(
    name: &'static str,
    share: usize,
    home: Option<Home>,
    makers: &'static [(usize, Maker)],
) -> Group {
    Group {
        name,
        share,
        home,
        makers,
    }
}

/// The groups of one stream.
#[derive(Clone)]
pub struct Groups(Vec<&'static Group>);

impl Groups {
    /// Every group.
    pub fn all() -> Groups {
        Groups(GROUPS.iter().collect())
    }

    /// Those that a list names, e.g. `lists,keys`.
    ///
    /// # Panics
    /// When there is none of a name.
    pub fn named(list: &str) -> Groups {
        let names: Vec<&str> = list.split(',').map(str::trim).collect();
        for name in &names {
            let known: Vec<&str> = GROUPS.iter().map(|group| group.name).collect();
            assert!(
                known.contains(name),
                "no group is called {name:?}; there are {known:?}"
            );
        }
        let wanted = |group: &&Group| names.contains(&group.name);
        Groups(GROUPS.iter().filter(wanted).collect())
    }

    /// The homes of the groups.
    pub fn homes(&self) -> Vec<Home> {
        self.0.iter().filter_map(|group| group.home).collect()
    }

    /// A maker, after telling the vocabulary where it is at home.
    pub fn pick(&self, v: &mut Vocabulary) -> &'static Maker {
        let group = at_random(v, &self.0, |group| group.share);
        v.at_home(group.home);
        let (_, maker) = at_random(v, group.makers, |(share, _)| *share);
        maker
    }
}

/// One of `all`, each as often as its share says.
fn at_random<'a, T>(v: &mut Vocabulary, all: &'a [T], share: impl Fn(&T) -> usize) -> &'a T {
    let mut point = v.random.below(all.iter().map(&share).sum());
    for one in all {
        if point < share(one) {
            return one;
        }
        point -= share(one);
    }
    unreachable!("the point lies within the sum of the shares");
}
