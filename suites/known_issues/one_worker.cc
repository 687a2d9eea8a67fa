#include "suites/known_issues/one_worker.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "harness/check/builtin_issues.h"
#include "harness/check/ledger_facts.h"
#include "harness/check/spec.h"

namespace tales::known_issues {

Outcome ClassifyOneWorker(const std::vector<kube::Json>& nodes) {
  std::vector<std::string> open, closed;
  for (const kube::Json& node : nodes) {
    const std::string why = WhyUnschedulable(node);
    const std::string name = Text(node, "metadata.name");
    if (why.empty()) {
      open.push_back(name);
    } else {
      closed.push_back(absl::StrCat(name, " ", why));
    }
  }
  const std::string others = closed.empty() ? "" : absl::StrCat("; ", absl::StrJoin(closed, ", "));
  if (open.empty()) {
    return Outcome::Failed({.expected = "one node that an ordinary pod can be put on, as KI-ONE-WORKER has it, or more",
                            .found = absl::StrCat("a new variant of KI-ONE-WORKER: there is none at all", others),
                            .next = "kubectl describe nodes | grep -e ^Name: -e Taints: -e Unschedulable:"});
  }
  if (open.size() == 1) {
    return Outcome::Known(
        std::string(kOneWorkerIssue),
        absl::StrCat("an ordinary pod can be put on ", open.front(), " alone", others,
                     "; two conformance tests fail by it, and connectivity tests between nodes do ", "not run"));
  }
  return Outcome::Resolved(std::string(kOneWorkerIssue), absl::StrCat("an ordinary pod can be put on ", open.size(),
                                                                      " nodes: ", absl::StrJoin(open, ", ")));
}

}  // namespace tales::known_issues
