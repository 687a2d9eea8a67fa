// Cases of which the same is to be said: told once, with the names of all. What the reports for people are made of.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "reports/run_model.h"

namespace tales::reports {

struct Group {
  const Case* first = nullptr;      // of the model, which has to outlive the group
  std::vector<std::string> checks;  // in plan order, with their suite
  std::vector<std::string> blocks;  // of red ones: the checks that could not be judged because of them
};

// What fails the run. A case with evidence or earlier tries of its own is a group of its own. `suite`: only its checks;
// Default: all.
std::vector<Group> RedGroups(const RunModel& model, std::string_view suite = "");

// What has this verdict and does not fail the run, one group for each Reason(). Blocked checks that RedGroups() tells
// under their root are left out, except where one suite is asked for: their root may be in another.
std::vector<Group> QuietGroups(const RunModel& model, Verdict verdict, std::string_view suite = "");

// The verdicts of which QuietGroups() are worth a line, in the order in which they are told.
inline constexpr std::array kToldQuietly = {Verdict::kFlaky,        Verdict::kKnown,       Verdict::kResolved,
                                            Verdict::kInconclusive, Verdict::kUnsupported, Verdict::kBlocked};

// Why a case that does not fail the run was not simply passed, on one line.
std::string Reason(const RunModel& model, const Case& one);
// What was found; for a case that never ran or never ended, that.
std::string FoundOf(const Case& one);
}  // namespace tales::reports
