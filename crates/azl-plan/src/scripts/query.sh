# Asks rpm what a spec needs and gives. Input: /in/files (the rendered directory); $1: name of the spec.
set -eu
spec=/in/files/$1
rpmspec() { command rpmspec --define "_sourcedir /in/files" --define "_dbpath /builddir/rpmdb" "$@" "$spec"; }
rpmspec -q --buildrequires > /out/build-requires
rpmspec -q --provides > /out/provides
rpmspec -q --qf '%{NAME}\n' > /out/packages
