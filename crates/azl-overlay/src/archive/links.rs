//! Where symbolic links lead: not out of the archive, also not by way of other links.

use super::limits::Limits;
use super::member_path::MemberPath;
use super::members::{Content, Members};
use super::refusal::{Refusal, Rule};

/// Links the kernel follows in one path before it gives up; what leads further leads nowhere.
const HOPS: usize = 40;

/// Checks all links.
pub(crate) fn check(members: &Members, limits: &Limits) -> Result<(), Refusal> {
    let mut steps = limits.link_steps;
    for (path, member) in members.iter() {
        if let Content::Symlink(target) = &member.content {
            let mut walk = Walk { members, at: directory(path), hops: HOPS, steps };
            walk.follow(target).map_err(|rule| Refusal::of(path.as_bytes(), rule))?;
            steps = walk.steps;
        }
    }
    Ok(())
}

fn directory(path: &MemberPath) -> Vec<u8> {
    path.parent().map_or_else(Vec::new, |parent| parent.as_bytes().to_vec())
}

struct Walk<'m> {
    members: &'m Members,
    /// Where the walk is; empty at the top.
    at: Vec<u8>,
    hops: usize,
    steps: usize,
}

impl<'m> Walk<'m> {
    fn follow(&mut self, target: &'m [u8]) -> Result<(), Rule> {
        let mut parts = backwards(target)?;
        while let Some(part) = parts.pop() {
            self.steps = self.steps.checked_sub(1).ok_or(Rule::TooManyLinks)?;
            match part {
                b"" | b"." => {}
                b".." => self.up()?,
                name => {
                    let Some(target) = self.enter(name) else { continue };
                    self.up()?;
                    let Some(left) = self.hops.checked_sub(1) else { return Ok(()) };
                    self.hops = left;
                    parts.extend(backwards(target)?);
                }
            }
        }
        Ok(())
    }

    fn up(&mut self) -> Result<(), Rule> {
        if self.at.is_empty() {
            return Err(Rule::LinkEscapes);
        }
        self.at.truncate(self.at.iter().rposition(|&byte| byte == b'/').unwrap_or(0));
        Ok(())
    }

    /// Goes to a member of the directory; returns the target if it is a link.
    fn enter(&mut self, name: &[u8]) -> Option<&'m [u8]> {
        if !self.at.is_empty() {
            self.at.push(b'/');
        }
        self.at.extend_from_slice(name);
        match &self.members.get(&MemberPath::of_bytes(&self.at))?.content {
            Content::Symlink(target) => Some(target),
            _ => None,
        }
    }
}

fn backwards(target: &[u8]) -> Result<Vec<&[u8]>, Rule> {
    match target {
        [] => Err(Rule::LinkToNothing),
        [b'/', ..] => Err(Rule::LinkAbsolute),
        _ => Ok(target.rsplit(|&byte| byte == b'/').collect()),
    }
}
