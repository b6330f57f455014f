//! Release numbers over histories, each compared with the output of rpmautospec 0.8.5 for the same history.

use azl_autospec::Commit;

use crate::story::{AUTO, commit, expect, plain, processed, spec, spec_of};

#[test]
fn each_commit_of_one_version_is_one_release() {
    let commits =
        vec![commit(0, "Import\n", &plain()), commit(1, "Fix\n", &plain()), commit(2, "Fix more\n", &plain())];
    expect(
        commits,
        3,
        "\
         * Sat Jan 03 2026 Jane Doe <jane@example.org> - 1.0-3\n\
         - Fix more\n\
         \n\
         * Fri Jan 02 2026 Jane Doe <jane@example.org> - 1.0-2\n\
         - Fix\n\
         \n\
         * Thu Jan 01 2026 Jane Doe <jane@example.org> - 1.0-1\n\
         - Import\n\
         ",
    );
}

#[test]
fn new_version_begins_at_one() {
    let commits = vec![
        commit(0, "Import\n", &plain()),
        commit(1, "Fix\n", &plain()),
        commit(2, "1.1\n", &spec("Version: 1.1")),
        commit(3, "Fix 1.1\n", &spec("Version: 1.1")),
    ];
    expect(
        commits,
        2,
        "\
         * Sun Jan 04 2026 Jane Doe <jane@example.org> - 1.1-2\n\
         - Fix 1.1\n\
         \n\
         * Sat Jan 03 2026 Jane Doe <jane@example.org> - 1.1-1\n\
         - 1.1\n\
         \n\
         * Fri Jan 02 2026 Jane Doe <jane@example.org> - 1.0-2\n\
         - Fix\n\
         \n\
         * Thu Jan 01 2026 Jane Doe <jane@example.org> - 1.0-1\n\
         - Import\n\
         ",
    );
}

#[test]
fn old_version_that_returns_begins_at_one() {
    let commits = vec![
        commit(0, "Import\n", &plain()),
        commit(1, "1.1\n", &spec("Version: 1.1")),
        commit(2, "Revert\n", &plain()),
    ];
    expect(
        commits,
        1,
        "\
         * Sat Jan 03 2026 Jane Doe <jane@example.org> - 1.0-1\n\
         - Revert\n\
         \n\
         * Fri Jan 02 2026 Jane Doe <jane@example.org> - 1.1-1\n\
         - 1.1\n\
         \n\
         * Thu Jan 01 2026 Jane Doe <jane@example.org> - 1.0-1\n\
         - Import\n\
         ",
    );
}

#[test]
fn epoch_is_part_of_the_version() {
    let commits = vec![
        commit(0, "Import\n", &plain()),
        commit(1, "Add epoch\n", &spec("Epoch: 1\nVersion: 1.0")),
        commit(2, "Fix\n", &spec("Epoch: 1\nVersion: 1.0")),
    ];
    expect(
        commits,
        2,
        "\
         * Sat Jan 03 2026 Jane Doe <jane@example.org> - 1:1.0-2\n\
         - Fix\n\
         \n\
         * Fri Jan 02 2026 Jane Doe <jane@example.org> - 1:1.0-1\n\
         - Add epoch\n\
         \n\
         * Thu Jan 01 2026 Jane Doe <jane@example.org> - 1.0-1\n\
         - Import\n\
         ",
    );
}

#[test]
fn bump_raises_but_never_lowers() {
    let commits = vec![
        commit(0, "Import\n\n[bump release: 5]\n", &plain()),
        commit(1, "Fix\n\n[bump release: 2]\n", &plain()),
        commit(2, "Fix\n\n[bump release: 9, skip changelog]\n", &plain()),
        commit(3, "Fix\n", &plain()),
    ];
    expect(
        commits,
        10,
        "\
         * Sun Jan 04 2026 Jane Doe <jane@example.org> - 1.0-10\n\
         - Fix\n\
         \n\
         * Fri Jan 02 2026 Jane Doe <jane@example.org> - 1.0-6\n\
         - Fix\n\
         \n\
         * Thu Jan 01 2026 Jane Doe <jane@example.org> - 1.0-5\n\
         - Import\n\
         ",
    );
}

#[test]
fn skipped_commit_counts_but_is_not_shown() {
    let commits = vec![
        commit(0, "Import\n", &plain()),
        commit(1, "Typo\n\n[skip changelog]\n", &plain()),
        commit(2, "Fix\n", &plain()),
    ];
    expect(
        commits,
        3,
        "\
         * Sat Jan 03 2026 Jane Doe <jane@example.org> - 1.0-3\n\
         - Fix\n\
         \n\
         * Thu Jan 01 2026 Jane Doe <jane@example.org> - 1.0-1\n\
         - Import\n\
         ",
    );
}

#[test]
fn unreadable_spec_counts_on_and_names_no_version() {
    let commits = vec![
        commit(0, "Import\n", &plain()),
        commit(1, "Break\n", &plain().replace("License: MIT\n", "License: MIT\nthis is no tag")),
        commit(2, "Mend\n", &plain()),
    ];
    expect(
        commits,
        3,
        "\
         * Sat Jan 03 2026 Jane Doe <jane@example.org> - 1.0-3\n\
         - Mend\n\
         \n\
         * Fri Jan 02 2026 Jane Doe <jane@example.org>\n\
         - Break\n\
         \n\
         * Thu Jan 01 2026 Jane Doe <jane@example.org> - 1.0-1\n\
         - Import\n\
         ",
    );
}

#[test]
fn unreadable_spec_hides_a_new_version() {
    let commits = vec![
        commit(0, "Import\n", &plain()),
        commit(1, "Break\n", &plain().replace("License: MIT\n", "License: MIT\n%if 1")),
        commit(2, "1.1\n", &spec("Version: 1.1")),
    ];
    expect(
        commits,
        3,
        "\
         * Sat Jan 03 2026 Jane Doe <jane@example.org> - 1.1-3\n\
         - 1.1\n\
         \n\
         * Fri Jan 02 2026 Jane Doe <jane@example.org>\n\
         - Break\n\
         \n\
         * Thu Jan 01 2026 Jane Doe <jane@example.org> - 1.0-1\n\
         - Import\n\
         ",
    );
}

#[test]
fn retired_package_keeps_its_count() {
    let commits = vec![
        commit(0, "Import\n", &plain()),
        Commit { spec: None, ..commit(1, "Retire\n", &plain()) },
        commit(2, "Unretire\n", &plain()),
    ];
    expect(
        commits,
        2,
        "\
         * Sat Jan 03 2026 Jane Doe <jane@example.org> - 1.0-2\n\
         - Unretire\n\
         \n\
         * Thu Jan 01 2026 Jane Doe <jane@example.org> - 1.0-1\n\
         - Import\n\
         ",
    );
}

#[test]
fn options_shape_the_release_of_each_commit() {
    let commits = vec![
        commit(0, "Import\n", &spec_of("Version: 1.0", "%autorelease -p -e rc1", AUTO)),
        commit(1, "Snapshot\n", &spec_of("Version: 1.0", "%autorelease -b 10 -s 20260101git", AUTO)),
        commit(2, "Plain\n", &spec_of("Version: 1.0", "%{?autorelease}", AUTO)),
    ];
    expect(
        commits,
        3,
        "\
         * Sat Jan 03 2026 Jane Doe <jane@example.org> - 1.0-3\n\
         - Plain\n\
         \n\
         * Fri Jan 02 2026 Jane Doe <jane@example.org> - 1.0-11.20260101git\n\
         - Snapshot\n\
         \n\
         * Thu Jan 01 2026 Jane Doe <jane@example.org> - 1.0-0.1.rc1\n\
         - Import\n\
         ",
    );
}

#[test]
fn release_by_hand_is_counted_all_the_same() {
    let commits = vec![
        commit(0, "Import\n", &spec_of("Version: 1.0", "7%{?dist}", AUTO)),
        commit(1, "Fix\n", &spec_of("Version: 1.0", "8%{?dist}", AUTO)),
    ];
    let expected = "\
         ## START: Set by rpmautospec\n\
         ## (rpmautospec version 0.8.5)\n\
         ## RPMAUTOSPEC: autochangelog\n\
         ## END: Set by rpmautospec\n\
         \n\
         Name: pkg\n\
         Version: 1.0\n\
         Release: 8%{?dist}\n\
         Summary: s\n\
         License: MIT\n\
         \n\
         %description\n\
         d\n\
         \n\
         %changelog\n\
         ## START: Generated by rpmautospec\n\
         * Fri Jan 02 2026 Jane Doe <jane@example.org> - 1.0-2\n\
         - Fix\n\
         \n\
         * Thu Jan 01 2026 Jane Doe <jane@example.org> - 1.0-1\n\
         - Import\n\
         ## END: Generated by rpmautospec\n\
         ";
    assert_eq!(processed(commits), expected);
}

#[test]
fn conditions_and_macros_make_the_version() {
    let commits = vec![
        commit(
            0,
            "Import\n",
            &spec(
                "%global major 2\n%bcond_without new\n%if %{with new}\n\
                 Version: %{major}.1%{?prever:~%{prever}}\n%else\nVersion: 0\n%endif",
            ),
        ),
        commit(
            1,
            "Candidate\n",
            &spec(
                "%global prever rc1\n%global major 2\n%bcond_without new\n%if %{with new}\n\
                 Version: %{major}.1%{?prever:~%{prever}}\n%else\nVersion: 0\n%endif",
            ),
        ),
    ];
    expect(
        commits,
        1,
        "\
         * Fri Jan 02 2026 Jane Doe <jane@example.org> - 2.1~rc1-1\n\
         - Candidate\n\
         \n\
         * Thu Jan 01 2026 Jane Doe <jane@example.org> - 2.1-1\n\
         - Import\n\
         ",
    );
}
