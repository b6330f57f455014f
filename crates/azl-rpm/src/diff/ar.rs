//! `ar` archives (static libraries): their members, as far as a comparison needs them.
//!
//! Format: `!<arch>\n`, then for each member a header of 60 bytes and its content, padded to an even length;
//! GNU's `//` member holds names that are too long for the header.

use std::collections::BTreeMap;

use super::content::Comparison;
use super::{Cause, Difference, Guess, How};

const MAGIC: &[u8] = b"!<arch>\n";
const HEADER: usize = 60;

/// One member.
pub(super) struct Member<'a> {
    name: String,
    time: String,
    owner: String,
    mode: String,
    content: &'a [u8],
}

/// Returns the members of an archive, or nothing if these bytes are none.
pub(super) fn members(bytes: &[u8]) -> Option<Vec<Member<'_>>> {
    let mut rest = bytes.strip_prefix(MAGIC)?;
    let mut members = Vec::new();
    let mut names: &[u8] = &[];
    while !rest.is_empty() {
        let header = rest.get(..HEADER)?;
        let field = |from: usize, to: usize| String::from_utf8_lossy(&header[from..to]).trim_end().to_owned();
        let size: usize = field(48, 58).parse().ok()?;
        let content = rest.get(HEADER..HEADER.checked_add(size)?)?;
        let name = field(0, 16);
        if name == "//" {
            names = content;
        }
        let owner = format!("{}:{}", field(28, 34), field(34, 40));
        members.push(Member { name: long_name(name, names), time: field(16, 28), owner, mode: field(40, 48), content });
        rest = rest.get(HEADER + size.next_multiple_of(2)..).unwrap_or_default();
    }
    Some(members)
}

/// Looks `/<offset>` up in the table of long names.
fn long_name(name: String, names: &[u8]) -> String {
    let offset = name.strip_prefix('/').and_then(|digits| digits.parse::<usize>().ok());
    let Some(long) = offset.and_then(|offset| names.get(offset..)) else { return name };
    let end = long.iter().position(|&byte| byte == b'\n').unwrap_or(long.len());
    String::from_utf8_lossy(&long[..end]).into_owned()
}

/// Compares two archives member by member; nothing if only what is between members differs.
pub(super) fn diff(one: &[Member<'_>], other: &[Member<'_>], comparison: Comparison<'_>) -> Vec<Difference> {
    let mut differences = Vec::new();
    let (left, right) = (by_name(one), by_name(other));
    let order = |members: &[Member<'_>]| members.iter().map(|member| member.name.clone()).collect::<Vec<_>>();
    if left.keys().eq(right.keys()) && order(one) != order(other) {
        let guess = Guess::new(Cause::Order, "the same members in another order");
        let (one, other) = (order(one).join(" "), order(other).join(" "));
        differences.push(Difference::values("order of members", &one, &other).because([guess]));
    }
    for (key, one) in &left {
        match right.get(key) {
            Some(other) => differences.extend(member(one, other, comparison)),
            None => differences.push(Difference::new(place(one), How::OnlyInOne)),
        }
    }
    let added = right.iter().filter(|(key, _)| !left.contains_key(*key));
    differences.extend(added.map(|(_, other)| Difference::new(place(other), How::OnlyInOther)));
    differences
}

/// Names may be there more than once; the second element counts them.
fn by_name<'a, 'b>(members: &'a [Member<'b>]) -> BTreeMap<(&'a str, usize), &'a Member<'b>> {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let mut all = BTreeMap::new();
    for member in members {
        let count = seen.entry(&member.name).or_default();
        all.insert((member.name.as_str(), *count), member);
        *count += 1;
    }
    all
}

fn place(member: &Member<'_>) -> String {
    format!("member {}", super::window::shorten(&member.name))
}

fn member(one: &Member<'_>, other: &Member<'_>, comparison: Comparison<'_>) -> Option<Difference> {
    let rows = [
        ("time", &one.time, &other.time, Cause::Time, "is the time of archiving"),
        ("owner", &one.owner, &other.owner, Cause::User, "is the user who archived"),
        ("mode", &one.mode, &other.mode, Cause::User, "follows the umask"),
    ];
    let mut inside: Vec<Difference> = rows
        .into_iter()
        .filter(|(_, one, other, _, _)| one != other)
        .map(|(name, one, other, cause, why)| Difference::values(name, one, other).because([Guess::new(cause, why)]))
        .collect();
    inside.extend(comparison.content(one.content, other.content));
    (!inside.is_empty()).then(|| Difference::within(place(one), inside))
}
