#include "suites/connectivity/cli_arguments.h"

#include "absl/strings/str_cat.h"

namespace tales::connectivity {

std::filesystem::path JUnitOf(const CliOptions& options) { return options.folder / "junit.xml"; }

std::vector<std::string> CliArguments(const CliOptions& options) {
  std::vector<std::string> argv = {options.program.string(), "connectivity", "test"};
  const auto add = [&argv](std::string_view flag, std::string_view value) {
    if (!value.empty()) argv.push_back(absl::StrCat(flag, "=", value));
  };
  add("--namespace", options.cilium_namespace);
  add("--helm-release-name", options.release);
  add("--kubeconfig", options.kubeconfig.string());
  add("--context", options.context);
  add("--junit-file", JUnitOf(options).string());
  add("--timeout", absl::FormatDuration(absl::Trunc(options.timeout, absl::Seconds(1))));
  const WorkloadsDefinition& workloads = options.workloads;
  if (workloads.connectivity.concurrency > 1) {
    add("--test-concurrency", absl::StrCat(workloads.connectivity.concurrency));
  }
  add("--curl-image", workloads.images.client);
  const WorkloadsDefinition::World& world = workloads.world;
  add("--external-target", world.name);
  add("--external-other-target", world.other_name);
  add("--external-ip", world.address);
  add("--external-other-ip", world.other_address);
  add("--external-cidr", world.range);
  if (world.insecure) argv.emplace_back("--curl-insecure");
  if (options.tests != "all") add("--test", options.tests);
  argv.insert(argv.end(), workloads.connectivity.arguments.begin(), workloads.connectivity.arguments.end());
  return argv;
}

}  // namespace tales::connectivity
