#!/usr/bin/python3
"""Holds a kernel configuration to its intent.

    kernel-intent.py fragment --arch ARCH intent.toml
        prints the intent as Kconfig lines, for allnoconfig to start from
    kernel-intent.py check --arch ARCH --tree LINUX [--config FILE] [--lines FILE]...
            [--compiler-decides SYMBOL]... intent.toml
        compares the configuration (LINUX/.config) with the intent, and with
        further files of Kconfig lines; prints a JSON report if everything
        holds, else every violation at once (exit status 1). A symbol that the
        compiler decides may be off: without a compiler for the other
        architecture, that is all that can be said of it.
    kernel-intent.py harden --arch ARCH --checker FOLDER --config FILE hardening.toml
        has kernel-hardening-checker look at a configuration, and compares what
        it finds wrong with the list of what we accept; prints a JSON report, or
        every difference (exit status 1)

A wanted "n" holds if the option is off for whatever cause, but its symbol must
exist: a promise about an option which the kernel no longer knows says nothing.
"""

import argparse
import json
import os
import re
import subprocess
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
    config = {symbol: value for _, symbol, value in read_config(options.config or options.tree / ".config")}
    known = known_symbols(options.tree)
    exempt = set(options.compiler_decides)
    problems += [f"--compiler-decides: `{symbol}` is not promised" for symbol in sorted(exempt - {l.symbol for l in promised})]
    for line in wanted:
        undecided = line.symbol in exempt and line.symbol in known and config.get(line.symbol, "n") == "n"
        if not undecided and (problem := violation(line, config, known)):
            problems.append(problem)
    if problems:
        stop(problems)
    report = {
        "schema": 1,
        "arch": options.arch,
        "intent": [{"symbol": l.symbol, "value": l.text, "reason": l.reason} for l in promised],
        "undecided": sorted(exempt),
        "fragment-lines": len(wanted) - len(promised),
        "options-set": sum(value != "n" for value in config.values()),
    }
    json.dump(report, sys.stdout, indent=1, ensure_ascii=False)
    print()


def read_accepted(path, arch):
    """Reads which checks may fail, and why; and how many must be OK."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        stop([f"{path.name}: {error}"])
    if set(document) != {"least-ok", "fail"} or not isinstance(document["fail"], list):
        stop([f"{path.name}: expected `least-ok`, a list named `fail`, and nothing else"])
    accepted, problems = {}, []
    for number, entry in enumerate(document["fail"], 1):
        place = f"{path.name}: entry {number}"
        if not isinstance(entry, dict) or set(entry) != {"check", "arch", "reason"}:
            problems.append(f"{place}: an entry has check, arch, reason")
        elif entry["arch"] != "all" and entry["arch"] not in ARCHES:
            problems.append(f'{place}: `arch` must be "all" or one of {", ".join(ARCHES)}')
        elif len(entry["reason"].strip()) < SHORTEST_REASON:
            problems.append(f"{place}: `reason` must say what would break, or what it would cost")
        elif entry["arch"] in ("all", arch):
            if entry["check"] in accepted:
                problems.append(f"{place}: `{entry['check']}` is already accepted")
            accepted[entry["check"]] = entry["reason"]
    if problems:
        stop(problems)
    return accepted, document["least-ok"].get(arch, 0)


def run_checker(folder, config):
    """Has the checker judge a configuration; returns its list of verdicts."""
    command = [sys.executable, folder / "bin/kernel-hardening-checker", "-m", "json", "-c", config]
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}
    result = subprocess.run(command, capture_output=True, text=True, env=environment)
    if result.returncode != 0:
        stop([f"kernel-hardening-checker: {(result.stderr or result.stdout).strip()}"])
    return json.loads(result.stdout)


def harden(options):
    """Compares the checker's verdicts with the failures that we accept."""
    accepted, least = read_accepted(options.accepted, options.arch)
    verdicts = run_checker(options.checker, options.config)
    failed = {v["option_name"]: v for v in verdicts if not v["check_result_bool"]}
    passed = sum(v["check_result_bool"] for v in verdicts)
    problems = [
        f"`{name}`: {v['check_result']}, wanted {v['desired_val']} by {v['decision']}; mend it, or say in {options.accepted.name} why not"
        for name, v in failed.items()
        if name not in accepted
    ]
    problems += [f"{options.accepted.name}: `{name}` does not fail any more" for name in accepted if name not in failed]
    if passed < least:
        problems.append(f"{passed} checks are OK, at least {least} must be")
    if problems:
        stop(problems)
    report = {
        "schema": 1,
        "arch": options.arch,
        "ok": passed,
        "fail": len(verdicts) - passed,
        "accepted": [
            {"check": name, "wanted": v["desired_val"], "by": v["decision"], "reason": accepted[name]}
            for name, v in failed.items()
        ],
    }
    print(f"kernel-hardening-checker: {passed} OK, {len(verdicts) - passed} FAIL, each with a reason", file=sys.stderr)
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
            command.add_argument("--config", type=Path)
            command.add_argument("--compiler-decides", default=[], action="append", metavar="SYMBOL")
            command.add_argument("--lines", default=[], action="append", type=Path)
    command = commands.add_parser("harden")
    command.set_defaults(action=harden)
    command.add_argument("--arch", required=True, choices=ARCHES)
    command.add_argument("--checker", required=True, type=Path)
    command.add_argument("--config", required=True, type=Path)
    command.add_argument("accepted", type=Path)
    options = parser.parse_args()
    options.action(options)


main()
