//! One fixture for each odd input that real or hostile specs hold.

use azl_spec::{LineKind, SectionId, SectionName, Spec};

fn section(name: &str) -> SectionId {
    SectionId { name: SectionName::parse(name).expect("a known name"), package: None }
}

/// Reads a text and checks that it is printed as it was and that a tag can be added without any other change.
fn read(text: &[u8]) -> Spec {
    let spec = Spec::parse(text);
    assert_eq!(spec.as_bytes(), text);
    let mut edited = spec.clone();
    edited.add_tag(None, "Provides", "new").expect("the preamble is always there");
    let added = edited.as_bytes().windows(13).position(|window| window == b"Provides: new").expect("the tag was added");
    let (before, after) = edited.as_bytes().split_at(added);
    let shared = before.iter().zip(text).take_while(|(a, b)| a == b).count();
    assert!(shared + 2 >= before.len(), "text before the new tag changed");
    let rest = &text[shared..];
    assert!(after.ends_with(rest), "text behind the new tag changed");
    spec
}

fn tags(spec: &Spec) -> Vec<(String, String)> {
    spec.tags().map(|tag| (tag.full_name(), tag.value)).collect()
}

fn tag(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

fn headers(text: &str) -> Vec<String> {
    read(text.as_bytes()).sections().iter().skip(1).map(|section| section.id.to_string()).collect()
}

#[test]
fn carriage_returns_stay_and_belong_to_no_value() {
    let mut spec = read(b"Name: x\r\nVersion: 1\r\n%check\r\ntrue\r\n");
    assert_eq!(tags(&spec), [tag("Name", "x"), tag("Version", "1")]);
    spec.append_to_section(&section("%check"), &["a\nb".into()]).expect("there is a section");
    assert!(spec.as_bytes().ends_with(b"true\r\na\r\nb\r\n"));
}

#[test]
fn single_carriage_return_is_text() {
    let mut spec = read(b"Name: x\nSummary: a\rb\nVersion: 1\r\n");
    spec.update_tag(None, "Version", "2").expect("there is a tag");
    assert_eq!(spec.as_bytes(), b"Name: x\nSummary: a\rb\nVersion: 2\r\n");
}

#[test]
fn invalid_utf8_stays() {
    let spec = read(b"Name: x\nSummary: \xff\xfe\nVersion: 1\n%description\n\x80\n");
    assert_eq!(tags(&spec)[1], tag("Summary", "\u{fffd}\u{fffd}"));
}

#[test]
fn byte_order_mark_stays_at_the_front() {
    let mut spec = read(b"\xef\xbb\xbf# c\nName: x\n");
    spec.prepend_lines(&["# first".into()]);
    assert_eq!(spec.as_bytes(), b"\xef\xbb\xbf# first\n# c\nName: x\n");
}

#[test]
fn last_line_needs_no_newline() {
    let mut spec = read(b"Name: x\n%check\ntrue");
    spec.append_to_section(&section("%check"), &["false".into()]).expect("there is a section");
    assert_eq!(spec.as_bytes(), b"Name: x\n%check\ntrue\nfalse\n");
    assert_eq!(read(b"").lines().len(), 0);
}

#[test]
fn nul_bytes_are_text() {
    assert_eq!(tags(&read(b"Name: x\0y\n\0\n\0%check\n")), [tag("Name", "x\0y")]);
}

#[test]
fn conditionals_nest_five_deep() {
    let opening = "%if a\n%ifarch b\n%ifnarch c\n%ifos d\n%ifnos e\n";
    let text = format!("Name: x\n{opening}URL: u\n%else\nURL: v\n{}Epoch: 1\n", "%endif\n".repeat(5));
    let spec = read(text.as_bytes());
    let depth: Vec<_> = spec.tags().map(|tag| spec.is_conditional(tag.lines.start)).collect();
    assert_eq!(depth, [false, true, true, false]);
}

#[test]
fn headers_inside_conditionals_are_headers() {
    let text = "Name: x\n%if a\n%files\n%else\n%files y\n%endif\n%ifarch z\n%post -n w\n%endif\n";
    assert_eq!(headers(text), ["%files", "%files y", "%post w"]);
}

#[test]
fn macro_bodies_hide_sections() {
    assert_eq!(headers("%define p() \\\n%package %1 \\\nSummary: s\\\n%endif\n%files\n"), ["%files"]);
    assert_eq!(headers("%global p %{expand:\n%package y\n%if 0\n}\n%files\n"), ["%files"]);
    assert_eq!(headers("%{expand:\n%package y\n}\n%files\n"), ["%files"]);
    assert_eq!(headers("%{lua:\nif x then print('}') end\n"), [""; 0]);
    assert_eq!(headers("%{lua:\nfor i = 1, 2 do\n%package y\nend\n}\n%files\n"), ["%files"]);
    assert_eq!(headers("%{!?x:\n%package y\n}\n%files\n"), ["%files"]);
    assert_eq!(headers("%[ 1 +\n%files\n]\n%prep\n"), ["%prep"]);
}

#[test]
fn continued_header_is_text_to_the_shell_and_header_to_rpm() {
    assert_eq!(headers("%build\n%configure \\\n  --x\n%install\n"), ["%build", "%install"]);
    assert_eq!(headers("%prep\necho \\\n%build\n"), ["%prep", "%build"]);
}

#[test]
fn dnl_and_comments_are_no_tags() {
    assert_eq!(tags(&read(b"%dnl URL: u\n  # URL: u\n#URL: u\nName: x\n%dnl\n")), [tag("Name", "x")]);
}

#[test]
fn includes_are_found() {
    assert_eq!(read(b"Name: x\n%include %{SOURCE1}\n").includes(), ["%{SOURCE1}"]);
}

#[test]
fn inline_tags_are_told_from_plain_ones() {
    let mut spec = read(b"Name: x\n%{?a:URL: u}\n%{!?b:Requires: c}\nURL: v\n");
    assert_eq!(spec.tags().map(|tag| tag.inline).collect::<Vec<_>>(), [false, true, true, false]);
    assert_eq!(spec.update_tag(None, "URL", "w"), Ok(1));
    assert_eq!(spec.as_bytes(), b"Name: x\n%{?a:URL: u}\n%{!?b:Requires: c}\nURL: w\n");
}

#[test]
fn blanks_before_a_colon_are_allowed() {
    assert_eq!(tags(&read(b"Name   : x\nRequires(post)\t:\ty\n")), [tag("Name", "x"), tag("Requires(post)", "y")]);
}

#[test]
fn all_release_lines_are_tags() {
    let mut spec = read(b"Release: 1\n%if a\nRelease: 2\n%endif\nrelease : 3\n");
    assert_eq!(spec.update_tag(None, "Release", "4"), Ok(3));
}

#[test]
fn section_hidden_by_a_condition_on_the_architecture_is_found() {
    let mut spec = read(b"Name: x\n%ifarch s390x\n%check\nrm -rf /\n%endif\n%files\n");
    assert_eq!(spec.remove_section(&section("%check")), Ok(1));
    assert_eq!(spec.as_bytes(), b"Name: x\n%ifarch s390x\n%endif\n%files\n");
}

#[test]
fn unclosed_conditional_reaches_to_the_end() {
    let spec = read(b"Name: x\n%if a\nURL: u\n%files\n");
    assert!(spec.is_conditional(2) && spec.is_conditional(3));
    let spec = read(b"%endif\n%else\nName: x\n");
    assert!(!spec.is_conditional(2));
}

#[test]
fn unterminated_macro_hides_nothing() {
    assert_eq!(headers("Name: %{x\n%files\n%check\n"), ["%files", "%check"]);
    assert_eq!(headers("%global x %{expand:\n%files\n"), ["%files"]);
}

#[test]
fn spec_of_600_kilobytes_and_a_line_of_more_than_64_are_read() {
    let changelog: String =
        (0..12_000).map(|day| format!("- entry {day} with some words in it to fill a line\n")).collect();
    let text = format!("Name: x\nSummary: {}\n%changelog\n{changelog}", "y".repeat(70_000));
    assert!(text.len() > 600_000);
    assert_eq!(tags(&read(text.as_bytes()))[1].1.len(), 70_000);
}

/// Reads a large text and all its tags. A reader that is not linear takes hours here.
fn read_large(text: String) -> Spec {
    let spec = Spec::parse(text);
    assert!(spec.tags().count() < 2_000_000);
    spec
}

#[test]
fn a_million_conditionals_take_linear_time() {
    let mut spec = read_large("%if a\n%endif\n".repeat(500_000));
    assert_eq!(spec.lines().len(), 1_000_000);
    spec.insert_tag(None, "URL", "u").expect("the preamble is always there");
    let mut spec = read_large(format!("{}URL: u\n", "%if a\n".repeat(1_000_000)));
    spec.insert_tag(None, "URL", "u").expect("the preamble is always there");
}

#[test]
fn macros_without_end_take_linear_time() {
    assert_eq!(read_large("a %{\n".repeat(400_000)).lines().len(), 400_000);
    assert_eq!(read_large("%{".repeat(1_000_000)).lines().len(), 1);
    assert_eq!(read_large("%define a \\\n".repeat(300_000)).sections().len(), 1);
    read_large(format!("{}{}", "%{".repeat(200_000), "\n".repeat(400_000)));
}

#[test]
fn long_definition_with_many_lines_takes_linear_time() {
    let spec = read_large(format!("{}%define a \\\n{}", "x".repeat(400_000), "\\\n".repeat(400_000)));
    assert!(spec.lines()[1..].iter().all(|line| line.kind == LineKind::Body));
}

#[test]
fn many_sections_are_edited_in_linear_time() {
    let mut spec = read_large("%if a\n%check\nx\n%endif\n".repeat(100_000));
    assert_eq!(spec.append_to_section(&section("%check"), &["y".into()]), Ok(100_000));
    assert_eq!(spec.remove_section(&section("%check")), Ok(100_000));
    assert_eq!(spec.as_bytes().len(), "%if a\n%endif\n".len() * 100_000);
}
