//! Which things go: pure.
//!
//! **Invariant:** what is needed stays, whatever the size.

use super::inventory::{Item, Kind};

/// Splits things into those that go, in the order in which they do, and those that stay.
///
/// What can be derived from the rest without work (unpacked packages, roots), and was not used by the runs that count,
/// goes first; then what no such run needs; then all that can be derived. Among those, what was used least recently.
pub(super) fn choose(mut items: Vec<Item>, size: u64) -> (Vec<Item>, Vec<Item>) {
    let mut total: u64 = items.iter().map(|item| item.bytes).sum();
    items.sort_by(|one, other| order(one).cmp(&order(other)));
    items.into_iter().partition(|item| {
        let goes = total > size && (!item.needed || item.kind.is_derived());
        if goes {
            total -= item.bytes;
        }
        goes
    })
}

fn order(item: &Item) -> (u8, u64, Kind, &std::path::Path) {
    let turn = match (item.kind.is_derived(), item.needed) {
        (true, false) => 0,
        (false, false) => 1,
        (true, true) => 2,
        (false, true) => 3,
    };
    (turn, item.used, item.kind, &item.path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(kind: Kind, name: &str, used: u64, needed: bool) -> Item {
        Item { kind, path: name.into(), bytes: 10, used, needed }
    }

    fn gone(size: u64) -> Vec<String> {
        let items = vec![
            item(Kind::Blob, "needed", 0, true),
            item(Kind::Blob, "old", 1, false),
            item(Kind::Result, "old result", 1, false),
            item(Kind::Blob, "new", 9, false),
            item(Kind::Tree, "unused tree", 5, false),
            item(Kind::Root, "used root", 2, true),
        ];
        choose(items, size).0.iter().map(|item| item.path.display().to_string()).collect()
    }

    #[test]
    fn what_is_used_least_goes_until_the_size_is_met() {
        assert!(gone(60).is_empty());
        assert_eq!(gone(59), ["unused tree"]);
        assert_eq!(gone(31), ["unused tree", "old result", "old"]);
    }

    #[test]
    fn what_is_needed_stays_and_what_is_derived_from_it_goes_last() {
        assert_eq!(gone(0), ["unused tree", "old result", "old", "new", "used root"]);
    }
}
