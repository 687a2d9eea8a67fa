// What `tales verify` refuses before it begins.
#include <sstream>

#include "CLI/App.hpp"
#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "gtest/gtest.h"
#include "harness/cli/cli.h"

namespace tales {
namespace {

TEST(VerifyTest, AnImportThatIsNotThere) {
  const Registry registry;
  std::ostringstream out, err;
  CliContext context{registry, out, err};
  CLI::App app;
  AddVerifyCommand(app, context);
  try {
    app.parse("verify --suite health --import /nowhere/cilium/junit_01.xml");
    FAIL() << "it began";
  } catch (const CLI::ValidationError& error) {
    EXPECT_EQ(std::string(error.what()), "--import: Path does not exist: /nowhere/cilium/junit_01.xml");
  }
}

}  // namespace
}  // namespace tales
