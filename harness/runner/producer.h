// What takes hours or brings forth verdicts of its own: conformance, `cilium connectivity test`, foreign JUnit.
//
// A producer runs in a process of its own (`tales worker --producer`) that tells what it finds in a spool file of the
// run, never over a pipe: on a cluster that the run did not make, it outlives the runner. The runner follows the spool;
// after a kill `--resume` attaches to it again, and a producer that is gone without an end is an error.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "harness/check/check.h"
#include "harness/check/producer_inputs.h"

namespace tales {

// What the producer's body is given. Thread-safe, but for cluster() whose clients say so themselves.
class ProducerContext {
 public:
  virtual ~ProducerContext() = default;
  virtual Cluster& cluster() = 0;
  virtual const ProducerInputs& inputs() const = 0;
  // Private to this producer, kept with the run: what it needs to find again after a kill.
  virtual const std::filesystem::path& folder() const = 0;
  // Names checks before they run, so that a kill leaves them `not_run`, never silent.
  virtual void Announce(const std::vector<std::string>& checks) = 0;
  // The verdict of one of `children`, as soon as it is known: "conformance.case/CODENAME".
  virtual void Report(const std::string& check, const Outcome& outcome, absl::Duration duration) = 0;
  // It failed with `first_try`, was tried once more, and passed: the verdict is `flaky`.
  virtual void ReportFlaky(const std::string& check, const Outcome& first_try, absl::Duration duration) = 0;
  virtual void Progress(std::string_view line) = 0;
  // Of its work: what it has to take away again has Producer::clean_up after that. Where the run is ended (Ctrl-C) it
  // passes at once, and there are seconds to take away what was made; see Producer::resumable.
  virtual Deadline deadline() const = 0;
};

// A check whose verdict comes from a producer's run.
struct ProducedCheck {
  std::string id;  // "conformance.case"
  std::string question;
  bool many = false;  // instances are known only as the run goes; else it is one check, planned from the start
  std::vector<std::string> faults;
  std::string unproven;  // why no fault here can turn it, where none can; then it has no faults
};

struct Producer {
  std::string id;  // the check that stands for the run as a whole: "conformance.run"
  std::string question;
  Tier tier = Tier::kCreate;
  std::vector<const Requirement*> needs;
  std::vector<std::string> after;
  std::vector<std::string> faults;
  std::string unproven;  // as in ProducedCheck
  std::vector<ProducedCheck> children;
  absl::Duration deadline = absl::Hours(3);        // of the whole; the runner ends what takes longer
  absl::Duration clean_up = absl::ZeroDuration();  // of these, what it keeps for taking away what it made
  bool optional = false;                           // as in Check, unless it is asked for; holds for the children too
  bool alone = false;                              // nothing else runs meanwhile
  // What it set going goes on without it, for `--resume` to find: ended with the run, it takes nothing away.
  bool resumable = false;
  // What a run's inputs ask of it.
  struct Asked {
    std::string flag;  // as a person says it: "--connectivity all"
    Tier tier = Tier::kRead;
  };
  // Nullopt: nothing. Default: it does the same, whatever is asked.
  std::function<std::optional<Asked>(const ProducerInputs&)> asked;
  bool takes_imports = false;  // foreign results are its to judge
  // Did the run come to its end? Where it did, every child of the plan has been reported; where it was `unsupported`,
  // so are they; otherwise those that were not reported are blocked by it.
  std::function<Outcome(ProducerContext&)> produce;

  std::string suite() const { return id.substr(0, id.find('.')); }
};

}  // namespace tales
