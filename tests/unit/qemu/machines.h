// A cluster file's machines for tests.
#pragma once

#include "fixtures/qemu/machine.h"

namespace tales::qemu::testing {

// The settings table of the cluster that this was written for.
inline ClusterDefinition TalesCluster() {
  ClusterDefinition definition;
  definition.path = "/clusters/qemu.yaml";
  definition.cluster = "tales";
  definition.fixture = "qemu";
  definition.talos = {.version = "v1.9.4", .image = "talos-1.9.4-metal-amd64", .talosconfig = "", .context = ""};
  definition.nodes = {{.name = "control", .role = Role::kControlPlane, .address = "10.0.1.50", .dial = "127.0.0.50"},
                      {.name = "worker", .role = Role::kWorker, .address = "10.0.1.100", .dial = "127.0.0.100:50001"}};
  definition.vm = VmDefinition{.machine = "q35",
                               .video = "vmvga",
                               .firmware = "bios",
                               .network = "Default VM Network",
                               .autostart = "last-state",
                               .memory = "4GiB",
                               .cpus = 2,
                               .disk = {.size = "100GB", .bus = "virtio-scsi", .reclaim = false}};
  return definition;
}

}  // namespace tales::qemu::testing
