# What dnf, libsolv and createrepo_c make of a repository. Input: /in/key, /in/packages, /in/repodata; $1: a package to
# install; $2: the architecture.
set -eu -o pipefail
package=$1 arch=$2
repo=/builddir/repo
mkdir -p "$repo/repodata" /builddir/log /builddir/oracle
cp /in/repodata/* "$repo/repodata/"
for file in /in/packages/*.rpm; do
    name=${file##*/}
    letter=$(printf %.1s "$name" | tr '[:upper:]' '[:lower:]')
    mkdir -p "$repo/Packages/$letter"
    ln -s "$file" "$repo/Packages/$letter/$name"
done

# dnf with one repository and nothing of the host: DNF NAME DIRECTORY WORDS…
run_dnf() {
    local name=$1 directory=$2
    shift 2
    dnf --setopt cachedir="/builddir/cache-$name" --setopt logdir=/builddir/log --setopt persistdir=/builddir/persist \
        --setopt reposdir=/nonexistent --setopt plugins=0 --setopt install_weak_deps=0 --releasever 4.0 --forcearch "$arch" \
        --repofrompath "$name,file://$directory" "$@"
}

{
    echo "== dnf: signed index, signed packages, closure of $package"
    run_dnf azl "$repo" --installroot /builddir/root --setopt azl.gpgcheck=1 --setopt azl.repo_gpgcheck=1 \
        --setopt "azl.gpgkey=file://$(echo /in/key/*)" --assumeyes --downloadonly --downloaddir /builddir/download install "$package"
    ls /builddir/download | grep "^$package-"

    echo "== libsolv: closure of $package"
    repo2solv "$repo" > /builddir/repo.solv
    printf '%s\n' "repo azl 0 solv repo.solv" "system $arch rpm" "job install name $package" "result transaction,problems <inline>" > /builddir/case.t
    testsolv -r /builddir/case.t | tee /builddir/solution.txt
    grep "^install $package-" /builddir/solution.txt
    if grep '^problem' /builddir/solution.txt; then exit 1; fi

    echo "== createrepo_c: the index lists exactly the packages there are"
    createrepo_c --quiet --outputdir /builddir/oracle "$repo"
    query() { run_dnf "$@" --quiet repoquery --available --qf '%{nevra} %{buildtime} %{size} %{license} %{summary}' | sort; }
    query ours "$repo" > /builddir/ours.txt
    rm -r "$repo/repodata"
    cp -r /builddir/oracle/repodata "$repo/repodata"
    query oracle "$repo" > /builddir/oracle.txt
    diff /builddir/oracle.txt /builddir/ours.txt
    echo "$(wc -l < /builddir/ours.txt) packages"
} 2>&1 | tee /out/repository.txt
