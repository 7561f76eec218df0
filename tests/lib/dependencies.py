"""Holds the crates that Gatehouse is built from against .deny.toml, without a network.

Licences, banned crates, crates in two versions, sources, and the advisories of tests/lib/advisories.toml. Prints what
it found and exits with 1 when something is not allowed, or when an exception is no longer needed.
"""

import json
import re
import subprocess
import sys
import tomllib
from collections import defaultdict

CRATES_IO = "registry+https://github.com/rust-lang/crates.io-index"


def main():
    with open(".deny.toml", "rb") as file:
        policy = tomllib.load(file)
    with open("tests/lib/advisories.toml", "rb") as file:
        advisories = tomllib.load(file)["advisory"]
    graph = Graph(policy["graph"]["targets"][0])

    checks = {
        "licences": licences(graph, policy["licenses"]),
        "banned crates": banned(graph, policy["bans"]),
        "crates in two versions": duplicates(graph, policy["bans"]),
        "sources": sources(graph),
        "advisories": known_faults(graph, advisories, policy["advisories"]),
    }
    print(f"{len(graph.crates)} crates, {len(advisories)} advisories")
    for name, faults in checks.items():
        print(f"{name}: {len(faults) or 'no'} {'fault' if len(faults) == 1 else 'faults'}")
        for fault in faults:
            print(f"  {fault}")
    wrong = sum(1 for faults in checks.values() if faults)
    # In the words that tests/run counts.
    print(f"# pass {len(checks) - wrong}\n# fail {wrong}")
    return 1 if wrong else 0


class Graph:
    """The crates that are built for one target, and what each of them needs."""

    def __init__(self, target):
        command = ["cargo", "metadata", "--locked", "--format-version", "1", "--filter-platform", target]
        metadata = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
        self.needs = {node["id"]: node["dependencies"] for node in metadata["resolve"]["nodes"]}
        self.crates = {crate["id"]: crate for crate in metadata["packages"] if crate["id"] in self.needs}

    def named(self, name):
        return [crate for crate in self.crates.values() if crate["name"] == name]

    def tree(self, name):
        """The ids of the crates of that name and of everything they need."""
        seen, open_ends = set(), [crate["id"] for crate in self.named(name)]
        while open_ends:
            crate = open_ends.pop()
            if crate not in seen:
                seen.add(crate)
                open_ends.extend(self.needs[crate])
        return seen


def licences(graph, policy):
    allowed = set(policy["allow"])
    return [
        f"{title(crate)} is under {crate['license'] or 'no named licence'}"
        for crate in graph.crates.values()
        if not (crate["license"] and satisfied(crate["license"], allowed))
    ]


def satisfied(expression, allowed):
    """Whether an SPDX licence expression can be met with the allowed licences alone."""
    # Older manifests write a slash for OR.
    words = re.findall(r"[()]|[^\s()]+(?:\s+WITH\s+[^\s()]+)?", expression.replace("/", " OR "))

    def either():
        met = both()
        while words and words[0] == "OR":
            words.pop(0)
            met = both() or met
        return met

    def both():
        met = one()
        while words and words[0] == "AND":
            words.pop(0)
            met = one() and met
        return met

    def one():
        word = words.pop(0)
        if word != "(":
            return word in allowed
        met = either()
        words.pop(0)
        return met

    return either()


def banned(graph, policy):
    return [
        f"{title(crate)}: {ban['reason']}" for ban in policy["deny"] for crate in graph.named(ban["crate"])
    ]


def duplicates(graph, policy):
    exceptions = [skip["crate"] for skip in policy["skip-tree"]]
    faults = twice(graph, exceptions)
    needless = [name for name in exceptions if twice(graph, set(exceptions) - {name}) == faults]
    return faults + [f"the exception for {name} is not needed" for name in needless]


def twice(graph, exceptions):
    """The crates that are there in two versions, neither of which is an exception or needed by one."""
    excused = {identity for name in exceptions for identity in graph.tree(name)}
    versions = defaultdict(list)
    for identity, crate in graph.crates.items():
        if identity not in excused:
            versions[crate["name"]].append(crate["version"])
    return [f"{name}: {', '.join(found)}" for name, found in sorted(versions.items()) if len(found) > 1]


def sources(graph):
    return [
        f"{title(crate)} comes from {crate['source']}"
        for crate in graph.crates.values()
        if crate["source"] not in (None, CRATES_IO)
    ]


def known_faults(graph, advisories, policy):
    answers = {answer["id"]: answer["reason"] for answer in policy["ignore"]}
    affecting = {
        advisory["id"]: f"{advisory['id']}: {title(crate)}: {advisory['about']}"
        for advisory in advisories
        for crate in graph.named(advisory["crate"])
        if not any(within(crate["version"], safe) for safe in advisory["patched"] + advisory.get("unaffected", []))
    }
    for known in affecting.keys() & answers.keys():
        print(f"accepted: {affecting[known]}; {answers[known]}")
    unanswered = [affecting[known] for known in affecting.keys() - answers.keys()]
    needless = [f"{known} is accepted but affects nothing" for known in answers.keys() - affecting.keys()]
    return sorted(unanswered + needless)


def within(version, requirement):
    """Whether a version is in a range such as ">= 1.2.0, < 1.3.0"."""
    number = numbers(version)
    compare = {">=": number.__ge__, "<": number.__lt__, ">": number.__gt__, "<=": number.__le__, "=": number.__eq__}
    return all(
        compare[operator](numbers(bound))
        for operator, bound in (part.split() for part in requirement.split(","))
    )


def numbers(version):
    return tuple(int(number) for number in version.split("+")[0].split("-")[0].split("."))


def title(crate):
    return f"{crate['name']} {crate['version']}"


if __name__ == "__main__":
    sys.exit(main())
