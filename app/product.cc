#include "app/product.h"

#include <memory>

#include "app/conformance_command.h"
#include "app/hosts.h"
#include "fixtures/adopt/adopt_fixture.h"
#include "fixtures/bringup/bringup_fixture.h"
#include "fixtures/bringup/up_command.h"
#include "fixtures/docker/docker_fixture.h"
#include "fixtures/lab/fault_catalogue.h"
#include "fixtures/lab/lab_command.h"
#include "fixtures/lab/lab_fixture.h"
#include "fixtures/local/assets_command.h"
#include "fixtures/local/faults.h"
#include "fixtures/local/local_command.h"
#include "fixtures/local/local_fixture.h"
#include "harness/cli/cli.h"
#include "harness/cli/doctor.h"
#include "harness/cli/init.h"
#include "suites/cilium/probe/producer.h"
#include "suites/cilium/suite.h"
#include "suites/config/faults/input_faults.h"
#include "suites/config/suite.h"
#include "suites/conformance/import_faults.h"
#include "suites/conformance/mode.h"
#include "suites/conformance/producer.h"
#include "suites/conformance/suite.h"
#include "suites/connectivity/producer.h"
#include "suites/health/suite.h"
#include "suites/known_issues/faults/ledger_faults.h"
#include "suites/known_issues/suite.h"
#include "suites/pod_security/suite.h"

namespace tales {
namespace {

// What must be judged (`require`) is for a cluster file to say: it knows what the cluster is meant to have.
std::vector<Profile> Profiles() {
  return {{.name = "health",
           .description = "what can be judged without a declared intent",
           .tier = Tier::kRead,
           .settle = absl::Seconds(10),
           .checks = {"health.*", "pod_security.*"}},
          {.name = "post-install",
           .description = "a cluster that has just been built",
           .tier = Tier::kCreate,
           .settle = absl::Seconds(30),
           .checks = {"*"}},
          {.name = "nightly",
           .description = "rebuild and test",
           .tier = Tier::kDisruptive,
           .settle = absl::Minutes(10),
           .checks = {"*"}},
          {.name = "upgrade",
           .description = "before and after an upgrade",
           .tier = Tier::kDisruptive,
           .settle = absl::Minutes(10),
           .checks = {"*"}}};
}

}  // namespace

Registry Product() {
  Registry registry;
  registry.suites = {HealthSuite(), ConfigSuite(),      PodSecuritySuite(),
                     CiliumSuite(), KnownIssuesSuite(), ConformanceSuite()};
  registry.producers = {conformance::ConformanceProducer(), connectivity::ConnectivityProducer(),
                        cilium::probe::ProbeProducer()};
  registry.fixtures["adopt"] = [] { return std::make_unique<AdoptFixture>(); };
  registry.fixtures["docker"] = [] { return std::make_unique<docker::DockerFixture>(); };
  registry.fixtures["lab"] = MakeLabFixture;
  registry.fixtures["local"] = [] { return MakeLocalFixture(); };
  for (const char* name : {"metal", "qemu", "synology"})
    registry.fixtures[name] = [name] { return std::make_unique<bringup::BringUpFixture>(name, Hosts()); };
  registry.faults = lab::LabFaults();
  for (const Fault& fault : conformance::ImportFaults()) registry.faults.push_back(fault);
  for (const Fault& fault : LocalFaults()) registry.faults.push_back(fault);
  registry.input_faults = conformance::ImportInputFaults();
  registry.faults.insert(registry.faults.end(), ConfigFaults().begin(), ConfigFaults().end());
  registry.input_faults.merge(ConfigInputFaults());
  registry.faults.insert(registry.faults.end(), LedgerFaults().begin(), LedgerFaults().end());
  registry.input_faults.merge(LedgerInputFaults());
  registry.proof_stages["import"] = {.fixture = "lab",
                                     .checks = {"conformance.*", "cilium.connectivity*"},
                                     .prepare = conformance::WriteHealthyResults};
  registry.profiles = Profiles();
  registry.check_conformance_mode = [](std::string_view mode) { return conformance::ParseMode(mode).status(); };
  registry.commands = {AddLabCommand,
                       AddLocalCommand,
                       AddAssetsCommand,
                       AddConformanceCommand,
                       AddInitCommand,
                       AddDoctorCommand,
                       [](CLI::App& app, CliContext& context) { bringup::AddBringUpCommands(app, context, Hosts()); }};
  return registry;
}

}  // namespace tales
