//! What becomes of failures; whole updates are in `tests/dist_git`, against a real server.

use super::*;

#[test]
fn failures_are_put_together_and_those_one_can_mend_decide_the_kind() {
    let server = |name: &str| Failure::Infrastructure(format!("`{name}` is not reached"));
    assert!(together(Vec::new()).is_none());
    let both = together(vec![server("a"), server("b")]).expect("a failure");
    assert_eq!(both.exit_code(), 6);
    assert!(matches!(both, Failure::Infrastructure(text) if text == "`a` is not reached\n`b` is not reached"));
    let mixed = together(vec![server("a"), Failure::configuration("x", "wrong")]).expect("a failure");
    assert_eq!(mixed.exit_code(), 3);
    let Failure::Configuration(mistakes) = mixed else { panic!("mistakes") };
    assert_eq!(mistakes.iter().map(|mistake| mistake.code).collect::<Vec<_>>(), ["x", "update"]);
}

#[test]
fn a_lock_that_does_not_say_its_inputs_tells_of_an_import() {
    assert_eq!(told(false, &["packaging added".to_owned()]), "Import into Azure Linux");
    assert_eq!(told(true, &["a changed".to_owned(), "b added".to_owned()]), "Changed: a changed, b added");
}
