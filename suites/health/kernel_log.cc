// The kernel log since boot holds no panic, oops, hung task, I/O error or out-of-memory kill.
#include <map>

#include "absl/strings/str_cat.h"
#include "suites/health/checks.h"
#include "suites/health/kernel_trouble.h"
#include "suites/shared/commands.h"

namespace tales::health {
namespace {

std::string NextStep(const NodeDefinition& node, const std::string& kind) {
  if (kind == "out of memory")
    return absl::StrCat(Talosctl(node, "memory"), ", ", Talosctl(node, "stats -k"), ": who takes it?");
  if (kind == "I/O error") return absl::StrCat("look after the disk, on the host too; ", Talosctl(node, "get disks"));
  return absl::StrCat(Talosctl(node, "dmesg"), " around that line; reboot the node once the cause is known");
}

Outcome Look(CheckContext& context) {
  const NodeDefinition& node = context.node();
  const absl::StatusOr<std::string> log = context.facts().KernelLog(node);
  if (!log.ok()) return Outcome::CannotLook(log.status(), Talosctl(node, "dmesg"));
  if (log->empty()) {
    return Outcome::Inconclusive("the kernel log is empty");
  }
  struct Seen {
    int times = 0;
    std::string first;
  };
  std::map<std::string, Seen> kinds;
  std::string lines;
  for (const KernelTrouble& trouble : FindKernelTrouble(*log)) {
    Seen& seen = kinds[trouble.kind];
    if (seen.times++ == 0) seen.first = trouble.line;
    absl::StrAppend(&lines, trouble.line, "\n");
  }
  std::vector<Problem> problems;
  for (const auto& [kind, seen] : kinds) {
    problems.push_back(
        {.expected = absl::StrCat("no ", kind, " in the kernel log of ", node.name),
         .found = seen.times == 1 ? seen.first : absl::StrCat(seen.times, " lines, the first: ", seen.first),
         .next = NextStep(node, kind)});
  }
  Outcome outcome = Outcome::FromProblems(std::move(problems), "nothing found");
  if (!lines.empty()) outcome.With({"kernel.log", lines});
  return outcome;
}

}  // namespace

Check KernelLog() {
  return {.id = "health.kernel_log",
          .question = "Is the kernel log free of panics, oopses, hung tasks, I/O errors and out-of-memory kills?",
          .instances = Instances::kNode,
          .needs = {&kNeedsTalos},
          .after = {"health.talos_api"},
          .faults = {"lab:kernel-oops"},
          .look = Look};
}

}  // namespace tales::health
