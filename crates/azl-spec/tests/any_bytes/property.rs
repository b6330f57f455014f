//! What holds for a spec and an edit that nobody wrote; also the body of a fuzz target.

use azl_spec::{
    BcondDefault, ChangelogEntry, Date, Directive, EditError, FlatSpec, Headers, SectionId, SectionName, Spec,
};

/// How many edits [`edit`] knows.
pub(crate) const EDITS: usize = 22;

/// An edit with its arguments.
#[derive(Debug, Clone)]
pub(crate) struct Arguments {
    /// Which edit; others than the known ones count as the last.
    pub(crate) edit: usize,
    /// Which section name.
    pub(crate) section: usize,
    /// Package, where the edit takes one.
    pub(crate) package: Option<String>,
    /// Further texts.
    pub(crate) words: (String, String, String),
    /// Year, month and day.
    pub(crate) date: (u16, u8, u8),
}

impl Arguments {
    /// Reads arguments of a line: a byte for the edit, one for the section, then texts between bars.
    fn read(line: &[u8]) -> Self {
        let byte = |at: usize| usize::from(line.get(at).copied().unwrap_or_default());
        let rest = String::from_utf8_lossy(line.get(2..).unwrap_or_default()).replace(['\r', '\0'], "");
        let mut words = rest.split('|').map(str::to_owned);
        let package = words.next().filter(|word| !word.is_empty());
        let mut word = || words.next().unwrap_or_default();
        let words = (word(), word(), word());
        Self { edit: byte(0) % EDITS, section: byte(1) % 36, package, words, date: (2026, 1, 2) }
    }
}

/// Takes the first line for an edit and the rest for a spec.
///
/// # Panics
/// If a property does not hold.
pub(crate) fn holds(input: &[u8]) {
    let end = input.iter().position(|&byte| byte == b'\n').unwrap_or(0);
    let (line, text) = input.split_at(end);
    let spec = Spec::parse(text);
    assert_eq!(spec.as_bytes(), text, "a byte is lost");
    survives(&spec, &Arguments::read(line));
    if let Ok(flat) = FlatSpec::parse(text) {
        survives_flat(&flat, &Arguments::read(line));
    }
}

/// Makes an edit; a refused one changes nothing, and what is made is the tree of its text.
pub(crate) fn survives(before: &Spec, with: &Arguments) -> Spec {
    let mut spec = before.clone();
    match edit(&mut spec, with) {
        Err(error) => assert_eq!(&spec, before, "a refused edit changed something: {error}"),
        Ok(_) => assert_eq!(Spec::parse(spec.as_bytes()), spec, "the tree is not the text's"),
    }
    for line in 0..spec.lines().len() {
        spec.is_conditional(line);
    }
    let _ = (spec.sources(), spec.includes(), spec.next_patch_number(), spec.tags().count());
    spec
}

fn survives_flat(before: &FlatSpec, with: &Arguments) {
    let (a, b) = (with.words.0.as_str(), with.words.1.as_str());
    let package = with.package.as_deref().unwrap_or_default();
    let lines = [a.to_owned(), b.to_owned()];
    let mut spec = before.clone();
    let _ = match with.edit {
        0 => spec.add_tag(package, a, b),
        1 => spec.insert_tag(package, a, b),
        2 => spec.update_tag(package, a, b),
        3 => spec.remove_tag(package, a, b),
        4 => spec.add_patch(package, a),
        5 => spec.remove_section(a, package),
        6 => spec.remove_subpackage(a),
        7 => spec.prepend_to_section(a, package, &lines),
        8 => spec.append_to_section(a, package, &lines),
        9 => spec.remove_patches(|value| value.starts_with(a)),
        _ => spec.rewrite_lines(a, package, |line| [line, b.as_bytes()].concat()),
    };
    let _ = spec.into_bytes();
}

/// Makes the edit that the arguments say.
pub(crate) fn edit(spec: &mut Spec, with: &Arguments) -> Result<usize, EditError> {
    let (a, b, c) = (with.words.0.as_str(), with.words.1.as_str(), with.words.2.as_str());
    let package = with.package.as_deref();
    let name = SectionName::all().nth(with.section).and_then(SectionName::parse).expect("there are 36 names");
    let id = SectionId { name, package: with.package.clone() };
    let lines = [a.to_owned(), b.to_owned()];
    match with.edit {
        0 => spec.add_tag(package, a, b).map(|()| 1),
        1 => spec.insert_tag(package, a, b).map(|()| 1),
        2 => spec.update_tag(package, a, b),
        3 => spec.remove_tag(package, a, Some(b)),
        4 => spec.remove_tag(package, a, None),
        5 => {
            spec.prepend_lines(&lines);
            Ok(1)
        }
        6 => {
            spec.append_lines(&lines);
            Ok(1)
        }
        7 => spec.prepend_to_section(&id, &lines),
        8 => spec.append_to_section(&id, &lines),
        9 => spec.remove_section(&id),
        10 => spec.remove_subpackage(a),
        11 => spec.set_macro(a, b),
        12 => spec.define_macro(Directive::Global, a, b).map(|()| 1),
        13 => spec.remove_macro(a),
        14 => spec.set_bcond(a, BcondDefault::On),
        15 => spec.set_bcond(a, BcondDefault::Off),
        16 => spec.add_dependency(package, a, b).map(|()| 1),
        17 => spec.remove_dependency(package, a, b),
        18 => spec.edit_headers(&id, |_| format!("{name} {a}").into_bytes()),
        19 => spec.remove_patches(|patch| patch.value.starts_with(a)),
        20 => {
            let date = Date::new(with.date.0, with.date.1, with.date.2).expect("days up to 28 exist");
            spec.add_changelog_entry(&ChangelogEntry { date, author: a, evr: Some(b), items: &[c.to_owned()] })
        }
        _ => Ok(spec.rewrite_lines(
            Headers::Included,
            |_| true,
            |line| line.strip_prefix(a.as_bytes()).map(<[u8]>::to_vec),
        )),
    }
}
