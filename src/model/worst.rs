//! Which rows are most likely to go wrong, out of any number, in the memory of the few that are kept.
//!
//! Rows with errors come first, then rows with warnings: of every kind one, then of every kind another, so that a thousand rows
//! with one flaw do not hide the one with another. Then come, in turn, the longest, the shortest, and those where defaults stood in.

use std::cell::LazyCell;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::problem::{Code, Problem, Severity};
use super::row::RowNumber;

/// What speaks against a row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Signs {
    /// The codes of its errors.
    pub errors: BTreeSet<Code>,
    /// The codes of its warnings.
    pub warnings: BTreeSet<Code>,
    /// How often a default stood in for something missing.
    pub defaults: u32,
    /// How many characters its message has; `None` where it has none that could be sent.
    pub length: Option<usize>,
}

impl Signs {
    /// The signs that these problems give.
    #[must_use]
    pub fn of(problems: &[Problem]) -> Self {
        let of = |severity| {
            let wanted = problems.iter().filter(move |problem| problem.severity == severity);
            wanted.map(|problem| problem.code).collect()
        };
        Self {
            errors: of(Severity::Error),
            warnings: of(Severity::Warning),
            ..Self::default()
        }
    }
}

/// That a row is among the longest or the shortest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extreme {
    /// Which end it is near.
    pub end: End,
    /// Its place from that end, from 1.
    pub rank: usize,
    /// How many rows were measured.
    pub of: usize,
    /// How many characters it has.
    pub length: usize,
}

/// The ends of the rows by length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The longest come first.
    Longest,
    /// The shortest come first.
    Shortest,
}

/// A row that was picked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pick<T> {
    /// What was kept of it.
    pub kept: T,
    /// That it is among the longest or shortest, if that is why, or if it is the very first of them.
    pub extremes: Vec<Extreme>,
}

/// The first few rows by some order.
#[derive(Debug)]
struct Group<K, T> {
    rows: BTreeMap<(K, RowNumber), Rc<T>>,
    seen: usize,
}

impl<K: Ord + Copy, T> Group<K, T> {
    const fn new() -> Self {
        Self {
            rows: BTreeMap::new(),
            seen: 0,
        }
    }

    fn offer(&mut self, most: usize, key: K, number: RowNumber, make: &dyn Fn() -> Rc<T>) {
        self.seen += 1;
        let place = (key, number);
        let full = self.rows.len() >= most;
        if full && self.rows.last_key_value().is_none_or(|(last, _)| *last < place) {
            return;
        }
        if full {
            self.rows.pop_last();
        }
        self.rows.insert(place, make());
    }

    fn queue(self) -> Queue<T>
    where
        K: 'static,
        T: 'static,
    {
        Box::new(self.rows.into_iter().map(|((_, number), kept)| (number, kept)))
    }
}

/// Rows of a group in its order: number, and what was kept.
type Queue<T> = Box<dyn Iterator<Item = (RowNumber, Rc<T>)>>;

/// Keeps the rows that are most likely to go wrong.
#[derive(Debug)]
pub struct Worst<T> {
    most: usize,
    errors: BTreeMap<Code, Group<(), T>>,
    warnings: BTreeMap<Code, Group<(), T>>,
    longest: Group<Reverse<usize>, T>,
    shortest: Group<usize, T>,
    defaults: Group<Reverse<u32>, T>,
}

impl<T: Clone + 'static> Worst<T> {
    /// At most so many rows.
    #[must_use]
    pub const fn new(most: usize) -> Self {
        Self {
            most,
            errors: BTreeMap::new(),
            warnings: BTreeMap::new(),
            longest: Group::new(),
            shortest: Group::new(),
            defaults: Group::new(),
        }
    }

    /// Offers a row with these signs; `make` is called only where it is kept for now.
    pub fn offer(&mut self, number: RowNumber, signs: &Signs, make: impl FnOnce() -> T) {
        let most = self.most;
        if most == 0 {
            return;
        }
        let made = LazyCell::new(|| Rc::new(make()));
        let once = || Rc::clone(&made);
        for (codes, groups) in [(&signs.errors, &mut self.errors), (&signs.warnings, &mut self.warnings)] {
            for code in codes {
                groups.entry(*code).or_insert_with(Group::new).offer(most, (), number, &once);
            }
        }
        if let Some(length) = signs.length {
            self.longest.offer(most, Reverse(length), number, &once);
            self.shortest.offer(most, length, number, &once);
        }
        if signs.defaults > 0 {
            self.defaults.offer(most, Reverse(signs.defaults), number, &once);
        }
    }

    /// The rows, those most likely to go wrong first.
    #[must_use]
    pub fn finish(self) -> Vec<Pick<T>> {
        let extremes = self.extremes();
        let mut picked = Picked {
            most: self.most,
            taken: BTreeSet::new(),
            picks: Vec::new(),
            extremes,
        };
        for groups in [self.errors, self.warnings] {
            let mut groups: Vec<Group<(), T>> = groups.into_values().collect();
            groups.sort_by_key(|group| (Reverse(group.seen), group.rows.keys().next().copied()));
            picked.in_turn(groups.into_iter().map(|group| (None, group.queue())).collect());
        }
        picked.in_turn(vec![
            (Some(End::Longest), self.longest.queue()),
            (Some(End::Shortest), self.shortest.queue()),
            (None, self.defaults.queue()),
        ]);
        picked.picks
    }

    /// The rows that are kept as the longest and the shortest, by row; none where all are of one length.
    fn extremes(&self) -> BTreeMap<RowNumber, Vec<Extreme>> {
        let of = self.longest.seen;
        let longest = self.longest.rows.keys().map(|(length, number)| (End::Longest, length.0, *number));
        let shortest = self.shortest.rows.keys().map(|(length, number)| (End::Shortest, *length, *number));
        let mut extremes: BTreeMap<RowNumber, Vec<Extreme>> = BTreeMap::new();
        let span = (
            self.longest.rows.keys().next().map(|key| key.0.0),
            self.shortest.rows.keys().next().map(|key| key.0),
        );
        if span.0 == span.1 {
            return extremes;
        }
        for (rank, (end, length, number)) in (1..).zip(longest).chain((1..).zip(shortest)) {
            extremes.entry(number).or_default().push(Extreme { end, rank, of, length });
        }
        extremes
    }
}

struct Picked<T> {
    most: usize,
    taken: BTreeSet<RowNumber>,
    picks: Vec<Pick<T>>,
    extremes: BTreeMap<RowNumber, Vec<Extreme>>,
}

impl<T: Clone> Picked<T> {
    /// Picks one row of each queue, then another of each, and so on. With each comes the end that its rows are near.
    fn in_turn(&mut self, mut queues: Vec<(Option<End>, Queue<T>)>) {
        while !queues.is_empty() {
            queues.retain_mut(|(end, queue)| {
                let next = queue.find(|(number, _)| !self.taken.contains(number));
                let next = next.filter(|_| self.picks.len() < self.most);
                next.map(|(number, kept)| self.pick(number, *end, kept)).is_some()
            });
        }
    }

    fn pick(&mut self, number: RowNumber, end: Option<End>, kept: Rc<T>) {
        self.taken.insert(number);
        let mut extremes = self.extremes.remove(&number).unwrap_or_default();
        extremes.retain(|extreme| extreme.rank == 1 || end == Some(extreme.end));
        self.picks.push(Pick {
            kept: Rc::unwrap_or_clone(kept),
            extremes,
        });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn signs(errors: &[Code], warnings: &[Code], defaults: u32, length: usize) -> Signs {
        Signs {
            errors: errors.iter().copied().collect(),
            warnings: warnings.iter().copied().collect(),
            defaults,
            length: errors.is_empty().then_some(length),
        }
    }

    fn picked(most: usize, rows: &[Signs]) -> Vec<u32> {
        let mut worst = Worst::new(most);
        for (number, signs) in (2..).zip(rows) {
            worst.offer(RowNumber(number), signs, || number);
        }
        worst.finish().into_iter().map(|pick| pick.kept).collect()
    }

    #[test]
    fn errors_come_first_then_warnings_and_of_each_kind_one_before_another_of_the_same() {
        let rows = [
            signs(&[], &[], 0, 10),
            signs(&[], &[Code::NameCapitals], 0, 10),
            signs(&[Code::BlankCell], &[], 0, 0),
            signs(&[Code::BlankCell], &[], 0, 0),
            signs(&[Code::BadRecipient], &[], 0, 0),
            signs(&[], &[Code::NameCapitals], 0, 10),
            signs(&[], &[Code::NameWords], 0, 10),
            signs(&[], &[], 2, 9),
            signs(&[], &[], 0, 99),
        ];
        assert_eq!(picked(100, &rows), [4, 6, 5, 3, 8, 7, 10, 9, 2]);
        assert_eq!(picked(3, &rows), [4, 6, 5]);
        assert_eq!(picked(0, &rows), [0; 0]);
    }

    #[test]
    fn the_longest_the_shortest_and_those_with_defaults_come_in_turn() {
        let lengths = [50, 40, 30, 20, 10];
        let rows: Vec<Signs> = lengths
            .iter()
            .map(|length| signs(&[], &[], u32::from(*length == 30), *length))
            .collect();
        assert_eq!(picked(4, &rows), [2, 6, 4, 3]);
        let mut worst = Worst::new(2);
        for (number, signs) in (2..).zip(&rows) {
            worst.offer(RowNumber(number), signs, || number);
        }
        let ends: Vec<Vec<Extreme>> = worst.finish().into_iter().map(|pick| pick.extremes).collect();
        let extreme = |end, length| Extreme {
            end,
            rank: 1,
            of: 5,
            length,
        };
        assert_eq!(ends, [[extreme(End::Longest, 50)], [extreme(End::Shortest, 10)]]);
    }

    #[test]
    fn where_all_are_of_one_length_none_is_called_long_or_short() {
        let mut worst = Worst::new(2);
        for number in 2..5 {
            worst.offer(RowNumber(number), &signs(&[], &[], 0, 7), || number);
        }
        assert!(worst.finish().iter().all(|pick| pick.extremes.is_empty()));
    }

    proptest! {
        #[test]
        fn nothing_outside_of_the_few_is_longer_or_has_an_error(lengths in prop::collection::vec((0usize..50, any::<bool>()), 0..60), most in 1usize..8) {
            let of = |(length, bad): &(usize, bool)| signs(if *bad { &[Code::BlankCell] } else { &[] }, &[], 0, *length);
            let rows: Vec<Signs> = lengths.iter().map(of).collect();
            let picks = picked(most, &rows);
            prop_assert_eq!(picks.len(), most.min(rows.len()));
            let unique: BTreeSet<u32> = picks.iter().copied().collect();
            prop_assert_eq!(unique.len(), picks.len());
            let errors = rows.iter().filter(|row| !row.errors.is_empty()).count();
            let among = picks.iter().filter(|number| !rows[**number as usize - 2].errors.is_empty()).count();
            prop_assert_eq!(among, errors.min(most));
            if errors < most {
                let longest = rows.iter().filter_map(|row| row.length).max();
                prop_assert!(longest.is_none() || picks.iter().any(|number| rows[*number as usize - 2].length == longest));
            }
        }

        #[test]
        fn few_rows_are_kept_however_many_there_are(lengths in prop::collection::vec(0usize..1000, 100..300)) {
            let mut worst = Worst::new(3);
            let mut made = 0;
            for (number, length) in (2..).zip(&lengths) {
                worst.offer(RowNumber(number), &signs(&[], &[Code::NameWords], 1, *length), || made += 1);
            }
            let kept = worst.warnings.values().map(|group| group.rows.len()).sum::<usize>() + worst.longest.rows.len() + worst.shortest.rows.len() + worst.defaults.rows.len();
            prop_assert!(kept <= 12, "{kept}");
            prop_assert!(made < lengths.len(), "rows that are not kept are not made: {made}");
        }
    }
}
