// talosconfigs: the one that is kept is whole, and two that the generator makes agree in meaning. Never byte for byte:
// talosconfig.h says why.
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "harness/operator/files.h"
#include "suites/config/checks.h"
#include "suites/config/inputs.h"
#include "suites/config/talosconfig.h"

namespace tales::config {
namespace {

// The Talos authority, from the secrets or else from the control plane's configuration; "" where neither can be read.
std::string AuthorityOf(CheckContext& context) {
  if (const absl::StatusOr<Secrets> secrets = KeptSecrets(context); secrets.ok()) {
    return PemOf(secrets->values.at("certs.os.crt"));
  }
  const absl::StatusOr<MachineConfig> config = KeptConfig(context, Role::kControlPlane);
  return config.ok() ? PemOf(Compact(TextAt(config->v1alpha1(), "machine.ca.crt"))) : "";
}

absl::StatusOr<talos::Context> ReadGenerated(const std::string& text, std::string_view run) {
  absl::StatusOr<talos::TalosConfig> config =
      talos::ParseTalosConfig(text, absl::StrCat("the talosconfig of the ", run, " run"));
  if (!config.ok()) return config.status();
  return talos::SelectContext(*config, "");
}

void JudgeGenerated(const GeneratedTwice& twice, const std::string& authority, const std::string& next,
                    std::vector<Problem>& problems) {
  const absl::StatusOr<talos::Context> first = ReadGenerated(twice.first.talosconfig, "first"),
                                       second = ReadGenerated(twice.second.talosconfig, "second");
  for (const absl::StatusOr<talos::Context>* each : {&first, &second}) {
    if (each->ok()) continue;
    problems.push_back({.expected = "a generated talosconfig that can be read",
                        .found = std::string(each->status().message()),
                        .next = next});
  }
  if (!first.ok() || !second.ok()) return;
  for (Problem& problem : JudgeTalosconfig(*first, authority, "the generated talosconfig", next, absl::Now())) {
    problems.push_back(std::move(problem));
  }
  const absl::StatusOr<Meaning> one = MeaningOf(*first), two = MeaningOf(*second);
  if (!one.ok() || !two.ok()) return;
  if (const std::vector<std::string> different = CompareMeanings(*one, *two); !different.empty()) {
    problems.push_back({.expected = "the talosconfigs of two runs agree in meaning",
                        .found = absl::StrJoin(different, "\n"),
                        .next = next});
  }
}

Outcome Look(CheckContext& context) {
  const std::string by_hand = GenerateByHand(context.definition());
  const std::string authority = AuthorityOf(context);
  std::vector<Problem> problems;
  std::vector<std::string> seen;
  const absl::StatusOr<talos::Context> kept = KeptTalosconfig(context);
  if (kept.ok()) {
    problems = JudgeTalosconfig(*kept, authority, InFolder(context, kTalosconfigFile), by_hand, absl::Now());
    seen.emplace_back("the kept one is whole");
  } else if (!absl::IsNotFound(kept.status())) {
    problems.push_back({.expected = absl::StrCat(InFolder(context, kTalosconfigFile), " can be read"),
                        .found = std::string(kept.status().message()),
                        .next = by_hand});
  }
  std::string why = WhyNoGenerator(context.definition());
  if (why.empty()) {
    const absl::StatusOr<GeneratedTwice> twice = GenerateTwice(context);
    if (twice.ok()) {
      JudgeGenerated(*twice, authority, by_hand, problems);
      seen.emplace_back("two that were generated agree in all but the client key, which is new each time");
    } else {
      why = std::string(twice.status().message());
    }
  }
  if (seen.empty() && problems.empty()) {
    return Outcome::Unsupported("a talosconfig that is kept, or a generator",
                                absl::StrCat(kept.status().message(), "; ", why));
  }
  if (!why.empty()) seen.push_back(absl::StrCat("none was generated: ", why));
  return Outcome::FromProblems(std::move(problems), absl::StrJoin(seen, "; "));
}

}  // namespace

Check Talosconfig() {
  return {.id = "config.talosconfig",
          .question = "Is the talosconfig whole, and do two generated ones agree in all that can be the same?",
          .needs = {&kNeedsFolder},
          .faults = {"inputs:talosconfig-expired"},
          .deadline = absl::Minutes(4),
          .settles = false,
          .look = Look};
}

}  // namespace tales::config
