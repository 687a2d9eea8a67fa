// `tales doctor` and fixture synology: what it needs is named, with the way to get it.
#include "harness/cli/doctor.h"

#include <algorithm>
#include <sstream>

#include "CLI/App.hpp"
#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "harness/base/file.h"
#include "tests/support/status_matchers.h"

namespace tales {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

std::string Doctor(std::string_view cluster_file, std::vector<std::string> arguments, int& exit_code) {
  const absl::StatusOr<TemporaryFolder> folder = TemporaryFolder::Make("doctor");
  EXPECT_OK(folder);
  const std::filesystem::path file = folder->path() / "cluster.yaml";
  EXPECT_OK(WriteFileAtomically(file, cluster_file));
  Registry registry;
  registry.fixtures["synology"] = [] { return nullptr; };
  std::ostringstream output, errors;
  CliContext context{registry, output, errors};
  CLI::App app;
  AddDoctorCommand(app, context);
  for (const std::string& argument : {std::string("--cluster"), file.string()}) arguments.push_back(argument);
  arguments.insert(arguments.begin(), "doctor");
  std::reverse(arguments.begin(), arguments.end());
  app.parse(arguments);
  exit_code = context.exit_code;
  return output.str() + errors.str();
}

TEST(DoctorTest, TheNasOfTheClusterFile) {
  int exit_code = 0;
  EXPECT_THAT(Doctor("version: 1\ncluster: x\nfixture: synology\n", {}, exit_code),
              HasSubstr("missing  NAS: the cluster file does not say where it is; give --cluster FILE"));
  EXPECT_EQ(exit_code, kExitFailed);
  unsetenv("TALES_TEST_NOT_SET");
  EXPECT_THAT(
      Doctor("version: 1\ncluster: x\nfixture: synology\n"
             "synology: {url: 'https://127.0.0.1:1', account: a, passwordEnv: TALES_TEST_NOT_SET}\n",
             {}, exit_code),
      AllOf(HasSubstr("missing  vm: "), HasSubstr("missing  NAS password: TALES_TEST_NOT_SET is not set; export"),
            HasSubstr("missing  NAS certificate: ")));
  EXPECT_EQ(exit_code, kExitFailed);
}

TEST(DoctorTest, ANodeWithThatFixtureIsEnough) {
  int exit_code = 0;
  EXPECT_THAT(Doctor("version: 1\ncluster: x\n"
                     "nodes: [{name: n, role: worker, address: 10.0.0.1, fixture: synology}]\n",
                     {}, exit_code),
              HasSubstr("missing  NAS: "));
}

}  // namespace
}  // namespace tales
