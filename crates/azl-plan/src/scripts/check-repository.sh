# What dnf, libsolv and createrepo_c make of a repository. Input: /in/key, /in/packages, /in/repodata; $1: a package to install.
set -eu
repo=/builddir/repo
mkdir -p "$repo/repodata"
cp /in/repodata/* "$repo/repodata/"
for package in /in/packages/*.rpm; do
    name=${package##*/}
    letter=$(printf %.1s "$name" | tr '[:upper:]' '[:lower:]')
    mkdir -p "$repo/Packages/$letter"
    ln -s "$package" "$repo/Packages/$letter/$name"
done
{
    echo "== dnf: signed index, signed packages, closure of $1"
    dnf --installroot /builddir/root --releasever 4.0 --forcearch x86_64 --setopt cachedir=/builddir/cache --setopt logdir=/builddir/log \
        --setopt reposdir=/nonexistent --setopt plugins=0 --setopt install_weak_deps=0 \
        --repofrompath "azl,file://$repo" --setopt azl.gpgcheck=1 --setopt azl.repo_gpgcheck=1 \
        --setopt "azl.gpgkey=file://$(echo /in/key/*)" --assumeyes --downloadonly --downloaddir /builddir/download install "$1"
    test -n "$(ls /builddir/download)"
    ls /builddir/download
    echo "== libsolv: every package of the repository can be installed"
    repo2solv -o /builddir/repo.solv "$repo"
    installcheck x86_64 /builddir/repo.solv
    echo "== createrepo_c: the index lists exactly the packages there are"
    createrepo_c --quiet --outputdir /builddir/oracle "$repo"
    dnf_list() { dnf --setopt cachedir="/builddir/cache-$1" --setopt logdir=/builddir/log --setopt reposdir=/nonexistent --setopt plugins=0 --forcearch x86_64 \
        --repofrompath "$1,file://$2" --setopt "$1.gpgcheck=0" --quiet repoquery --available --qf '%{nevra} %{buildtime} %{size} %{license} %{summary}' | sort; }
    dnf_list ours "$repo" > /builddir/ours.txt
    mv "$repo/repodata" /builddir/our-repodata
    cp -r /builddir/oracle/repodata "$repo/repodata"
    dnf_list oracle "$repo" > /builddir/oracle.txt
    diff /builddir/oracle.txt /builddir/ours.txt
    wc -l < /builddir/ours.txt
} 2>&1 | tee /out/repository.txt
exit "${PIPESTATUS[0]}"
