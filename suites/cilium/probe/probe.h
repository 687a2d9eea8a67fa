// One probe: from where, to where, by what, and what it has to end in; and what came of it. Plain values: lists of them
// are made from a Place (plan.h), run by exec (executor.h), and judged (judge.h).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace tales::cilium::probe {

// Which network a probe crosses between two nodes. A broken one is looked for there first.
enum class Layer { kPods, kNodes };

enum class Want { kAnswer, kSilence };  // silence: no answer in time; "refused" is none

struct Probe {
  std::string scenario;            // "other-node"
  std::string pod;                 // where it runs: "client-1"; "": outside of the cluster
  std::string from, to;            // node names; `to` is "" where it leads to no node that can be told
  std::vector<std::string> words;  // of probe.sh: kind, then arguments; none has a blank in it
  std::string what;                // "a pod on node-1 asks a pod on node-2: GET http://10.244.12.7:8080/hostname"
  std::string command;             // the same, to be typed in the pod
  Layer layer = Layer::kPods;
  Want want = Want::kAnswer;
  std::vector<std::string> texts;     // all of them have to be in the answer
  std::vector<std::string> maybe_to;  // nodes of which one answers, where `to` is ""
  std::string impossible;             // why it cannot be tried: what it is to reach is not there. "": it can
  std::string kind() const { return words.empty() ? "" : words.front(); }
};

struct Answer {
  int code = 0;      // of the program that probed
  std::string text;  // what it wrote, on one line, cut
};

struct Tried {
  Probe probe;
  absl::StatusOr<Answer> answer = absl::UnknownError("not tried");  // error: it could not be run
  int tries = 1;
};

enum class Result {
  kAnswer,
  kSilence,  // nothing came back in time
  kRefused,  // somebody said no, or there is no way
  kTooBig,   // it does not fit, though less gets through
  kWrong,    // an answer, and not the one
  kNotRun,   // nobody looked: no pod, no exec, no program
};
Result ResultOf(const Tried& tried);
bool Holds(const Tried& tried);  // it ended as it has to
// "no answer in time", with what was written where that says more.
std::string Describe(const Tried& tried);

// "http://10.244.1.7:8080/hostname", of IPv6 in brackets; ADDRESS stands for one that a pod has not got yet.
std::string Url(std::string_view address, int port, std::string_view path = "/hostname");

// What probe.sh printed, as answers by index ("probe INDEX CODE TEXT"). DataLoss: it is not whole, or not of `count`.
absl::StatusOr<std::vector<Answer>> ParseRecords(std::string_view output, size_t count);

}  // namespace tales::cilium::probe
