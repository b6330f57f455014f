//! Lines of `sysusers.d`, as sysusers.d(5) of systemd 257 has them: `u`, `u!`, `g`, `m` and `r`.
//!
//! Not here: numbers taken from the owner of a file, and specifiers of the machine (`%m`, `%H`); they are refused.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use crate::compose::ComposeError;
use crate::compose::merge::Merge;
use crate::compose::snippets::{self, Line};

/// What all lines together ask for; of two lines for one name the first counts.
#[derive(Debug, Default)]
pub(super) struct Settings {
    pub(super) users: Vec<User>,
    pub(super) groups: Vec<Group>,
    /// Users by group.
    pub(super) members: BTreeMap<String, BTreeSet<String>>,
    /// Numbers to choose from; none if no line says so.
    pub(super) ranges: Vec<RangeInclusive<u32>>,
}

/// A `u` line.
#[derive(Debug, Clone, Default)]
pub(super) struct User {
    pub(super) name: String,
    /// The line's place, for errors.
    pub(super) path: String,
    pub(super) uid: Option<u32>,
    pub(super) group: Primary,
    pub(super) gecos: String,
    pub(super) home: Option<String>,
    pub(super) shell: Option<String>,
    pub(super) locked: bool,
}

/// The group that a user belongs to first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum Primary {
    /// The one of the same name, which is made if need be.
    #[default]
    Own,
    /// The one with this number.
    Number(u32),
    /// One that must be there.
    Name(String),
}

/// A `g` line.
#[derive(Debug, Clone, Default)]
pub(super) struct Group {
    pub(super) name: String,
    pub(super) path: String,
    pub(super) gid: Option<u32>,
}

/// Reads the lines of the image.
pub(super) fn read(merge: &Merge<'_>, errors: &mut Vec<ComposeError>) -> Settings {
    let mut settings = Settings::default();
    for line in snippets::lines(merge, "sysusers.d") {
        if let Err(why) = settings.add(&line) {
            errors.push(ComposeError::Snippet { path: line.path, line: line.text, why });
        }
    }
    settings.add_implied();
    settings
}

impl Settings {
    fn add(&mut self, line: &Line) -> Result<(), String> {
        let (fields, _) = snippets::fields(&line.text, 6).ok_or("a quote is open")?;
        let fields = fields.into_iter().map(without_specifiers).collect::<Result<Vec<_>, _>>()?;
        let field = |at: usize| fields.get(at).map(String::as_str).filter(|text| !matches!(*text, "" | "-"));
        let kind = field(0).unwrap_or_default();
        if kind == "r" {
            self.ranges.push(range(field(2).ok_or("the range is missing")?)?);
            return Ok(());
        }
        let name = checked_name(field(1).ok_or("the name is missing")?)?;
        match kind {
            "u" | "u!" => self.add_user(user(name, line, kind == "u!", &field)?),
            "g" => {
                let gid = field(2).map(number).transpose()?;
                if self.groups.iter().all(|group| group.name != name) {
                    self.groups.push(Group { name, path: line.path.clone(), gid });
                }
            }
            "m" => {
                let group = checked_name(field(2).ok_or("the group is missing")?)?;
                self.members.entry(group).or_default().insert(name);
            }
            other => return Err(format!("there is no kind `{other}`")),
        }
        Ok(())
    }

    fn add_user(&mut self, user: User) {
        if self.users.iter().all(|other| other.name != user.name) {
            self.users.push(user);
        }
    }

    /// Adds the users and groups that only `m` lines name.
    fn add_implied(&mut self) {
        for (group, users) in self.members.clone() {
            if self.groups.iter().all(|other| other.name != group) {
                self.groups.push(Group { name: group, ..Group::default() });
            }
            for name in users {
                self.add_user(User { name, ..User::default() });
            }
        }
    }
}

fn user<'f>(name: String, line: &Line, locked: bool, field: &dyn Fn(usize) -> Option<&'f str>) -> Result<User, String> {
    let (uid, group) = match field(2).map(|id| (id, id.split_once(':'))) {
        None => (None, Primary::Own),
        Some((id, None)) => (Some(number(id)?), Primary::Own),
        Some((_, Some((uid, group)))) => {
            let uid = if uid == "-" { None } else { Some(number(uid)?) };
            (uid, number(group).map(Primary::Number).or_else(|_| checked_name(group).map(Primary::Name))?)
        }
    };
    let owned = |at| field(at).map(str::to_owned);
    let (gecos, home, shell) = (owned(3).unwrap_or_default(), owned(4), owned(5));
    let texts = [Some(&gecos), home.as_ref(), shell.as_ref()];
    if texts.into_iter().flatten().any(|text| text.contains([':', '\n'])) {
        return Err("a field of a table has no `:`".to_owned());
    }
    if home.iter().chain(&shell).any(|path| !path.starts_with('/')) {
        return Err("a home directory and a shell are absolute paths".to_owned());
    }
    Ok(User { name, path: line.path.clone(), uid, group, gecos, home, shell, locked })
}

/// `%%` is a percent sign; every other specifier is something of the machine.
fn without_specifiers(text: String) -> Result<String, String> {
    let plain = text.replace("%%", "\0");
    if plain.contains('%') { Err(format!("`{text}` depends on the machine")) } else { Ok(plain.replace('\0', "%")) }
}

fn checked_name(name: &str) -> Result<String, String> {
    let starts = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    if starts && plain && name.len() <= 31 { Ok(name.to_owned()) } else { Err(format!("`{name}` is no name")) }
}

fn number(text: &str) -> Result<u32, String> {
    // 65535 and the largest number stand for nobody in system calls.
    let number = text.parse().ok().filter(|number| !matches!(number, 0xffff | 0xffff_ffff));
    number.ok_or_else(|| format!("`{text}` is no number of a user or group"))
}

fn range(text: &str) -> Result<RangeInclusive<u32>, String> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (number(first)?, number(last)?);
    let is_range = first <= last && last < u32::from(u16::MAX);
    if is_range { Ok(first..=last) } else { Err(format!("`{text}` is no range of small numbers")) }
}
