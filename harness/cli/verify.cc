#include <filesystem>
#include <memory>
#include <set>

#include "CLI/App.hpp"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "harness/cli/cli.h"
#include "harness/cli/duration_flag.h"
#include "harness/runner/runner.h"

namespace tales {
namespace {

struct Flags {
  RunRequest request;
  std::string cluster, talosconfig, kubeconfig, vm_settings, settle, allow, out, resume, baseline;
  std::vector<std::string> imports;
};

std::string CheckTier(const std::string& text) {
  return ParseTier(text).has_value() ? ""
                                     : absl::StrCat("\"", text, "\" is not a tier; one of read, create, disruptive");
}

std::filesystem::path Absolute(const std::string& text) {
  std::error_code ignored;
  return text.empty() ? std::filesystem::path() : std::filesystem::absolute(text, ignored);
}

// What was given beside --resume and is not for it: the run that goes on was asked before.
std::vector<std::string> NotForResume(const CLI::App& verify) {
  static const std::set<std::string> kFor = {"--resume", "--jobs", "--keep", "--strict"};
  std::vector<std::string> others;
  for (const CLI::Option* option : verify.get_options()) {
    if (option->count() > 0 && !kFor.contains(option->get_name())) others.push_back(option->get_name());
  }
  return others;
}

RunRequest ToRequest(const Flags& flags) {
  RunRequest request = flags.request;
  request.cluster_file = Absolute(flags.cluster);
  request.talosconfig = Absolute(flags.talosconfig);
  request.kubeconfig = Absolute(flags.kubeconfig);
  request.vm_settings = Absolute(flags.vm_settings);
  request.out = Absolute(flags.out);
  request.resume = Absolute(flags.resume);
  request.baseline = Absolute(flags.baseline);
  for (const std::string& path : flags.imports) request.imports.push_back(Absolute(path));
  if (absl::Duration settle; !flags.settle.empty() && absl::ParseDuration(flags.settle, &settle))
    request.settle = settle;
  if (!flags.allow.empty()) request.allow = ParseTier(flags.allow);
  return request;
}

}  // namespace

void AddVerifyCommand(CLI::App& app, CliContext& context) {
  CLI::App* verify = app.add_subcommand("verify", "Stands a cluster up or adopts one, judges it, reports");
  const auto flags = std::make_shared<Flags>();
  RunRequest& request = flags->request;
  verify->add_option("--cluster", flags->cluster, "Cluster file: what the cluster should be")->type_name("FILE");
  verify
      ->add_option("--fixture", request.fixture,
                   absl::StrCat("Where the cluster comes from: ", FixtureNames(context.registry)))
      ->type_name("NAME");
  verify->add_option("--talosconfig", flags->talosconfig, "Adopt the cluster of this talosconfig")->type_name("FILE");
  verify->add_option("--kubeconfig", flags->kubeconfig, "Adopt the cluster of this kubeconfig")->type_name("FILE");
  verify->add_option("--talos-context", request.talos_context, "Default: the talosconfig's current one");
  verify->add_option("--kubernetes-context", request.kubernetes_context, "Default: the kubeconfig's current one");
  verify
      ->add_option("--vm-settings", flags->vm_settings,
                   "What the hosts of the virtual machines say of them, as `tales up` writes it (STATE/vm.json)")
      ->type_name("FILE");
  verify->add_option("--profile", request.profile, "health, post-install, nightly, upgrade or one of the cluster file");
  verify->add_option("--suite", request.suites, "Only this suite; repeatable")->allow_extra_args(false);
  verify->add_option("--check", request.checks, "Only checks that match, for example 'health.services/*'; repeatable")
      ->type_name("GLOB")
      ->allow_extra_args(false);
  verify->add_option("--settle", flags->settle, "How long conditions may take to become true, for example 10m")
      ->check(DurationFlag("90s, 10m or 0", /*zero=*/true));
  verify->add_option("--jobs", request.jobs, "Worker processes at once")->check(CLI::Range(1, 256));
  verify->add_option("--out", flags->out, "The run's folder. Default: runs/<run id>")->type_name("DIR");
  verify
      ->add_option("--baseline", flags->baseline,
                   "An earlier run, or its report.json or junit.xml: what it judged and this run does not have is "
                   "missing; the comparison is written too")
      ->type_name("RUN");
  verify->add_flag("--strict", request.strict, "Resolved, inconclusive and flaky verdicts fail the run too");
  verify->add_option("--allow", flags->allow, "What may be done to the cluster: read, create, disruptive")
      ->check(CLI::Validator(CheckTier, "TIER"));
  verify->add_option("--fault", request.faults, "Breaks something on purpose: DOMAIN:ID[=TARGET]; repeatable")
      ->allow_extra_args(false);
  verify->add_option("--conformance", request.conformance,
                     "How much of Kubernetes' conformance tests: none, sample, fast, full, sig:NAME, focus:REGEX. "
                     "Default: the profile's");
  verify
      ->add_option("--conformance-runner", request.conformance_runner,
                   "Where they run: process (e2e.test on this machine, the default) or cluster (in a pod)")
      ->check(CLI::IsMember({"process", "cluster"}));
  verify
      ->add_option("--connectivity", request.connectivity,
                   "Which tests of `cilium connectivity test`: none, all, or as its own --test. Default: the profile's")
      ->type_name("TESTS");
  verify
      ->add_option("--import", flags->imports,
                   "Results of another tool (JUnit, a folder or archive of them); repeatable")
      ->type_name("PATH")
      ->allow_extra_args(false);
  verify
      ->add_option("--resume", flags->resume,
                   "Goes on with a run that was killed or interrupted; only --jobs, --keep and --strict go with it")
      ->type_name("RUN");
  verify->add_flag("--keep", request.keep, "Keeps the fixture up after the verdict, until interrupted");
  verify->callback([&context, verify, flags] {
    if (const auto others = NotForResume(*verify); !flags->resume.empty() && !others.empty()) {
      context.err << "tales verify: --resume asks again what the run was asked: leave " << absl::StrJoin(others, ", ")
                  << " out, or start a run of its own\n";
      context.exit_code = kExitUsage;
      return;
    }
    context.exit_code = RunVerify(context.registry, ToRequest(*flags), context.out, context.err);
  });
}

}  // namespace tales
