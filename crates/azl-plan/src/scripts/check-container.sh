# Independent readers of a container image. Input: /in/image/*.oci.tar.
set -eu -o pipefail
archive=$(echo /in/image/*.oci.tar)
{
    echo "== skopeo"
    mkdir /builddir/layout
    tar -x -f "$archive" -C /builddir/layout
    tag=$(sed 's/.*"org.opencontainers.image.ref.name":"\([^"]*\)".*/\1/' /builddir/layout/index.json)
    skopeo --tmpdir /tmp inspect "oci:/builddir/layout:$tag"
    echo "== umoci"
    umoci unpack --rootless --image "/builddir/layout:$tag" /builddir/bundle
    test -L /builddir/bundle/rootfs/etc/os-release -o -f /builddir/bundle/rootfs/etc/os-release
    du -sk --apparent-size /builddir/bundle/rootfs
} 2>&1 | tee /out/container.txt
