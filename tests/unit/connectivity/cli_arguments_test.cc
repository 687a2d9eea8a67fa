#include "suites/connectivity/cli_arguments.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tales::connectivity {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(CliArgumentsTest, AWholeRunSaysWhatIsKnownAndNoMore) {
  const CliOptions options{
      .program = "/bin/cilium", .kubeconfig = "/k", .folder = "/f", .tests = "all", .timeout = absl::Minutes(45)};
  EXPECT_THAT(CliArguments(options), ElementsAre("/bin/cilium", "connectivity", "test", "--namespace=cilium",
                                                 "--kubeconfig=/k", "--junit-file=/f/junit.xml", "--timeout=45m"));
}

TEST(CliArgumentsTest, TheWorldOfTheClusterFile) {
  CliOptions options{.program = "cilium", .folder = "/f", .tests = "no-policies/,health"};
  options.workloads.world = {.name = "world.tales.test.",
                             .other_name = "other.tales.test.",
                             .address = "203.0.113.10",
                             .other_address = "203.0.113.20",
                             .range = "203.0.113.0/24",
                             .insecure = true};
  options.workloads.images.client = "registry.example/client:1";
  options.workloads.connectivity.concurrency = 3;
  options.workloads.connectivity.arguments = {"--retry=1"};
  const std::vector<std::string> argv = CliArguments(options);
  for (const char* one : {"--external-target=world.tales.test.", "--external-other-target=other.tales.test.",
                          "--external-ip=203.0.113.10", "--external-other-ip=203.0.113.20",
                          "--external-cidr=203.0.113.0/24", "--curl-insecure", "--curl-image=registry.example/client:1",
                          "--test-concurrency=3", "--test=no-policies/,health"}) {
    EXPECT_THAT(argv, Contains(one));
  }
  EXPECT_EQ(argv.back(), "--retry=1");
  EXPECT_THAT(argv, Not(Contains(HasSubstr("--kubeconfig"))));
}

}  // namespace
}  // namespace tales::connectivity
