#include "suites/conformance/producer.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "harness/base/status.h"
#include "harness/base/subprocess.h"
#include "harness/check/spec.h"
#include "harness/check/tool.h"
#include "suites/conformance/judge.h"
#include "suites/conformance/leftovers.h"
#include "suites/conformance/live_run.h"
#include "suites/conformance/required_tests.h"

namespace tales::conformance {
namespace {

constexpr char kCase[] = "conformance.case/";
constexpr char kComplete[] = "conformance.complete";
constexpr char kEnvironment[] = "conformance.environment";
constexpr absl::Duration kSample = absl::Minutes(25);  // takes three on two cores

Outcome Import(ProducerContext& context, const imports::ForeignResults& found, Mode mode) {
  const Judgement judgement = JudgeResults(found, mode, context.cluster().definition().kubernetes.version);
  std::vector<std::string> checks;
  for (const CaseVerdict& one : judgement.cases) checks.push_back(kCase + one.name);
  context.Announce(checks);
  for (const CaseVerdict& one : judgement.cases) context.Report(kCase + one.name, one.outcome, one.duration);
  if (judgement.environment.verdict() != Verdict::kPassed || judgement.is_run()) {
    context.Report(kEnvironment, judgement.environment, absl::ZeroDuration());
  }
  if (judgement.is_run()) context.Report(kComplete, judgement.complete, absl::ZeroDuration());
  return judgement.run;
}

// What keeps a run from being made at all; nullopt: nothing.
std::optional<Outcome> Unsupported(const Cluster& cluster, Mode mode) {
  if (mode == Mode::kNone) {
    return Outcome::Unsupported("a run or the results of one",
                                "neither: say --conformance sample or full, or --import FILE");
  }
  if (cluster.access().simulated) {
    return Outcome::Unsupported("a real cluster", "a simulated one: the tests would judge the simulation");
  }
  if (cluster.kube() == nullptr) return Outcome::Unsupported("a Kubernetes API", "no kubeconfig given");
  const Tier needed = mode == Mode::kFull ? Tier::kDisruptive : Tier::kCreate;
  if (cluster.access().granted < needed) {
    return Outcome::Unsupported(absl::StrCat("tier ", ToString(needed),
                                             mode == Mode::kFull ? ": the full set taints nodes and evicts pods" : ""),
                                absl::StrCat(ToString(cluster.access().granted), "; --allow ", ToString(needed)));
  }
  return std::nullopt;
}

// "v1.32.2" of a program; "" where it does not say.
std::string VersionOf(const std::filesystem::path& program) {
  const auto asked = tales::Run({.argv = {program.string(), "--version"}}, Deadline::After(absl::Seconds(30)));
  return asked.ok() && asked->ok() ? std::string(absl::StripAsciiWhitespace(asked->output)) : "";
}

class Campaign {
 public:
  Campaign(ProducerContext& context, Mode mode) : context_(context), mode_(mode) {}

  Outcome Run() {
    Cluster& cluster = context_.cluster();
    const auto version = cluster.kube()->GetRaw("/version", context_.deadline().AtMost(absl::Seconds(20)));
    if (!version.ok()) return Outcome::CannotLook(version.status(), "kubectl version");
    const std::string server = Text(kube::Json::parse(*version, nullptr, false), "gitVersion");
    const RequiredTests* required = FindRequiredTests(server);
    if (required == nullptr) {
      return Outcome::Unsupported(absl::StrCat("Kubernetes ", BuiltInTests().release, ", whose tests are known here"),
                                  server);
    }
    const auto program = FindTool(
        cluster.access(), "e2e.test", [this](std::string_view line) { context_.Progress(line); }, context_.deadline());
    if (!program.ok()) {
      return Outcome::Unsupported(
          absl::StrCat("Kubernetes' own test program of the server's release, ", required->release),
          absl::StrCat(program.status().message(), "; `tales assets e2e.test` builds one, then put it into PATH"));
    }
    if (const std::string own = VersionOf(*program); ReleaseOf(own) != required->release) {
      return Outcome::Unsupported(absl::StrCat("an e2e.test of ", required->release, ", the server's release"),
                                  absl::StrCat(program->string(), " is of ", own.empty() ? "none that it tells" : own));
    }
    return RunTests(*program, *required);
  }

 private:
  Outcome RunTests(const std::filesystem::path& program, const RequiredTests& required) {
    const bool full = mode_ == Mode::kFull;
    const ClusterAccess& access = context_.cluster().access();
    LiveOptions options{.e2e = {.program = program,
                                .kubeconfig = access.kubeconfig,
                                .context = access.kubernetes_context,
                                .folder = context_.folder(),
                                .names = full ? required.all : required.sample,
                                .picks_all = full,
                                .needs_nodes = full,
                                .timeout = full ? absl::InfiniteDuration() : kSample}};
    if (full) options.longest_test = absl::Minutes(30);
    LiveResult result = LiveRun(context_, options).Run();
    context_.Report(kEnvironment, result.environment, absl::ZeroDuration());
    if (result.run.verdict() == Verdict::kPassed) {
      context_.Report(kComplete, Completed(result, options.e2e.names, required), absl::ZeroDuration());
    }
    return CleanUp(std::move(result));
  }

  Outcome Completed(const LiveResult& result, std::vector<std::string> names, const RequiredTests& required) const {
    if (!result.began) {
      return Outcome::Inconclusive("no test was begun: the suite's set-up failed, see conformance.environment");
    }
    return JudgeCompleteness({.required = std::move(names),
                              .ran = result.ran,
                              .failed = result.failed,
                              .what = mode_ == Mode::kFull ? "a full run" : "the sample",
                              .is_full = mode_ == Mode::kFull,
                              .release = required.release});
  }

  Outcome CleanUp(LiveResult result) {
    // Also when time is up: what it made is ours to take away.
    const auto left = RemoveLeftovers(*context_.cluster().kube(), result.run_ids, Deadline::After(absl::Minutes(3)));
    const bool clean = left.ok() && left->empty();
    if (clean || result.run.verdict() != Verdict::kPassed) return std::move(result.run);
    return Outcome::Failed(
        {.expected = "the tests' namespaces go with the run",
         .found = left.ok() ? absl::StrCat("still there: ", absl::StrJoin(*left, ", "))
                            : std::string(left.status().message()),
         .next = absl::StrCat("kubectl delete namespace -l 'e2e-run in (", absl::StrJoin(result.run_ids, ","), ")'")});
  }

  ProducerContext& context_;
  const Mode mode_;
};

Outcome Produce(ProducerContext& context) {
  const absl::StatusOr<Mode> mode = ParseMode(context.inputs().conformance);
  if (!mode.ok()) return Outcome::Unsupported("a conformance mode", std::string(mode.status().message()));
  const imports::ForeignResults found =
      ReadForeignResults(context.inputs().imports, imports::Tool::kConformance, context.folder());
  if (!found.results.empty() || !found.strangers.empty()) return Import(context, found, *mode);
  if (std::optional<Outcome> unsupported = Unsupported(context.cluster(), *mode)) return *std::move(unsupported);
  return Campaign(context, *mode).Run();
}

}  // namespace

Producer ConformanceProducer() {
  return {.id = "conformance.run",
          .question = "Did the conformance tests that are asked for run to their end?",
          .tier = Tier::kRead,  // as far as an import goes; a run of our own asks for more, in Unsupported()
          .after = {"conformance.preflight"},
          .faults = {"import:dry-run", "import:truncated", "import:no-file", "import:no-junit"},
          .children = {{.id = "conformance.case",
                        .question = "Does the conformance test pass?",
                        .many = true,
                        .faults = {"import:case-failed", "import:case-aborted"}},
                       {.id = kComplete,
                        .question = "Did every test run that the mode requires?",
                        .faults = {"import:case-missing", "import:case-skipped", "import:all-skipped"}},
                       {.id = kEnvironment,
                        .question = "Did set-up and tear-down of the test suite itself work?",
                        .faults = {"import:before-suite-failed"}}},
          .deadline = absl::Hours(4),
          .alone = true,  // its tests make privileged namespaces and false nodes, which other checks would notice
          .produce = Produce};
}

}  // namespace tales::conformance
