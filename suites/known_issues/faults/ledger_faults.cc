#include "suites/known_issues/faults/ledger_faults.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "harness/base/status.h"

namespace tales {
namespace {

using Entries = std::vector<KnownIssue>;

struct LedgerFault {
  Fault fault;
  void (*apply)(Entries& entries, Entries::iterator entry);
};

void Expire(Entries&, Entries::iterator entry) {
  entry->until_version.clear();
  entry->until_date = "2020-01-01";
}

void Remove(Entries& entries, Entries::iterator entry) { entries.erase(entry); }

void TakeLinkAndReason(Entries&, Entries::iterator entry) {
  entry->link.clear();
  entry->reason.clear();
}

void Rename(Entries&, Entries::iterator entry) { entry->id = "KI-NOBODY-KNOWS"; }

const std::vector<LedgerFault>& All() {
  // What the issue explains elsewhere turns with it: its lines in cilium.logs, its cases of other suites.
  const std::vector<std::string> elsewhere = {"cilium.logs", "health.kernel_arguments", "conformance.*",
                                              "cilium.connectivity"};
  static const auto& faults = *new std::vector<LedgerFault>{
      {{.domain = "inputs",
        .id = "ledger-expired",
        .what = "The entry's `until` has passed, and the issue is still there.",
        .default_target = "KI-GARP",
        .must = {"known_issues.ledger", "known_issues.{target}"},
        .may = elsewhere},
       Expire},
      {{.domain = "inputs",
        .id = "ledger-entry-removed",
        .what = "The issue is there, and the ledger has no entry of it.",
        .default_target = "KI-BIGTCP",
        .must = {"known_issues.{target}"},
        .may = elsewhere},
       Remove},
      {{.domain = "inputs",
        .id = "ledger-entry-incomplete",
        .what = "The entry has neither a link nor a reason.",
        .default_target = "KI-GARP",
        .must = {"known_issues.ledger"}},
       TakeLinkAndReason},
      {{.domain = "inputs",
        .id = "ledger-unknown-id",
        .what = "The entry has an id that tales does not know, and says neither which checks nor which lines.",
        .default_target = "KI-ONE-WORKER",
        .must = {"known_issues.ledger", "known_issues.{target}"},
        .may = elsewhere},
       Rename}};
  return faults;
}

absl::Status Apply(const LedgerFault& fault, const FaultRequest& request, Entries& entries) {
  const std::string& id = request.target.empty() ? fault.fault.default_target : request.target;
  const auto entry =
      std::find_if(entries.begin(), entries.end(), [&](const KnownIssue& issue) { return issue.id == id; });
  if (entry == entries.end()) return absl::InvalidArgumentError(absl::StrCat("knownIssues has no entry ", id));
  fault.apply(entries, entry);
  return absl::OkStatus();
}

}  // namespace

const std::vector<Fault>& LedgerFaults() {
  static const auto& faults = *[] {
    auto* list = new std::vector<Fault>;
    for (const LedgerFault& each : All()) list->push_back(each.fault);
    return list;
  }();
  return faults;
}

std::map<std::string, InputFault> LedgerInputFaults() {
  std::map<std::string, InputFault> faults;
  for (const LedgerFault& each : All()) {
    faults[each.fault.name()] = [&each](const FaultRequest& request, const std::filesystem::path&, RunInputs& inputs) {
      return Apply(each, request, inputs.definition.known_issues);
    };
  }
  return faults;
}

}  // namespace tales
