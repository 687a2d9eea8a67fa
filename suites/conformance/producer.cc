#include "suites/conformance/producer.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "harness/base/status.h"
#include "harness/base/subprocess.h"
#include "harness/check/spec.h"
#include "harness/check/tool.h"
#include "suites/conformance/cluster_runner.h"
#include "suites/conformance/judge.h"
#include "suites/conformance/leftovers.h"
#include "suites/conformance/live_run.h"
#include "suites/conformance/mode.h"
#include "suites/conformance/required_tests.h"

namespace tales::conformance {
namespace {

constexpr char kCase[] = "conformance.case/";
constexpr char kComplete[] = "conformance.complete";
constexpr char kEnvironment[] = "conformance.environment";
constexpr absl::Duration kSample = absl::Minutes(25);  // takes three on two cores
constexpr absl::Duration kResults = absl::Minutes(2);  // after the tests, for fetching what they left
constexpr absl::Duration kCleanUp = absl::Minutes(4);  // after that, at most
constexpr int kRetryAtMost = 5;                        // more failures than these are no flakes

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
                                "neither: say --conformance sample, fast or full, or --import FILE");
  }
  if (cluster.access().simulated) {
    return Outcome::Unsupported("a real cluster", "a simulated one: the tests would judge the simulation");
  }
  if (cluster.kube() == nullptr) return Outcome::Unsupported("a Kubernetes API", "no kubeconfig given");
  return std::nullopt;
}

std::optional<Producer::Asked> Asked(const ProducerInputs& inputs) {
  const absl::StatusOr<ModeRequest> mode = ParseMode(inputs.conformance);
  if (!mode.ok() || mode->mode == Mode::kNone) return std::nullopt;
  Producer::Asked asked{.flag = absl::StrCat("--conformance ", inputs.conformance)};
  // Results that are imported are only read. What cannot be picked its run says.
  const absl::StatusOr<Picked> picked = Pick(*mode, BuiltInTests());
  if (inputs.imports.empty() && picked.ok()) asked.tier = picked->tier;
  return asked;
}

// "v1.32.2" of a program; "" where it does not say.
std::string VersionOf(const std::filesystem::path& program) {
  const auto asked = tales::Run({.argv = {program.string(), "--version"}}, Deadline::After(absl::Seconds(30)));
  return asked.ok() && asked->ok() ? std::string(absl::StripAsciiWhitespace(asked->output)) : "";
}

class Campaign {
 public:
  Campaign(ProducerContext& context, ModeRequest mode)
      : context_(context), mode_(std::move(mode)), in_a_pod_(context.inputs().conformance_runner == "cluster") {}

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
    absl::StatusOr<Picked> picked = Pick(mode_, *required);
    if (!picked.ok()) return Outcome::Unsupported("tests that can be picked", std::string(picked.status().message()));
    picked_ = *std::move(picked);
    if (cluster.access().granted < picked_.tier) {
      const bool disturbs = picked_.tier == Tier::kDisruptive;
      return Outcome::Unsupported(
          absl::StrCat("tier ", ToString(picked_.tier), disturbs ? ": its tests taint nodes and evict pods" : ""),
          absl::StrCat(ToString(cluster.access().granted), "; --allow ", ToString(picked_.tier)));
    }
    LiveOptions options = Options();
    if (std::optional<Outcome> lacking = in_a_pod_ ? SetUpCluster(server, options) : SetUpProcess(*required, options);
        lacking.has_value()) {
      return *std::move(lacking);
    }
    return RunTests(options, *required);
  }

 private:
  LiveOptions Options() {
    const bool sample = mode_.mode == Mode::kSample;
    const ClusterAccess& access = context_.cluster().access();
    LiveOptions options{.e2e = {.kubeconfig = access.kubeconfig,
                                .context = access.kubernetes_context,
                                .folder = context_.folder(),
                                .names = picked_.names,
                                .picks_all = picked_.is_all,
                                .needs_nodes = !sample && picked_.needs_nodes,
                                .procs = picked_.procs,
                                .timeout = sample ? kSample : absl::InfiniteDuration()},
                        .reserve = kResults,
                        .retry_at_most = kRetryAtMost};
    if (!sample) options.longest_test = absl::Minutes(30);
    if (picked_.procs > 1) {
      options.on_namespaces = [this](const std::set<std::string>& names) { LearnRunIds(names); };
    }
    return options;
  }

  // Once for each namespace that is new, and no longer than until each process is known.
  void LearnRunIds(const std::set<std::string>& names) {
    if (names.size() == namespaces_seen_ || run_ids_.size() >= static_cast<size_t>(picked_.procs)) return;
    namespaces_seen_ = names.size();
    const auto ids = RunIdsOf(*context_.cluster().kube(), names, context_.deadline().AtMost(absl::Seconds(20)));
    if (ids.ok()) run_ids_.insert(ids->begin(), ids->end());
  }

  std::optional<Outcome> SetUpProcess(const RequiredTests& required, LiveOptions& options) {
    const auto find = [this](const std::string& name) {
      return FindTool(
          context_.cluster().access(), name, [this](std::string_view line) { context_.Progress(line); },
          context_.deadline());
    };
    const auto program = find("e2e.test");
    if (!program.ok()) {
      return Outcome::Unsupported(
          absl::StrCat("Kubernetes' own test program of the server's release, ", required.release),
          absl::StrCat(program.status().message(), "; `tales assets e2e.test` builds one, then put it into PATH"));
    }
    if (const std::string own = VersionOf(*program); ReleaseOf(own) != required.release) {
      return Outcome::Unsupported(absl::StrCat("an e2e.test of ", required.release, ", the server's release"),
                                  absl::StrCat(program->string(), " is of ", own.empty() ? "none that it tells" : own));
    }
    options.e2e.program = *program;
    if (picked_.procs == 1) return std::nullopt;
    const auto ginkgo = find("ginkgo");
    if (!ginkgo.ok()) {
      return Outcome::Unsupported(
          "ginkgo's program, which runs tests side by side",
          absl::StrCat(ginkgo.status().message(), "; `tales assets ginkgo` builds one, then put it into PATH"));
    }
    options.e2e.ginkgo = *ginkgo;
    return std::nullopt;
  }

  std::optional<Outcome> SetUpCluster(const std::string& server, LiveOptions& options) {
    const WorkloadsDefinition::Images& images = context_.cluster().definition().workloads.images;
    PodRunOptions pod{
        .settings = {.run = RunIdOf(context_.folder()),
                     .tests_image = images.conformance.empty() ? DefaultTestsImage(server) : images.conformance,
                     .output_image = images.output.empty() ? std::string(kDefaultOutputImage) : images.output},
        .deadline = context_.deadline(),
        .progress = [this](std::string_view line) { context_.Progress(line); }};
    cluster_runner_.emplace(*context_.cluster().kube(), std::move(pod));
    const absl::Status prepared = cluster_runner_->Prepare();
    if (!prepared.ok()) {
      // What an earlier start of this run made may be under way.
      if (!std::filesystem::exists(context_.folder() / "e2e-1")) CleanUpCluster(nullptr);
      return Outcome::CannotLook(Annotate(prepared, "making the namespace, account and rights of the tests"),
                                 "kubectl auth can-i '*' '*' --all-namespaces");
    }
    options.start = [this](const E2eOptions& e2e) { return cluster_runner_->Start(e2e); };
    return std::nullopt;
  }

  Outcome RunTests(const LiveOptions& options, const RequiredTests& required) {
    LiveResult result = LiveRun(context_, options).Run();
    context_.Report(kEnvironment, result.environment, absl::ZeroDuration());
    if (result.run.verdict() == Verdict::kPassed) {
      context_.Report(kComplete, Completed(result, required), absl::ZeroDuration());
    }
    return CleanUp(std::move(result));
  }

  Outcome Completed(const LiveResult& result, const RequiredTests& required) const {
    if (!result.began) {
      return Outcome::Inconclusive("no test was begun: the suite's set-up failed, see conformance.environment");
    }
    return JudgeCompleteness({.required = picked_.names,
                              .ran = result.ran,
                              .failed = result.failed,
                              .what = picked_.what,
                              .is_full = picked_.is_all,
                              .side_by_side = picked_.procs > 1,
                              .flaky = result.flaky.size(),
                              .release = required.release});
  }

  Outcome CleanUp(LiveResult result) {
    // Also when time is up: what it made is ours to take away.
    run_ids_.insert(result.run_ids.begin(), result.run_ids.end());
    const std::vector<std::string> ids(run_ids_.begin(), run_ids_.end());
    const auto left = RemoveLeftovers(*context_.cluster().kube(), ids, Deadline::After(kCleanUp / 2));
    std::vector<Problem> problems;
    if (!left.ok() || !left->empty()) {
      problems.push_back(
          {.expected = "the tests' namespaces go with the run",
           .found = left.ok() ? absl::StrCat("still there: ", absl::StrJoin(*left, ", "))
                              : std::string(left.status().message()),
           .next = absl::StrCat("kubectl delete namespace -l 'e2e-run in (", absl::StrJoin(ids, ","), ")'")});
    }
    if (cluster_runner_.has_value()) CleanUpCluster(&problems, result.lost);
    if (problems.empty() || result.run.verdict() != Verdict::kPassed) return std::move(result.run);
    return Outcome::FromProblems(std::move(problems), "");
  }

  // `problems` may be nullptr. What was lost may still be in its pod, on a node that cannot be reached: that stays.
  void CleanUpCluster(std::vector<Problem>* problems, bool lost = false) {
    const std::string name = NamespaceName(RunIdOf(context_.folder()));
    if (lost && PodsAreThere(name)) {
      context_.Progress(absl::StrCat("namespace ", name,
                                     " stays: the results may still be in its pod. When they are "
                                     "fetched: kubectl delete namespace,clusterrole,clusterrolebinding ",
                                     name));
      return;
    }
    context_.Progress("taking the pod of the tests away");
    const std::string left = cluster_runner_->Remove(Deadline::After(kCleanUp / 2));
    if (left.empty()) return;
    context_.Progress(absl::StrCat("still there: ", left));
    if (problems == nullptr) return;
    problems->push_back({.expected = "the pod of the tests goes with the run, and what was made for it",
                         .found = absl::StrCat("still there: ", left),
                         .next = absl::StrCat("kubectl describe namespace ", name,
                                              "; kubectl delete clusterrole,"
                                              "clusterrolebinding ",
                                              name)});
  }

  // With their volumes: not those that are leaving, or that a node threw out.
  bool PodsAreThere(const std::string& name) {
    const auto pods = context_.cluster().kube()->List(kube::kPods, name, {}, Deadline::After(absl::Seconds(20)));
    return !pods.ok() || std::any_of(pods->begin(), pods->end(), [](const kube::Json& pod) {
      const PodState state = ReadPodState(pod);
      return !state.leaving && state.phase != PodState::Phase::kLost;
    });
  }

  ProducerContext& context_;
  const ModeRequest mode_;
  const bool in_a_pod_;
  Picked picked_;
  std::optional<ClusterRunner> cluster_runner_;
  std::set<std::string> run_ids_;
  size_t namespaces_seen_ = 0;
};

Outcome Produce(ProducerContext& context) {
  absl::StatusOr<ModeRequest> mode = ParseMode(context.inputs().conformance);
  if (!mode.ok()) return Outcome::Unsupported("a conformance mode", std::string(mode.status().message()));
  const imports::ForeignResults found =
      ReadForeignResults(context.inputs().imports, imports::Tool::kConformance, context.folder());
  if (!found.results.empty() || !found.strangers.empty()) return Import(context, found, mode->mode);
  if (std::optional<Outcome> unsupported = Unsupported(context.cluster(), mode->mode)) return *std::move(unsupported);
  return Campaign(context, *std::move(mode)).Run();
}

}  // namespace

Producer ConformanceProducer() {
  return {.id = "conformance.run",
          .question = "Did the conformance tests that are asked for run to their end?",
          .tier = Tier::kRead,  // as far as an import goes; a run of our own asks for more
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
          .clean_up = kCleanUp,
          .alone = true,  // its tests make privileged namespaces and false nodes, which other checks would notice
          .resumable = true,
          .asked = Asked,
          .takes_imports = true,
          .produce = Produce};
}

}  // namespace tales::conformance
