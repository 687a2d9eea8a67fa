// `tales up` on the lab, from machines that are off: the whole procedure of the seed in one command, with real talosctl
// as generator and real kubectl behind a `helm` that applies what helm would. Killed at each step it goes on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>

#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "harness/base/file.h"
#include "reports/run_model.h"
#include "tests/lab/running_lab.h"
#include "tests/support/status_matchers.h"

namespace tales::lab {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// No chart is rendered: the lab has written what `helm upgrade --install` of its Cilium sends.
constexpr char kHelm[] = R"(#!/bin/sh
[ "$1" = upgrade ] || exit 0
exec kubectl apply --server-side --force-conflicts -f "$LAB/cilium.yaml" >/dev/null
)";

constexpr char kCrd[] = R"(
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: servicemonitors.monitoring.coreos.com
  annotations: {operator.prometheus.io/version: 0.80.1}
spec:
  group: monitoring.coreos.com
  scope: Namespaced
  names: {kind: ServiceMonitor, listKind: ServiceMonitorList, plural: servicemonitors, singular: servicemonitor}
  versions:
  - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}
)";

constexpr char kVm[] = "vm: {video: vmvga, autostart: last-state}\n";

class BringUp : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* program : {"talosctl", "kubectl"})
      if (!FindProgram(program).ok()) GTEST_SKIP() << program << " is not on PATH";
  }

  void Start(std::vector<std::string> arguments = {"--state", "off"}) {
    absl::StatusOr<RunningLab> lab = RunningLab::Start(arguments);
    ASSERT_OK(lab);
    lab_.emplace(*std::move(lab));
    const std::filesystem::path folder = lab_->folder();
    std::filesystem::create_directories(folder / "bin");
    std::filesystem::create_directories(folder / "crds");
    std::filesystem::create_directories(folder / "chart");
    std::filesystem::create_directories(folder / "work");
    ASSERT_OK(WriteFileAtomically(folder / "bin" / "helm", kHelm, 0755));
    ASSERT_OK(WriteFileAtomically(folder / "crds" / "servicemonitors.yaml", kCrd));
    ASSERT_OK(WriteFileAtomically(folder / "chart" / "Chart.yaml", "apiVersion: v2\nname: cilium\nversion: 1.0.0\n"));
    WriteClusterFile("");
  }

  void WriteClusterFile(const std::string& more) {
    const std::string control = lab_->Address("control"), worker = lab_->Address("worker");
    ASSERT_OK(WriteFileAtomically(
        cluster_file(),
        absl::StrCat(
            "version: 1\ncluster: tales\nfixture: lab\ndisposable: true\nallow: disruptive\nendpoint: https://",
            control, ":6443\ntalos: {version: v1.9.4}\nkubernetes: {version: v1.32.2}\nnodes:\n",
            "  - {name: control, role: controlplane, address: ", control,
            ", taints: [node-role.kubernetes.io/control-plane:NoSchedule]}\n",
            "  - {name: worker, role: worker, address: ", worker, "}\n",
            "config:\n  folder: work\n  secrets: {file: secrets.yaml}\n  generator:\n",
            "    arguments: [--install-disk=/dev/sda, --install-image=ghcr.io/siderolabs/installer:v1.9.4]\n",
            "    patches:\n      all: ['{cluster: {network: {cni: {name: none}}, proxy: {disabled: true}}, "
            "machine: {install: {extraKernelArgs: [vga=792]}}}']\n",
            "  kernelArguments: [vga=792]\n", "namespaces:\n  cilium: {enforce: privileged, warn: privileged}\n",
            "crds: {prometheusOperator: {version: v0.80.1, source: ../crds}}\n",
            "cilium: {namespace: cilium, release: cilium, chart: ../chart, version: 1.17.1}\n", more)));
  }

  std::filesystem::path cluster_file() const { return lab_->folder() / "up.yaml"; }
  std::filesystem::path state() const { return lab_->folder() / "state"; }
  std::string Secrets() const { return ReadFile(lab_->folder() / "work" / "secrets.yaml").value_or(""); }

  Command Tales(std::vector<std::string> arguments) const {
    Command command;
    command.argv = {ServeLabProgram()};
    command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
    command.argv.insert(command.argv.end(), {"--cluster", cluster_file().string(), "--state", state().string()});
    command.environment = {{"LAB", lab_->folder().string()},
                           {"HOME", lab_->folder().string()},
                           {"PATH", absl::StrCat((lab_->folder() / "bin").string(), ":", std::getenv("PATH"))}};
    return command;
  }
  Finished Go(std::vector<std::string> arguments, absl::Duration patience = absl::Minutes(4)) const {
    const absl::StatusOr<Finished> finished = tales::Run(Tales(std::move(arguments)), Deadline::After(patience));
    EXPECT_OK(finished);
    return finished.value_or(Finished{});
  }
  Finished Up(std::vector<std::string> more = {}) const {
    more.insert(more.begin(), {"up", "--new-secrets", "--verify", "none", "--unattended"});
    return Go(more);
  }
  Finished Talosctl(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"talosctl", "--talosconfig", (state() / "talosconfig").string()});
    return lab_->RunClient(arguments);
  }
  // The line that the refusal says, and `more`.
  void DeclareAuthority(const std::string& more = "") {
    const Finished refused = Go({"power", "reboot", "worker"});
    EXPECT_EQ(refused.exit_code, 2);
    const size_t at = refused.error_output.find("authority: sha256:");
    ASSERT_NE(at, std::string::npos) << refused.error_output;
    WriteClusterFile(
        absl::StrCat(refused.error_output.substr(at, std::string("authority: sha256:").size() + 64), "\n", more));
  }
  // What real clients say of it.
  void ExpectBuilt() const {
    for (const char* node : {"control", "worker"}) {
      const std::string address = lab_->Address(node);
      EXPECT_EQ(Talosctl({"-n", address, "read", "/proc/sys/kernel/bootloader_type"}).output, "114\n") << node;
      EXPECT_THAT(Talosctl({"-n", address, "read", "/proc/cmdline"}).output, HasSubstr("vga=792")) << node;
    }
    const Finished health = Talosctl({"health", "--wait-timeout", "30s", "-n", lab_->Address("control")});
    EXPECT_EQ(health.exit_code, 0) << health.error_output;
    EXPECT_OK(lab_->AwaitClient({"kubectl", "--kubeconfig", (state() / "kubeconfig").string(), "wait",
                                 "--for=condition=Ready", "node/control", "node/worker", "--timeout=1s"},
                                "node/worker condition met"));
  }
  std::filesystem::path LastRun() const {
    std::filesystem::path last;
    for (const auto& entry : std::filesystem::directory_iterator(state() / "runs"))
      if (last.empty() || entry.path().filename() > last.filename()) last = entry.path();
    return last;
  }

  std::optional<RunningLab> lab_;
};

TEST_F(BringUp, FromMachinesThatAreOff) {
  ASSERT_NO_FATAL_FAILURE(Start());
  const Finished plan = Go({"up", "--plan"});
  EXPECT_THAT(plan.output, AllOf(HasSubstr("[ 1/"), HasSubstr("$ talosctl apply-config --insecure --nodes")));
  EXPECT_FALSE(std::filesystem::exists(state())) << "a plan leaves nothing behind";
  EXPECT_THAT(Go({"status"}).output, AllOf(HasSubstr("control  off  -> tales power on control"), HasSubstr("worker")));

  const Finished up = Up();
  ASSERT_EQ(up.exit_code, 0) << up.output << up.error_output;
  EXPECT_THAT(up.output, AllOf(HasSubstr("NotReady for want of a network plugin, as expected"),
                               HasSubstr("cold-boot/worker"), HasSubstr("GRUB started its kernel")));
  EXPECT_THAT(up.output, Not(HasSubstr("PRIVATE KEY")));
  ExpectBuilt();
  const auto model = reports::ReadJournal(LastRun() / "events.jsonl");
  ASSERT_OK(model);
  EXPECT_EQ(model->exit(), 0);
  EXPECT_EQ(model->Find("bringup.apply/control")->verdict, Verdict::kPassed);
  EXPECT_TRUE(std::filesystem::exists(LastRun() / "junit.xml"));
  EXPECT_THAT(Go({"status"}).output, AllOf(HasSubstr("control  Talos v1.9.4 running, Ready  -> nothing"),
                                           HasSubstr("worker   Talos v1.9.4 running, Ready  -> nothing")));

  const Finished again = Up();
  EXPECT_EQ(again.exit_code, 0) << again.output;
  EXPECT_THAT(again.output, Not(HasSubstr("done in")));
}

TEST_F(BringUp, KilledAtEachStepItGoesOnWithTheSameSecrets) {
  ASSERT_NO_FATAL_FAILURE(Start());
  std::string secrets;
  size_t killed = 0;
  for (size_t step = 1; step < 60; ++step) {
    Child::Options options{.command = Tales({"up", "--new-secrets", "--verify", "none", "--unattended"})};
    options.log_file = lab_->folder() / absl::StrCat("up-", step, ".log");
    absl::StatusOr<Child> child = Child::Start(options);
    ASSERT_OK(child);
    // As soon as it is at the step of that number (once more some milliseconds later, somewhere in the middle of it).
    const std::string mark = absl::StrCat(step < 10 ? "[ " : "[", step, "/");
    const auto there = [&]() -> absl::Status {
      const std::string log = ReadFile(options.log_file).value_or("");
      return absl::StrContains(log, mark) || !child->running() ? absl::OkStatus() : absl::UnavailableError(log);
    };
    ASSERT_OK(RetryUntil(Deadline::After(absl::Minutes(2)), mark, absl::Milliseconds(2), there));
    if (step % 2 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(40));
    const bool running = child->running();
    if (running) child->Kill(SIGKILL);
    const std::optional<Finished> end = child->Wait(Deadline::After(absl::Seconds(20)));
    ASSERT_TRUE(end.has_value());
    if (end->signal == SIGKILL) ++killed;
    if (secrets.empty()) secrets = Secrets();
    EXPECT_TRUE(secrets.empty() || secrets == Secrets()) << "after step " << step;
    if (end->signal != SIGKILL) {
      ASSERT_EQ(end->exit_code, 0) << ReadFile(options.log_file).value_or("");
      break;
    }
  }
  EXPECT_GT(killed, 25u);
  const Finished up = Up();
  ASSERT_EQ(up.exit_code, 0) << up.output << up.error_output;
  EXPECT_EQ(Secrets(), secrets);
  ExpectBuilt();
}

TEST_F(BringUp, WithoutHelmItStopsAndSaysSo) {
  ASSERT_NO_FATAL_FAILURE(Start());
  std::filesystem::remove(lab_->folder() / "bin" / "helm");
  if (FindProgram("helm").ok()) GTEST_SKIP() << "there is a helm on PATH";
  const Finished up = Up();
  EXPECT_EQ(up.exit_code, 1);
  EXPECT_THAT(up.output, AllOf(HasSubstr("helm is not on PATH"), HasSubstr("next:")));
  const auto model = reports::ReadJournal(LastRun() / "events.jsonl");
  ASSERT_OK(model);
  EXPECT_EQ(model->Find("bringup.cilium/release")->verdict, Verdict::kFailed);
  EXPECT_EQ(model->Find("bringup.verify"), nullptr);
  EXPECT_EQ(model->Find("bringup.cold-boot/worker")->verdict, Verdict::kBlocked);
}

TEST_F(BringUp, LifeAfterwards) {
  ASSERT_NO_FATAL_FAILURE(Start());
  ASSERT_EQ(Up().exit_code, 0);
  // Nothing without the authority in the cluster file; the refusal says which line to add.
  ASSERT_NO_FATAL_FAILURE(DeclareAuthority());

  Finished done = Go({"power", "reboot", "worker"});
  EXPECT_EQ(done.exit_code, 0) << done.output << done.error_output;
  EXPECT_THAT(done.output, HasSubstr("by kexec"));
  done = Go({"power", "powercycle", "worker"});
  EXPECT_EQ(done.exit_code, 0) << done.output << done.error_output;
  EXPECT_THAT(done.output, HasSubstr("by its boot code"));
  done = Go({"power", "cycle", "worker"});
  EXPECT_EQ(done.exit_code, 0) << done.output << done.error_output;

  done = Go({"upgrade", "--to", "v1.9.5"});
  EXPECT_EQ(done.exit_code, 0) << done.output << done.error_output;
  EXPECT_THAT(done.output, HasSubstr(".snapshot, 16416 bytes"));
  EXPECT_THAT(Talosctl({"-n", lab_->Address("worker"), "version"}).output, HasSubstr("v1.9.5"));
  EXPECT_EQ(lab_->Order("fault", "lab:upgrade-rolls-back=control").exit_code, 0);
  done = Go({"upgrade", "--to", "v1.9.6", "--no-snapshot"});
  EXPECT_EQ(done.exit_code, 1);
  EXPECT_THAT(done.output, HasSubstr("rolled back, v1.9.6 did not come up"));
  EXPECT_THAT(Talosctl({"-n", lab_->Address("worker"), "version"}).output, HasSubstr("v1.9.5")) << "it was not touched";
  EXPECT_EQ(lab_->Order("heal", "lab:upgrade-rolls-back=control").exit_code, 0);

  done = Go({"reset", "control"});
  EXPECT_EQ(done.exit_code, 2);
  EXPECT_THAT(done.error_output, HasSubstr("the only control plane"));
  done = Go({"reset", "worker", "--force"});
  EXPECT_EQ(done.exit_code, 0) << done.output << done.error_output;
  EXPECT_THAT(Go({"status"}).output, HasSubstr("worker   waits in maintenance mode"));
  done = Up();
  EXPECT_EQ(done.exit_code, 0) << done.output << done.error_output;

  const std::string secrets = Secrets();
  done = Go({"down"});
  EXPECT_EQ(done.exit_code, 0) << done.output << done.error_output;
  EXPECT_THAT(Go({"status"}).output, HasSubstr("there is no such machine"));
  done = Up();
  EXPECT_EQ(done.exit_code, 0) << done.output << done.error_output;
  EXPECT_EQ(Secrets(), secrets);
  ExpectBuilt();
}

TEST_F(BringUp, DisksAndALossOfPower) {
  ASSERT_NO_FATAL_FAILURE(Start());
  ASSERT_EQ(Up().exit_code, 0);
  ASSERT_NO_FATAL_FAILURE(DeclareAuthority());
  const std::vector<std::string> add = {"disk", "add", "worker", "--name", "data", "--size", "10GB"};
  Finished done = Go(add);
  EXPECT_EQ(done.exit_code, 0) << done.output << done.error_output;
  EXPECT_THAT(done.output, HasSubstr("Talos sees it: /dev/sdb, 10 GB"));
  EXPECT_THAT(Talosctl({"-n", lab_->Address("worker"), "get", "disks"}).output,
              AllOf(HasSubstr("sdb"), HasSubstr("10 GB"), HasSubstr("data")));
  EXPECT_EQ(Go(add).exit_code, 0) << "it is kept";
  // Adding asks less than deleting: what was on the disk is lost for good.
  const std::string text = *ReadFile(cluster_file());
  std::string kept = text;
  kept.replace(kept.find("disposable: true"), 16, "disposable: false");
  ASSERT_OK(WriteFileAtomically(cluster_file(), kept));
  EXPECT_EQ(Go(add).exit_code, 0);
  done = Go({"disk", "delete", "worker", "--name", "data"});
  EXPECT_EQ(done.exit_code, 2);
  EXPECT_THAT(done.error_output, HasSubstr("does not say `disposable: true`"));
  ASSERT_OK(WriteFileAtomically(cluster_file(), text));
  done = Go({"disk", "delete", "worker", "--name", "data"});
  EXPECT_EQ(done.exit_code, 0) << done.output << done.error_output;
  EXPECT_THAT(Talosctl({"-n", lab_->Address("worker"), "get", "disks"}).output, Not(HasSubstr("sdb")));
  EXPECT_EQ(Go({"disk", "add", "worker", "--name", "data", "--size", "10"}).exit_code, 2);
  EXPECT_EQ(Go({"disk", "add", "nobody", "--name", "data", "--size", "1GB"}).exit_code, 2);

  done = Go({"power-loss"});
  EXPECT_EQ(done.exit_code, 0) << done.output << done.error_output;
  EXPECT_THAT(done.output, HasSubstr("it was on and is on, by another boot"));
  EXPECT_EQ(Go({"power", "off", "worker"}).exit_code, 0);
  done = Go({"power-loss"});
  EXPECT_EQ(done.exit_code, 0) << done.output << done.error_output;
  EXPECT_THAT(done.output, HasSubstr("it was off and is off"));
  EXPECT_THAT(lab_->Order("machine", "worker").output, HasSubstr("\"power\":\"off\""));
  EXPECT_THAT(Go({"autostart"}).output, HasSubstr("by themselves"));
  // A setting that somebody has changed in the host's user interface.
  EXPECT_EQ(lab_->Order("fault", "lab:vm-setting=control/autostart").exit_code, 0);
  done = Go({"power-loss"});
  EXPECT_EQ(done.exit_code, 1);
  EXPECT_THAT(done.output, AllOf(HasSubstr("its host has not started it"), HasSubstr("autostart")));
}

// Two kinds of machines in one cluster: one of the lab's host, one that only the operator's commands can switch.
TEST_F(BringUp, AMetalNodeBesideAVirtualOne) {
  ASSERT_NO_FATAL_FAILURE(Start());
  const std::filesystem::path bmc = lab_->folder() / "bin" / "bmc";
  ASSERT_OK(WriteFileAtomically(
      bmc,
      absl::StrCat(
          "#!/bin/sh\nlab() { ", ServeLabProgram(), " lab \"$@\" --out ", lab_->folder().string(),
          "; }\ncase $1 in\n"
          "status) case $(lab machine worker) in *'\"power\":\"on\"'*) echo Power: on;; *) echo Power: off;; esac;;\n"
          "boot) lab boot-from $2 worker;;\n*) lab power $1 worker;;\nesac\n"),
      0755));
  std::string text = *ReadFile(cluster_file());
  const std::string worker = "{name: worker, role: worker, ";
  const size_t at = text.find(worker);
  ASSERT_NE(at, std::string::npos);
  text.insert(at + worker.size(),
              absl::StrCat("fixture: metal, power: {on: [bin/bmc, on], off: [bin/bmc, off], status: "
                           "[bin/bmc, status], bootDisk: [bin/bmc, boot, disk], bootCdrom: [bin/bmc, "
                           "boot, cdrom]}, "));
  ASSERT_OK(WriteFileAtomically(cluster_file(), text));
  Finished up = Up();
  EXPECT_EQ(up.exit_code, 1);
  EXPECT_THAT(up.output, AllOf(HasSubstr("does not carry our mark"), HasSubstr("--confirm worker")));
  EXPECT_THAT(lab_->Order("machine", "worker").output, HasSubstr("\"power\":\"off\""))
      << "nobody has said that it is ours";
  up = Up({"--confirm", "worker"});
  ASSERT_EQ(up.exit_code, 0) << up.output << up.error_output;
  ExpectBuilt();
  EXPECT_THAT(up.output, Not(HasSubstr("by hand")));
}

// The parts are real, save the judge: a script that keeps what it was asked, and is red when it is told to.
TEST_F(BringUp, NightAfterNight) {
  ASSERT_NO_FATAL_FAILURE(Start());
  ASSERT_EQ(Up().exit_code, 0);
  ASSERT_NO_FATAL_FAILURE(DeclareAuthority(kVm));
  const std::string secrets = Secrets();
  const std::filesystem::path judge = lab_->folder() / "judge", asked = lab_->folder() / "asked";
  ASSERT_OK(WriteFileAtomically(judge, R"(#!/bin/sh
echo "$@" >> "$LAB/asked"
while [ $# -gt 1 ]; do [ "$1" = --out ] && out=$2; shift; done
mkdir -p "$out" && touch "$out/events.jsonl"
[ ! -e "$LAB/red" ]
)",
                                0755));
  const auto night = [&](const std::string& more = "") {
    Command command = Tales({"nightly"});
    if (!more.empty()) command.argv.push_back(more);
    command.environment["TALES_VERIFY"] = judge.string();
    return tales::Run(command, Deadline::After(absl::Minutes(3))).value_or(Finished{});
  };
  Finished first = night();
  EXPECT_EQ(first.exit_code, 0) << first.output << first.error_output;
  EXPECT_THAT(first.output, AllOf(HasSubstr("== down"), HasSubstr("remove/control"), HasSubstr("== up"),
                                  HasSubstr("cold-boot/worker"), HasSubstr("== verify")));
  EXPECT_EQ(Secrets(), secrets);
  EXPECT_THAT(ReadFile(asked).value_or(""),
              AllOf(HasSubstr("--profile nightly"), Not(HasSubstr("--baseline")),
                    HasSubstr(absl::StrCat("--vm-settings ", (state() / "vm.json").string()))));
  EXPECT_THAT(ReadFile(state() / "vm.json").value_or(""),
              AllOf(HasSubstr("\"video\": \"vmvga\""), HasSubstr("\"autostart\": \"last-state\"")));
  const std::filesystem::path good = std::filesystem::canonical(state() / "last-good");
  for (const char* part : {"down", "up"})
    EXPECT_TRUE(std::filesystem::exists(good.parent_path() / part / "junit.xml")) << part;

  ASSERT_OK(WriteFileAtomically(lab_->folder() / "red", ""));
  const Finished second = night();
  EXPECT_EQ(second.exit_code, 1) << second.output << second.error_output;
  EXPECT_THAT(ReadFile(asked).value_or(""), HasSubstr(absl::StrCat("--baseline ", good.string())));
  EXPECT_EQ(std::filesystem::canonical(state() / "last-good"), good) << "a red night is no measure";

  const Finished late = night("--deadline=1ms");
  EXPECT_EQ(late.exit_code, 3);
  EXPECT_THAT(late.error_output, HasSubstr("the time for the whole is over"));
}

TEST_F(BringUp, ADownThatIsNotAllowedTouchesNothing) {
  ASSERT_NO_FATAL_FAILURE(Start());
  std::string text = *ReadFile(cluster_file());
  text.replace(text.find("disposable: true"), 16, "disposable: false");
  ASSERT_OK(WriteFileAtomically(cluster_file(), text));
  Finished down = Go({"down"});
  EXPECT_EQ(down.exit_code, 2);
  EXPECT_THAT(down.error_output, HasSubstr("does not say `disposable: true`"));
  WriteClusterFile(absl::StrCat("authority: sha256:", std::string(64, '0'), "\n"));
  EXPECT_EQ(lab_->Order("fault", "lab:foreign-machine=worker").exit_code, 0);
  down = Go({"down"});
  EXPECT_EQ(down.exit_code, 1) << down.error_output;
  EXPECT_THAT(down.output, HasSubstr("does not carry our mark"));
  EXPECT_THAT(lab_->Order("machine", "worker").output, HasSubstr("\"exists\":true"));
}

// What the lab writes for it, with real Helm.
TEST_F(BringUp, TakesTheFilesThatTheLabWrites) {
  if (!FindProgram("helm").ok()) GTEST_SKIP() << "helm is not on PATH";
  absl::StatusOr<RunningLab> lab = RunningLab::Start({"--state", "off"});
  ASSERT_OK(lab);
  lab_.emplace(*std::move(lab));
  Command command;
  command.argv = {ServeLabProgram(), "up",       "--cluster", cluster_file().string(), "--state",
                  state().string(),  "--verify", "none",      "--unattended"};
  command.environment["HOME"] = lab_->folder().string();
  ASSERT_OK_AND_ASSIGN(const Finished up, tales::Run(command, Deadline::After(absl::Minutes(4))));
  EXPECT_EQ(up.exit_code, 0) << up.output << up.error_output;
  ExpectBuilt();
}

}  // namespace
}  // namespace tales::lab
