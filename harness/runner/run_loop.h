// The judge's loop: deals checks to workers, listens to them, and decides what their end means.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "boost/asio/io_context.hpp"
#include "boost/asio/posix/stream_descriptor.hpp"
#include "boost/asio/steady_timer.hpp"
#include "harness/runner/event.h"
#include "harness/runner/gate.h"
#include "harness/runner/interrupts.h"
#include "harness/runner/planned_check.h"
#include "harness/runner/recorder.h"
#include "harness/runner/scheduler.h"
#include "harness/runner/worker_process.h"

namespace tales {

// What a person sees of it while it runs. Called on the loop's thread.
class RunObserver {
 public:
  virtual ~RunObserver() = default;
  virtual void Started(const std::string& check) = 0;
  virtual void Waiting(const std::string& check, const std::string& found) = 0;  // looked at, not settled
  virtual void Finished(const WorkerEvent& event) = 0;
  virtual void Tick(size_t final, size_t total) = 0;
};

// Single-threaded; one Run() per object.
class RunLoop {
 public:
  struct Options {
    std::vector<std::string> worker_argv;
    // The JSON task of a batch.
    std::function<std::string(const std::vector<const PlannedCheck*>& batch, const std::string& token)> make_task;
    Scheduler::Options scheduling;
    std::function<absl::Status()> alive;  // the fixture's; Default: always
    // Of the workers' own output, which is not redacted: outside the run's folder. What a dead worker said last is
    // copied from there into the run's evidence, redacted. REQUIRED.
    std::filesystem::path log_folder;
    absl::Duration grace = absl::Seconds(2);     // beyond a look's deadline, before its worker is killed
    absl::Duration silence = absl::Seconds(60);  // between looks: opening the cluster, a pause while settling
  };
  struct Result {
    bool interrupted = false;
    absl::Status fixture;    // why it died
    absl::Status recording;  // why the run could not be recorded any more
  };

  // All outlive the loop. Checks that are final in the recorder's model are not run again.
  RunLoop(const std::vector<PlannedCheck>& checks, Recorder& recorder, RunObserver& observer, Interrupts& interrupts,
          Options options);
  ~RunLoop();
  Result Run();

 private:
  struct Fault {
    std::string kind, found;
  };
  struct Worker {
    int id = 0;
    std::vector<size_t> batch;
    std::unique_ptr<WorkerProcess> process;
    std::unique_ptr<Gate> gate;
    std::filesystem::path log_file;
    std::chrono::steady_clock::time_point limit;
    bool settled = false;
    std::optional<Fault> fault;  // why it was killed
  };

  void Deal();
  void StartWorker(std::vector<size_t> batch);
  void OnLine(Worker& worker, std::string_view line);
  void OnEnd(int id, const Finished& finished);
  void Condemn(Worker& worker, Fault fault);
  void Judge(size_t index, WorkerEvent event);          // a worker's verdict, or ours
  void Record(size_t index, const WorkerEvent& event);  // final
  void Blame(const Worker& worker, size_t index, const Fault& fault);
  void TakeBlocked();
  void OnTick();
  void OnInterrupt();
  void CheckFixture(bool now);
  void VoidTheRest();
  void Note(const absl::Status& status);  // a recording error ends the run
  bool Stopping() const { return result_.interrupted || !result_.fixture.ok() || !result_.recording.ok(); }
  void StopWhenIdle();

  const std::vector<PlannedCheck>& checks_;
  Recorder& recorder_;
  RunObserver& observer_;
  Interrupts& interrupts_;
  Options options_;
  boost::asio::io_context loop_;
  boost::asio::steady_timer tick_;
  boost::asio::posix::stream_descriptor wake_;
  Scheduler scheduler_;
  std::map<std::string, size_t, std::less<>> index_;
  std::map<int, std::unique_ptr<Worker>> workers_;
  std::map<size_t, WorkerEvent> first_tries_;  // failed, and may be or are being tried again
  std::chrono::steady_clock::time_point asked_fixture_{};
  int next_worker_ = 0;
  Result result_;
};

}  // namespace tales
