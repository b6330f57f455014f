# Independent readers of a disk image. Input: /in/image/*.vhd and the list of its files beside it.
set -eu -o pipefail
disk=$(echo /in/image/*.vhd)
part() { # number of a partition → file with its bytes
    set -- "$1" $(sfdisk --quiet --output start,sectors --list "$disk" | sed -n "$(($1 + 1))p")
    dd if="$disk" of="/builddir/part$1" bs=1M iflag=skip_bytes,count_bytes skip=$(($2 * 512)) count=$(($3 * 512)) conv=sparse status=none
}
{
    echo "== qemu-img"
    qemu-img info -f vpc "$disk"
    # A fixed VHD is its bytes and a footer of one sector; Azure takes whole MiB.
    size=$(stat -c %s "$disk")
    test $(((size - 512) % 1048576)) = 0
    echo "== sfdisk"
    sfdisk --verify "$disk"
    sfdisk --list "$disk"
    part 1
    part 2
    echo "== fsck.vfat"
    fsck.vfat -n /builddir/part1
    echo "== e2fsck"
    e2fsck -fn /builddir/part2
    dumpe2fs -h /builddir/part2 2>/dev/null | grep -E '^(Filesystem features|Block count|Free blocks|Block size):'
    # Labels are those that libselinux finds with the image's own file contexts, and each file has its own in its inode.
    contexts=$(sed -n 's|^ *"\(/etc/selinux/[^/"]*/contexts/files/file_contexts\)": {$|\1|p' /in/image/*.files.json)
    if grep -q '^ *"label": ' /in/image/*.files.json; then
        echo "== matchpathcon"
        for suffix in "" .homedirs .local .subs .subs_dist; do
            debugfs -R "dump $contexts$suffix /builddir/file_contexts$suffix" /builddir/part2 2>/dev/null
        done
        find /builddir -maxdepth 1 -name 'file_contexts*' -empty -delete
        awk -F '"' '/^    "\// { path = $2 } $2 == "kind" { kind = $4 } $2 == "label" { print path "\t" $4 > ("/builddir/labels." kind) }' \
            /in/image/*.files.json
        for kind in file:file directory:dir link:lnk_file; do
            labels=/builddir/labels.${kind%:*}
            cut -f 1 "$labels" | xargs -d '\n' matchpathcon -f /builddir/file_contexts -m "${kind#*:}" > /builddir/expected
            diff /builddir/expected "$labels"
            echo "$(wc -l < "$labels") labels of kind ${kind%:*}"
        done
        debugfs -R "ea_get /lost+found security.selinux" /builddir/part2
        debugfs -R "ea_get / security.selinux" /builddir/part2
    fi
} 2>&1 | tee /out/disk.txt
