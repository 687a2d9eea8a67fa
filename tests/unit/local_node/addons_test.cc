#include "fixtures/local/node/addons.h"

#include "fixtures/local/node/world.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tales {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;

std::string CorefileOf(const AddonOptions& options) {
  for (const kube::Json& object : AddonObjects(options)) {
    if (object["kind"] == "ConfigMap" && object["data"].contains("Corefile")) return object["data"]["Corefile"];
  }
  return "";
}

TEST(AddonsTest, ClusterDnsKnowsTheHostsBeyondTheCluster) {
  EXPECT_THAT(CorefileOf({}), AllOf(HasSubstr("kubernetes cluster.local"), Not(HasSubstr("hosts"))));
  const std::string with = CorefileOf({.hosts = HostsOf(DefaultWorld())});
  EXPECT_THAT(with, AllOf(HasSubstr("hosts {\n        203.0.113.10 world.tales.test\n        203.0.113.20 other"),
                          HasSubstr("fallthrough\n    }\n    errors")));
}

TEST(WorldTest, TheLabServesWhatIsInItsRange) {
  WorkloadsDefinition::World world = DefaultWorld();
  EXPECT_TRUE(IsOfTheLab(world));
  EXPECT_THAT(HostsOf(world),
              ElementsAre(Pair("203.0.113.10", "world.tales.test"), Pair("203.0.113.20", "other.tales.test")));
  world.other_address = "1.1.1.1";
  EXPECT_FALSE(IsOfTheLab(world));
  EXPECT_FALSE(IsOfTheLab({}));
}

}  // namespace
}  // namespace tales
