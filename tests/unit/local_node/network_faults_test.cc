#include "fixtures/local/node/network_faults.h"

#include "absl/strings/str_join.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "harness/base/file.h"
#include "tests/support/status_matchers.h"

namespace tales {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

LabNetwork TwoNodes() {
  return {.lab = 77,
          .nodes = {{.name = "node-1",
                     .address = "10.6.0.11",
                     .pod_network = "10.244.11.0/24",
                     .link = "node1",
                     .first_process = 101},
                    {.name = "node-2",
                     .address = "10.6.0.12",
                     .pod_network = "10.244.12.0/24",
                     .link = "node2",
                     .first_process = 102}}};
}

std::string Text(const std::vector<std::vector<std::string>>& commands) {
  return absl::StrJoin(
      commands, "\n", [](std::string* out, const std::vector<std::string>& argv) { *out += absl::StrJoin(argv, " "); });
}

TEST(NetworkFaultsTest, OneWayIsOneWay) {
  ASSERT_OK_AND_ASSIGN(const auto plan, PlanNetworkFault({"local", "one-way-loss", "node-2/node-1"}, TwoNodes()));
  EXPECT_THAT(Text(plan.breaks), HasSubstr("--net=/proc/77/ns/net -- nft add table bridge tales_node2_node1"));
  EXPECT_THAT(Text(plan.breaks), HasSubstr("ip saddr 10.6.0.12 ip daddr 10.6.0.11 counter drop"));
  EXPECT_THAT(Text(plan.heals), HasSubstr("nft delete table bridge tales_node2_node1"));
}

TEST(NetworkFaultsTest, TheLinkIsTheNodes) {
  ASSERT_OK_AND_ASSIGN(auto plan, PlanNetworkFault({"local", "node-link-down", ""}, TwoNodes()));  // its default target
  EXPECT_GE(plan.settles, absl::Minutes(1)) << "what watches the API on that node asks again by then";
  EXPECT_THAT(Text(plan.breaks), HasSubstr("ip link set dev node2 down"));
  ASSERT_OK_AND_ASSIGN(plan, PlanNetworkFault({"local", "node-mtu", "node-1/1400"}, TwoNodes()));
  EXPECT_THAT(Text(plan.breaks), HasSubstr("ip link set dev node1 mtu 1400"));
  EXPECT_THAT(Text(plan.heals), HasSubstr("mtu 1500"));
}

TEST(NetworkFaultsTest, WhatIsInTheNodeIsDoneThere) {
  ASSERT_OK_AND_ASSIGN(auto plan, PlanNetworkFault({"local", "agent-dead", "node-2"}, TwoNodes()));
  EXPECT_THAT(Text(plan.breaks), HasSubstr("nsenter --all --target 102 -- sh -c"));
  EXPECT_THAT(Text(plan.heals), HasSubstr("kill -CONT"));
  ASSERT_OK_AND_ASSIGN(plan, PlanNetworkFault({"local", "wrong-route", "node-1"}, TwoNodes()));
  EXPECT_THAT(Text(plan.breaks), HasSubstr("--target 101 -- ip route add 10.244.12.0/25 via"));
  EXPECT_THAT(plan.breaks, SizeIs(2));
}

TEST(NetworkFaultsTest, OnlyADiskOfTheKubeletsOwnIsFilled) {
  ASSERT_OK_AND_ASSIGN(const auto plan, PlanNetworkFault({"local", "disk-full", ""}, TwoNodes()));
  EXPECT_EQ(plan.full, "node-2");
  EXPECT_THAT(Text(plan.breaks), HasSubstr("nsenter --all --target 102 -- sh -c"));
  EXPECT_THAT(Text(plan.breaks), HasSubstr("[ \"$(stat -f -c %T /var/lib/kubelet)\" = tmpfs ] || "));
  EXPECT_THAT(Text(plan.breaks), HasSubstr("head -c 268435456 /dev/zero"));
  EXPECT_THAT(Text(plan.heals), HasSubstr("rm /var/lib/kubelet/tales-disk-full"));
}

TEST(NetworkFaultsTest, Ipv6AloneOrToo) {
  LabNetwork network = TwoNodes();
  ASSERT_OK_AND_ASSIGN(auto plan, PlanNetworkFault({"local", "ipv6-one-way-loss", ""}, network));
  EXPECT_THAT(Text(plan.breaks), HasSubstr("iifname node1 oifname node2 ether type ip6 counter drop"));
  EXPECT_THAT(Text(plan.breaks),
              HasSubstr("iifname node1 oifname node2 udp dport 8472 @th,224,16 0x86dd counter drop"));
  EXPECT_THAT(Text(plan.heals), HasSubstr("nft delete table bridge tales6_node1_node2"));
  network.nodes[0].address6 = "fd00:10:6::11", network.nodes[1].address6 = "fd00:10:6::12";
  ASSERT_OK_AND_ASSIGN(plan, PlanNetworkFault({"local", "one-way-loss", ""}, network));
  EXPECT_THAT(Text(plan.breaks), HasSubstr("ip6 saddr fd00:10:6::11 ip6 daddr fd00:10:6::12 counter drop"));
}

TEST(NetworkFaultsTest, TheProxyOfNamesIsCutOffOnItsNode) {
  ASSERT_OK_AND_ASSIGN(const auto plan, PlanNetworkFault({"local", "dns-proxy-cut", ""}, TwoNodes()));
  EXPECT_THAT(Text(plan.breaks), HasSubstr("--target 102 -- iptables -w 5 -t mangle -D PREROUTING"));
  EXPECT_THAT(Text(plan.heals), HasSubstr("-t mangle -I PREROUTING"));
}

TEST(NetworkFaultsTest, APolicyDeniesWhatItNamesAlone) {
  ASSERT_OK_AND_ASSIGN(const auto plan, PlanNetworkFault({"local", "policy-in-the-way", ""}, TwoNodes()));
  EXPECT_THAT(plan.breaks, IsEmpty());
  EXPECT_EQ(plan.policy["spec"]["enableDefaultDeny"]["ingress"], false);
}

TEST(NetworkFaultsTest, ATargetThatIsNotThereIsAMistake) {
  for (const FaultRequest& fault : std::vector<FaultRequest>{{"local", "one-way-loss", "node-1/node-9"},
                                                             {"local", "one-way-loss", "node-1/node-1"},
                                                             {"local", "one-way-loss", "node-1"},
                                                             {"local", "node-link-down", "node-9"},
                                                             {"local", "disk-full", "node-9"},
                                                             {"local", "node-mtu", "node-1/5"},
                                                             {"local", "node-mtu", "node-1/1400;reboot"},
                                                             {"local", "no-such", "node-1"}}) {
    EXPECT_TRUE(absl::IsInvalidArgument(PlanNetworkFault(fault, TwoNodes()).status())) << fault.ToString();
  }
}

TEST(NetworkFaultsTest, EveryDefaultTargetIsOne) {
  for (const Fault& fault : NetworkFaults())
    EXPECT_OK(PlanNetworkFault({"local", fault.id, fault.default_target}, TwoNodes())) << fault.id;
}

TEST(LabNetworkTest, IsReadAsItWasWritten) {
  ASSERT_OK_AND_ASSIGN(const TemporaryFolder folder, TemporaryFolder::Make("lab-network"));
  EXPECT_TRUE(absl::IsNotFound(ReadLabNetwork(folder.path()).status()));
  ASSERT_OK(WriteLabNetwork(folder.path(), TwoNodes()));
  ASSERT_OK_AND_ASSIGN(const LabNetwork network, ReadLabNetwork(folder.path()));
  EXPECT_EQ(network.lab, 77);
  ASSERT_NE(network.Find("node-2"), nullptr);
  EXPECT_EQ(network.Find("node-2")->first_process, 102);
  ASSERT_OK_AND_ASSIGN(const std::string outside, ReadFile(OutsideProgram(folder.path())));
  EXPECT_THAT(outside, HasSubstr("nsenter --net=/proc/77/ns/net -- \"$@\""));
  for (const char* damaged : {"", "[]", R"({"lab":1,"nodes":[{}]})", R"({"lab":"x","nodes":[]})"}) {
    ASSERT_OK(WriteFileAtomically(folder.path() / "network.json", damaged));
    EXPECT_TRUE(absl::IsDataLoss(ReadLabNetwork(folder.path()).status())) << damaged;
  }
}

}  // namespace
}  // namespace tales
