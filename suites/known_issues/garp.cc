#include "suites/known_issues/garp.h"

#include "absl/strings/str_cat.h"
#include "harness/check/builtin_issues.h"
#include "suites/known_issues/variants.h"

namespace tales::known_issues {
namespace {

constexpr std::string_view kExpected =
    "no failed gratuitous ARP but that of the host endpoint (no pod, no address), once for each time it is made";

// How a line differs from the known one.
std::string Difference(const logs::LogLine& line) {
  if (!line.Field("k8sPodName").empty()) return absl::StrCat("it is of pod ", line.Field("k8sPodName"));
  if (line.Field("error") != "failed to craft ARP reply packet: invalid IPv4 address") {
    return absl::StrCat("the error is \"", line.Field("error"), "\"");
  }
  if (line.Field("ipAddr") != "invalid IP") return absl::StrCat("it is of address ", line.Field("ipAddr"));
  return absl::StrCat("it says \"", line.message, "\"");
}

std::string Times(uint64_t count) {
  return count == 0 ? "not at all" : count == 1 ? "once" : absl::StrCat(count, " times");
}

bool Tells(const AgentLog& log) {
  return log.host_endpoints > 0 || log.garp_known.count > 0 || log.garp_others.count > 0 ||
         log.garp_successors.count > 0;
}

Outcome Judge(const GarpFacts& facts, const AgentLog& log) {
  const std::string next = absl::StrCat(facts.log_command, " | grep -i -e gratuitous -e 'v4 nor v6'");
  if (log.garp_others.count > 0) {
    return NewVariant(kGarpIssue, kExpected, Difference(log.garp_others.parsed.front()), log.garp_others.text.front(),
                      log.garp_others, next);
  }
  if (log.garp_successors.count > 0) {
    return NewVariant(kGarpIssue, kExpected, "a newer Cilium says it in other words", log.garp_successors.text.front(),
                      log.garp_successors, next);
  }
  const uint64_t warnings = log.garp_known.count, made = log.host_endpoints;
  // A log whose beginning is gone may have lost one: an agent makes at most one.
  const uint64_t lost = log.has_start || made > 0 ? 0 : 1;
  if (warnings > made + lost) {
    return NewVariant(kGarpIssue, kExpected,
                      absl::StrCat("warned ", Times(warnings), ", and the host endpoint was made ", Times(made)),
                      log.garp_known.text.front(), log.garp_known, next);
  }
  if (warnings > 0) {
    return Outcome::Known(
               std::string(kGarpIssue),
               absl::StrCat(log.garp_known.parsed.front().message, ", ", Times(warnings), ": of the host endpoint of ",
                            facts.node, ", which has no address; pods are announced all the same"))
        .With(AsEvidence(log.garp_known));
  }
  // From 1.18 on the processor's start has words that are not known here.
  if (!log.garp_ready && !IsAtLeast(facts.version, "1.18.0")) {
    return Outcome::Inconclusive(absl::StrCat("the agent on ", facts.node, " made its host endpoint, and its log does ",
                                              "not tell that gratuitous ARP was ready by then"));
  }
  return Outcome::Resolved(std::string(kGarpIssue),
                           absl::StrCat("the agent on ", facts.node, " made its host endpoint and did not warn"));
}

}  // namespace

Outcome ClassifyGarp(const GarpFacts& facts) {
  if (!facts.announces) {
    return Outcome::Unsupported("L2 pod announcements switched on",
                                "enable-l2-pod-announcements is not \"true\" in cilium-config");
  }
  // An agent that only restarted has nothing to tell; the container before it may.
  if (Tells(facts.log)) return Judge(facts, facts.log);
  if (facts.previous.has_value() && Tells(*facts.previous)) return Judge(facts, *facts.previous);
  return Outcome::Inconclusive(
      absl::StrCat("the log of the agent on ", facts.node, " does not tell of a host endpoint that was made: ",
                   facts.log.has_start ? "the agent was restarted without a boot and restored it"
                                       : "its beginning was rotated away"));
}

}  // namespace tales::known_issues
