// `tales lab` and the verbs of bring-up on it, for tests with real clients: serve_lab lab --out DIR ..., serve_lab up
// ...
#include <iostream>

#include "CLI/CLI.hpp"
#include "fixtures/bringup/up_command.h"
#include "fixtures/lab/lab_command.h"
#include "fixtures/lab/lab_machine_host.h"

int main(int argc, char** argv) {
  using tales::bringup::HostRequest;
  const tales::Registry registry;
  tales::CliContext context{registry, std::cout, std::cerr};
  const tales::bringup::HostRegistry hosts = {
      {"lab", {.make = [](const HostRequest& request) -> absl::StatusOr<std::unique_ptr<tales::MachineHost>> {
         return std::make_unique<tales::lab::LabMachineHost>(
             std::filesystem::path(request.definition.path).parent_path(), request.definition.vm);
       }}}};
  CLI::App app("the lab, and who brings it up");
  tales::AddLabCommand(app, context);
  tales::bringup::AddBringUpCommands(app, context, hosts);
  CLI11_PARSE(app, argc, argv);
  return context.exit_code;
}
