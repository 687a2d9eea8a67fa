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
#include "harness/base/file.h"
#include "harness/runner/event.h"
#include "harness/runner/gate.h"
#include "harness/runner/interrupts.h"
#include "harness/runner/planned_check.h"
#include "harness/runner/producer_run.h"
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
  virtual void Producing(const std::string& producer, const std::string& progress) = 0;
  virtual void Note(std::string_view line) = 0;  // for people, at once
  virtual void Tick(size_t final, size_t total) = 0;
};

// Single-threaded; one Run() per object.
class RunLoop {
 public:
  struct Options {
    std::vector<std::string> worker_argv;
    // The JSON task of a batch.
    std::function<std::string(const std::vector<const PlannedCheck*>& batch, const std::string& token)> make_task;
    // Where workers keep what is temporary: what one that is killed leaves there is the run's to remove.
    std::filesystem::path temporary_folder;
    std::vector<std::string> producer_argv;
    std::function<std::string(const PlannedCheck& producer)> make_producer_task;
    std::filesystem::path spool_folder;  // of the run: what producers have said
    // Producers go on when this process is killed, and are found again by the next one. Default: they die with it.
    bool producers_outlive = false;
    // What a verdict is in the light of the known issues; `check` is set. Default: what it is.
    std::function<void(WorkerEvent& event)> rule;
    Scheduler::Options scheduling;
    std::function<absl::Status()> alive;         // the fixture's; Default: always
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
  using Fault = ProducerRun::Failure;
  struct Worker {
    int id = 0;
    std::vector<size_t> batch;
    std::unique_ptr<WorkerProcess> process;
    std::unique_ptr<Gate> gate;
    // Of its own output, which is not redacted: what a dead worker said last is copied from there into the run's
    // evidence, redacted.
    std::optional<UnlinkedFile> log;
    std::chrono::steady_clock::time_point limit;
    bool settled = false;
    std::optional<Fault> fault;  // why it was killed
  };

  // One producer under way.
  struct Production {
    size_t index = 0;
    std::unique_ptr<ProducerRun> run;
    std::optional<UnlinkedFile> log;   // as a worker's; none: attached
    std::vector<std::string> made_up;  // children that were not planned from the start
  };

  void Deal();
  void StartWorker(std::vector<size_t> batch);
  void OnLine(Worker& worker, std::string_view line);
  void OnEnd(int id, const Finished& finished);
  void Condemn(Worker& worker, Fault fault);
  void Judge(size_t index, WorkerEvent event);          // a worker's verdict, or ours
  void Record(size_t index, const WorkerEvent& event);  // final
  void RecordByName(const std::string& check, const WorkerEvent& event);
  void Blame(const Worker& worker, size_t index, const Fault& fault);
  WorkerEvent Accusation(const std::string& check, const Fault& fault, const std::optional<UnlinkedFile>& log);
  void TakeBlocked();
  // run_loop_producers.cc
  void AttachProducers();
  void StartProducer(size_t index);
  void Watch(size_t index, std::unique_ptr<ProducerProcess> process, std::optional<UnlinkedFile> log, bool attached);
  void OnPlanned(Production& production, const std::string& child);
  bool KeepEarlier(const std::string& check);
  void OnProduced(const WorkerEvent& event);
  void PollProducers();
  void EndProduction(const Production& production);
  void CloseChildren(size_t producer, const std::vector<std::string>& made_up, const WorkerEvent& verdict);
  void KillAll(int signal);
  void OnTick();
  void OnInterrupt();
  void CheckFixture(bool now);
  void VoidTheRest();
  void Note(const absl::Status& status);  // a recording error ends the run
  bool Idle() const { return workers_.empty() && productions_.empty(); }
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
  std::vector<std::unique_ptr<Production>> productions_;
  size_t made_up_ = 0, made_up_final_ = 0;
  Result result_;
};

}  // namespace tales
