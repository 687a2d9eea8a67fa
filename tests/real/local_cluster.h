// One `tales local` for the tests of a binary, and a look at its processes from outside.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "fixtures/fixture.h"
#include "harness/base/file.h"

namespace tales::testing {

// OK where the control plane's programs are there or could be built; otherwise why not: the test is skipped with it.
const absl::Status& ControlPlaneIsAvailable();
// The same for real nodes: rights, Debian packages and programs, which are not built here (`tales assets
// --nodes` does that, in minutes).
const absl::Status& NodesAreAvailable();
absl::Status CiliumIsAvailable();  // the same for nodes with Cilium, beyond that

// Why an asset is not there, without how it would be built: that is not what lacks.
std::string WhatLacks(const absl::Status& status);

struct LocalCluster {
  TemporaryFolder folder;
  std::unique_ptr<Fixture> fixture;
  ClusterAccess access;
  absl::Duration start;
};
// `cluster_file`: what it is to be. Default: the fixture's own, which has no nodes. `conformance_runner`: as in
// FixtureRequest.
absl::StatusOr<LocalCluster> StartLocalCluster(const std::vector<FaultRequest>& faults = {},
                                               const std::filesystem::path& cluster_file = {},
                                               const std::string& conformance_runner = "");

// Sends a signal to the processes of a node with this name. `first_process`: of the node. NotFound: there is none.
absl::Status SignalOnNode(pid_t first_process, const std::string& name, const std::string& signal);

// The four programs, by the server's process.
std::vector<pid_t> ControlPlaneProcessesOf(pid_t parent);
bool Exists(pid_t pid);
bool AllGone(const std::vector<pid_t>& pids, absl::Duration within);

}  // namespace tales::testing
