//! Reads an archive: headers and contents become members.

use super::compression::Compression;
use super::header::{self, Header, Kind};
use super::limits::Limits;
use super::links;
use super::member_path::{LONGEST, MemberPath};
use super::members::{Content, Member, Members};
use super::pax::{Records, once};
use super::refusal::{Refusal, Rule};
use super::stream::Stream;

/// Bytes of extended headers that are read for one entry.
const EXTENSION: u64 = 1 << 20;

/// Reads an archive whole and checks what needs all of it.
pub(crate) fn read(packed: &[u8], limits: &Limits) -> Result<(Members, Compression), Refusal> {
    let compression = Compression::of(packed)?;
    let mut reader = Reader { stream: Stream::open(packed, compression, limits)?, members: Members::default(), limits };
    let mut about_next = Extension::default();
    let mut first = true;
    while let Some(block) = reader.stream.header()? {
        let header = header::parse(&block).map_err(|refusal| if first { not_tar(refusal) } else { refusal })?;
        first = false;
        about_next = reader.step(header, about_next)?;
    }
    if about_next.is_any() {
        return Err(Rule::Orphan.into());
    }
    let Reader { stream, members, .. } = reader;
    stream.finish()?;
    check_top(&members)?;
    links::check(&members, limits)?;
    Ok((members, compression))
}

/// A wrong checksum right at the start means that it is something else.
fn not_tar(refusal: Refusal) -> Refusal {
    if refusal.rule == Rule::Checksum { Rule::NotTar.into() } else { refusal }
}

/// `rpmbuild` puts the name of the one top directory into a shell command.
fn check_top(members: &Members) -> Result<(), Refusal> {
    let Some(top) = members.top() else { return Ok(()) };
    let name = top.as_bytes();
    let acted_on = |byte: &u8| byte.is_ascii_control() || b"'\"`$;|&<>\\".contains(byte);
    let bad = name.starts_with(b"-") || name.iter().any(acted_on);
    if bad { Err(Refusal::of(name, Rule::Shell)) } else { Ok(()) }
}

struct Reader<'a> {
    stream: Stream<'a>,
    members: Members,
    limits: &'a Limits,
}

impl Reader<'_> {
    /// Takes one header and its content; returns what is known about the next entry.
    fn step(&mut self, header: Header, mut about: Extension) -> Result<Extension, Refusal> {
        if matches!(header.kind, Kind::File | Kind::OldFile | Kind::Directory | Kind::Symlink) {
            self.add(about.complete(header)?)?;
            return Ok(Extension::default());
        }
        let body = self.extension(&header)?;
        let read = match header.kind {
            Kind::LongName => long_text(body).and_then(|name| once(&mut about.gnu_name, name)),
            Kind::LongLink => long_text(body).and_then(|link| once(&mut about.gnu_link, link)),
            Kind::PaxGlobal => Records::parse(&body).and_then(|records| records.say_nothing()),
            _ => Records::parse(&body).and_then(|records| once(&mut about.records, records)),
        };
        read.map(|()| about).map_err(|rule| Refusal::of(&header.name, rule))
    }

    fn extension(&mut self, header: &Header) -> Result<Vec<u8>, Refusal> {
        let rule = if header.kind == Kind::Pax { Rule::Extension } else { Rule::LongName };
        if header.size > EXTENSION {
            return Err(Refusal::of(&header.name, rule));
        }
        Ok(self.stream.content(header.size)?)
    }

    fn add(&mut self, entry: Header) -> Result<(), Refusal> {
        let refuse = |rule| Refusal::of(&entry.name, rule);
        let path = MemberPath::parse(&entry.name, self.limits.depth).map_err(refuse)?;
        let bytes = self.stream.content(entry.size).map_err(refuse)?;
        let content = match entry.kind {
            Kind::Directory => Content::Directory,
            Kind::Symlink => Content::Symlink(link_target(&entry).map_err(refuse)?),
            _ => Content::File(bytes),
        };
        match path {
            Some(path) => self.members.add(path, Member { mode: entry.mode, content }, self.limits).map_err(refuse),
            // `./` is where the archive is unpacked to; its mode is not the archive's to say.
            None if content == Content::Directory => Ok(()),
            None => Err(refuse(Rule::NoName)),
        }
    }
}

/// Absolute and escaping targets are found once all members are known.
fn link_target(entry: &Header) -> Result<Vec<u8>, Rule> {
    match entry.link.as_slice() {
        target if target.len() > LONGEST => Err(Rule::LongName),
        target if target.contains(&0) => Err(Rule::Nul),
        target => Ok(target.to_vec()),
    }
}

/// GNU ends long names with one NUL.
fn long_text(mut body: Vec<u8>) -> Result<Vec<u8>, Rule> {
    match body.pop() {
        Some(0) if !body.is_empty() && !body.contains(&0) => Ok(body),
        _ => Err(Rule::Extension),
    }
}

/// What headers before an entry say about it.
#[derive(Debug, Default)]
struct Extension {
    records: Option<Records>,
    gnu_name: Option<Vec<u8>>,
    gnu_link: Option<Vec<u8>>,
}

impl Extension {
    fn is_any(&self) -> bool {
        self.records.is_some() || self.gnu_name.is_some() || self.gnu_link.is_some()
    }

    /// Puts the entry's own header and this together; where both say the same thing they must agree.
    fn complete(self, mut header: Header) -> Result<Header, Refusal> {
        let records = self.records.unwrap_or_default();
        let named = one_of(records.path, self.gnu_name).and_then(|name| {
            header.name = name.unwrap_or(std::mem::take(&mut header.name));
            header.link = one_of(records.link, self.gnu_link)?.unwrap_or(std::mem::take(&mut header.link));
            Ok(())
        });
        let size = header.size;
        if header.kind == Kind::OldFile {
            header.kind = if header.name.ends_with(b"/") { Kind::Directory } else { Kind::File };
        }
        let rule = match header.kind {
            _ if records.size.is_some_and(|other| other != size) => Some(Rule::Size),
            Kind::File if header.name.ends_with(b"/") => Some(Rule::DirectoryName),
            Kind::Directory | Kind::Symlink if size != 0 => Some(Rule::Content),
            _ => None,
        };
        match named.err().or(rule) {
            Some(rule) => Err(Refusal::of(&header.name, rule)),
            None => Ok(header),
        }
    }
}

fn one_of(pax: Option<Vec<u8>>, gnu: Option<Vec<u8>>) -> Result<Option<Vec<u8>>, Rule> {
    match (pax, gnu) {
        (Some(_), Some(_)) => Err(Rule::TwoNames),
        (pax, gnu) => Ok(pax.or(gnu)),
    }
}
