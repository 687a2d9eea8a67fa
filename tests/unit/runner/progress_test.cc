#include "harness/runner/progress.h"

#include <sstream>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tales {
namespace {

WorkerEvent Unsupported(const std::string& check, const std::string& needs, const std::string& has) {
  WorkerEvent event;
  event.kind = WorkerEvent::Kind::kFinished;
  event.check = check;
  event.verdict = Verdict::kUnsupported;
  event.expected = needs;
  event.found = has;
  return event;
}

TEST(ProgressTest, WhatIsUnsupportedSaysWhatItNeedsAndWhatThereIs) {
  std::ostringstream out;
  Progress progress(out, {});
  progress.Finished(Unsupported("conformance.run", "needs a real cluster", "has a simulated one\nand more"));
  progress.Tick(1, 2);
  EXPECT_EQ(out.str(), "unsupported conformance.run: needs a real cluster; has a simulated one\n");
}

TEST(ProgressTest, OneLineForManyOfOneReason) {
  std::ostringstream out;
  {
    Progress progress(out, {});
    for (const char* check : {"p.probe/a", "p.probe/b", "p.probe/c"})
      progress.Finished(Unsupported(check, "needs pods", "has none"));
    progress.Finished(Unsupported("p.probe/d", "needs IPv6", "has none"));
    WorkerEvent failed = Unsupported("p.probe/e", "an answer", "none");
    failed.verdict = Verdict::kFailed;
    progress.Finished(failed);
    progress.Finished(failed);
    progress.Finished(Unsupported("q.one", "needs pods", "has none"));
  }
  EXPECT_EQ(out.str(),
            "unsupported p.probe/* (3): needs pods; has none\n"
            "unsupported p.probe/d: needs IPv6; has none\n"
            "failed      p.probe/e: none\n"
            "failed      p.probe/e: none\n"
            "unsupported q.one: needs pods; has none\n");
}

}  // namespace
}  // namespace tales
