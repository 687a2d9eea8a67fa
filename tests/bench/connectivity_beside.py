#!/usr/bin/env python3
"""Our own probes beside `cilium connectivity test` on the same real Cilium: what each says of the same things, and how long
it takes; once as the cluster is, and once with each fault that is named.

    sudo tests/bench/connectivity_beside.py build/tales [local:FAULT=TARGET ...]

Needs what `tales assets --cilium --cilium-cli` makes. Both start without pods of theirs and end without them, so both times
hold making them and taking them away. Ends with 1 where the two disagree on the cluster as it is.
"""
import json
import os
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
CLUSTER = os.path.join(HERE, "../../fixtures/clusters/local-cilium.yaml")

# A test of theirs, and the scenarios of ours that ask the same. Theirs leave the control plane's node out where it is tainted.
SAME = {
    "no-policies": ["same-node", "other-node", "ping", "cluster-ip", "host-port", "pod-to-host", "host-to-pod", "world"],
    "no-policies-extra": ["node-port"],
    "health": ["node-health"],
    "pod-to-pod-no-frag": ["mtu"],
    "all-ingress-deny-knp": ["policy-default-deny"],
    "echo-ingress": ["policy-l3"],
    "client-egress-to-echo-deny": ["policy-deny-wins"],
    "client-ingress-icmp": ["policy-icmp"],
}
PICK = ",".join(f"^{test}/" for test in SAME)


def verify(tales, folder, name, *arguments):
    """The verdict of each check, and the seconds from start to end of `tales verify`."""
    out = os.path.join(folder, name)
    begin = time.monotonic()
    subprocess.run([tales, "verify", "--cluster", os.path.join(folder, "local", "cluster.yaml"), "--fixture", "adopt",
                    "--settle", "0s", "--allow", "create", "--out", out, *arguments], stdout=subprocess.DEVNULL, check=False)
    seconds = time.monotonic() - begin
    with open(os.path.join(out, "report.json"), encoding="utf-8") as file:
        return {one["check"]: one["verdict"] for one in json.load(file)["checks"]}, seconds


def below(verdicts, prefix):
    return {check[len(prefix):]: verdict for check, verdict in verdicts.items() if check.startswith(prefix)}


def beside(tales, folder, name):
    """Both, one after the other; how many of theirs say something else than ours."""
    verdicts, mine = verify(tales, folder, f"{name}-ours", "--check", "cilium.probe/*", "--connectivity", "none")
    ours = below(verdicts, "cilium.probe/")
    verdicts, other = verify(tales, folder, f"{name}-theirs", "--check", "cilium.connectivity/*", "--check",
                             "cilium.connectivity_run", "--connectivity", PICK)
    theirs = below(verdicts, "cilium.connectivity/")
    different = 0
    for test, scenarios in SAME.items():
        verdict = theirs.get(test, "not told")
        said = {scenario: ours.get(scenario, "not told") for scenario in scenarios}
        judged = {one for one in said.values() if one != "unsupported"}
        worst = "failed" if judged - {"passed"} else "passed"
        agrees = verdict == worst
        different += not agrees
        print(f"  {'same   ' if agrees else 'differs'} {test}: {verdict}; ours: " +
              ", ".join(f"{scenario} {one}" for scenario, one in said.items()), flush=True)
    print(f"  cilium connectivity test: {len(theirs)} tests, {other:.1f} s, its run {verdicts.get('cilium.connectivity_run')}; "
          f"ours: all {len(ours)} scenarios, {mine:.1f} s; {different} of {len(SAME)} differ", flush=True)
    return different


def main():
    tales = os.path.abspath(sys.argv[1])
    cli = subprocess.run([tales, "assets", "--no-build", "cilium"], capture_output=True, text=True, check=True)
    os.environ["PATH"] = os.path.dirname(cli.stdout.strip()) + ":" + os.environ["PATH"]
    with tempfile.TemporaryDirectory(prefix="tales-bench-") as folder:
        out = os.path.join(folder, "local")
        begin = time.monotonic()
        local = subprocess.Popen([tales, "local", "--cluster", CLUSTER, "--out", out], stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL)
        try:
            while not os.path.exists(os.path.join(out, "ready")):
                if local.poll() is not None:
                    sys.exit("tales local ended")
                time.sleep(0.2)
            print(f"two nodes with Cilium ready: {time.monotonic() - begin:.1f} s", flush=True)
            time.sleep(130)  # until the agents have probed each other twice
            print("as it is", flush=True)
            different = beside(tales, folder, "well")
            for number, fault in enumerate(sys.argv[2:]):
                print(fault, flush=True)
                subprocess.run([tales, "local", "fault", "--out", out, fault], check=True, stdout=subprocess.DEVNULL)
                beside(tales, folder, f"fault-{number}")
                subprocess.run([tales, "local", "heal", "--out", out, fault], check=True, stdout=subprocess.DEVNULL)
        finally:
            local.terminate()
            local.wait()
    sys.exit(1 if different else 0)


if __name__ == "__main__":
    main()
