//! What holds for an expression and a text that nobody wrote; also the body of a fuzz target.

use azl_overlay::Pattern;

/// Takes the first line for an expression and the rest for a text.
///
/// # Panics
/// If a property does not hold.
pub(crate) fn holds(input: &[u8]) {
    let mut lines = input.splitn(2, |&byte| byte == b'\n');
    let expression = String::from_utf8_lossy(lines.next().unwrap_or_default());
    let text = lines.next().unwrap_or_default();
    let Ok(pattern) = Pattern::new(&expression) else { return };
    let matches = pattern.matches(text);
    assert!(matches.iter().all(|found| found.start <= found.end && found.end <= text.len()), "a match lies outside");
    assert!(matches.windows(2).all(|pair| pair[0].end <= pair[1].start), "two matches overlap");
    let matched: usize = matches.iter().map(ExactSizeIterator::len).sum();
    assert_eq!(pattern.replace(text, "").len(), text.len() - matched, "replacing takes more than the matches");
    assert_eq!(pattern.replace(text, "ab").len(), text.len() - matched + 2 * matches.len());
}
