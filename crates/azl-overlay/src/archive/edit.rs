//! What one overlay does inside an archive.
//!
//! Globs are relative to the archive's one top directory, or to the archive itself if it has several things at its
//! top. As in azldev, specs and what lies below `.git` are not matched.

use toml::Spanned;

use super::limits::Limits;
use super::member_path::MemberPath;
use super::members::{Content, Members};
use super::name::ArchiveName;
use crate::pattern::Pattern;
use crate::values::FileGlob;

/// An overlay's change and the archive it is made in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct InArchive<'o> {
    pub(crate) archive: &'o Spanned<ArchiveName>,
    pub(crate) edit: Edit<'o>,
}

/// A change of members.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Edit<'o> {
    /// Takes out files and links.
    Remove { files: &'o Spanned<FileGlob> },
    /// Replaces what the expression matches in regular files.
    Replace { files: &'o Spanned<FileGlob>, pattern: &'o Spanned<Pattern>, replacement: &'o str },
}

/// Why an edit does not apply: the place of the value to blame and the rest of a message.
#[derive(Debug)]
pub(crate) struct Misfit {
    pub(crate) span: std::ops::Range<usize>,
    pub(crate) code: &'static str,
    pub(crate) problem: String,
}

impl Edit<'_> {
    /// Changes the members; returns in how many places: files taken out, or matches replaced in files that changed.
    pub(crate) fn apply(&self, members: &mut Members, limits: &Limits) -> Result<usize, Misfit> {
        let (Self::Remove { files } | Self::Replace { files, .. }) = self;
        let paths = self.matching(members, files.get_ref());
        if paths.is_empty() {
            let problem = format!("no file `{}`", files.get_ref().as_str());
            return Err(Misfit { span: files.span(), code: "overlay-no-match", problem });
        }
        match self {
            Self::Remove { .. } => {
                paths.iter().for_each(|path| members.remove(path));
                Ok(paths.len())
            }
            Self::Replace { pattern, replacement, .. } => {
                let misfit = |code, problem| Misfit { span: pattern.span(), code, problem };
                let mut places = 0;
                for path in &paths {
                    let found = replace(members, path, (pattern.get_ref(), replacement), limits);
                    places += found.map_err(|problem| misfit("archive-refused", problem))?;
                }
                let unchanged = || format!("nothing changes in {} files", paths.len());
                if places == 0 { Err(misfit("overlay-no-match", unchanged())) } else { Ok(places) }
            }
        }
    }

    fn matching(&self, members: &Members, glob: &FileGlob) -> Vec<MemberPath> {
        let below = members.top().map_or(0, |top| top.as_bytes().len() + 1);
        let fits = |content: &Content| match self {
            Self::Remove { .. } => *content != Content::Directory,
            Self::Replace { .. } => matches!(content, Content::File(_)),
        };
        let files = members.iter().filter(|(_, member)| fits(&member.content)).map(|(path, _)| path);
        let named = files.filter(|path| {
            let text = String::from_utf8_lossy(path.as_bytes().get(below..).unwrap_or_default());
            !text.ends_with(".spec") && !text.split('/').any(|part| part == ".git") && glob.matches(&text)
        });
        named.cloned().collect()
    }
}

/// Replaces in one file; returns how many matches there were if that changed anything.
fn replace(
    members: &mut Members,
    path: &MemberPath,
    (regex, replacement): (&Pattern, &str),
    limits: &Limits,
) -> Result<usize, String> {
    let Some(Content::File(bytes)) = members.get_mut(path).map(|member| &mut member.content) else { return Ok(0) };
    let places = regex.matches(bytes).len();
    let largest = (places as u64).saturating_mul(replacement.len() as u64).saturating_add(bytes.len() as u64);
    if largest > limits.unpacked {
        let shown = String::from_utf8_lossy(path.as_bytes());
        return Err(format!("`{shown}` would become larger than is allowed"));
    }
    let replaced = regex.replace(bytes, replacement);
    if replaced == *bytes {
        return Ok(0);
    }
    *bytes = replaced;
    Ok(places)
}
