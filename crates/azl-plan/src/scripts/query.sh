# Asks rpm what a spec needs and gives. Input: /in/files (the rendered directory); $1: name of the spec; $2…: settings for rpmspec.
set -eu
spec=/in/files/$1
shift
defines=("$@")
rpmspec() { command rpmspec "${defines[@]}" --define "_sourcedir /in/files" --define "_dbpath /builddir/rpmdb" "$@" "$spec"; }
rpmspec -q --buildrequires > /out/build-requires
rpmspec -q --srpm --qf 'source %{NAME} %{EVR}\n[exclusive-arch %{EXCLUSIVEARCH}\n][exclude-arch %{EXCLUDEARCH}\n]' > /out/source
rpmspec -q --builtrpms --qf 'package %{NAME} %{EVR} %{ARCH}
[provides %{PROVIDENEVRS}\n][requires %{REQUIRENEVRS}\n][conflicts %{CONFLICTNEVRS}\n][obsoletes %{OBSOLETENEVRS}\n]' > /out/packages
# Of the expanded text: what is packaged, and whether BuildRequires are found by running.
rpmspec --parse | awk '
    /^%(package|description|prep|conf|generate_buildrequires|build|install|check|clean|pre|post|preun|postun|pretrans|posttrans|preuntrans|postuntrans|verifyscript|trigger[a-z]*|filetrigger[a-z]*|transfiletrigger[a-z]*|changelog|patchlist|sourcelist|sepolicy|files)([ \t]|$)/ {
        files = /^%files/
        if (/^%generate_buildrequires/) print
    }
    files' > /out/files
