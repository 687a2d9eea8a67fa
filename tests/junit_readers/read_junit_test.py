"""Reads the golden JUnit files with parsers that are not ours, and compares with what report.json says of the same run.

usage: read_junit_test.py {python|go} GOLDEN_FOLDER
"""
import collections
import glob
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree

READER, GOLDEN = sys.argv[1], sys.argv[2]


def reports():
    for path in sorted(glob.glob(os.path.join(GOLDEN, "*.xml"))):
        with open(path[:-3] + "json", encoding="utf-8") as file:
            yield path, json.load(file)


def read_with_python(path):
    cases = list(ElementTree.parse(path).getroot().iter("testcase"))
    counts = collections.Counter()
    for case in cases:
        states = [state for state in ("error", "failure", "skipped") if case.find(state) is not None]
        assert len(states) <= 1, f"{path}: {case.get('name')} is {states}"
        counts[states[0] if states else "passed"] += 1
    return {"names": [f"{case.get('classname')} {case.get('name')}" for case in cases], **counts}


def read_with_go(path):
    # Not only a PATH of the usual kind: Go's own installer puts it there.
    go = shutil.which("go") or shutil.which("go", path="/usr/local/go/bin")
    if go is None:
        print("[  SKIPPED ]\nno Go toolchain: needs Go 1.23 or newer")
        sys.exit(0)
    folder = os.path.dirname(os.path.abspath(__file__))
    with tempfile.TemporaryDirectory() as out:
        program = os.path.join(out, "reader")
        subprocess.run([go, "build", "-buildvcs=false", "-o", program, "."], cwd=folder, check=True)
        line = subprocess.run([program, path], check=True, capture_output=True, text=True).stdout
    read = json.loads(line)
    return {"names": read["Names"], "passed": read["Passed"], "skipped": read["Skipped"], "failure": read["Failed"],
            "error": read["Error"]}


class ReadJUnit(unittest.TestCase):
    def test_every_case_is_there_as_what_it_is(self):
        for path, report in reports():
            with self.subTest(path):
                read = {"python": read_with_python, "go": read_with_go}[READER](path)
                for check in report["checks"]:
                    suite, _, name = check["check"].partition(".")
                    # The writer puts a space into "]]>" in attributes.
                    wanted = f"tales.{suite} {name or suite}".replace("]]>", "]] >")
                    self.assertEqual(read["names"].count(wanted), 1, wanted)
                verdicts = collections.Counter(check["verdict"] for check in report["checks"])
                self.assertGreaterEqual(read.get("failure", 0), verdicts["failed"])
                self.assertGreaterEqual(read.get("error", 0), verdicts["error"] + verdicts["missing"])
                red = read.get("failure", 0) + read.get("error", 0)
                self.assertEqual(red == 0, report["exit"] == 0, "red exactly where the run is")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
