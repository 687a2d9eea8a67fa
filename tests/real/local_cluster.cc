#include "tests/real/local_cluster.h"

#include <fstream>
#include <iostream>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "fixtures/local/assets.h"
#include "fixtures/local/local_fixture.h"
#include "fixtures/local/node/prerequisites.h"
#include "harness/base/status.h"
#include "harness/base/subprocess.h"
#include "harness/definition/cluster_file.h"

namespace tales::testing {

namespace fs = std::filesystem;

const absl::Status& ControlPlaneIsAvailable() {
  static const auto* const status = new absl::Status([] {
    AssetRequest request;
    request.progress = [](std::string_view line) { std::cout << line << std::endl; };
    return FindControlPlanePrograms(request).status();
  }());
  return *status;
}

const absl::Status& NodesAreAvailable() {
  static const auto* const status = new absl::Status([] {
    absl::Status found = CheckPrerequisites(Cni::kBridge, /*nodes=*/2, Deadline::After(absl::Minutes(1)));
    if (found.ok()) found = FindAssets(NodeAssets(), {.may_build = false}).status();
    if (!found.ok()) found = absl::Status(found.code(), WhatLacks(found));
    if (found.ok()) found = FindControlPlanePrograms({.may_build = false}).status();
    return found;
  }());
  return *status;
}

absl::Status CiliumIsAvailable() {
  absl::Status found = CheckPrerequisites(Cni::kCilium, /*nodes=*/2, Deadline::After(absl::Minutes(1)));
  if (found.ok()) found = FindAssets(CiliumAssets(), {.may_build = false}).status();
  return found.ok() ? found : absl::Status(found.code(), WhatLacks(found));
}

std::string WhatLacks(const absl::Status& status) {
  const std::string message(status.message());
  return message.substr(0, message.find(". Either "));
}

absl::StatusOr<LocalCluster> StartLocalCluster(const std::vector<FaultRequest>& faults, const fs::path& cluster_file,
                                               const std::string& conformance_runner) {
  TALES_ASSIGN_OR_RETURN(TemporaryFolder folder, TemporaryFolder::Make("tales-local-test"));
  LocalCluster cluster{
      .folder = std::move(folder), .fixture = MakeLocalFixture({}, TALES_PROGRAM), .access = {}, .start = {}};
  FixtureRequest request;
  request.state_folder = cluster.folder.path();
  request.faults = faults;
  request.conformance_runner = conformance_runner;
  if (!cluster_file.empty()) {
    TALES_ASSIGN_OR_RETURN(request.definition, LoadClusterFile(cluster_file));
  }
  request.deadline = Deadline::After(absl::Minutes(cluster_file.empty() ? 3 : 8));
  const absl::Time start = absl::Now();
  TALES_ASSIGN_OR_RETURN(cluster.access, cluster.fixture->Up(request));
  cluster.start = absl::Now() - start;
  std::cout << "the control plane was ready after " << absl::FormatDuration(cluster.start) << std::endl;
  return cluster;
}

absl::Status SignalOnNode(pid_t first_process, const std::string& name, const std::string& signal) {
  const std::string script =
      absl::StrCat("found=1; for p in /proc/[0-9]*; do if [ \"$(cat $p/comm 2>/dev/null)\" = ", name, " ]; then kill -",
                   signal, " ${p#/proc/} && found=0; fi; done; exit $found");
  TALES_ASSIGN_OR_RETURN(
      const Finished done,
      Run({.argv = {"nsenter", "--all", "--target", absl::StrCat(first_process), "--", "sh", "-c", script}},
          Deadline::After(absl::Seconds(20))));
  return done.ok() ? absl::OkStatus() : absl::NotFoundError(absl::StrCat("no ", name, " there: ", done.error_output));
}

std::vector<pid_t> ControlPlaneProcessesOf(pid_t parent) {
  std::vector<pid_t> children;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    pid_t pid = 0;
    if (!absl::SimpleAtoi(entry.path().filename().string(), &pid)) continue;
    std::ifstream file(entry.path() / "stat");
    std::string stat;
    std::getline(file, stat);
    // "pid (name) state ppid": the name may hold anything, so from its end.
    const size_t begin = stat.find('('), end = stat.rfind(')');
    if (begin == std::string::npos || end == std::string::npos) continue;
    const std::string name = stat.substr(begin + 1, end - begin - 1);
    if (name != "etcd" && !name.starts_with("kube-")) continue;
    pid_t ppid = 0;
    char state = 0;
    if (std::sscanf(stat.c_str() + end + 1, " %c %d", &state, &ppid) == 2 && ppid == parent) children.push_back(pid);
  }
  return children;
}

bool Exists(pid_t pid) { return fs::exists(absl::StrCat("/proc/", pid)); }

bool AllGone(const std::vector<pid_t>& pids, absl::Duration within) {
  const absl::Status status = RetryUntil(Deadline::After(within), "their end", absl::Milliseconds(20), [&] {
    for (pid_t pid : pids) {
      if (Exists(pid)) return absl::UnavailableError(absl::StrCat(pid, " is there"));
    }
    return absl::OkStatus();
  });
  return status.ok();
}

}  // namespace tales::testing
