//! A higher release number for specs that write theirs by hand.

use azl_diagnostics::Diagnostic;
use azl_spec::{Spec, Tag};

/// Adds `n` to the release, which must be a number, alone or before `%{?dist}` or `%{dist}`.
///
/// The last `Release` of the main package counts; all of them get the new value.
pub fn static_release(spec: &Spec, file: &str, n: u64) -> Result<Spec, Diagnostic> {
    let releases = releases(spec);
    let Some(last) = releases.last() else {
        return Err(refusal("the spec has no `Release`").at(file, 0..0));
    };
    if let Some(tag) = releases.iter().find(|tag| plain(&tag.value).is_none()) {
        return Err(refusal(&format!("the release `{}` is not a plain number", tag.value)).at(file, place(spec, tag)));
    }
    let raised = plain(&last.value).and_then(|(number, dist)| Some(format!("{}{dist}", number.checked_add(n)?)));
    let Some(raised) = raised else {
        return Err(refusal(&format!("the release `{}` is too large", last.value)).at(file, place(spec, last)));
    };
    let mut spec = spec.clone();
    spec.update_tag(None, "Release", &raised).map_err(|why| refusal(&why.to_string()).at(file, 0..0))?;
    Ok(spec)
}

fn releases(spec: &Spec) -> Vec<Tag> {
    let preamble = spec.sections()[0].lines();
    spec.tags().filter(|tag| tag.is("Release") && preamble.contains(&tag.lines.start)).collect()
}

fn place(spec: &Spec, tag: &Tag) -> std::ops::Range<usize> {
    spec.lines()[tag.lines.start].content.clone()
}

fn refusal(message: &str) -> Diagnostic {
    Diagnostic::error("release-not-plain", message)
        .hint("set `release.calculation = \"manual\"` and raise the release with an overlay")
}

fn plain(value: &str) -> Option<(u64, &str)> {
    let end = value.find(|c: char| !c.is_ascii_digit()).unwrap_or(value.len());
    let (number, dist) = value.split_at(end);
    matches!(dist, "" | "%{?dist}" | "%{dist}").then_some(())?;
    Some((number.parse().ok()?, dist))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raise(text: &str, n: u64) -> Result<String, String> {
        let spec = static_release(&Spec::parse(text), "x.spec", n).map_err(|why| why.message)?;
        Ok(String::from_utf8(spec.into_bytes()).expect("the fixtures are UTF-8"))
    }

    #[test]
    fn every_release_gets_the_raised_value_of_the_last() {
        assert_eq!(raise("Name: x\nRelease: 7%{?dist}\n", 3), Ok("Name: x\nRelease: 10%{?dist}\n".into()));
        let two = "%if a\nRelease: 1\n%else\nRelease: 5%{dist}\n%endif\n%package y\nRelease: z\n";
        let raised = "%if a\nRelease: 7%{dist}\n%else\nRelease: 7%{dist}\n%endif\n%package y\nRelease: z\n";
        assert_eq!(raise(two, 2), Ok(raised.into()));
    }

    #[test]
    fn anything_but_a_number_is_refused() {
        for text in ["Release: 1.2", "Release: %{r}", "Release: 1%{?dist}.1", "Release: %autorelease", "Name: x"] {
            assert!(raise(text, 1).is_err(), "{text}");
        }
        assert!(raise("Release: x\nRelease: 1", 1).is_err());
        assert!(raise("Release: 18446744073709551615", 1).is_err());
        let refused = static_release(&Spec::parse("Release: %{r}"), "x.spec", 1).expect_err("it is no number");
        assert!(refused.hints[0].contains("release.calculation = \"manual\""));
    }
}
