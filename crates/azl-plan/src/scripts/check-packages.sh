# rpm's own verdict on every package. Input: /in/key, /in/packages.
set -eu
rpmkeys --dbpath /builddir/db --import /in/key/*
bad=0
for package in /in/packages/*.rpm; do
    verdict=$(rpmkeys --dbpath /builddir/db --checksig "$package" 2>&1) || bad=1
    echo "${verdict#/in/packages/}"
    # The word matters: without it only digests were checked.
    case $verdict in *"signatures OK") ;; *) bad=1 ;; esac
done | tee /out/packages.txt
grep -qv 'signatures OK$' /out/packages.txt && exit 1
exit $bad
