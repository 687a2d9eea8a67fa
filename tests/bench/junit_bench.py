"""Reading and comparing two JUnit files of the size of Kubernetes' conformance run, against Python's junitparser.

usage: junit_bench.py TALES_BINARY [PYTHON]

PYTHON is an interpreter that has junitparser (default: this one). Prints one row: ours, the peer's, the ratio; each is
the median of nine whole processes, and the peak memory of one. Without junitparser the row has ours alone and says so.
"""
import os
import subprocess
import sys
import tempfile
import time
from xml.sax.saxutils import quoteattr

CASES = 6626
RUNS = 9

PEER = """
import sys
from junitparser import Error, Failure, JUnitXml, Skipped

def verdicts(path):
    found = {}
    for suite in JUnitXml.fromfile(path):
        for case in suite:
            kinds = {type(result) for result in case.result}
            word = ("failed" if kinds & {Error, Failure} else "skipped" if Skipped in kinds else "passed")
            found[(case.classname, case.name)] = word
    return found

base, head = verdicts(sys.argv[1]), verdicts(sys.argv[2])
newly_failed = [key for key, word in head.items() if word == "failed" and base.get(key) != "failed"]
missing = [key for key, word in base.items() if word != "skipped" and key not in head]
skipped = [key for key, word in head.items() if word == "skipped" and base.get(key, "skipped") != "skipped"]
print(len(newly_failed), len(missing), len(skipped))
sys.exit(bool(newly_failed or missing or skipped))
"""


def write(path, failed):
    """As ginkgo writes it: most cases are skipped, names are long, failures have a page of output."""
    with open(path, "w", encoding="utf-8") as file:
        file.write('<?xml version="1.0" encoding="UTF-8"?>\n  <testsuites tests="6626" disabled="6215" errors="0" '
                   'failures="2" time="6390.5">\n      <testsuite name="Kubernetes e2e suite" tests="6626">\n')
        for i in range(CASES):
            name = quoteattr(f"[It] [sig-storage] In-tree Volumes [Driver: emptydir] [Testpattern: Inline-volume "
                             f"(default fs)] subPath should support file as subpath, number {i} [LinuxOnly]")
            head = f'          <testcase name={name} classname="Kubernetes e2e suite" status="%s" time="%s">'
            if i in failed:
                page = "&#xA;".join(f"I1122 22:01:{n % 60:02d}.000 dump.go:{n} &lt;pod&gt; is not ready" for n in range(60))
                file.write(head % ("failed", "4.21") + f'\n              <failure message="" type="failed">{page}'
                           f"</failure>\n              <system-err>{page}</system-err>\n          </testcase>\n")
            elif i % 16 == 0:
                file.write(head % ("passed", "0.0243757") + "</testcase>\n")
            else:
                file.write(head % ("skipped", "0") + '\n              <skipped message="skipped"></skipped>\n'
                           "          </testcase>\n")
        file.write("      </testsuite>\n  </testsuites>\n")


def measure(command):
    """(median seconds, peak MiB, exit code), each run a process of its own."""
    seconds, peak, code = [], 0, 0
    for _ in range(RUNS):
        start = time.monotonic()
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(child.pid, 0)
        seconds.append(time.monotonic() - start)
        child.returncode = code = os.waitstatus_to_exitcode(status)
        peak = max(peak, usage.ru_maxrss / 1024)
    return sorted(seconds)[RUNS // 2], peak, code


def main():
    tales, python = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else sys.executable
    with tempfile.TemporaryDirectory(prefix="tales-bench-") as folder:
        base, head = os.path.join(folder, "base.xml"), os.path.join(folder, "head.xml")
        write(base, {16, 1600})
        write(head, {16, 3200})
        seconds, peak, code = measure([tales, "compare", base, head])
        if code != 1:
            sys.exit(f"junit_bench: tales compare exits {code}, not 1")
        row = f"JUnit read + compare, 2 x {CASES} cases: {seconds * 1000:.0f} ms, {peak:.0f} MiB"
        has_peer = subprocess.run([python, "-c", "import junitparser"], stderr=subprocess.DEVNULL, check=False)
        if has_peer.returncode != 0:
            print(f"{row}; no junitparser to compare with (pip install junitparser)")
            return
        peer = os.path.join(folder, "peer.py")
        with open(peer, "w", encoding="utf-8") as file:
            file.write(PEER)
        theirs, their_peak, code = measure([python, peer, base, head])
        if code != 1:
            sys.exit(f"junit_bench: the peer exits {code}, not 1")
        print(f"{row}; junitparser {theirs * 1000:.0f} ms, {their_peak:.0f} MiB; {theirs / seconds:.1f} x")


if __name__ == "__main__":
    main()
