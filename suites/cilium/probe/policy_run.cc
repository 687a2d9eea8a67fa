#include "suites/cilium/probe/policy_run.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "harness/base/join_few.h"
#include "harness/base/pause.h"
#include "harness/base/status.h"
#include "harness/check/spec.h"

namespace tales::cilium::probe {
namespace {

constexpr absl::Duration kInForce = absl::Seconds(30), kFlowsAgain = absl::Seconds(30), kCall = absl::Seconds(10);
constexpr absl::Duration kPause = absl::Milliseconds(300);
constexpr kube::ResourcePath kNetworkPolicies{"networking.k8s.io/v1", "networkpolicies"};
constexpr kube::ResourcePath kCiliumNetworkPolicies{"cilium.io/v2", "ciliumnetworkpolicies"};

std::vector<Tried> AllAnswered(const std::vector<Probe>& probes) {
  std::vector<Tried> tried = ToTry(probes);
  for (Tried& one : tried) {
    one.probe.want = Want::kAnswer;
    if (one.probe.texts == std::vector<std::string>{kForbidden}) one.probe.texts = {"200 "};
  }
  return tried;
}

bool AllHold(const std::vector<Tried>& tried) { return std::all_of(tried.begin(), tried.end(), Holds); }

// Until all hold at once, or `patience` is over.
void Await(const Executor& executor, std::vector<Tried>& tried, absl::Duration patience, Deadline deadline) {
  const Deadline limit = deadline.AtMost(patience);
  while (true) {
    executor.Run(tried, deadline);
    const bool impossible =
        std::any_of(tried.begin(), tried.end(), [](const Tried& one) { return !one.probe.impossible.empty(); });
    if (AllHold(tried) || impossible || limit.passed()) return;
    Pause(kPause, limit);
  }
}

std::vector<Tried> NotHolding(const std::vector<Tried>& tried) {
  std::vector<Tried> some;
  std::copy_if(tried.begin(), tried.end(), std::back_inserter(some), [](const Tried& one) { return !Holds(one); });
  return some;
}

std::string Told(const Tried& one, const std::string& name_space) {
  return absl::StrCat(
      one.probe.what, " (", one.probe.want == Want::kAnswer ? "is to be answered" : "is to get no answer",
      "): ", Describe(one), "   [kubectl -n ", name_space, " exec ", one.probe.pod, " -- ", one.probe.command, "]");
}

bool AnyNotRun(const std::vector<Tried>& tried) {
  return std::any_of(tried.begin(), tried.end(), [](const Tried& one) { return ResultOf(one) == Result::kNotRun; });
}

// The way between a control's nodes that is known to be broken: "node-1 -> node-2".
std::optional<std::string> BrokenWay(const Probe& probe, const Ways& ways) {
  std::vector<std::string> others = {probe.to};
  if (probe.to.empty()) others = probe.maybe_to;
  for (const std::string& to : others) {
    if (to == probe.from) continue;
    switch (CutBetween(ways, probe.from, to, probe.layer).cut) {
      case Cut::kForth:
        return absl::StrCat(probe.from, " -> ", to);
      case Cut::kBack:
        return absl::StrCat(to, " -> ", probe.from);
      case Cut::kBoth:
        return absl::StrCat(std::min(probe.from, to), " <-> ", std::max(probe.from, to));
      default:
        break;
    }
  }
  return std::nullopt;
}

// What of a step could not be judged, and why; empty: all of it could.
std::vector<std::string> NotJudged(const PolicyTrace& trace, const Ways& ways, const std::string& name_space) {
  std::vector<std::string> reasons;
  if (trace.control.empty()) reasons.push_back(absl::StrCat(trace.what, ": nothing was tried"));
  for (const Tried& one : NotHolding(trace.control)) {
    if (const auto way = BrokenWay(one.probe, ways)) {
      reasons.push_back(absl::StrCat(
          *way, ": what is sent this way does not arrive, so that no policy between these nodes could be tried"));
    } else {
      reasons.push_back(
          absl::StrCat("before the policy (", trace.what,
                       ") this was not answered, so that a denial would prove nothing: ", Told(one, name_space)));
    }
  }
  if (!trace.applied.ok()) {
    reasons.push_back(absl::StrCat("the policy (", trace.what, ") could not be made: ", trace.applied.message()));
  }
  for (const auto* tried : {&trace.in_force, &trace.confirmations, &trace.after}) {
    if (!AnyNotRun(*tried)) continue;
    reasons.push_back(absl::StrCat("under the policy (", trace.what,
                                   ") not all could be run: ", Told(NotHolding(*tried).front(), name_space)));
    break;
  }
  if (!trace.removed.ok()) {
    reasons.push_back(absl::StrCat("the policy (", trace.what, ") could not be removed: ", trace.removed.message()));
  }
  return reasons;
}

// Whether what was tried under the policy can be judged at all.
bool WasInForce(const PolicyTrace& trace) {
  return trace.applied.ok() && trace.removed.ok() && !trace.in_force.empty() && !AnyNotRun(trace.in_force) &&
         !AnyNotRun(trace.confirmations) && !AnyNotRun(trace.after);
}

std::optional<std::string> Broken(const PolicyTrace& trace, const std::string& name_space) {
  for (const Tried& one : NotHolding(trace.in_force)) {
    return absl::StrCat(trace.what, ": not in force ", absl::FormatDuration(kInForce), " after it was made; ",
                        Told(one, name_space));
  }
  const std::vector<Tried> shaken = NotHolding(trace.confirmations);
  if (!shaken.empty()) {
    return absl::StrCat(trace.what, ": in force, and then not: ", shaken.size(), " of ", trace.confirmations.size(),
                        " confirmations; ", Told(shaken.front(), name_space));
  }
  for (const Tried& one : NotHolding(trace.after)) {
    return absl::StrCat(trace.what, ": ", absl::FormatDuration(kFlowsAgain),
                        " after it was removed it still keeps out; ", Told(one, name_space));
  }
  return std::nullopt;
}

}  // namespace

PolicyTrace TryPolicy(kube::Client& client, const Executor& executor, const PolicyStep& step, Deadline deadline) {
  PolicyTrace trace{.what = step.what, .control = AllAnswered(step.probes)};
  Await(executor, trace.control, absl::Seconds(10), deadline);
  // One pod or way that is broken is no reason not to look at the others.
  std::vector<Probe> probes;
  for (size_t i = 0; i < trace.control.size(); ++i) {
    if (Holds(trace.control[i])) probes.push_back(step.probes[i]);
  }
  if (probes.empty()) return trace;
  const kube::ResourcePath kind = step.kind == PolicyKind::kNetworkPolicy ? kNetworkPolicies : kCiliumNetworkPolicies;
  const std::string name = Text(step.policy, "metadata.name");
  trace.applied = client.Create(kind, kNamespace, step.policy, /*dry_run=*/false, deadline.AtMost(kCall)).status();
  if (trace.applied.ok()) {
    trace.in_force = ToTry(probes);
    Await(executor, trace.in_force, kInForce, deadline);
    if (AllHold(trace.in_force)) {
      for (int i = 0; i < kConfirmations; ++i) {
        for (Tried& one : ToTry(probes)) trace.confirmations.push_back(std::move(one));
      }
      executor.Run(trace.confirmations, deadline);
    }
  }
  // Also where making it failed: only the answer may have been lost. And also when time is up.
  const absl::Status removed = client.Delete(kind, kNamespace, name, Deadline::After(kCall));
  trace.removed = absl::IsNotFound(removed) ? absl::OkStatus() : removed;
  if (!trace.applied.ok() || !trace.removed.ok()) return trace;
  trace.after = AllAnswered(probes);
  Await(executor, trace.after, kFlowsAgain, deadline);
  return trace;
}

Outcome JudgePolicies(const std::vector<PolicyTrace>& traces, const Ways& ways, const std::string& name_space,
                      const std::string& next) {
  std::vector<Problem> problems;
  std::vector<std::string> cannot, held;
  for (const PolicyTrace& trace : traces) {
    for (std::string& why : NotJudged(trace, ways, name_space)) {
      // Two policies have one reason, where it is the way.
      if (std::find(cannot.begin(), cannot.end(), why) == cannot.end()) cannot.push_back(std::move(why));
    }
    if (!WasInForce(trace)) continue;
    if (std::optional<std::string> broken = Broken(trace, name_space)) {
      problems.push_back({.expected = absl::StrCat("a policy with ", trace.what, " does what it says"),
                          .found = *std::move(broken),
                          .next = next});
    } else {
      held.push_back(trace.what);
    }
  }
  if (problems.empty() && (!cannot.empty() || held.empty())) {
    return Outcome::CannotLook(absl::UnavailableError(cannot.empty() ? "no policy was tried" : JoinFew(cannot)),
                               "the scenarios without policies say more: judge them first");
  }
  return Outcome::FromProblems(std::move(problems),
                               absl::StrCat("in force, and gone with it: ", absl::StrJoin(held, "; ")));
}

}  // namespace tales::cilium::probe
