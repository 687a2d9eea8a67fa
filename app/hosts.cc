#include "app/hosts.h"

#include "fixtures/bringup/metal_host.h"
#include "fixtures/lab/lab_machine_host.h"
#include "fixtures/local/default_cluster.h"
#include "fixtures/qemu/qemu_host.h"
#include "fixtures/synology/synology_host.h"
#include "harness/base/status.h"

namespace tales {
namespace {

using bringup::HostRequest;
using Made = absl::StatusOr<std::unique_ptr<MachineHost>>;

// Of the lab that serves from the cluster file's folder.
Made MakeLab(const HostRequest& request) {
  return std::make_unique<lab::LabMachineHost>(std::filesystem::path(request.definition.path).parent_path(),
                                               request.definition.vm);
}

Made MakeQemu(const HostRequest& request) {
  return std::make_unique<qemu::QemuHost>(request.definition, qemu::QemuHost::Options{.progress = request.progress});
}

absl::StatusOr<std::vector<std::string>> StartQemuMachines(MachineHost& host, Deadline deadline) {
  qemu::QemuHost::Started started = static_cast<qemu::QemuHost&>(host).StartAll(deadline);
  if (!started.status.ok()) return started.status;
  return std::move(started.nodes);
}

Made MakeSynology(const HostRequest& request) {
  SynologyHost::Options options;
  options.state_folder = request.state_folder;
  options.may_try_again = request.ask;
  options.progress = request.progress;
  TALES_ASSIGN_OR_RETURN(std::unique_ptr<SynologyHost> host,
                         SynologyHost::Make(request.definition, std::move(options)));
  return host;
}

}  // namespace

const bringup::HostRegistry& Hosts() {
  static const bringup::HostRegistry hosts = {{"local", {.serves = "local", .usual = UsualLocalCluster}},
                                              {"lab", {.make = MakeLab, .simulated = true}},
                                              {"metal", {.make = bringup::MetalHost::Make}},
                                              {"qemu", {.make = MakeQemu, .autostart = StartQemuMachines}},
                                              {"synology", {.make = MakeSynology}}};
  return hosts;
}

}  // namespace tales
