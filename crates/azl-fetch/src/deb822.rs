//! Stanzas of `Field: value` lines, the form of apt's answers.

use std::collections::BTreeMap;

/// One stanza; field names are as written, continuation lines are joined to their field by newlines.
pub(crate) type Stanza = BTreeMap<String, String>;

/// Reads stanzas separated by empty lines.
pub(crate) fn stanzas(text: &str) -> Vec<Stanza> {
    let mut all = Vec::new();
    let mut stanza = Stanza::new();
    let mut field = String::new();
    for line in text.lines() {
        if line.trim().is_empty() {
            all.push(std::mem::take(&mut stanza));
        } else if line.starts_with([' ', '\t']) {
            if let Some(value) = stanza.get_mut(&field) {
                value.push('\n');
                value.push_str(line.trim());
            }
        } else if let Some((name, value)) = line.split_once(':') {
            field = name.to_owned();
            stanza.insert(field.clone(), value.trim().to_owned());
        }
    }
    all.push(stanza);
    all.retain(|stanza| !stanza.is_empty());
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn continuations_belong_to_their_field_and_empty_lines_separate() {
        let all = stanzas("A: 1\nB:\n x\n y\n\n\nA: 2\n");
        assert_eq!(all.len(), 2);
        assert_eq!((all[0]["B"].as_str(), all[1]["A"].as_str()), ("\nx\ny", "2"));
    }
}
