#!/usr/bin/python3
"""Writes the certificates of Mozilla's list that are trusted for one purpose, in PEM.

Usage: bundle.py SERVER_AUTH|EMAIL_PROTECTION CERTDATA [WITHDRAWN]

Lines of WITHDRAWN begin with the SHA-256 digest of a certificate that is left out; each must be in the list.
The list is a file of objects, each a run of lines `ATTRIBUTE TYPE VALUE`; a value of type MULTILINE_OCTAL follows on lines
of its own up to END. A certificate and what it is trusted for are two objects with the same issuer and serial number.
"""

import base64
import hashlib
import re
import sys
import textwrap


def objects(lines):
    """Yields each object as a dictionary; it begins with its class."""
    found = {}
    lines = iter(lines)
    for line in lines:
        words = line.split(None, 2)
        if not words or words[0].startswith("#") or len(words) < 2:
            continue
        name, kind = words[:2]
        if kind == "MULTILINE_OCTAL":
            value = bytearray()
            for octal in lines:
                if octal.strip() == "END":
                    break
                value += bytes(int(byte, 8) for byte in re.findall(r"\\([0-3][0-7]{2})", octal))
            value = bytes(value)
        else:
            value = words[2].strip() if len(words) > 2 else ""
        if name == "CKA_CLASS" and found:
            yield found
            found = {}
        if name.startswith("CKA_"):
            found[name] = value
    if found:
        yield found


def withdrawn(path):
    """Returns the digests a file names."""
    with open(path, encoding="utf-8") as file:
        return {line.split()[0] for line in file if line.strip() and not line.startswith("#")}


def main(purpose, path, without=None):
    certificates = {}
    trusted = set()
    with open(path, encoding="utf-8") as file:
        for item in objects(file):
            key = (item.get("CKA_ISSUER"), item.get("CKA_SERIAL_NUMBER"))
            if item["CKA_CLASS"] == "CKO_CERTIFICATE":
                certificates[key] = (item["CKA_LABEL"].strip('"'), item["CKA_VALUE"])
            elif item.get("CKA_TRUST_" + purpose) == "CKT_NSS_TRUSTED_DELEGATOR":
                trusted.add(key)
    if not trusted <= certificates.keys():
        sys.exit("a trusted certificate is not in the list")
    if without:
        digests = {hashlib.sha256(certificates[key][1]).hexdigest(): key for key in trusted}
        gone = withdrawn(without)
        if not gone <= digests.keys():
            sys.exit("a withdrawn certificate is not trusted in the list")
        trusted -= {digests[digest] for digest in gone}
    for label, der in sorted(certificates[key] for key in trusted):
        body = textwrap.fill(base64.b64encode(der).decode(), 64)
        print(f"# {label}\n-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n")


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")
    main(*sys.argv[1:])
