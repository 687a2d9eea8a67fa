#!/usr/bin/env python3
"""Our own probes beside `cilium connectivity test` on the same real Cilium: what each says of the same things, and how long
it takes.

    sudo tests/bench/connectivity_beside.py build/tales [cluster file]

Needs what `tales assets --cilium --cilium-cli` makes. Both start without pods of theirs, so both times hold making them;
ours holds removing them too. Ends with 1 where the two disagree.
"""
import json
import os
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as xml

HERE = os.path.dirname(os.path.abspath(__file__))

# A test of theirs, and the scenarios of ours that ask the same. Theirs leave the control plane's node out where it is tainted.
SAME = {
    "no-policies": ["same-node", "other-node", "ping", "cluster-ip", "host-port", "pod-to-host", "host-to-pod"],
    "no-policies-extra": ["node-port"],
    "health": ["node-health"],
    "pod-to-pod-no-frag": ["mtu"],
    "all-ingress-deny-knp": ["policy-default-deny"],
    "echo-ingress": ["policy-l3"],
    "client-egress-to-echo-deny": ["policy-deny-wins"],
    "client-ingress-icmp": ["policy-icmp"],
}
# no-policies asks hosts of the Internet too, which ours do only where they are asked to.
PICK = ["^no-policies/(pod-to-pod|client-to-client|pod-to-service|pod-to-hostport|pod-to-host|host-to-pod)",
        "^all-ingress-deny-knp/pod-to-pod"] + [f"^{test}/" for test in SAME if test not in ("no-policies", "all-ingress-deny-knp")]


def ours(tales, folder):
    out = os.path.join(folder, "run")
    begin = time.monotonic()
    subprocess.run([tales, "verify", "--cluster", os.path.join(folder, "local", "cluster.yaml"), "--fixture", "adopt",
                    "--check", "cilium.probe/*", "--settle", "0s", "--allow", "create", "--out", out],
                   stdout=subprocess.DEVNULL, check=False)
    seconds = time.monotonic() - begin
    with open(os.path.join(out, "report.json"), encoding="utf-8") as file:
        checks = json.load(file)["checks"]
    return {one["check"].split("/", 1)[1]: one["verdict"] for one in checks if one["check"].startswith("cilium.probe/")}, seconds


def theirs(cilium, folder):
    kubeconfig, junit = os.path.join(folder, "local", "kubeconfig"), os.path.join(folder, "junit.xml")
    for verb in (["create", "namespace", "cilium-test-1"],
                 ["label", "--overwrite", "namespace", "cilium-test-1", "pod-security.kubernetes.io/enforce=privileged"]):
        subprocess.run(["kubectl", "--kubeconfig", kubeconfig, *verb], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                       check=False)
    command = [cilium, "connectivity", "test", "--namespace", "cilium", "--kubeconfig", kubeconfig, "--junit-file", junit]
    for pattern in PICK:
        command += ["--test", pattern]
    begin = time.monotonic()
    with open(os.path.join(folder, "connectivity.log"), "w", encoding="utf-8") as log:
        subprocess.run(command, stdout=log, stderr=subprocess.STDOUT, check=False)
    seconds = time.monotonic() - begin
    verdicts = {}
    for case in xml.parse(junit).iter("testcase"):
        if case.find("skipped") is None:
            verdicts[case.get("name")] = "passed" if case.find("failure") is None else "failed"
    return verdicts, seconds


def main():
    tales = os.path.abspath(sys.argv[1])
    cluster = os.path.abspath(sys.argv[2] if len(sys.argv) > 2 else
                              os.path.join(HERE, "../../fixtures/clusters/local-cilium.yaml"))
    cilium = subprocess.run([tales, "assets", "--no-build", "cilium"], capture_output=True, text=True, check=True).stdout.strip()
    with tempfile.TemporaryDirectory(prefix="tales-bench-") as folder:
        out = os.path.join(folder, "local")
        begin = time.monotonic()
        local = subprocess.Popen([tales, "local", "--cluster", cluster, "--out", out], stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL)
        try:
            while not os.path.exists(os.path.join(out, "ready")):
                if local.poll() is not None:
                    sys.exit("tales local ended")
                time.sleep(0.2)
            print(f"two nodes with Cilium ready: {time.monotonic() - begin:.1f} s", flush=True)
            time.sleep(130)  # until the agents have probed each other twice
            by_tales, mine = ours(tales, folder)
            by_cli, other = theirs(cilium, folder)
        finally:
            local.terminate()
            local.wait()
    different = 0
    for test, verdict in by_cli.items():
        said = {scenario: by_tales.get(scenario, "not there") for scenario in SAME.get(test, [])}
        judged = {one for one in said.values() if one != "unsupported"}
        agrees = judged <= {verdict}
        different += not agrees
        print(f"{'same   ' if agrees else 'differs'} {test}: {verdict}; ours: " +
              ", ".join(f"{scenario} {one}" for scenario, one in said.items()))
    print(f"cilium connectivity test: {len(by_cli)} tests, {other:.1f} s; ours: all {len(by_tales)} scenarios, {mine:.1f} s; "
          f"{different} differ")
    sys.exit(1 if different or not by_cli else 0)


if __name__ == "__main__":
    main()
