# Installs packages into an empty root with dnf and says how long that took. Input: /in/packages, /in/repodata; $@: packages.
set -eu -o pipefail
mkdir -p /builddir/repo/repodata /builddir/log /builddir/root
cp /in/repodata/* /builddir/repo/repodata/
for file in /in/packages/*.rpm; do
    name=${file##*/}
    letter=$(printf %.1s "$name" | tr '[:upper:]' '[:lower:]')
    mkdir -p "/builddir/repo/Packages/$letter"
    ln -s "$file" "/builddir/repo/Packages/$letter/$name"
done
begun=$(date +%s%N)
dnf --setopt cachedir=/builddir/cache --setopt logdir=/builddir/log --setopt persistdir=/builddir/persist \
    --setopt reposdir=/nonexistent --setopt plugins=0 --setopt install_weak_deps=0 --releasever 4.0 --forcearch x86_64 \
    --repofrompath azl,file:///builddir/repo --setopt azl.gpgcheck=0 --installroot /builddir/root --assumeyes --quiet install "$@"
echo $(($(date +%s%N) - begun)) > /out/nanoseconds
