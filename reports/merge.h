// Several runs as one: the shards of a night, or a run and the one that made good what it left open.
//
// Every check that any of them has is in the result. Where several have it, in this order:
//
//   1. a verdict beats none (planned and never run, or only known to be missing);
//   2. an answer beats a look that was not possible (unsupported, blocked, inconclusive): a shard without a talosconfig
//      takes nothing from one that had it;
//   3. of two answers about the same cluster the later one counts, as far as the runs' ids are ordered: the cluster may
//      have been mended in between; otherwise, and where each run had a cluster of its own, the worse one.
//
// An answer that lost to a different one stays, as an earlier attempt. Runs of different fixtures, of clusters that are
// known to differ, or of one cluster in different versions are not to be merged: compare them.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "nlohmann/json.hpp"
#include "reports/run_model.h"

namespace tales::reports {

struct MergedRun {
  std::vector<nlohmann::json> events;  // a whole journal: run, planned, retry, finished, end
  // Evidence that has to be copied: from a path in the folder of runs[run] to one in the merged run's folder.
  struct Evidence {
    size_t run;
    std::string from, to;
  };
  std::vector<Evidence> evidence;
};

struct MergeOptions {
  // The caller knows that it was one cluster, though its fixtures had different names: what stood it up, and what
  // adopted it then. Default: false
  bool across_fixtures = false;
};
// REQUIRES: at least one run. InvalidArgument says which two of them are not to be merged, and why.
absl::StatusOr<MergedRun> MergeRuns(const std::vector<RunModel>& runs, const MergeOptions& options = {});

}  // namespace tales::reports
