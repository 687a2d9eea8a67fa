#include "fixtures/qemu/examine.h"

#include "gmock/gmock.h"
#include "tests/unit/qemu/machines.h"

namespace tales::qemu {
namespace {

using ::tales::qemu::testing::TalesCluster;
using ::testing::Contains;
using ::testing::HasSubstr;

std::vector<std::string> Missing(const ClusterDefinition& definition) {
  std::vector<std::string> lines;
  for (const Finding& finding : Examine(&definition)) {
    if (finding.kind == Finding::kMissing) lines.push_back(finding.what + ": " + finding.found + "; " + finding.how);
  }
  return lines;
}

TEST(Examine, NamesWhatTheClusterFileNeedsAndIsNotThere) {
  ClusterDefinition definition = TalesCluster();
  definition.vm->firmware = "uefi";
  definition.qemu =
      QemuDefinition{.state = "", .iso = "/no/such.iso", .accelerator = "", .firmware_code = "/no/code.fd"};
  EXPECT_THAT(Missing(definition), Contains(HasSubstr("boot ISO: /no/such.iso is not there")));
  EXPECT_THAT(Missing(definition), Contains(HasSubstr("UEFI firmware: /no/code.fd is not there")));
  definition.nodes[0].dial = "10.0.1.50";
  EXPECT_THAT(Missing(definition), Contains(HasSubstr("machine control: qemu.network")));
  definition.talos.image.clear();
  definition.qemu.reset();
  EXPECT_THAT(Missing(definition), Contains(HasSubstr("boot ISO: the cluster file names none")));
}

TEST(Examine, NodesOfOtherFixturesAreNoneOfItsBusiness) {
  ClusterDefinition definition = TalesCluster();
  definition.fixture = "metal";
  for (const std::string& line : Missing(definition)) EXPECT_THAT(line, ::testing::Not(HasSubstr("ISO"))) << line;
}

}  // namespace
}  // namespace tales::qemu
