# Derives the files of an image that no package holds. Input: /in/packages; $@: what else than the loader's cache.
# SOURCE_DATE_EPOCH is the time packages were installed at.
set -eu

# The loader's cache, by the image's own ldconfig (a static program). An image without one has no use for a cache.
root=/builddir/root
mkdir "$root"
for package in /in/packages/*.rpm; do
    rpm2cpio "$package" | cpio --extract --make-directories --unconditional --quiet --directory "$root"
done
if [ -x "$root/usr/sbin/ldconfig" ]; then
    "$root/usr/sbin/ldconfig" -X -r "$root" -C /etc/ld.so.cache
    cp "$root/etc/ld.so.cache" /out/ld.so.cache
fi

for what; do
    case $what in
    rpm-database)
        # Accounts are what the packages' own /etc/passwd says; rpm would add others through sysusers. Its plugins would make
        # namespaces for that, which a sandbox may not.
        rpm --dbpath /builddir/db --define '__systemd_sysusers /usr/bin/true' --justdb --nodeps --noscripts --notriggers \
            --noplugins --nosignature --ignoresize --ignorearch --ignoreos -i /in/packages/*.rpm
        cp /builddir/db/rpmdb.sqlite /out/rpmdb.sqlite
        ;;
    *)
        echo "derive.sh: nothing known about '$what'" >&2
        exit 2
        ;;
    esac
done
