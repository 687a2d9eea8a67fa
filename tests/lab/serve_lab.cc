// `tales lab` and the verbs of bring-up on it, for tests with real clients: serve_lab lab --out DIR ..., serve_lab up
// ...
#include <iostream>

#include "CLI/CLI.hpp"
#include "app/hosts.h"
#include "fixtures/bringup/up_command.h"
#include "fixtures/lab/lab_command.h"

int main(int argc, char** argv) {
  const tales::Registry registry;
  tales::CliContext context{registry, std::cout, std::cerr};
  CLI::App app("the lab, and who brings it up");
  tales::AddLabCommand(app, context);
  tales::bringup::AddBringUpCommands(app, context, tales::Hosts());
  CLI::App* verify = app.add_subcommand("verify")->prefix_command();
  verify->callback([&] {
    const char* program = std::getenv("TALES_VERIFY");
    if (program == nullptr) throw CLI::RuntimeError(3);
    std::vector<std::string> words = verify->remaining();
    std::vector<char*> arguments = {const_cast<char*>(program)};
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    execv(program, arguments.data());
    throw CLI::RuntimeError(3);
  });
  CLI11_PARSE(app, argc, argv);
  return context.exit_code;
}
