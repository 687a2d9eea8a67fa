#include "suites/known_issues/big_tcp.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "harness/base/semantic_version.h"
#include "harness/check/builtin_issues.h"
#include "suites/known_issues/variants.h"

namespace tales::known_issues {
namespace {

constexpr int64_t kLegacySize = 65536;  // what a kernel does without BIG TCP
constexpr std::string_view kExpected =
    "BIG TCP in force, or refused as KI-BIGTCP has it: the kernel's \"invalid argument\" where the card's tso_max_size "
    "is 65536";

bool SizesFollowTheCard(const std::string& version) { return IsAtLeast(version, "1.19.0"); }

std::string Has(std::string_view key, bool value) { return absl::StrCat(key, "=", value ? "true" : "false"); }

// How a refusal differs from the known one; "" where it does not. `unsure`: what could not be read for that.
std::string Difference(const BigTcpFacts& facts, const logs::LogLine& line, std::string& unsure) {
  if (SizesFollowTheCard(facts.version)) {
    return absl::StrCat("Cilium ", facts.version, " asks for no more than the card takes, and should not be refused");
  }
  if (line.Field("error") != "invalid argument") {
    return absl::StrCat("the error is \"", line.Field("error"), "\" and not \"invalid argument\"");
  }
  const std::string device(line.Field("device"));
  const auto limit = facts.tso_max_size.find(device);
  if (limit == facts.tso_max_size.end()) {
    unsure = facts.unread.empty() ? absl::StrCat("there is no device \"", device, "\" now") : facts.unread;
    return "";
  }
  if (limit->second <= kLegacySize) return "";
  return absl::StrCat("the tso_max_size of ", device, " is ", limit->second, ", and the agent should have lowered its ",
                      "sizes to that");
}

Outcome Refused(const BigTcpFacts& facts, const AgentLog& log) {
  const Lines& lines = log.big_tcp_refusals;
  std::string unsure;
  for (size_t i = 0; i < lines.parsed.size(); ++i) {
    const std::string difference = Difference(facts, lines.parsed[i], unsure);
    if (difference.empty()) continue;
    return NewVariant(kBigTcpIssue, kExpected, difference, lines.text[i], lines,
                      absl::StrCat(facts.exec_command, " ip -d link show"));
  }
  const logs::LogLine& first = lines.parsed.front();
  if (!unsure.empty()) {
    return Outcome::Inconclusive(absl::StrCat("the agent on ", facts.node, " says \"", first.message,
                                              "\"; whether the card is the reason cannot be told: ", unsure))
        .With(AsEvidence(lines));
  }
  const std::string device(first.Field("device"));
  return Outcome::Known(std::string(kBigTcpIssue),
                        absl::StrCat(first.message, ": the tso_max_size of ", device, " on ", facts.node, " is ",
                                     facts.tso_max_size.at(device), "; the optimisation is off, nothing else"))
      .With(AsEvidence(lines));
}

Outcome NotRefused(const BigTcpFacts& facts, const AgentLog& log) {
  const int64_t size = facts.gso_max_size.value_or(log.gso_max_size);
  if (size > kLegacySize) {
    return Outcome::Resolved(std::string(kBigTcpIssue), absl::StrCat("BIG TCP is in force on ", facts.node,
                                                                     ", with packets up to ", size, " bytes"));
  }
  if (SizesFollowTheCard(facts.version)) {
    return Outcome::Resolved(std::string(kBigTcpIssue), absl::StrCat("Cilium ", facts.version, " on ", facts.node,
                                                                     " follows the card's limit and does not warn"));
  }
  if (!facts.gso_max_size.has_value()) {
    return Outcome::Inconclusive(absl::StrCat("the agent on ", facts.node,
                                              " set BIG TCP up and does not say how it ended",
                                              facts.unread.empty() ? "" : "; ", facts.unread));
  }
  return Outcome::Failed(
      {.expected = std::string(kExpected),
       .found = absl::StrCat("a new variant of KI-BIGTCP on ", facts.node, ": BIG TCP is switched on, ",
                             "the agent set it up without a warning, and packets are limited to ", size, " bytes"),
       .next = absl::StrCat(facts.log_command, " | grep -i -e 'big tcp' -e gso_max_size")});
}

}  // namespace

Outcome ClassifyBigTcp(const BigTcpFacts& facts) {
  if (!facts.ipv4 && !facts.ipv6) {
    return Outcome::Unsupported("BIG TCP switched on",
                                absl::StrCat(Has("enable-ipv4-big-tcp", false), " and ",
                                             Has("enable-ipv6-big-tcp", false), " in cilium-config"));
  }
  // The latest start that is told of: a log that was rotated has lost it, the one of the container before may have one.
  std::vector<const AgentLog*> logs = {&facts.log};
  if (facts.previous.has_value()) logs.push_back(&*facts.previous);
  for (const AgentLog* log : logs) {
    if (log->big_tcp_trouble.count > 0) {
      return NewVariant(kBigTcpIssue, kExpected, "the agent says something else about it",
                        log->big_tcp_trouble.text.front(), log->big_tcp_trouble,
                        absl::StrCat(facts.log_command, " | grep -i 'big tcp'"));
    }
    if (log->big_tcp_refusals.count > 0) return Refused(facts, *log);
    if (log->big_tcp_setups > 0) return NotRefused(facts, *log);
  }
  return Outcome::Inconclusive(absl::StrCat(
      "the log of the agent on ", facts.node, " does not tell of its start any more",
      facts.log.has_start ? ", or BIG TCP was switched on after it" : "", ": restart the agent and look again"));
}

}  // namespace tales::known_issues
