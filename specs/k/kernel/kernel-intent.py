#!/usr/bin/python3
"""Holds a kernel configuration to its intent.

    kernel-intent.py fragment --arch ARCH intent.toml
        prints the intent as Kconfig lines, for allnoconfig to start from
    kernel-intent.py check --arch ARCH --tree LINUX [--lines FILE]... intent.toml
        compares LINUX/.config with the intent, and with further files of
        Kconfig lines; prints a JSON report if everything holds, else every
        violation at once (exit status 1)

A wanted "n" holds if the option is off for whatever cause, but its symbol must
exist: a promise about an option which the kernel no longer knows says nothing.
"""

import argparse
import json
import re
import sys
import tomllib
from pathlib import Path

ARCHES = ("x86_64", "aarch64")
KEYS = {"symbol", "value", "arch", "reason"}
SYMBOL = re.compile(r"[A-Z0-9][A-Za-z0-9_]*")
SHORTEST_REASON = 5


class Line:
    """One wanted option: where it is written, and why."""

    def __init__(self, place, symbol, text, reason):
        self.place, self.symbol, self.text, self.reason = place, symbol, text, reason


def stop(problems):
    """Prints all problems and leaves with failure."""
    for problem in problems:
        print(f"error: {problem}", file=sys.stderr)
    sys.exit(f"error: kernel intent: {len(problems)} problem(s)")


def kconfig_text(value):
    """Writes a TOML value the way .config writes it; None if it has no such form."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str) or '"' in value or "\\" in value or "\n" in value:
        return None
    if value in ("y", "m", "n") or re.fullmatch(r"0x[0-9a-f]+", value):
        return value
    return f'"{value}"'


def entry_problems(entry):
    """Says what is wrong with one entry of the intent, in order of its keys."""
    if unknown := sorted(set(entry) - KEYS):
        yield f"unknown key `{unknown[0]}`; an entry has symbol, value, arch, reason"
    if missing := sorted(KEYS - set(entry)):
        yield f"missing key `{missing[0]}`"
        return
    if not isinstance(entry["symbol"], str) or not SYMBOL.fullmatch(entry["symbol"]):
        yield "`symbol` is not the name of an option (write it without CONFIG_)"
    elif entry["symbol"].startswith("CONFIG_"):
        yield "write `symbol` without CONFIG_"
    if kconfig_text(entry["value"]) is None:
        yield '`value` must be "y", "m", "n", an integer, "0x…" or a plain string'
    if entry["arch"] != "all" and entry["arch"] not in ARCHES:
        yield f'`arch` must be "all" or one of {", ".join(ARCHES)}'
    if not isinstance(entry["reason"], str) or len(entry["reason"].strip()) < SHORTEST_REASON:
        yield "`reason` must say what breaks, or who is exposed, without this line"


def read_intent(path, arch):
    """Reads the intent and returns the lines that concern one architecture."""
    source = path.read_text(encoding="utf-8")
    try:
        document = tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        stop([f"{path.name}: {error}"])
    entries = document.get("intent")
    if set(document) != {"intent"} or not isinstance(entries, list):
        stop([f"{path.name}: expected one list named `intent` and nothing else"])
    # tomllib keeps no positions; entries are one line each, in order.
    places = [n for n, text in enumerate(source.splitlines(), 1) if re.match(r"\s*\{", text)]
    if len(places) != len(entries):
        stop([f"{path.name}: write each entry on one line of its own, `{{ symbol = … }}`"])
    lines, problems, seen = [], [], {}
    for number, entry in zip(places, entries):
        place = f"{path.name}:{number}"
        found = list(entry_problems(entry)) if isinstance(entry, dict) else ["not a table"]
        problems += [f"{place}: {problem}" for problem in found]
        if found or entry["arch"] not in ("all", arch):
            continue
        symbol = entry["symbol"]
        if symbol in seen:
            problems.append(f"{place}: `{symbol}` is already decided at {seen[symbol]}")
            continue
        seen[symbol] = place
        lines.append(Line(place, symbol, kconfig_text(entry["value"]), entry["reason"]))
    if problems:
        stop(problems)
    return lines


def read_config(path):
    """Yields (line number, symbol, value) of a file of Kconfig lines."""
    for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if match := re.fullmatch(r"CONFIG_(\w+)=(.*)", text):
            yield number, match[1], match[2]
        elif match := re.fullmatch(r"# CONFIG_(\w+) is not set", text):
            yield number, match[1], "n"


def known_symbols(tree):
    """Maps each symbol of the source tree to the places that define it."""
    known = {}
    for path in sorted(tree.rglob("Kconfig*")):
        if not path.is_file():
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        for match in re.finditer(r"^[ \t]*(?:menu)?config[ \t]+(\w+)", text, re.M):
            known.setdefault(match[1], []).append((path, match.end()))
    return known


def dependencies(places):
    """Quotes the conditions under which a symbol is offered."""
    conditions = []
    for path, offset in places:
        body = path.read_text(encoding="utf-8", errors="replace")[offset:]
        body = re.split(r"^[ \t]*(?:help|(?:menu)?config|choice|endchoice)\b", body, maxsplit=1, flags=re.M)[0]
        body = body.replace("\\\n", " ")
        conditions += [" ".join(m.split()) for m in re.findall(r"^[ \t]*depends on[ \t]+(.*)$", body, re.M)]
    return "; ".join(conditions) or "no condition of its own; look at the menus around it"


def violation(line, config, known):
    """Says how the configuration breaks one line, or returns None."""
    if line.symbol not in known:
        return f"{line.place}: `{line.symbol}` does not exist in this kernel (renamed or removed?)"
    actual = config.get(line.symbol, "n")
    if actual == line.text:
        return None
    message = f"{line.place}: `{line.symbol}` must be {line.text}, .config says {actual}"
    if line.reason:
        message += f"\n  reason: {line.reason}"
    if line.text != "n":
        message += f"\n  hint: depends on {dependencies(known[line.symbol])}"
    return message


def fragment(options):
    """Prints the intent as Kconfig lines."""
    for line in read_intent(options.intent, options.arch):
        if line.text == "n":
            print(f"# CONFIG_{line.symbol} is not set")
        else:
            print(f"CONFIG_{line.symbol}={line.text}")


def check(options):
    """Compares the final configuration with everything that was asked for."""
    promised = read_intent(options.intent, options.arch)
    wanted = list(promised)
    decided = {line.symbol: line.place for line in promised}
    problems = []
    for path in options.lines:
        for number, symbol, text in read_config(path):
            place = f"{path.name}:{number}"
            if symbol in decided:
                problems.append(f"{place}: `{symbol}` is already decided at {decided[symbol]}")
            decided[symbol] = place
            wanted.append(Line(place, symbol, text, ""))
    config = {symbol: value for _, symbol, value in read_config(options.tree / ".config")}
    known = known_symbols(options.tree)
    problems += filter(None, (violation(line, config, known) for line in wanted))
    if problems:
        stop(problems)
    report = {
        "schema": 1,
        "arch": options.arch,
        "intent": [{"symbol": l.symbol, "value": l.text, "reason": l.reason} for l in promised],
        "fragment-lines": len(wanted) - len(promised),
        "options-set": sum(value != "n" for value in config.values()),
    }
    json.dump(report, sys.stdout, indent=1, ensure_ascii=False)
    print()


def main():
    parser = argparse.ArgumentParser(prog="kernel-intent.py")
    commands = parser.add_subparsers(required=True)
    for name, action in (("fragment", fragment), ("check", check)):
        command = commands.add_parser(name)
        command.set_defaults(action=action)
        command.add_argument("--arch", required=True, choices=ARCHES)
        command.add_argument("intent", type=Path)
        if action is check:
            command.add_argument("--tree", required=True, type=Path)
            command.add_argument("--lines", default=[], action="append", type=Path)
    options = parser.parse_args()
    options.action(options)


main()
