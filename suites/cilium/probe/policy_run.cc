#include "suites/cilium/probe/policy_run.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
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
    absl::SleepFor(kPause);
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
  if (probe.to.empty() || probe.to == probe.from) return std::nullopt;
  switch (CutBetween(ways, probe.from, probe.to, probe.layer).cut) {
    case Cut::kForth:
      return absl::StrCat(probe.from, " -> ", probe.to);
    case Cut::kBack:
      return absl::StrCat(probe.to, " -> ", probe.from);
    case Cut::kBoth:
      return absl::StrCat(std::min(probe.from, probe.to), " <-> ", std::max(probe.from, probe.to));
    default:
      return std::nullopt;
  }
}

std::optional<std::string> CannotJudge(const PolicyTrace& trace, const Ways& ways, const std::string& name_space) {
  if (trace.control.empty()) return absl::StrCat(trace.what, ": nothing was tried");
  for (const Tried& one : NotHolding(trace.control)) {
    if (const auto way = BrokenWay(one.probe, ways)) {
      return absl::StrCat(
          *way, ": what is sent this way does not arrive, so that no policy between these nodes could be tried");
    }
    return absl::StrCat("before the policy (", trace.what,
                        ") this was not answered, so that a denial would prove nothing: ", Told(one, name_space));
  }
  if (!trace.applied.ok())
    return absl::StrCat("the policy (", trace.what, ") could not be made: ", trace.applied.message());
  for (const auto* tried : {&trace.in_force, &trace.confirmations, &trace.after}) {
    if (!AnyNotRun(*tried)) continue;
    return absl::StrCat("under the policy (", trace.what,
                        ") not all could be run: ", Told(NotHolding(*tried).front(), name_space));
  }
  return std::nullopt;
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
  if (!AllHold(trace.control)) return trace;
  const kube::ResourcePath kind = step.kind == PolicyKind::kNetworkPolicy ? kNetworkPolicies : kCiliumNetworkPolicies;
  const std::string name = Text(step.policy, "metadata.name");
  trace.applied = client.Create(kind, kNamespace, step.policy, /*dry_run=*/false, deadline.AtMost(kCall)).status();
  if (trace.applied.ok()) {
    trace.in_force = ToTry(step.probes);
    Await(executor, trace.in_force, kInForce, deadline);
    if (AllHold(trace.in_force)) {
      for (int i = 0; i < kConfirmations; ++i) {
        for (Tried& one : ToTry(step.probes)) trace.confirmations.push_back(std::move(one));
      }
      executor.Run(trace.confirmations, deadline);
    }
  }
  // Also where making it failed: only the answer may have been lost. And also when time is up.
  const absl::Status removed = client.Delete(kind, kNamespace, name, Deadline::After(kCall));
  trace.removed = absl::IsNotFound(removed) ? absl::OkStatus() : removed;
  if (!trace.applied.ok() || !trace.removed.ok()) return trace;
  trace.after = AllAnswered(step.probes);
  Await(executor, trace.after, kFlowsAgain, deadline);
  return trace;
}

Outcome JudgePolicies(const std::vector<PolicyTrace>& traces, const Ways& ways, const std::string& name_space,
                      const std::string& next) {
  std::vector<Problem> problems;
  std::vector<std::string> cannot, held;
  for (const PolicyTrace& trace : traces) {
    if (std::optional<std::string> why = CannotJudge(trace, ways, name_space)) {
      // Two policies have one reason, where it is the way.
      if (std::find(cannot.begin(), cannot.end(), *why) == cannot.end()) cannot.push_back(*std::move(why));
    } else if (!trace.removed.ok()) {
      cannot.push_back(absl::StrCat("the policy (", trace.what, ") could not be removed: ", trace.removed.message()));
    } else if (std::optional<std::string> broken = Broken(trace, name_space)) {
      problems.push_back({.expected = absl::StrCat("a policy with ", trace.what, " does what it says"),
                          .found = *std::move(broken),
                          .next = next});
    } else {
      held.push_back(trace.what);
    }
  }
  if (problems.empty() && (!cannot.empty() || held.empty())) {
    return Outcome::CannotLook(
        absl::UnavailableError(cannot.empty() ? "no policy was tried" : absl::StrJoin(cannot, "; ")),
        "the scenarios without policies say more: judge them first");
  }
  return Outcome::FromProblems(std::move(problems),
                               absl::StrCat("in force, and gone with it: ", absl::StrJoin(held, "; ")));
}

}  // namespace tales::cilium::probe
