# Independent readers of a disk image. Input: /in/image/*.vhd.
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
} 2>&1 | tee /out/disk.txt
