#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "harness/runner/gate.h"
#include "tests/support/status_matchers.h"

namespace tales {
namespace {

using ::tales::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Kind = WorkerEvent::Kind;

std::string Line(Kind kind, std::string check, Verdict verdict = Verdict::kPassed, std::string_view token = "t") {
  WorkerEvent event;
  event.kind = kind;
  event.check = std::move(check);
  event.verdict = verdict;
  std::string line = WriteWorkerEvent(event, token);
  line.pop_back();
  return line;
}

TEST(WorkerEventTest, ComesBackAsItWasWritten) {
  WorkerEvent event;
  event.kind = Kind::kFinished;
  event.check = "health.kubelet/worker";
  event.verdict = Verdict::kError;
  event.error_kind = "crash";
  event.expected = "a\nb";
  event.found = "broken \xff text";
  event.duration = 1.5;
  event.evidence = {"artifacts/x/y.log"};
  const auto read = ParseWorkerEvent(WriteWorkerEvent(event, "t"), "t");
  ASSERT_OK(read);
  EXPECT_EQ(read->check, event.check);
  EXPECT_EQ(read->verdict, Verdict::kError);
  EXPECT_EQ(read->error_kind, "crash");
  EXPECT_EQ(read->expected, "a\nb");
  EXPECT_DOUBLE_EQ(read->duration, 1.5);
  EXPECT_THAT(read->evidence, ElementsAre("artifacts/x/y.log"));
}

TEST(WorkerEventTest, RefusesWhatIsNotAnEvent) {
  for (const char* line :
       {"", "null", "[]", "{", "passed", R"({"event":"finished"})", R"({"token":7})", R"({"token":"t","event":7})",
        R"({"token":"t","event":"won"})", R"({"token":"t","event":"finished","check":"a.b","verdict":"great"})",
        R"({"token":"t","event":"finished","check":"a.b","verdict":"passed","duration":-1})",
        R"({"token":"t","event":"finished","check":"a.b","verdict":"passed","evidence":[1]})",
        R"({"token":"wrong","event":"done"})"}) {
    EXPECT_FALSE(ParseWorkerEvent(line, "t").ok()) << line;
  }
}

TEST(GateTest, LetsAnOrderlyWorkerThrough) {
  Gate gate({"a.a", "a.b"}, "t");
  EXPECT_OK(gate.Accept(Line(Kind::kStarted, "a.a")));
  EXPECT_EQ(gate.current(), "a.a");
  EXPECT_OK(gate.Accept(Line(Kind::kLooked, "a.a")));
  EXPECT_FALSE(gate.settling());
  EXPECT_OK(gate.Accept(Line(Kind::kStarted, "a.b")));
  EXPECT_OK(gate.Accept(Line(Kind::kFinished, "a.b")));
  EXPECT_TRUE(gate.settling());
  EXPECT_THAT(gate.Unfinished(), ElementsAre("a.a"));
  EXPECT_OK(gate.Accept(Line(Kind::kLook, "a.a")));
  EXPECT_OK(gate.Accept(Line(Kind::kFinished, "a.a")));
  EXPECT_OK(gate.Accept(Line(Kind::kDone, "")));
  EXPECT_TRUE(gate.AllFinished());
}

TEST(GateTest, RefusesASecondVerdict) {
  Gate gate({"a.a"}, "t");
  ASSERT_OK(gate.Accept(Line(Kind::kStarted, "a.a")));
  ASSERT_OK(gate.Accept(Line(Kind::kFinished, "a.a", Verdict::kFailed)));
  EXPECT_THAT(gate.Accept(Line(Kind::kFinished, "a.a")),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("has its verdict")));
}

TEST(GateTest, RefusesStrangersAndDisorder) {
  const auto first = [](const std::string& line) { return Gate({"a.a", "a.b"}, "t").Accept(line); };
  EXPECT_THAT(first(Line(Kind::kStarted, "x.y")),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("not given")));
  EXPECT_THAT(first(Line(Kind::kFinished, "a.a")), StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("order")));
  EXPECT_THAT(first(Line(Kind::kLook, "a.a")), StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("order")));
  EXPECT_THAT(first(Line(Kind::kDone, "")), StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("open")));
  Gate gate({"a.a", "a.b"}, "t");
  ASSERT_OK(gate.Accept(Line(Kind::kStarted, "a.a")));
  EXPECT_THAT(gate.Accept(Line(Kind::kStarted, "a.b")),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("second look")));
}

}  // namespace
}  // namespace tales
