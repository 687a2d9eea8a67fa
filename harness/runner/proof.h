// Proof by fault: a check that no fault can turn red proves nothing, and a fault that no check notices is a hole.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "harness/check/fault.h"
#include "reports/run_model.h"

namespace tales {

// What a fault did to the verdicts, beside what its declaration says that it has to do.
struct Proof {
  std::vector<std::string> turned;      // check instances whose verdict differs from the healthy run's
  std::vector<std::string> missed;      // of `must`: instance or glob that did not turn
  std::vector<std::string> unexpected;  // turned, and neither in `must` nor in `may`
  std::vector<std::string> mute;        // turned as it must, but without saying what was found or what to do next
  bool holds() const { return missed.empty() && unexpected.empty() && mute.empty(); }
  std::string ToString() const;  // one line per thing that is wrong; "" when it holds
};

// Judges one run under `fault` against a healthy run of the same plan. A blocked check has not turned: it names its
// root, which has. A check turns as it must by `failed` or `known`; an `error` says that it could not look, which is no
// proof.
Proof JudgeProof(const Fault& fault, std::string_view target, const reports::RunModel& healthy,
                 const reports::RunModel& broken);

}  // namespace tales
