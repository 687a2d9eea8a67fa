"""How long the usual commands take, each beside what a person would use instead, in the same run.

usage: bench.py BUILD_FOLDER [ROW...]

Prints a Markdown table as the rows come. Times are medians over whole processes, memory is the peak of one of them. A
peer that is not on PATH is named as absent; a row that cannot be measured here says why. Nothing here passes or fails.
"""
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

ROWS = []


def row(function):
    ROWS.append(function)
    return function


class Absent(Exception):
    """What a row needs and this machine does not have."""


def measure(command, runs=5, expected=(0,), environment=None):
    """(median seconds, peak MiB) of a command that ends with one of the expected codes."""
    seconds, peak = [], 0.0
    for _ in range(runs):
        start = time.monotonic()
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                 env={**os.environ, **(environment or {})})
        _, status, usage = os.wait4(child.pid, 0)
        seconds.append(time.monotonic() - start)
        child.returncode = os.waitstatus_to_exitcode(status)
        peak = max(peak, usage.ru_maxrss / 1024)
        if child.returncode not in expected:
            raise Absent(f"{' '.join(map(str, command[:3]))} ended with {child.returncode}")
    return statistics.median(seconds), peak


def find(program):
    path = shutil.which(program)
    if path is None:
        raise Absent(f"{program} is not on PATH")
    return path


def beside(command, **options):
    """The peer's time as text; absent ones are named, not left out."""
    try:
        find(command[0])
        seconds, peak = measure(command, **options)
        return f"{text(seconds)}, {peak:.0f} MiB"
    except Absent as why:
        return str(why)


def text(seconds):
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.2f} s"


class Served:
    """`tales VERB` (lab, local) in a folder of its own, until the block ends."""

    def __init__(self, *command):
        self.command = list(command)

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="tales-bench-")
        start = time.monotonic()
        with open(self.path("said"), "w", encoding="utf-8") as said:
            self.process = subprocess.Popen([*self.command, "--out", self.folder], stdout=subprocess.DEVNULL, stderr=said)
        while not os.path.exists(os.path.join(self.folder, "ready")):
            if self.process.poll() is not None or time.monotonic() - start > 120:
                self.__exit__()
                raise Absent(f"{self.command[1]} did not start")
            time.sleep(0.002)
        self.ready = time.monotonic() - start
        return self

    def path(self, name):
        return os.path.join(self.folder, name)

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


class Lab(Served):
    def __init__(self, tales, *arguments):
        super().__init__(tales, "lab", *arguments)


def in_new_folder(command, name="--out"):
    """The command with a folder that is not there yet."""
    return ["/bin/sh", "-c", 'd=$(mktemp -d) && "$@" ' + name + ' "$d/run"; c=$?; rm -rf "$d"; exit $c', "sh", *command]


@row
def start(tales):
    seconds, peak = measure([tales, "list"], runs=15)
    return "`tales list`", "< 30 ms", f"{text(seconds)}, {peak:.0f} MiB", beside(["kubectl", "version", "--client"], runs=9)


@row
def lab_ready(tales):
    times = []
    for _ in range(7):
        with Lab(tales) as lab:
            times.append(lab.ready)
    return "lab ready", "< 0.5 s", text(statistics.median(times)), "-"


@row
def post_install(tales):
    seconds, peak = measure(in_new_folder([tales, "verify", "--fixture", "lab", "--profile", "post-install"]))
    with Lab(tales) as lab:
        peer = beside(["talosctl", "--talosconfig", lab.path("talosconfig"), "health", "--server=false"])
    return ("`tales verify --fixture lab --profile post-install`, lab included; beside `talosctl health --server=false`",
            "< 3 s", f"{text(seconds)}, {peak:.0f} MiB", peer)


@row
def first_verdict(tales):
    times = []
    for _ in range(5):
        with tempfile.TemporaryDirectory(prefix="tales-bench-") as folder:
            begin = time.monotonic()
            out = os.path.join(folder, "run")
            process = subprocess.Popen([tales, "verify", "--fixture", "lab", "--out", out], stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL)
            journal = os.path.join(out, "events.jsonl")
            while process.poll() is None:
                if os.path.exists(journal) and '"event":"finished"' in open(journal, encoding="utf-8").read():
                    break
                time.sleep(0.002)
            times.append(time.monotonic() - begin)
            process.wait()
    return "from start to the first verdict, lab included", "-", text(statistics.median(times)), "-"


def judge_nodes(tales, count, runs):
    with Lab(tales, "--nodes", str(count)) as lab:
        command = in_new_folder([tales, "verify", "--cluster", lab.path("cluster.yaml"), "--suite", "health"])
        begin = time.monotonic()
        seconds, _ = measure(command, runs=runs)
        if runs == 1:
            seconds = time.monotonic() - begin
        peak = resident(command)
    return seconds, peak


def resident(command):
    """Peak resident memory in MiB of a command and all that it starts, added up at the same moment."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    peak = 0
    while process.poll() is None:
        peak = max(peak, sum(pages for pages in family(process.pid)))
        time.sleep(0.02)
    return peak / 1024


def family(pid):
    try:
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
            for line in file:
                if line.startswith("Pss:"):
                    yield int(line.split()[1])
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            children = file.read().split()
    except OSError:
        return
    for child in children:
        yield from family(child)


@row
def hundred_nodes(tales):
    seconds, peak = judge_nodes(tales, 100, runs=3)
    return "suite health on 100 nodes of the lab", "-", f"{text(seconds)}, {peak:.0f} MiB in all processes", "-"


@row
def thousand_nodes(tales):
    seconds, peak = judge_nodes(tales, 1000, runs=1)
    return "suite health on 1,000 nodes of the lab", "< 20 s, < 300 MB", f"{text(seconds)}, {peak:.0f} MiB in all processes", "-"


@row
def junit(tales):
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "junit_bench.py")
    return printed_row("read and compare two JUnit files of 6,626 cases; beside Python's junitparser", "10 times faster",
                       [sys.executable, script, tales])


@row
def real_nodes(tales):
    """Two nodes with Cilium, from nothing to ready, and when each step was done."""
    if os.geteuid() != 0:
        raise Absent("nodes need root")
    clusters = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../fixtures/clusters")
    with Served(tales, "local", "--cluster", os.path.join(clusters, "local-cilium.yaml")) as local:
        with open(local.path("said"), encoding="utf-8") as said:
            steps = re.findall(r"^ *([0-9.]+s) (?:the )?(.*)$", said.read(), re.MULTILINE)
        ready = local.ready
    return ("two real nodes with Cilium, from nothing to ready, and the way there", "about a minute",
            f"{text(ready)}: " + ", ".join(f"{what} {when}" for when, what in steps), "-")


@row
def conformance(tales):
    """Three minutes each, most of which the tests wait."""
    found = subprocess.run([tales, "assets", "--no-build", "e2e.test"], capture_output=True, text=True, check=False)
    if found.returncode != 0:
        raise Absent("there is no e2e.test; ./dev assets builds it")
    e2e = found.stdout.strip()
    names = os.path.join(os.path.dirname(__file__), "../../suites/conformance/data/v1.32.txt")
    with open(names, encoding="utf-8") as file:
        sample = [re.escape(line[2:].strip()) for line in file if line.startswith("* ")]
    with Served(tales, "local") as local, tempfile.TemporaryDirectory(prefix="tales-bench-") as folder:
        alone, _ = measure([e2e, "--provider=skeleton", f"--kubeconfig={local.path('kubeconfig')}",
                            f"--report-dir={folder}", "--num-nodes=0", "--allowed-not-ready-nodes=-1",
                            "--minStartupPods=-1", "--disable-log-dump", "--dump-logs-on-failure=false",
                            f"--ginkgo.focus=({'|'.join(sample)})$"], runs=1)
        ours, _ = measure(in_new_folder([tales, "verify", "--kubeconfig", local.path("kubeconfig"), "--suite",
                                         "conformance", "--conformance", "sample", "--allow", "create"]), runs=1,
                          environment={"PATH": f"{os.path.dirname(e2e)}:{os.environ['PATH']}"})
    return (f"conformance: the {len(sample)} tests of the sample on a real API server; beside e2e.test alone", "< 2 %",
            f"{text(ours)} ({(ours / alone - 1) * 100:+.1f} %)", text(alone))


def printed_row(title, target, command):
    """A row that a program of its own measures, peer included."""
    if not os.path.exists(command[-1] if command[0] == sys.executable else command[0]):
        raise Absent("not built")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    said = " ".join((done.stdout.strip() or done.stderr.strip() or f"exit {done.returncode}").split())
    return title, target, said, "in the row"


@row
def log_scan(tales):
    program = os.path.join(os.path.dirname(tales), "tests", "bench", "log_scan_bench")
    return printed_row("a log of 260 MB against three patterns", "within twice ripgrep's time", [program])


def main():
    build, wanted = os.path.abspath(sys.argv[1]), sys.argv[2:]
    tales = os.path.join(build, "tales")
    print("| what | to reach | tales | beside |\n|---|---|---|---|", flush=True)
    for function in ROWS:
        if wanted and function.__name__ not in wanted:
            continue
        try:
            cells = function(tales)
        except Absent as why:
            cells = (function.__name__, "-", f"not measured: {why}", "-")
        print("| " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
