// Two runs of the generator give byte-equal machine configurations. They follow from the secrets, the command line, the
// patches and the generator itself; a date, a random name or an image that is looked up on the way would make a rebuilt
// machine another one. The talosconfig is left to config.talosconfig: it cannot be byte-equal.
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "harness/operator/files.h"
#include "suites/config/checks.h"
#include "suites/config/difference.h"
#include "suites/config/inputs.h"

namespace tales::config {
namespace {

void CompareRuns(const std::string& file, const std::string& first, const std::string& second, const std::string& next,
                 std::vector<Problem>& problems) {
  if (first == second) return;
  const absl::StatusOr<MachineConfig> one = ParseMachineConfig(first, file), two = ParseMachineConfig(second, file);
  std::string found;
  if (!one.ok() || !two.ok()) {
    found = absl::StrCat("they differ, and cannot be compared: ", (one.ok() ? two : one).status().message());
  } else if (const std::vector<Difference> differences = Compare(*one, *two); !differences.empty()) {
    found = Describe(differences, "the first run", "the second");
  } else {
    found = absl::StrCat(file, ": the two mean the same; comments or the order of keys differ");
  }
  problems.push_back({.expected = absl::StrCat(file, " of two runs, byte for byte the same"),
                      .found = std::move(found),
                      .next = next});
}

Outcome Look(CheckContext& context) {
  const ClusterDefinition& definition = context.definition();
  const std::string by_hand = GenerateByHand(definition);
  if (const absl::StatusOr<Secrets> secrets = KeptSecrets(context); !secrets.ok()) {
    return Outcome::Unsupported("secrets to generate from", std::string(secrets.status().message()));
  }
  const absl::StatusOr<GeneratedTwice> twice = GenerateTwice(context);
  if (absl::IsFailedPrecondition(twice.status())) {
    return Outcome::Unsupported("a generator that can be run", std::string(twice.status().message()));
  }
  if (!twice.ok() && !absl::IsInvalidArgument(twice.status()) && !absl::IsDeadlineExceeded(twice.status())) {
    return Outcome::CannotLook(twice.status(), "is there room in the temporary folder?");
  }
  if (!twice.ok()) {
    return Outcome::Failed(
        {.expected = "the generator leaves controlplane.yaml, worker.yaml and talosconfig in the folder in "
                     "which it is run",
         .found = std::string(twice.status().message()),
         .next = absl::StrCat("in an empty folder with a copy of the secrets: ",
                              by_hand.substr(by_hand.find("&& ") == std::string::npos ? 0 : by_hand.find("&& ") + 3))});
  }
  std::vector<Problem> problems;
  if (!twice->first.overwritten.empty()) {
    problems.push_back(
        {.expected = "the generator writes to the folder in which it is run",
         .found = absl::StrCat("it wrote to ", absl::StrJoin(twice->first.overwritten, ", "),
                               "; what was there has been put back"),
         .next = "let the script write to its current folder: no `cd`, no path of its own for the output"});
  }
  const std::string next = absl::StrCat(
      "look for what the generator takes from outside (date, random, network, `latest`); by hand: ", by_hand);
  CompareRuns(kControlPlaneFile, twice->first.controlplane, twice->second.controlplane, next, problems);
  CompareRuns(kWorkerFile, twice->first.worker, twice->second.worker, next, problems);
  return Outcome::FromProblems(std::move(problems),
                               "two runs gave the same controlplane.yaml and worker.yaml, byte for byte");
}

}  // namespace

Check Reproducible() {
  return {.id = "config.reproducible",
          .question = "Does the generator, run twice, give the same machine configurations byte for byte?",
          .needs = {&kNeedsFolder, &kNeedsGenerator},
          .faults = {"inputs:generator-not-reproducible"},
          .deadline = absl::Minutes(4),
          .settles = false,
          .look = Look};
}

}  // namespace tales::config
