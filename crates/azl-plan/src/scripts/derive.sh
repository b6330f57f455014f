# Derives the files of an image that no package holds. Input: /in/packages; $@: what else than follows from the packages.
# SOURCE_DATE_EPOCH is the time packages were installed at.
#
# What a program of the image can do in a directory, the image's own program does here, as faithful as an installation:
# it runs on the image's libraries through the image's loader, since those of this root are another distribution's.
set -eu

root=/builddir/root
mkdir "$root"
for package in /in/packages/*.rpm; do
    rpm2cpio "$package" | cpio --extract --make-directories --unconditional --quiet --directory "$root"
done

# The loader's cache, by the image's own ldconfig (a static program). An image without one has no use for a cache.
if [ -x "$root/usr/sbin/ldconfig" ]; then
    "$root/usr/sbin/ldconfig" -X -r "$root" -C /etc/ld.so.cache
    cp "$root/etc/ld.so.cache" /out/ld.so.cache
fi

own() { # runs a program of the image
    program=$root/usr/bin/$1
    shift
    "$(echo "$root"/usr/lib64/ld-linux-*.so.*)" --inhibit-cache --library-path "$root/usr/lib64:$root/usr/lib64/systemd" "$program" "$@"
}

list() { # all there is, but for the times of directories
    find "$root" \( -type d -printf '/%P\td\t%m\n' \) -o -printf '/%P\t%y\t%m\t%s\t%T@\t%l\n' | LC_ALL=C sort
}

presets() { # applies the presets of the whole image to the units as they are packaged; $1: gets the links that came
    rm -rf "$root/etc/systemd"
    cp -a packaged "$root/etc/systemd"
    list > before
    own systemctl --quiet --root="$root" preset-all
    own systemctl --quiet --root="$root" --global preset-all
    list > after
    LC_ALL=C comm -23 before after > other
    LC_ALL=C comm -13 before after > new
    awk -F '\t' '$1 !~ "^/etc/systemd/" || ($2 != "l" && $2 != "d")' new >> other
    if [ -s other ]; then
        echo "derive.sh: presets do more than add links to /etc/systemd:" >&2
        cat other >&2
        exit 1
    fi
    awk -F '\t' '$2 == "l" { print $1 "\t" $6 }' new > "$1"
}

# Which units are enabled. systemctl goes through them in an order it draws, which may decide where two units claim one name.
if [ -x "$root/usr/bin/systemctl" ]; then
    mkdir -p "$root/etc/systemd"
    cp -a "$root/etc/systemd" packaged
    presets /out/unit.links
    presets again
    if ! cmp /out/unit.links again; then
        echo "derive.sh: what the presets enable depends on the order of units; let them enable one of these only" >&2
        diff /out/unit.links again >&2
        exit 1
    fi
fi

# Databases that are made of the files of all packages together.
if [ -x "$root/usr/bin/systemd-hwdb" ] && ls "$root"/usr/lib/udev/hwdb.d/*.hwdb > /dev/null 2>&1; then
    own systemd-hwdb --root="$root" update
    cp "$root/etc/udev/hwdb.bin" /out/hwdb.bin
fi
if [ -x "$root/usr/bin/journalctl" ] && ls "$root"/usr/lib/systemd/catalog/*.catalog > /dev/null 2>&1; then
    own journalctl --root="$root" --update-catalog
    cp "$root/var/lib/systemd/catalog/database" /out/catalog
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
