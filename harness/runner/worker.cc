#include "harness/runner/worker.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <optional>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "gtest/gtest.h"
#include "harness/runner/event.h"
#include "harness/runner/outcome_event.h"
#include "harness/runner/secrets.h"

namespace tales {
namespace {

using std::chrono::steady_clock;
constexpr int kExitCannotReport = 70;
constexpr auto kFirstPause = std::chrono::milliseconds(200);
constexpr auto kLongestPause = std::chrono::seconds(2);

// Collects what EXPECT and ASSERT say during one look.
class Failures : public ::testing::EmptyTestEventListener {
 public:
  void OnTestPartResult(const ::testing::TestPartResult& part) override {
    if (part.passed()) return;
    std::string text = part.message();
    if (part.file_name() != nullptr) {
      absl::StrAppend(&text, " (", std::filesystem::path(part.file_name()).filename().string(), ":", part.line_number(),
                      ")");
    }
    (part.skipped() ? skips_ : failures_).push_back(std::move(text));
  }
  void Clear() { failures_.clear(), skips_.clear(); }
  const std::vector<std::string>& failures() const { return failures_; }
  const std::vector<std::string>& skips() const { return skips_; }

 private:
  std::vector<std::string> failures_, skips_;
};

class Batch {
 public:
  Batch(const WorkerTask& task, int descriptor) : task_(task), descriptor_(descriptor), failures_(new Failures) {
    AddSecrets(task.access, redactor_);
  }

  struct Slot {
    const Check* check;
    std::string name, instance;
    steady_clock::time_point start;
    bool started = false, final = false;
  };

  void Add(const Check& check, const std::string& instance) {
    slots_.push_back({&check, instance.empty() ? check.id : absl::StrCat(check.id, "/", instance), instance, {}});
  }
  std::vector<Slot>& slots() { return slots_; }
  Failures* failures() { return failures_; }  // GoogleTest owns it

  void SetCluster(Cluster& cluster) {
    cluster_ = &cluster;
    facts_.emplace(cluster);
  }

  void Look(Slot& slot) {
    WorkerEvent event;
    event.check = slot.name;
    event.kind = slot.started ? WorkerEvent::Kind::kLook : WorkerEvent::Kind::kStarted;
    event.at = absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", absl::Now(), absl::UTCTimeZone());
    Write(event);
    if (!slot.started) slot.start = steady_clock::now();
    failures_->Clear();
    Outcome outcome = Ask(slot, event);
    slot.started = true;
    event.at.clear();
    event.duration = std::chrono::duration<double>(steady_clock::now() - slot.start).count();
    Describe(outcome, event);
    if (slot.check->settles && outcome.may_settle() &&
        steady_clock::now().time_since_epoch().count() < task_.settle_until) {
      event.kind = WorkerEvent::Kind::kLooked;
    } else {
      event.kind = WorkerEvent::Kind::kFinished;
      slot.final = true;
      if (event.verdict != Verdict::kPassed) {
        event.evidence = KeepEvidence(task_.run_folder, redactor_, slot.name, outcome.evidence());
      }
    }
    Write(event);
  }

  // Rounds over what is still open: what one of them fetches, the others of that round share.
  void Settle() {
    steady_clock::duration pause = kFirstPause;
    const auto open = [](const Slot& slot) { return !slot.final; };
    while (std::any_of(slots_.begin(), slots_.end(), open)) {
      const steady_clock::time_point until{steady_clock::duration(task_.settle_until)};
      // A pause between looks; the settle time ends it.
      std::this_thread::sleep_until(std::min(until, steady_clock::now() + pause));
      pause = std::min<steady_clock::duration>(pause * 2, kLongestPause);
      facts_->Expire();
      for (Slot& slot : slots_) {
        if (open(slot)) Look(slot);
      }
    }
  }

  // Without a cluster there is nothing to look at.
  void GiveUp(const absl::Status& why) {
    for (Slot& slot : slots_) {
      WorkerEvent event;
      event.check = slot.name;
      event.kind = WorkerEvent::Kind::kStarted;
      Write(event);
      event.kind = WorkerEvent::Kind::kFinished;
      event.error_kind = "fixture";
      event.expected = "credentials that open the cluster";
      event.found = std::string(why.message());
      Write(event);
    }
  }

  void Done() { Write(WorkerEvent{}); }

 private:
  Outcome Ask(const Slot& slot, WorkerEvent& event) {
    event.error_kind = "unreachable";
    try {
      if (!slot.started) {
        for (const Requirement* need : slot.check->needs) {
          const std::optional<std::string> have = need->unmet(*cluster_);
          if (have.has_value()) return Outcome::Unsupported(need->want, *have);
        }
      }
      CheckContext context(*cluster_, *facts_, slot.instance, Deadline::After(slot.check->deadline), task_.inputs);
      Outcome outcome = slot.check->look(context);
      if (outcome.verdict() != Verdict::kPassed) return outcome;
      if (!failures_->failures().empty()) {
        return Outcome::Failed({.expected = "every expectation of the check to hold",
                                .found = absl::StrJoin(failures_->failures(), "\n"),
                                .next = ""});
      }
      if (!failures_->skips().empty()) {
        return Outcome::Unsupported("what the check skipped for", absl::StrJoin(failures_->skips(), "; "));
      }
      return outcome;
    } catch (const std::exception& error) {
      event.error_kind = "exception";
      return Outcome::CannotLook(absl::InternalError(absl::StrCat("the check threw: ", error.what())), "");
    } catch (...) {
      event.error_kind = "exception";
      return Outcome::CannotLook(absl::InternalError("the check threw something that is no std::exception"), "");
    }
  }

  void Write(const WorkerEvent& event) {
    if (!WriteEvent(descriptor_, redactor_, event, task_.token)) _exit(kExitCannotReport);
  }

  const WorkerTask& task_;
  const int descriptor_;
  Failures* failures_;
  Redactor redactor_;
  Cluster* cluster_ = nullptr;
  std::optional<Facts> facts_;
  std::vector<Slot> slots_;
};

class LookTest : public ::testing::Test {
 public:
  LookTest(Batch& batch, Batch::Slot& slot) : batch_(batch), slot_(slot) {}
  void TestBody() override { batch_.Look(slot_); }

 private:
  Batch& batch_;
  Batch::Slot& slot_;
};

class SettleTest : public ::testing::Test {
 public:
  explicit SettleTest(Batch& batch) : batch_(batch) {}
  void TestBody() override { batch_.Settle(); }

 private:
  Batch& batch_;
};

// What the environment could say to GoogleTest (GTEST_FILTER, shards, repeats) is not the runner's wish.
void PrepareGoogleTest(Failures* failures) {
  for (const char* name : {"GTEST_TOTAL_SHARDS", "GTEST_SHARD_INDEX", "GTEST_SHARD_STATUS_FILE", "XML_OUTPUT_FILE"}) {
    unsetenv(name);
  }
  int argc = 1;
  char program[] = "tales";
  char* argv[] = {program, nullptr};
  ::testing::InitGoogleTest(&argc, argv);
  ::testing::GTEST_FLAG(filter) = "*";
  ::testing::GTEST_FLAG(output) = "";
  ::testing::GTEST_FLAG(repeat) = 1;
  ::testing::GTEST_FLAG(shuffle) = false;
  ::testing::GTEST_FLAG(fail_fast) = false;
  ::testing::GTEST_FLAG(break_on_failure) = false;
  ::testing::GTEST_FLAG(list_tests) = false;
  ::testing::GTEST_FLAG(also_run_disabled_tests) = true;
  ::testing::TestEventListeners& listeners = ::testing::UnitTest::GetInstance()->listeners();
  delete listeners.Release(listeners.default_result_printer());
  delete listeners.Release(listeners.default_xml_generator());
  listeners.Append(failures);
}

const Check* FindCheck(const Registry& registry, std::string_view id) {
  for (const Suite& suite : registry.suites) {
    for (const Check& check : suite.checks) {
      if (check.id == id) return &check;
    }
  }
  return nullptr;
}

}  // namespace

int RunWorker(const Registry& registry, const WorkerTask& task, int descriptor) {
  fcntl(descriptor, F_SETFD, FD_CLOEXEC);
  Batch batch(task, descriptor);
  for (const WorkerTask::Item& item : task.checks) {
    const Check* check = FindCheck(registry, item.check);
    if (check != nullptr) batch.Add(*check, item.instance);
  }
  const absl::StatusOr<std::unique_ptr<Cluster>> cluster = Cluster::Open(task.access);
  if (!cluster.ok()) {
    batch.GiveUp(cluster.status());
    batch.Done();
    return 0;
  }
  batch.SetCluster(**cluster);
  PrepareGoogleTest(batch.failures());
  for (Batch::Slot& slot : batch.slots()) {
    ::testing::RegisterTest(slot.check->suite().c_str(), slot.name.c_str(), nullptr, nullptr, __FILE__, __LINE__,
                            [&]() -> LookTest* { return new LookTest(batch, slot); });
  }
  ::testing::RegisterTest("tales", "settle", nullptr, nullptr, __FILE__, __LINE__,
                          [&]() -> SettleTest* { return new SettleTest(batch); });
  // Its result is not the verdict: the events are.
  const int ignored = RUN_ALL_TESTS();
  (void)ignored;
  for (const Batch::Slot& slot : batch.slots()) {
    if (!slot.final) return kExitCannotReport;
  }
  batch.Done();
  // Nothing that is left matters any more; calls that still hang would only hold the process back.
  std::fflush(nullptr);
  _exit(0);
}

}  // namespace tales
