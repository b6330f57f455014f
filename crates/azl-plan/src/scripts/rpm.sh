# Builds a source package. Input: /in/srpm; $@: determinism settings for rpmbuild.
set -eu
exec rpmbuild --rebuild --nodeps "$@" --define "_rpmdir /out" \
    --define "_rpmfilename %%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm" /in/srpm/*.src.rpm
