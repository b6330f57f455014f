# Runs the %generate_buildrequires of a source package. Input: /in/srpm; $@: determinism settings for rpmbuild.
# Output: all its BuildRequires, written and found. Whether they are there is the plan's business: --nodeps.
set -eu
code=0
rpmbuild -rr --nodeps "$@" --define "_srcrpmdir /builddir/found" /in/srpm/*.src.rpm || code=$?
case $code in
0) ;;
# rpmbuild's way of saying that there are some.
11) rpm --dbpath /builddir/rpmdb -qp --requires /builddir/found/*.buildreqs.nosrc.rpm > /builddir/requires ;;
*) exit $code ;;
esac
touch /builddir/requires
LC_ALL=C sort -u /builddir/requires > /out/build-requires
