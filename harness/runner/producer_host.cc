#include "harness/runner/producer_host.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <exception>
#include <memory>
#include <mutex>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "harness/base/status.h"
#include "harness/runner/event.h"
#include "harness/runner/outcome_event.h"
#include "harness/runner/recorder.h"
#include "harness/runner/secrets.h"
#include "nlohmann/json.hpp"

namespace tales {
namespace {

using Json = nlohmann::json;
using Kind = WorkerEvent::Kind;
constexpr int kExitCannotReport = 70;

// SIGTERM to one that is not resumable: the run was ended, or its time is over. The work stops where it next looks at
// its deadline, and takes away what it made; a second signal ends it where it is.
std::atomic<bool> ended = false;

void End(int signal_number) {
  if (!ended.exchange(true)) return;
  signal(signal_number, SIG_DFL);
  raise(signal_number);
}

const Producer* FindProducer(const Registry& registry, std::string_view id) {
  for (const Producer& producer : registry.producers) {
    if (producer.id == id) return &producer;
  }
  return nullptr;
}

class Host : public ProducerContext {
 public:
  Host(const Producer& producer, const ProducerTask& task, int spool)
      : producer_(producer),
        task_(task),
        spool_(spool),
        folder_(task.run_folder / "producers" / producer.id),
        deadline_(Deadline::After(producer.deadline - producer.clean_up).Unless(ended)) {
    AddSecrets(task.access, redactor_);
    std::error_code ignored;  // whoever writes there reports it
    std::filesystem::create_directories(folder_, ignored);
    std::filesystem::permissions(folder_, std::filesystem::perms::owner_all, ignored);
  }

  Cluster& cluster() override { return *cluster_; }
  const ProducerInputs& inputs() const override { return task_.inputs; }
  const std::filesystem::path& folder() const override { return folder_; }
  Deadline deadline() const override { return deadline_; }

  void Announce(const std::vector<std::string>& checks) override {
    const std::lock_guard lock(mutex_);
    for (const std::string& check : checks) AnnounceOne(check);
  }

  void Report(const std::string& check, const Outcome& outcome, absl::Duration duration) override {
    Finish(check, outcome, duration, /*flaky=*/false);
  }

  void ReportFlaky(const std::string& check, const Outcome& first_try, absl::Duration duration) override {
    Finish(check, first_try, duration, /*flaky=*/true);
  }

  void Progress(std::string_view line) override {
    WorkerEvent event;
    event.kind = Kind::kProgress;
    event.check = producer_.id;
    event.found = std::string(line);
    const std::lock_guard lock(mutex_);
    Write(event);
  }

  void RunToEnd() {
    WorkerEvent event;
    event.kind = Kind::kStarted;
    event.check = producer_.id;
    event.at = absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", absl::Now(), absl::UTCTimeZone());
    Write(event);
    const absl::Time start = absl::Now();
    const Outcome outcome = Produce(event);
    if (ended) return;  // it is no end of its own: nobody may take it for one
    const std::lock_guard lock(mutex_);
    event.kind = Kind::kFinished;
    event.at.clear();
    event.duration = absl::ToDoubleSeconds(absl::Now() - start);
    Describe(outcome, event);
    if (event.verdict != Verdict::kPassed) {
      event.evidence = KeepEvidence(task_.run_folder, redactor_, producer_.id, outcome.evidence());
    }
    Write(event);
    Write(WorkerEvent{});
  }

 private:
  Outcome Produce(WorkerEvent& event) {
    event.error_kind = "fixture";
    absl::StatusOr<std::unique_ptr<Cluster>> cluster = Cluster::Open(task_.access);
    if (!cluster.ok()) return Outcome::CannotLook(cluster.status(), "");
    cluster_ = *std::move(cluster);
    event.error_kind = "exception";
    try {
      for (const Requirement* need : producer_.needs) {
        const std::optional<std::string> have = need->unmet(*cluster_);
        if (have.has_value()) return Outcome::Unsupported(need->want, *have);
      }
      Outcome outcome = producer_.produce(*this);
      event.error_kind = "unreachable";
      return outcome;
    } catch (const std::exception& error) {
      return Outcome::CannotLook(absl::InternalError(absl::StrCat("the producer threw: ", error.what())), "");
    }
  }

  void Finish(const std::string& check, const Outcome& outcome, absl::Duration duration, bool flaky) {
    const std::lock_guard lock(mutex_);
    if (!finished_.insert(check).second) return;
    AnnounceOne(check);
    WorkerEvent event;
    event.kind = Kind::kFinished;
    event.check = check;
    event.error_kind = "unreachable";
    event.duration = std::max(0.0, absl::ToDoubleSeconds(duration));
    Describe(outcome, event);
    if (flaky) event.verdict = Verdict::kFlaky;
    if (event.verdict != Verdict::kPassed) {
      event.evidence = KeepEvidence(task_.run_folder, redactor_, check, outcome.evidence());
    }
    Write(event);
  }

  // Only what is made up as the run goes: the rest was planned before it began.
  void AnnounceOne(const std::string& check) {
    for (const ProducedCheck& child : producer_.children) {
      std::string_view instance = check;
      if (!child.many || !absl::ConsumePrefix(&instance, absl::StrCat(child.id, "/"))) continue;
      if (!announced_.insert(check).second) return;
      WorkerEvent event;
      event.kind = Kind::kAnnounced;
      event.check = check;
      return Write(event);
    }
  }

  void Write(const WorkerEvent& event) {
    if (!WriteEvent(spool_, redactor_, event, producer_.id)) _exit(kExitCannotReport);
  }

  const Producer& producer_;
  const ProducerTask& task_;
  const int spool_;
  const std::filesystem::path folder_;
  const Deadline deadline_;
  Redactor redactor_;
  std::unique_ptr<Cluster> cluster_;
  std::mutex mutex_;  // the spool, and what was said there
  std::set<std::string> announced_, finished_;
};

}  // namespace

std::string WriteProducerTask(const ProducerTask& task) {
  return Json{{"access", WriteClusterAccess(task.access)},
              {"run_folder", task.run_folder.string()},
              {"producer", task.producer},
              {"inputs", WriteProducerInputs(task.inputs)}}
      .dump();
}

absl::StatusOr<ProducerTask> ParseProducerTask(std::string_view text) {
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  ProducerTask task;
  try {
    TALES_ASSIGN_OR_RETURN(task.access, ParseClusterAccess(json.at("access").get<std::string>()));
    task.run_folder = json.at("run_folder").get<std::string>();
    task.producer = json.at("producer").get<std::string>();
    TALES_ASSIGN_OR_RETURN(task.inputs, ParseProducerInputs(json.at("inputs").get<std::string>()));
  } catch (const Json::exception& error) {
    return absl::InvalidArgumentError(absl::StrCat("the task is not one: ", error.what()));
  }
  return task;
}

int RunProducer(const Registry& registry, const ProducerTask& task, int spool) {
  // Its children must not hold the lock that tells that it lives.
  fcntl(spool, F_SETFD, FD_CLOEXEC);
  signal(SIGHUP, SIG_IGN);
  const Producer* producer = FindProducer(registry, task.producer);
  if (producer == nullptr) return kExitCannotReport;
  if (!producer->resumable) signal(SIGTERM, End);
  Host host(*producer, task, spool);
  host.RunToEnd();
  std::fflush(nullptr);
  if (ended) {
    signal(SIGTERM, SIG_DFL);
    raise(SIGTERM);
  }
  _exit(0);  // calls that still hang would only hold the process back
}

}  // namespace tales
