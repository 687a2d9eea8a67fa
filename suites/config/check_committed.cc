// The files that the operator keeps are what the generator gives today. Where they are not, either the inputs have
// changed and nobody has generated anew, or somebody has edited a file that is going to be overwritten.
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "harness/operator/files.h"
#include "suites/config/checks.h"
#include "suites/config/difference.h"
#include "suites/config/inputs.h"

namespace tales::config {
namespace {

Outcome Look(CheckContext& context) {
  const absl::StatusOr<GeneratedTwice> twice = GenerateTwice(context);
  if (!twice.ok()) {
    return Outcome::Unsupported("a generator that can be run", std::string(twice.status().message()));
  }
  std::vector<Problem> problems;
  std::vector<std::string> same_meaning;
  for (const auto& [role, text] :
       {std::pair(Role::kControlPlane, &twice->first.controlplane), std::pair(Role::kWorker, &twice->first.worker)}) {
    const absl::StatusOr<MachineConfig> kept = KeptConfig(context, role);
    if (!kept.ok()) return CannotRead(kept.status());
    if (kept->text == *text) continue;
    const std::string file = FileOf(role);
    const absl::StatusOr<MachineConfig> generated = ParseMachineConfig(*text, absl::StrCat("the generated ", file));
    if (!generated.ok()) return CannotRead(generated.status());
    const std::vector<Difference> differences = Compare(*kept, *generated);
    if (differences.empty()) {
      same_meaning.push_back(file);
      continue;
    }
    problems.push_back({.expected = absl::StrCat(InFolder(context, file), " is what the generator gives today"),
                        .found = Describe(differences, absl::StrCat("the kept ", file), "the generated one"),
                        .next = absl::StrCat("if the inputs are right: ", GenerateByHand(context.definition()),
                                             "; if the file is: put the change into a patch, or it is lost")});
  }
  return Outcome::FromProblems(std::move(problems),
                               same_meaning.empty()
                                   ? "the kept files are byte for byte what the generator gives"
                                   : absl::StrCat(absl::StrJoin(same_meaning, ", "),
                                                  ": the same meaning; comments or the order of keys differ"));
}

}  // namespace

Check Committed() {
  return {.id = "config.committed",
          .question = "Are the kept configuration files what the generator gives today?",
          .needs = {&kNeedsFolder, &kNeedsGenerator},
          .after = {"config.reproducible"},
          .faults = {"inputs:committed-stale"},
          .deadline = absl::Minutes(4),
          .settles = false,
          .look = Look};
}

}  // namespace tales::config
