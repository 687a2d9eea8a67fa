// The issues that are not read from a log: KI-KEXEC-VGA and KI-ONE-WORKER.
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "suites/known_issues/kexec_vga.h"
#include "suites/known_issues/one_worker.h"

namespace tales::known_issues {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

SeenKernelArguments Console(std::string trouble, bool on_command_line = true) {
  return {.consoles = {{.argument = "vga=792",
                        .wanted = {1024, 768},
                        .on_command_line = on_command_line,
                        .trouble = std::move(trouble)}}};
}

Outcome Classify(const SeenKernelArguments& seen, bool kexec) {
  return ClassifyKexecVga("worker", seen, kexec, "talosctl -n 10.0.1.100 shutdown --wait");
}

TEST(KexecVgaTest, WithoutEffectAfterKexecItIsKnownWithTheRemedy) {
  const Outcome outcome = Classify(Console("there is no framebuffer: a text console"), true);
  EXPECT_EQ(outcome.verdict(), Verdict::kKnown);
  EXPECT_EQ(outcome.issue(), "KI-KEXEC-VGA");
  EXPECT_THAT(outcome.found(), AllOf(HasSubstr("vga=792 has no effect on worker"), HasSubstr("text console"),
                                     HasSubstr("talosctl -n 10.0.1.100 shutdown --wait, then start the machine")));
}

TEST(KexecVgaTest, InForceItIsResolved) {
  EXPECT_EQ(Classify(Console(""), false).verdict(), Verdict::kResolved);
  const Outcome outcome = Classify(Console(""), true);
  EXPECT_EQ(outcome.verdict(), Verdict::kResolved);
  EXPECT_THAT(outcome.found(), HasSubstr("after a boot by kexec"));
}

TEST(KexecVgaTest, WithoutEffectAfterAColdBootItIsANewVariant) {
  const Outcome outcome = Classify(Console("the framebuffer is 800x600"), false);
  EXPECT_EQ(outcome.verdict(), Verdict::kFailed);
  EXPECT_THAT(outcome.problems()[0].found, AllOf(HasSubstr("a new variant of KI-KEXEC-VGA"), HasSubstr("800x600")));
  EXPECT_NE(outcome.problems()[0].next, "");
}

TEST(KexecVgaTest, NotOnTheCommandLineNothingCanBeSeen) {
  EXPECT_EQ(Classify(Console("", false), true).verdict(), Verdict::kInconclusive);
}

TEST(KexecVgaTest, WithoutADeclaredResolutionThereIsNothingToSay) {
  EXPECT_EQ(Classify({}, true).verdict(), Verdict::kUnsupported);
}

kube::Json Node(std::string name, const char* spec = "{}") {
  return {{"metadata", {{"name", name}}}, {"spec", kube::Json::parse(spec)}};
}

constexpr char kControlPlane[] =
    R"({"taints": [{"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"}]})";

TEST(OneWorkerTest, OneIsKnown) {
  const Outcome outcome = ClassifyOneWorker({Node("control", kControlPlane), Node("worker")});
  EXPECT_EQ(outcome.verdict(), Verdict::kKnown);
  EXPECT_EQ(outcome.issue(), "KI-ONE-WORKER");
  EXPECT_THAT(outcome.found(), AllOf(HasSubstr("on worker alone"),
                                     HasSubstr("control has the taint node-role.kubernetes.io/control-plane")));
}

TEST(OneWorkerTest, TwoAreResolved) {
  const Outcome outcome = ClassifyOneWorker({Node("a"), Node("b"), Node("control", kControlPlane)});
  EXPECT_EQ(outcome.verdict(), Verdict::kResolved);
  EXPECT_THAT(outcome.found(), HasSubstr("2 nodes: a, b"));
  EXPECT_EQ(ClassifyOneWorker({Node("a"), Node("b", R"({"taints": [{"key": "x", "effect": "PreferNoSchedule"}]})")})
                .verdict(),
            Verdict::kResolved);
}

TEST(OneWorkerTest, NoneIsANewVariant) {
  const Outcome outcome =
      ClassifyOneWorker({Node("control", kControlPlane), Node("worker", R"({"unschedulable": true})")});
  EXPECT_EQ(outcome.verdict(), Verdict::kFailed);
  EXPECT_THAT(outcome.problems()[0].found, AllOf(HasSubstr("there is none at all"), HasSubstr("worker is cordoned")));
  EXPECT_EQ(ClassifyOneWorker({}).verdict(), Verdict::kFailed);
}

TEST(OneWorkerTest, HostileNodesDoNotHurt) {
  ClassifyOneWorker({kube::Json(), kube::Json::array(), Node("x", "[]"), Node("y", R"({"taints": 3})"),
                     Node("z", R"({"unschedulable": "yes", "taints": [3, {"effect": 1}]})")});
}

}  // namespace
}  // namespace tales::known_issues
