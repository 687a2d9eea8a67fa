// What takes hours or brings forth verdicts of its own: conformance, `cilium connectivity test`, foreign JUnit.
//
// A producer runs in a process of its own (`tales worker --producer ID`) in its own session, so that it outlives the
// runner. It appends events to a spool file of the run, never to a pipe; the runner follows that file, and after a kill
// `--resume` attaches to it again: the spool is read from where the journal ends, and the process is awaited or, when
// it is gone without an end, reported as an error.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "harness/check/check.h"

namespace tales {

// What the producer's body is given.
class ProducerContext {
 public:
  virtual ~ProducerContext() = default;
  virtual Cluster& cluster() = 0;
  // A verdict of a child check, as soon as it is known; `child` is the instance ("conformance.case/CODENAME").
  virtual void Report(const std::string& child, const Outcome& outcome, absl::Duration duration) = 0;
  // Names children before they run, so that a kill leaves them `not_run`, never silent.
  virtual void Announce(const std::vector<std::string>& children) = 0;
  virtual void Progress(std::string_view line) = 0;
  virtual Deadline deadline() const = 0;
};

struct Producer {
  std::string id;  // the check that stands for the producer as a whole: "conformance.run"
  std::string question;
  Tier tier = Tier::kCreate;
  std::vector<const Requirement*> needs;
  std::vector<std::string> after;
  std::vector<std::string> faults;
  absl::Duration deadline = absl::Hours(3);
  // Returns the outcome of the whole (did it run to its end?); children were reported on the way.
  std::function<Outcome(ProducerContext&)> produce;
};

}  // namespace tales
