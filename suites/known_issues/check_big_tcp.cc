#include "suites/known_issues/agents.h"
#include "suites/known_issues/big_tcp.h"
#include "suites/known_issues/checks.h"

namespace tales::known_issues {
namespace {

Outcome Look(CheckContext& context) {
  const std::variant<Agent, Outcome> read = ReadAgent(context);
  if (const Outcome* outcome = std::get_if<Outcome>(&read)) return *outcome;
  const Agent& agent = std::get<Agent>(read);
  BigTcpFacts facts{.node = context.node().name,
                    .log_command = agent.LogCommand(),
                    .exec_command = agent.ExecCommand(),
                    .version = agent.version,
                    .ipv4 = agent.Set("enable-ipv4-big-tcp"),
                    .ipv6 = agent.Set("enable-ipv6-big-tcp"),
                    .log = agent.log,
                    .previous = agent.previous};
  if (facts.ipv4 || facts.ipv6) {
    if (absl::StatusOr<std::map<std::string, int64_t>> limits = ReadTsoLimits(context, agent); limits.ok()) {
      facts.tso_max_size = *std::move(limits);
    } else {
      facts.unread = std::string(limits.status().message());
    }
    if (const absl::StatusOr<int64_t> size = ReadMaxGso(context, agent); size.ok()) {
      facts.gso_max_size = *size;
    } else {
      facts.unread = std::string(size.status().message());
    }
  }
  return Ruled(context, ClassifyBigTcp(facts));
}

}  // namespace

Check BigTcpCheck() {
  return {.id = "known_issues.KI-BIGTCP",
          .question = "Does the Cilium agent set BIG TCP up, or fail to in the one way that is known?",
          .instances = Instances::kNode,
          .needs = {&kNeedsKubernetes},
          .after = {"health.kubernetes_api"},
          .explained_by = {"health.services"},  // without a kubelet there is no way into a pod
          .faults = {"lab:cilium-big-tcp-unsupported", "inputs:ledger-entry-removed", "inputs:ledger-expired"},
          .deadline = absl::Seconds(120),
          .optional = true,
          .look = Look};
}

}  // namespace tales::known_issues
