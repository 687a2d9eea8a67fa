// The known issues that `tales` recognises by itself: what a ledger entry need not say.
//
// Each has a classifier in suites/known_issues that looks at a cluster; here is what is known without looking at one.
// Sources: cilium v1.17.1 pkg/datapath/linux/bigtcp, pkg/datapath/garp; kubernetes v1.32.2 test/e2e.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "harness/definition/cluster_definition.h"
#include "harness/logs/log_line.h"

namespace tales {

inline constexpr std::string_view kBigTcpIssue = "KI-BIGTCP";
inline constexpr std::string_view kGarpIssue = "KI-GARP";
inline constexpr std::string_view kKexecVgaIssue = "KI-KEXEC-VGA";
inline constexpr std::string_view kOneWorkerIssue = "KI-ONE-WORKER";

struct BuiltinIssue {
  KnownIssue entry;  // what to write into a ledger for it: id, link, reason, until
  // Checks of other suites that fail by it, by name; an entry of its id excuses them without naming them ...
  std::vector<std::string> explains;
  bool with_one_schedulable_node = false;  // ... where fewer than two nodes can be scheduled on
  // Whether a line of a log is this issue's, in the one form that is known; nullptr where it has none.
  bool (*is_line)(const logs::LogLine& line) = nullptr;
};

const std::vector<BuiltinIssue>& BuiltinIssues();
const BuiltinIssue* FindBuiltinIssue(std::string_view id);  // nullptr: there is none of that id

// The lines themselves. Of KI-BIGTCP: that a card refused what the agent asked for; only the card tells whether it is
// that issue. Of KI-GARP: that the host endpoint, which has no pod and no address, could not be announced.
bool IsBigTcpLine(const logs::LogLine& line);
bool IsGarpLine(const logs::LogLine& line);

// The entry on one line, as a cluster file takes it: "- {id: KI-GARP, link: ..., until: {cilium: \">=1.19.0\"}}".
std::string EntryText(const KnownIssue& entry);

}  // namespace tales
