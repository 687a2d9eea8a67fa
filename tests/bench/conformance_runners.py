#!/usr/bin/env python3
"""The conformance tests of tests/real/data/conformance_pods.txt on two real nodes, by e2e.test as a process and in a pod:
the same verdicts, and how long each takes.

    sudo tests/bench/conformance_runners.py build/tales [cluster file]

Needs what `tales assets --nodes --conformance` makes. Ends with 1 where a verdict differs.
"""
import json
import os
import re
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))


def names():
    with open(os.path.join(HERE, "../real/data/conformance_pods.txt"), encoding="utf-8") as file:
        return [line.strip() for line in file if line.strip() and not line.startswith("#")]


def verify(tales, access, runner, focus, out):
    begin = time.monotonic()
    subprocess.run([tales, "verify", *access, "--suite", "conformance", "--conformance", "focus:" + focus,
                    "--conformance-runner", runner, "--allow", "create", "--out", out], check=False)
    seconds = time.monotonic() - begin
    with open(os.path.join(out, "report.json"), encoding="utf-8") as file:
        checks = json.load(file)["checks"]
    cases = {one["check"]: one["verdict"] for one in checks if one["check"].startswith("conformance.case/")}
    others = {one["check"]: one["verdict"] for one in checks if one["check"] not in cases}
    print(f"{runner}: {seconds:.1f} s, {len(cases)} cases, {others}", flush=True)
    return cases, seconds


def main():
    tales = os.path.abspath(sys.argv[1])
    cluster = os.path.abspath(sys.argv[2] if len(sys.argv) > 2 else
                              os.path.join(HERE, "../../fixtures/clusters/local-nodes.yaml"))
    wanted = names()
    focus = "^Kubernetes e2e suite (" + "|".join(re.escape(name) for name in wanted) + ")$"
    with tempfile.TemporaryDirectory(prefix="tales-bench-") as folder:
        out = os.path.join(folder, "local")
        e2e = subprocess.run([tales, "assets", "--no-build", "e2e.test"], capture_output=True, text=True, check=True)
        os.environ["PATH"] = os.path.dirname(e2e.stdout.strip()) + ":" + os.environ["PATH"]
        local = subprocess.Popen([tales, "local", "--cluster", cluster, "--conformance-image", "--out", out],
                                 stdout=subprocess.DEVNULL)
        try:
            while not os.path.exists(os.path.join(out, "ready")):
                if local.poll() is not None:
                    sys.exit("tales local ended")
                time.sleep(0.3)
            access = ["--kubeconfig", os.path.join(out, "kubeconfig")]
            by_process, process = verify(tales, access, "process", focus, os.path.join(folder, "process"))
            by_pod, pod = verify(tales, access, "cluster", focus, os.path.join(folder, "cluster"))
        finally:
            local.terminate()
            local.wait()
    different = sorted(name for name in by_process.keys() | by_pod.keys() if by_process.get(name) != by_pod.get(name))
    for name in different:
        print(f"differs: {name}: process {by_process.get(name)}, pod {by_pod.get(name)}")
    not_passed = sorted(name for name, verdict in by_process.items() if verdict != "passed")
    print(f"{len(by_process)} of {len(wanted)} judged by both, {len(different)} differ, {len(not_passed)} did not pass; "
          f"process {process:.1f} s, pod {pod:.1f} s ({(pod / process - 1) * 100:+.1f} %)")
    for name in not_passed:
        print(f"not passed: {name}")
    sys.exit(1 if different or len(by_process) != len(wanted) else 0)


if __name__ == "__main__":
    main()
