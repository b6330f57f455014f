//! What an archive holds: files, directories and symbolic links by path.
//!
//! **Invariant:** every member but those at the top is in a directory that is a member, too.

use std::collections::BTreeMap;

use super::limits::Limits;
use super::member_path::MemberPath;
use super::refusal::Rule;

/// Mode of a directory that the archive implies but does not list.
const IMPLIED_MODE: u32 = 0o755;

/// What a member is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Content {
    File(Vec<u8>),
    Directory,
    /// A link with its target as written.
    Symlink(Vec<u8>),
}

/// One member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Member {
    /// Permission bits.
    pub(crate) mode: u32,
    pub(crate) content: Content,
}

#[derive(Debug, Clone)]
struct Place {
    member: Member,
    listed: Listed,
}

/// Whether an entry of its own says what the member is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Listed {
    Yes,
    ImpliedOnly,
}

/// All members, in the order of a sorted walk.
#[derive(Debug, Clone, Default)]
pub(crate) struct Members {
    places: BTreeMap<MemberPath, Place>,
    /// Bytes of all names and link targets.
    names: usize,
}

impl Members {
    /// Adds what an entry describes, and the directories above it.
    pub(crate) fn add(&mut self, path: MemberPath, member: Member, limits: &Limits) -> Result<(), Rule> {
        self.imply_above(&path, limits)?;
        if let Some(place) = self.places.get_mut(&path) {
            return place.meet(member);
        }
        self.place(path, Place { member, listed: Listed::Yes }, limits)
    }

    fn imply_above(&mut self, path: &MemberPath, limits: &Limits) -> Result<(), Rule> {
        let mut above = path.parent();
        while let Some(directory) = above {
            match self.places.get(&directory).map(|place| &place.member.content) {
                Some(Content::Directory) => return Ok(()),
                Some(Content::Symlink(_)) => return Err(Rule::BelowLink),
                Some(Content::File(_)) => return Err(Rule::BelowFile),
                None => {}
            }
            above = directory.parent();
            let member = Member { mode: IMPLIED_MODE, content: Content::Directory };
            self.place(directory, Place { member, listed: Listed::ImpliedOnly }, limits)?;
        }
        Ok(())
    }

    fn place(&mut self, path: MemberPath, place: Place, limits: &Limits) -> Result<(), Rule> {
        let target = if let Content::Symlink(target) = &place.member.content { target.len() } else { 0 };
        self.names += path.as_bytes().len() + target;
        if self.places.len() >= limits.entries {
            return Err(Rule::TooManyEntries);
        }
        if self.names > limits.names {
            return Err(Rule::TooManyNames);
        }
        self.places.insert(path, place);
        Ok(())
    }

    /// Returns a member.
    pub(crate) fn get(&self, path: &MemberPath) -> Option<&Member> {
        self.places.get(path).map(|place| &place.member)
    }

    /// Returns a member to be changed.
    pub(crate) fn get_mut(&mut self, path: &MemberPath) -> Option<&mut Member> {
        self.places.get_mut(path).map(|place| &mut place.member)
    }

    /// Takes a file or link out.
    pub(crate) fn remove(&mut self, path: &MemberPath) {
        self.places.remove(path);
    }

    /// Returns all members in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&MemberPath, &Member)> {
        self.places.iter().map(|(path, place)| (path, &place.member))
    }

    /// Returns the directory all others are in, if there is just one member at the top and that is a directory.
    pub(crate) fn top(&self) -> Option<&MemberPath> {
        let (first, member) = self.iter().next()?;
        let (last, _) = self.places.last_key_value()?;
        let only = first.top() == last.top() && member.content == Content::Directory;
        only.then_some(first)
    }

    /// Returns how many members have a name that differs from another's in case alone, and two of them.
    pub(crate) fn alike(&self) -> (usize, Option<[&MemberPath; 2]>) {
        let mut seen: BTreeMap<String, &MemberPath> = BTreeMap::new();
        let (mut count, mut pair) = (0, None);
        for path in self.places.keys() {
            if let Some(other) = seen.insert(String::from_utf8_lossy(path.as_bytes()).to_lowercase(), path) {
                count += 1;
                pair = pair.or(Some([other, path]));
            }
        }
        (count, pair)
    }
}

impl Place {
    /// Takes a second entry for the same path: only a directory may be listed again, and only as the same.
    fn meet(&mut self, member: Member) -> Result<(), Rule> {
        let directories = self.member.content == Content::Directory && member.content == Content::Directory;
        match self.listed {
            Listed::ImpliedOnly if directories => *self = Self { member, listed: Listed::Yes },
            Listed::Yes if directories && self.member.mode == member.mode => {}
            _ => return Err(Rule::Duplicate),
        }
        Ok(())
    }
}
