#include "harness/check/builtin_issues.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace tales {
namespace {

std::vector<BuiltinIssue> Make() {
  return {
      {.entry = {.id = std::string(kBigTcpIssue),
                 .link = "https://github.com/cilium/cilium/issues/38622",
                 .reason =
                     "virtio-net takes no packets above 64 KiB, so the agent warns at its start and turns IPv4 BIG TCP "
                     "off",
                 .until_version = {{"cilium", ">=1.19.0"}}},
       .is_line = IsBigTcpLine},
      {.entry = {.id = std::string(kGarpIssue),
                 .link = "https://github.com/cilium/cilium/pull/39648",
                 .reason = "the host endpoint has no IPv4 address, so its gratuitous ARP cannot be made; pods are "
                           "announced all the same",
                 .until_version = {{"cilium", ">=1.19.0"}}},
       .is_line = IsGarpLine},
      {.entry = {.id = std::string(kKexecVgaIssue),
                 .link = "https://github.com/siderolabs/talos/issues/13785",
                 .reason = "a reboot by kexec skips GRUB, so vga= takes effect only after a shutdown and a start",
                 .until_date = "2027-12-31"}},
      {.entry = {.id = std::string(kOneWorkerIssue),
                 .link = "https://github.com/cncf/k8s-conformance/pull/3510",
                 .reason = "one schedulable node; two conformance tests need two, and connectivity tests between nodes "
                           "are left out",
                 .until_date = "2027-12-31"},
       .explains = {"conformance.case/[sig-architecture] Conformance Tests should have at least two untainted "
                    "nodes [Conformance]",
                    "conformance.case/[sig-apps] Daemon set [Serial] should rollback without unnecessary "
                    "restarts [Conformance]"},
       .with_one_schedulable_node = true}};
}

}  // namespace

const std::vector<BuiltinIssue>& BuiltinIssues() {
  static const auto* const issues = new std::vector<BuiltinIssue>(Make());
  return *issues;
}

const BuiltinIssue* FindBuiltinIssue(std::string_view id) {
  for (const BuiltinIssue& issue : BuiltinIssues()) {
    if (issue.entry.id == id) return &issue;
  }
  return nullptr;
}

bool IsBigTcpLine(const logs::LogLine& line) {
  return absl::StartsWith(line.message, "Could not modify IPv") &&
         absl::EndsWith(line.message, "gro_max_size and gso_max_size, disabling BIG TCP") &&
         line.Field("error") == "invalid argument";
}

bool IsGarpLine(const logs::LogLine& line) {
  return line.message == "Failed to send gratuitous arp" && line.Has("k8sPodName") &&
         line.Field("k8sPodName").empty() && line.Field("ipAddr") == "invalid IP" &&
         line.Field("error") == "failed to craft ARP reply packet: invalid IPv4 address";
}

std::string EntryText(const KnownIssue& entry) {
  const std::string versions = absl::StrJoin(
      entry.until_version, ", ", [](std::string* out, const std::pair<const std::string, std::string>& each) {
        absl::StrAppend(out, each.first, ": \"", each.second, "\"");
      });
  return absl::StrCat("- {id: ", entry.id, ", link: \"", entry.link, "\", reason: \"", entry.reason,
                      "\", until: ", versions.empty() ? entry.until_date : absl::StrCat("{", versions, "}"), "}");
}

}  // namespace tales
