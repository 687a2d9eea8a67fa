#!/usr/bin/env python3
"""Counts ctest's JUnit report: prints `N passed, N failed, N skipped` as its last line.

usage: count.py REPORT [--must-run WORD]...

Exits 1 where a test failed, where there is no test, or where a test that was skipped names one of the words in the
reason that it gave: those parts have to be there.
"""
import argparse
import re
import sys
import xml.etree.ElementTree as ElementTree

FEW_LINES = 12


def first_words(case):
    """What a failed test said first, and which of its cases it names in the end: a gate's log may be cut to its end."""
    said = "\n".join(case.itertext()).splitlines()
    begins = [i for i, line in enumerate(said) if re.search(r": Failure$|^Traceback|AddressSanitizer|ThreadSanitizer", line)]
    cases = [line for line in said if re.match(r"\[  FAILED  \] \S+ \(", line)]
    excerpt = said[begins[0]:begins[0] + FEW_LINES] if begins else said[-FEW_LINES:]
    return [line[:300] for line in cases[:FEW_LINES] + excerpt if line.strip()]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("report")
    parser.add_argument("--must-run", action="append", default=[], metavar="WORD")
    arguments = parser.parse_args()
    passed, failed, skipped, amiss = 0, [], [], []
    try:
        root = ElementTree.parse(arguments.report).getroot()
    except (OSError, ElementTree.ParseError) as error:
        print(f"{arguments.report}: {error}", file=sys.stderr)
        root = ElementTree.Element("testsuite")
    for case in root.iter("testcase"):
        name = case.get("name", "")
        # "notrun" without <skipped> is a test whose binary is missing: ctest fails it, and so do we.
        if case.find("failure") is not None or case.find("error") is not None or case.get("status") == "fail":
            failed.append((name, first_words(case)))
        elif case.find("skipped") is not None or case.get("status") in ("notrun", "disabled"):
            said = " ".join(case.itertext())
            reason = re.search(r"(?:: Skipped\n|\bSkipped\b[^\n]*\n)([^\n]+)", said)
            said = (reason.group(1) if reason else " ".join(said.split())[:200]).strip()
            skipped.append((name, said))
            for word in arguments.must_run:
                if re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", said, re.IGNORECASE):
                    amiss.append(f"{name}: skipped for want of {word}: {said}")
                    break
        else:
            passed += 1
    for name, said in skipped:
        print(f"skipped: {name}: {said}")
    for name, words in failed:
        print(f"failed: {name}")
        for line in words:
            print(f"  | {line}")
    for line in amiss:
        print(f"must run: {line}")
    if not passed and not failed and not skipped:
        print("no test ran")
    print(f"{passed} passed, {len(failed)} failed, {len(skipped)} skipped")
    return 1 if failed or amiss or passed == 0 else 0


sys.exit(main())
