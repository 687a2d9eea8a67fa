// `tales lab` alone, for tests of the lab with real clients: serve_lab lab --out DIR ...
#include <iostream>

#include "CLI/CLI.hpp"
#include "fixtures/lab/lab_command.h"

int main(int argc, char** argv) {
  const tales::Registry registry;
  tales::CliContext context{registry, std::cout, std::cerr};
  CLI::App app("the lab, by itself");
  tales::AddLabCommand(app, context);
  CLI11_PARSE(app, argc, argv);
  return context.exit_code;
}
