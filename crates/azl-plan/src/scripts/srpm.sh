# Makes a source package. Input: /in/files, /in/sources; $1: name of the spec; $2…: determinism settings for rpmbuild.
set -eu
spec=$1
shift
mkdir -p /builddir/sources
ln -s /in/files/* /builddir/sources/
if [ -d /in/sources ]; then ln -s /in/sources/* /builddir/sources/; fi
rpmbuild -bs --nodeps "$@" --define "_sourcedir /builddir/sources" --define "_srcrpmdir /out" "/in/files/$spec"
