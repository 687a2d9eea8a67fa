// The kept files are there, are machine configurations, and hold together. `talosctl validate` where there is a
// talosctl, our own rules (rules.h) in any case; the outcome says which of them looked. The other checks of this suite
// leave files that cannot be read to this one.
#include <filesystem>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "harness/base/how_it_ended.h"
#include "harness/base/redactor.h"
#include "harness/base/subprocess.h"
#include "harness/operator/files.h"
#include "suites/config/checks.h"
#include "suites/config/inputs.h"
#include "suites/config/rules.h"

namespace tales::config {
namespace {

constexpr absl::Duration kValidateDeadline = absl::Seconds(30);

// What talosctl says against the file; "" where it is content.
absl::StatusOr<std::string> AskTalosctl(const std::filesystem::path& file, Deadline deadline) {
  const absl::StatusOr<Finished> finished =
      Run({.argv = {"talosctl", "validate", "--config", file.string(), "--mode", "metal", "--strict"}},
          deadline.AtMost(kValidateDeadline));
  if (!finished.ok()) return finished.status();
  if (finished->ok()) return "";
  const std::string said(absl::StripAsciiWhitespace(absl::StrCat(finished->error_output, finished->output)));
  return Redactor().Redact(said.empty() ? absl::StrCat("it ", HowItEnded(*finished)) : said.substr(0, 2000));
}

Outcome Look(CheckContext& context) {
  const std::string by_hand = GenerateByHand(context.definition());
  const bool has_talosctl = FindProgram("talosctl").ok();
  std::vector<Problem> problems;
  for (const Role role : {Role::kControlPlane, Role::kWorker}) {
    const std::string file = FileOf(role);
    const absl::StatusOr<MachineConfig> config = KeptConfig(context, role);
    if (!config.ok()) {
      problems.push_back({.expected = absl::StrCat(InFolder(context, file), ", a machine configuration"),
                          .found = std::string(config.status().message()),
                          .next = by_hand});
      continue;
    }
    std::vector<Problem> broken = JudgeStructure(*config, role, context.definition(), file, by_hand);
    for (Problem& problem : broken) problems.push_back(std::move(problem));
    if (!has_talosctl) continue;
    const std::filesystem::path path = std::filesystem::path(context.definition().config->folder) / file;
    const absl::StatusOr<std::string> trouble = AskTalosctl(path, context.deadline());
    if (!trouble.ok())
      return Outcome::CannotLook(trouble.status(),
                                 absl::StrCat("talosctl validate --mode metal --strict -c ", path.string()));
    if (trouble->empty()) continue;
    problems.push_back({.expected = absl::StrCat("talosctl validate --mode metal --strict is content with ", file),
                        .found = *trouble,
                        .next = absl::StrCat("correct the patch, then: ", by_hand)});
  }
  return Outcome::FromProblems(std::move(problems),
                               has_talosctl ? "both files: talosctl validate --mode metal --strict, and our own rules"
                                            : "both files, by our own rules alone: no talosctl on PATH");
}

}  // namespace

Check Valid() {
  return {.id = "config.valid",
          .question = "Are the kept files machine configurations that a machine would take?",
          .needs = {&kNeedsFolder},
          .faults = {"inputs:config-invalid"},
          .deadline = absl::Minutes(2),
          .settles = false,
          .look = Look};
}

}  // namespace tales::config
