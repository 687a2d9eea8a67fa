// qemu_program CLUSTER_FILE NODE ACTION...: what the test kills in the middle of it.
#include <iostream>

#include "fixtures/qemu/qemu_host.h"
#include "harness/definition/cluster_file.h"

int main(int argc, char** argv) {
  using namespace tales;  // NOLINT: a program of one function
  if (argc < 4) return 2;
  const auto definition = LoadClusterFile(argv[1]);
  const NodeDefinition* node = definition.ok() ? definition->FindNode(argv[2]) : nullptr;
  if (node == nullptr) {
    std::cerr << definition.status() << std::endl;
    return 2;
  }
  qemu::QemuHost host(*definition, {});
  const Deadline deadline = Deadline::After(absl::Seconds(60));
  for (int i = 3; i < argc; ++i) {
    const std::string_view action = argv[i];
    absl::StatusOr<ByHand> done = absl::InvalidArgumentError("no such action");
    if (action == "create") done = host.Create(*node, deadline);
    if (action == "on") done = host.PowerOn(*node, deadline);
    if (action == "off") done = host.PowerOff(*node, deadline);
    if (action == "add") done = host.AddDisk(*node, "data", 1 << 30, deadline);
    if (action == "remove") done = host.DeleteDisk(*node, "data", deadline);
    if (action == "delete") done = host.Delete(*node, deadline);
    if (!done.ok()) {
      std::cerr << action << ": " << done.status() << std::endl;
      return 1;
    }
  }
  return 0;
}
