#include "harness/check/ledger_facts.h"

#include "gtest/gtest.h"

namespace tales {
namespace {

using kube::Json;

TEST(LedgerFactsTest, TheTagOfAnImage) {
  EXPECT_EQ(
      ImageTag("quay.io/cilium/cilium:v1.17.1@sha256:8969bfd9c87cbea91e40665f8ebe327268c99d844ca26d7d12165de07f702866"),
      "v1.17.1");
  EXPECT_EQ(ImageTag("registry:5000/cilium:v1.17.1"), "v1.17.1");
  EXPECT_EQ(ImageTag("registry:5000/cilium"), "");
  EXPECT_EQ(ImageTag("cilium@sha256:00"), "");
  EXPECT_EQ(ImageTag(""), "");
}

TEST(LedgerFactsTest, WhereAnOrdinaryPodCanBePut) {
  const auto why = [](const char* text) { return WhyUnschedulable(Json::parse(text)); };
  EXPECT_EQ(why(R"({})"), "");
  EXPECT_EQ(why(R"({"spec": {"taints": [{"key": "a", "effect": "PreferNoSchedule"}]}})"), "");
  EXPECT_EQ(why(R"({"spec": {"taints": [{"key": "a", "effect": "NoSchedule"}]}})"), "has the taint a:NoSchedule");
  EXPECT_EQ(why(R"({"spec": {"taints": [{"key": "a", "effect": "NoExecute"}]}})"), "has the taint a:NoExecute");
  EXPECT_EQ(why(R"({"spec": {"unschedulable": true}})"), "is cordoned");
  for (const char* text : {"null", "[]", R"({"spec": 3})", R"({"spec": {"taints": {}, "unschedulable": "x"}})"}) {
    EXPECT_EQ(why(text), "") << text;
  }
}

}  // namespace
}  // namespace tales
