// Running probes: many of one pod by one exec, the pods side by side.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "harness/base/deadline.h"
#include "harness/kube/client.h"
#include "suites/cilium/probe/place.h"
#include "suites/cilium/probe/probe.h"

namespace tales::cilium::probe {

// Thread-safe, as the client is.
class Executor {
 public:
  // Why a node cannot be asked for anything now; "": it can.
  using Trouble = std::function<std::string(const std::string& node)>;
  // Both outlive it. A node in `trouble` is not asked: its kubelet would keep each exec waiting.
  Executor(
      kube::Client& client, const Place& place, Trouble trouble = [](const std::string&) { return std::string(); })
      : client_(client), place_(place), trouble_(std::move(trouble)) {}

  // Tries each once, and writes what came of it; returns when all are done. At most `lanes` of a pod at a time.
  void Run(std::vector<Tried>& tried, Deadline deadline, int lanes = 16) const;
  // The same; those that do not hold are tried again after a pause, `rounds` times in all: a service that is new may
  // need a moment. What could not be run is tried again too. Where more than a quarter fails twice it is no hiccup, and
  // two rounds are all. A name without its addresses is asked for on, for 35 s from the start: cluster DNS keeps that.
  void RunPatiently(std::vector<Tried>& tried, int rounds, Deadline deadline) const;

  // One probe.sh of one pod, in the order of `probes` (words of each).
  absl::StatusOr<std::vector<Answer>> Exec(const PodPlace& pod, const std::vector<std::vector<std::string>>& probes,
                                           int lanes, Deadline deadline) const;
  // nullptr: it is none of ours.
  const PodPlace* FindPod(const std::string& name) const;

 private:
  // Those at `places`, once more, after a pause.
  void RunAgain(std::vector<Tried>& tried, const std::vector<size_t>& places, Deadline deadline) const;

  kube::Client& client_;
  const Place& place_;
  const Trouble trouble_;
};

// The same probe.sh, run on this machine by `program`, which runs what follows it outside of the cluster.
absl::StatusOr<std::vector<Answer>> RunOutside(const std::string& program,
                                               const std::vector<std::vector<std::string>>& probes, int lanes,
                                               Deadline deadline);

// `probes`, to be tried.
std::vector<Tried> ToTry(std::vector<Probe> probes);

}  // namespace tales::cilium::probe
