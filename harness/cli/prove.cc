#include "harness/cli/prove.h"

#include <unistd.h>

#include <algorithm>
#include <mutex>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "harness/base/file.h"
#include "harness/base/glob.h"
#include "harness/base/how_it_ended.h"
#include "harness/base/parallel.h"
#include "harness/base/status.h"
#include "harness/base/subprocess.h"
#include "harness/runner/proof.h"

namespace tales {
namespace {

constexpr absl::Duration kRunDeadline = absl::Minutes(5);

struct Options {
  std::vector<std::string> domains = {"lab"};
  std::string cluster_file;         // Default: the fixture's own
  std::string fixture = "lab";      // where faults of a domain that is no fixture are made: inputs, import
  std::vector<std::string> faults;  // ids; Default: all of the domains
  int jobs = 2;
};

// Where faults of a domain are made: as the registry says, else on the fixture of that name, else on the chosen one.
ProofStage StageOf(const Options& options, const Registry& registry, const std::string& domain) {
  const auto found = registry.proof_stages.find(domain);
  if (found != registry.proof_stages.end()) return found->second;
  return {.fixture = registry.fixtures.contains(domain) ? domain : options.fixture};
}

// One `tales verify` on a fixture of its own, in a process of its own: a fault may take the whole fixture down with it.
absl::StatusOr<reports::RunModel> RunOnce(const Options& options, const Registry& registry, const std::string& domain,
                                          const std::string& fault) {
  TALES_ASSIGN_OR_RETURN(const TemporaryFolder folder, TemporaryFolder::Make("tales-prove"));
  const std::string out = (folder.path() / "run").string();
  const ProofStage stage = StageOf(options, registry, domain);
  Command command{.argv = {"/proc/self/exe", "verify", "--fixture", stage.fixture, "--profile", "post-install",
                           "--settle", "0s", "--out", out}};
  for (const std::string& glob : stage.checks) command.argv.insert(command.argv.end(), {"--check", glob});
  if (!options.cluster_file.empty()) command.argv.insert(command.argv.end(), {"--cluster", options.cluster_file});
  if (stage.prepare != nullptr) {
    TALES_ASSIGN_OR_RETURN(const std::vector<std::string> arguments, stage.prepare(folder.path() / "inputs"));
    command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
  }
  if (!fault.empty()) command.argv.insert(command.argv.end(), {"--fault", fault});
  TALES_ASSIGN_OR_RETURN(const Finished finished, Run(command, Deadline::After(kRunDeadline)));
  absl::StatusOr<reports::RunModel> model = reports::ReadJournal(out + "/events.jsonl");
  if (!model.ok()) {
    return Annotate(model.status(), absl::StrCat("tales verify ", HowItEnded(finished), ": ", finished.error_output));
  }
  return model;
}

bool Selected(const Options& options, const Fault& fault) {
  return std::find(options.domains.begin(), options.domains.end(), fault.domain) != options.domains.end() &&
         (options.faults.empty() ||
          std::find(options.faults.begin(), options.faults.end(), fault.id) != options.faults.end() ||
          std::find(options.faults.begin(), options.faults.end(), fault.name()) != options.faults.end());
}

// Checks that name no fault which any domain of this binary has: nothing here can show that they ever turn. With the
// reason, where they say themselves that it is so.
struct UnprovenCheck {
  std::string id, reason;
};
std::vector<UnprovenCheck> UnprovenChecks(const Registry& registry) {
  std::set<std::string> known;
  for (const Fault& fault : registry.faults) known.insert(fault.name());
  std::vector<UnprovenCheck> unproven;
  const auto look = [&](const std::string& id, const std::vector<std::string>& faults, const std::string& reason = "") {
    const bool proven =
        std::any_of(faults.begin(), faults.end(), [&](const std::string& fault) { return known.count(fault) > 0; });
    if (!proven) unproven.push_back({id, reason});
  };
  for (const Suite& suite : registry.suites) {
    for (const Check& check : suite.checks) look(check.id, check.faults);
  }
  for (const Producer& producer : registry.producers) {
    look(producer.id, producer.faults, producer.unproven);
    for (const ProducedCheck& child : producer.children) look(child.id, child.faults, child.unproven);
  }
  return unproven;
}

// What is wrong under one fault; "" when the proof holds.
std::string ProveFault(const Options& options, const Registry& registry, const Fault& fault,
                       const reports::RunModel& healthy) {
  const FaultRequest request{fault.domain, fault.id, fault.default_target};
  const absl::StatusOr<reports::RunModel> broken = RunOnce(options, registry, fault.domain, request.ToString());
  if (!broken.ok()) return absl::StrCat("no run: ", broken.status().message());
  return JudgeProof(fault, fault.default_target, healthy, *broken).ToString();
}

std::vector<const Fault*> FaultsOf(const Options& options, const Registry& registry, const std::string& domain) {
  std::vector<const Fault*> faults;
  for (const Fault& fault : registry.faults) {
    if (fault.domain == domain && Selected(options, fault)) faults.push_back(&fault);
  }
  return faults;
}

// What was shown, and no more than that.
std::string Conclusion(const Options& options, size_t tried, int holes, int declared) {
  const std::string faults = absl::StrCat(tried, tried == 1 ? " fault" : " faults", " tried");
  if (holes > 0) return absl::StrCat(holes, holes == 1 ? " hole, " : " holes, ", faults, "\n");
  if (!options.faults.empty()) return absl::StrCat(faults, tried == 1 ? ", it is noticed\n" : ", all are noticed\n");
  return absl::StrCat("every fault is noticed, every check is proven",
                      declared == 0 ? "" : absl::StrCat(", but ", declared, " that say themselves that they are not"),
                      "\n");
}

int Prove(const Options& options, const CliContext& context) {
  for (const std::string& domain : options.domains) {
    if (!FaultsOf(options, context.registry, domain).empty()) continue;
    context.err << "tales prove: no such fault in domain " << domain << "; `tales list` names them\n";
    return kExitUsage;
  }
  int holes = 0, declared = 0;
  size_t tried = 0;
  for (const UnprovenCheck& check : UnprovenChecks(context.registry)) {
    if (!options.faults.empty()) break;  // one fault was asked about, not the whole
    context.out << "UNPROVEN  " << check.id << ": "
                << (check.reason.empty() ? "no fault that it names can be made here" : check.reason) << "\n";
    ++(check.reason.empty() ? holes : declared);
  }
  for (const std::string& domain : options.domains) {
    const std::vector<const Fault*> faults = FaultsOf(options, context.registry, domain);
    tried += faults.size();
    const absl::StatusOr<reports::RunModel> healthy = RunOnce(options, context.registry, domain, "");
    if (!healthy.ok() || healthy->ExitCode() != kExitOk) {
      context.err << "tales prove: the healthy " << domain << " is not judged green: "
                  << (healthy.ok() ? reports::Summary(*healthy) : std::string(healthy.status().message())) << "\n";
      return kExitNothingJudged;
    }
    std::mutex mutex;
    ForEachInParallel(faults.size(), static_cast<size_t>(std::max(options.jobs, 1)), [&](size_t i) {
      const std::string trouble = ProveFault(options, context.registry, *faults[i], *healthy);
      std::lock_guard<std::mutex> lock(mutex);
      context.out << (trouble.empty() ? "proven    " : "FAILED    ") << faults[i]->name() << "\n"
                  << trouble << (trouble.empty() ? "" : "\n");
      context.out.flush();
      if (!trouble.empty()) ++holes;
    });
  }
  context.out << Conclusion(options, tried, holes, declared);
  return holes == 0 ? kExitOk : kExitFailed;
}

}  // namespace

void AddProveCommand(CLI::App& app, CliContext& context) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("prove", "Breaks the cluster on purpose, fault by fault, and demands the right verdicts");
  command->add_option("--domain", options->domains, "where faults are made; lab by default");
  command->add_option("--cluster", options->cluster_file,
                      "prove on this cluster's files; the fixture's own by default");
  command->add_option("--fixture", options->fixture, "where faults of `inputs` are made; lab by default");
  command->add_option("--fault", options->faults, "only these, by id");
  command->add_option("--jobs", options->jobs, "faults tried side by side");
  command->callback([options, &context] { context.exit_code = Prove(*options, context); });
}

}  // namespace tales
