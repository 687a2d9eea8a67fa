#include "harness/runner/proof.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace tales {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Finish {
  std::string check, verdict, found = "something", next = "do something";
};

reports::RunModel RunOf(const std::vector<Finish>& finishes) {
  reports::RunModel model;
  EXPECT_TRUE(model.Apply({{"event", "run"}, {"run", "r"}}).ok());
  for (const Finish& f : finishes) {
    EXPECT_TRUE(model.Apply({{"event", "planned"}, {"check", f.check}}).ok());
    EXPECT_TRUE(model
                    .Apply({{"event", "finished"},
                            {"check", f.check},
                            {"verdict", f.verdict},
                            {"expected", "x"},
                            {"found", f.found},
                            {"next", f.next}})
                    .ok());
  }
  return model;
}

const Fault kFault{.domain = "lab", .id = "f", .must = {"a.one/{node}"}, .may = {"a.two"}};
const std::vector<Finish> kHealthy = {
    {"a.one/w", "passed"}, {"a.one/c", "passed"}, {"a.two", "passed"}, {"a.three", "passed"}};

TEST(JudgeProofTest, HoldsWhenExactlyTheRightChecksTurn) {
  const Proof proof =
      JudgeProof(kFault, "w", RunOf(kHealthy),
                 RunOf({{"a.one/w", "failed"}, {"a.one/c", "passed"}, {"a.two", "failed"}, {"a.three", "blocked"}}));
  EXPECT_TRUE(proof.holds()) << proof.ToString();
  EXPECT_THAT(proof.turned, ElementsAre("a.one/w", "a.two"));
}

TEST(JudgeProofTest, NamesWhatDidNotNotice) {
  const Proof proof = JudgeProof(kFault, "w", RunOf(kHealthy), RunOf(kHealthy));
  EXPECT_THAT(proof.missed, ElementsAre(HasSubstr("a.one/w")));
}

TEST(JudgeProofTest, AnErrorIsNoProof) {
  const Proof proof = JudgeProof(kFault, "w", RunOf(kHealthy), RunOf({{"a.one/w", "error"}}));
  EXPECT_THAT(proof.missed, ElementsAre(HasSubstr("a.one/w is error")));
}

TEST(JudgeProofTest, NamesWhatTurnedBesides) {
  const Proof proof = JudgeProof(kFault, "w", RunOf(kHealthy), RunOf({{"a.one/w", "failed"}, {"a.three", "failed"}}));
  EXPECT_THAT(proof.unexpected, ElementsAre(HasSubstr("a.three is failed")));
}

TEST(JudgeProofTest, DemandsACauseAndANextStep) {
  const Proof proof = JudgeProof(kFault, "w", RunOf(kHealthy), RunOf({{"a.one/w", "failed", "found", ""}}));
  EXPECT_THAT(proof.mute, ElementsAre("a.one/w"));
}

TEST(JudgeProofTest, AGlobThatMatchesNothingIsAHole) {
  const Proof proof = JudgeProof(kFault, "nobody", RunOf(kHealthy), RunOf(kHealthy));
  EXPECT_THAT(proof.missed, ElementsAre(HasSubstr("matches no check")));
  EXPECT_THAT(proof.unexpected, IsEmpty());
}

}  // namespace
}  // namespace tales
