//! `image why`: what a file or package is to an image, and through which requirements it got there.

use std::fmt;

use azl_image::{ListedFile, ListedPackage, Listing};
use azl_plan::Inputs;
use azl_plan::release::Goal;
use serde::Serialize;

use super::sizes::share;
use crate::error::Failure;
use crate::events::Reporter;
use crate::facts;
use crate::forecast::Forecast;
use crate::session::Session;
use crate::why::{self, Answer, World};

/// Files of a package that are listed, the largest first.
const SHOWN: usize = 10;

/// What an image knows of one name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Held {
    /// The image.
    pub image: String,
    /// The file of that path.
    pub file: Option<(String, ListedFile)>,
    /// The package of that name, or those that own the file.
    pub packages: Vec<HeldPackage>,
    /// Bytes of the whole image.
    pub bytes: u64,
}

/// A package of an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HeldPackage {
    /// Its name.
    pub name: String,
    /// What the listing says of it.
    pub listed: ListedPackage,
    /// Its largest files and their bytes.
    pub largest: Vec<(String, u64)>,
    /// Who needs it; none before that is looked up.
    pub why: Option<Answer>,
}

impl Held {
    /// Looks a path or package up; none if the image has neither.
    pub fn find(image: &str, listing: &Listing, subject: &str) -> Option<Self> {
        let file = listing.files.get(subject);
        let names: Vec<&str> = match file {
            Some(file) => file.packages.iter().map(String::as_str).collect(),
            None => vec![subject],
        };
        let packages: Vec<_> = names.into_iter().filter_map(|name| package(listing, name)).collect();
        let file = file.map(|file| (subject.to_owned(), file.clone()));
        let bytes = listing.files.values().filter_map(|file| file.bytes).sum();
        (file.is_some() || !packages.is_empty()).then(|| Self { image: image.to_owned(), file, packages, bytes })
    }
}

fn package(listing: &Listing, name: &str) -> Option<HeldPackage> {
    let listed = listing.packages.get(name)?.clone();
    let first = |file: &ListedFile| file.packages.first().is_some_and(|owner| owner == name);
    let own = listing.files.iter().filter(|(_, file)| first(file));
    let mut largest: Vec<_> = own.filter_map(|(path, file)| Some((path.clone(), file.bytes?))).collect();
    largest.sort_by_key(|(_, bytes)| std::cmp::Reverse(*bytes));
    largest.truncate(SHOWN);
    Some(HeldPackage { name: name.to_owned(), listed, largest, why: None })
}

/// Looks up who needs the packages of an image that is composed.
///
/// # Errors
/// If the facts cannot be learned or a package cannot be read.
pub fn explain(mut held: Held, inputs: &Inputs, session: &Session, reporter: &dyn Reporter) -> Result<Held, Failure> {
    let (facts, _) = facts::learn(inputs, &session.ports, reporter, &session.settings.policy)?;
    let graph = azl_plan::plan(inputs, &facts, &Goal::Release)?;
    let forecast = Forecast::new(&graph, &session.ports);
    let (components, _) = why::gather(&facts, &forecast, &session.ports)?;
    let components = why::image(&held.image, components, &forecast, &session.ports)?;
    let wants = inputs.images.get(&held.image).map_or(&[][..], |image| &image.packages);
    for package in &mut held.packages {
        package.why = Some(World::new(&components).why_image(&held.image, wants, &package.name)?);
    }
    Ok(held)
}

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((path, file)) = &self.file {
            write!(f, "{path} of {}: mode {}, owner {}:{}", self.image, file.mode, file.uid, file.gid)?;
            let bytes = file.bytes.map(|bytes| format!("{bytes} bytes ({})", share(bytes, self.bytes)));
            let target = file.target.as_ref().map(|target| format!("link to {target}"));
            for more in [bytes, target, file.label.clone()].into_iter().flatten() {
                write!(f, ", {more}")?;
            }
            writeln!(f)?;
            if self.packages.is_empty() {
                writeln!(f, "it belongs to no package: the image itself has it")?;
            }
        }
        for HeldPackage { name, listed, largest, why } in &self.packages {
            let share = share(listed.bytes, self.bytes);
            writeln!(
                f,
                "{name} {}: {} bytes in {} files, {share} of {}",
                listed.version, listed.bytes, listed.files, self.image
            )?;
            for (path, bytes) in largest.iter().filter(|_| self.file.is_none()) {
                writeln!(f, "{bytes:>12}  {path}")?;
            }
            if let Some(why) = why {
                write!(f, "\n{why}")?;
            }
        }
        Ok(())
    }
}
