# Asks rpm of each spec whether it accepts it. Input: /in/specs/**/*.spec, each beside its files; $@: settings for rpmspec.
# Output: a line for each: `accepted` or `refused`, the directory of the spec, what rpm says; parted by tabs.
set -eu
find /in/specs -name '*.spec' | LC_ALL=C sort | while read -r spec; do
    directory=${spec%/*}
    state=accepted
    rpmspec "$@" --define "_sourcedir $directory" --define "_dbpath /builddir/rpmdb" --parse "$spec" \
        > /builddir/parsed 2> /builddir/messages < /dev/null || state=refused
    # rpm says of some mistakes, such as a patch that is not there, no more than this.
    if grep -q '^error: ' /builddir/messages; then state=refused; fi
    printf '%s\t%s\t' "$state" "${directory#/in/specs/}"
    if [ $state = refused ]; then tr '\t\n' '  ' < /builddir/messages; fi
    echo
done > /out/verdicts
