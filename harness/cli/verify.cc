#include <filesystem>
#include <memory>

#include "CLI/App.hpp"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "harness/cli/cli.h"
#include "harness/runner/runner.h"

namespace tales {
namespace {

struct Flags {
  RunRequest request;
  std::string cluster, talosconfig, kubeconfig, vm_settings, settle, allow, out, resume, baseline;
  std::vector<std::string> imports;
};

std::string CheckDuration(const std::string& text) {
  absl::Duration duration;
  if (absl::ParseDuration(text, &duration) && duration >= absl::ZeroDuration()) return "";
  return absl::StrCat("\"", text, "\" is not a duration; for example 90s, 10m or 0");
}

std::string CheckTier(const std::string& text) {
  return ParseTier(text).has_value() ? ""
                                     : absl::StrCat("\"", text, "\" is not a tier; one of read, create, disruptive");
}

std::filesystem::path Absolute(const std::string& text) {
  std::error_code ignored;
  return text.empty() ? std::filesystem::path() : std::filesystem::absolute(text, ignored);
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
  verify->add_option("--fixture", request.fixture, "Where the cluster comes from: lab, local, adopt")
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
      ->check(CLI::Validator(CheckDuration, "DURATION"));
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
      ->check(CLI::ExistingPath.description(""))  // whose it would be nobody can tell, and that one may not be asked
      ->allow_extra_args(false);
  verify->add_option("--resume", flags->resume, "Goes on with a run that was killed or interrupted")->type_name("RUN");
  verify->add_flag("--keep", request.keep, "Keeps the fixture up after the verdict, until interrupted");
  verify->callback([&context, flags] {
    context.exit_code = RunVerify(context.registry, ToRequest(*flags), context.out, context.err);
  });
}

}  // namespace tales
