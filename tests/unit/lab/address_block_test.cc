#include "fixtures/lab/address_block.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <set>

#include "fixtures/lab/default_cluster.h"
#include "harness/base/file.h"
#include "tests/support/status_matchers.h"

namespace tales::lab {
namespace {

TEST(AddressBlock, TwoLabsHaveTwoBlocksAndAFreedOneIsUsedAgain) {
  ASSERT_OK_AND_ASSIGN(AddressBlock first, AddressBlock::Take(2));
  const std::string address = first.Address(50);
  {
    ASSERT_OK_AND_ASSIGN(const AddressBlock second, AddressBlock::Take(2));
    EXPECT_NE(second.Address(50), address);
  }
  AddressBlock moved = std::move(first);
  EXPECT_EQ(moved.Address(50), address);
}

TEST(AddressBlock, LeavesNoFile) {
  ASSERT_OK_AND_ASSIGN(const TemporaryFolder folder, TemporaryFolder::Make("tales-blocks"));
  const char* before = std::getenv("XDG_RUNTIME_DIR");
  const std::string kept = before == nullptr ? "" : before;
  setenv("XDG_RUNTIME_DIR", folder.path().c_str(), 1);
  {
    ASSERT_OK_AND_ASSIGN(const AddressBlock block, AddressBlock::Take(600));
    EXPECT_TRUE(std::filesystem::exists(folder.path() / "tales-lab-127.20.2.lock"));
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
  kept.empty() ? unsetenv("XDG_RUNTIME_DIR") : setenv("XDG_RUNTIME_DIR", kept.c_str(), 1);
}

TEST(AddressBlock, KeepsTheLastByteOfTheDeclaredAddresses) {
  ASSERT_OK_AND_ASSIGN(ClusterDefinition cluster, DefaultCluster());
  ASSERT_OK_AND_ASSIGN(const AddressBlock block, AddressBlock::Take(cluster.nodes.size()));
  block.Renumber(cluster);
  EXPECT_EQ(cluster.nodes[0].address, block.Address(50));
  EXPECT_EQ(cluster.nodes[1].dial, block.Address(100));
  EXPECT_EQ(cluster.endpoint, "https://" + block.Address(50) + ":6443");
}

TEST(AddressBlock, AThousandNodesHaveAThousandAddresses) {
  ASSERT_OK_AND_ASSIGN(ClusterDefinition cluster, DefaultCluster());
  SetNodeCount(cluster, 1000);
  ASSERT_OK_AND_ASSIGN(const AddressBlock block, AddressBlock::Take(cluster.nodes.size()));
  block.Renumber(cluster);
  std::set<std::string> addresses, names;
  for (const NodeDefinition& node : cluster.nodes) {
    addresses.insert(node.address);
    names.insert(node.name);
    EXPECT_EQ(node.address.rfind("127.", 0), 0u);
    EXPECT_NE(node.address.substr(node.address.rfind('.')), ".0");
  }
  EXPECT_EQ(addresses.size(), 1000u);
  EXPECT_EQ(names.size(), 1000u);
}

}  // namespace
}  // namespace tales::lab
