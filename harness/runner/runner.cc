#include "harness/runner/runner.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "harness/base/exit_code.h"
#include "harness/base/file.h"
#include "harness/base/held_folder.h"
#include "harness/base/status.h"
#include "harness/check/ledger.h"
#include "harness/definition/cluster_file.h"
#include "harness/runner/baseline.h"
#include "harness/runner/identity.h"
#include "harness/runner/interrupts.h"
#include "harness/runner/plan.h"
#include "harness/runner/producer_host.h"
#include "harness/runner/progress.h"
#include "harness/runner/recorder.h"
#include "harness/runner/run_loop.h"
#include "harness/runner/secrets.h"
#include "harness/runner/worker.h"

namespace tales {
namespace {

using Json = nlohmann::json;

std::string Now() { return absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", absl::Now(), absl::UTCTimeZone()); }

// By what was declared or discovered before the run: the loop waits for no cluster. That it is so is judged by checks.
Ledger MakeLedger(const ClusterDefinition& definition) {
  return Ledger(definition.known_issues,
                {.talos = definition.talos.version,
                 .kubernetes = definition.kubernetes.version,
                 .cilium = definition.cilium.has_value() ? definition.cilium->version : "",
                 .schedulable = definition.SchedulableNodes()},
                absl::Now());
}

void Rule(const Ledger& ledger, WorkerEvent& event) {
  std::optional<Ruling> ruling = ledger.Rule(event.check, event.verdict, event.issue, event.found);
  if (!ruling.has_value()) return;
  event.verdict = ruling->verdict;
  event.issue = ruling->issue;
  if (!ruling->expected.empty()) event.expected = ruling->expected;
  if (!ruling->found.empty()) event.found = ruling->found;
  if (!ruling->next.empty()) event.next = ruling->next;
}

// Each worker asks every node for itself: beyond a few hundred nodes that is what takes the time and the memory, and
// one worker, which asks many nodes at once, is as quick as four.
int Workers(size_t nodes, int cores) {
  constexpr size_t kManyNodes = 250;
  return nodes > kManyNodes ? 1 : std::min(8, 2 * cores);
}

Json DescribeCluster(const ClusterDefinition& definition) {
  return {{"name", definition.cluster},
          {"talos", definition.talos.version},
          {"kubernetes", definition.kubernetes.version},
          {"cilium", definition.cilium.has_value() ? definition.cilium->version : ""},
          {"nodes", definition.nodes.size()},
          {"schedulable", definition.SchedulableNodes()}};
}

// For people: an expression may name many tests, and is whole in the request.
std::string Short(const std::string& mode) {
  constexpr size_t kShort = 80;
  return mode.size() <= kShort ? mode : absl::StrCat(mode.substr(0, kShort), "...");
}

class Verification {
 public:
  Verification(const Registry& registry, RunRequest request, std::ostream& out, std::ostream& err)
      : registry_(registry),
        request_(std::move(request)),
        out_(out),
        err_(err),
        progress_(out, Progress::ForStandardOutput()) {}

  int Run() {
    if (const absl::Status status = Prepare(); !status.ok()) return Usage(status);
    if (const absl::Status status = OpenFolder(); !status.ok()) {
      return absl::IsAlreadyExists(status) || absl::IsNotFound(status) || absl::IsFailedPrecondition(status)
                 ? Usage(status)
                 : Trouble(status);
    }
    const int code = WithFixture();
    TakeDown(code);
    return code;
  }

 private:
  int Usage(const absl::Status& status) {
    progress_.Clear();
    err_ << "tales verify: " << status.message() << "\n";
    return kExitUsage;
  }
  int Trouble(const absl::Status& status) {
    progress_.Clear();
    err_ << "tales verify: " << status.message() << "\n";
    return kExitNothingJudged;
  }

  // Everything that can be wrong with the question itself.
  absl::Status Prepare() {
    if (!request_.resume.empty()) {
      const auto earlier = reports::ReadJournal(request_.resume / "events.jsonl");
      if (!earlier.ok()) return Annotate(earlier.status(), absl::StrCat("--resume ", request_.resume.string()));
      TALES_ASSIGN_OR_RETURN(RunRequest asked, ParseRunRequest(earlier->run().value("request", Json())));
      asked.jobs = request_.jobs;
      asked.resume = asked.out = request_.resume;
      asked.keep = request_.keep;
      asked.strict = asked.strict || request_.strict;  // only what the verdicts come to
      request_ = std::move(asked);
      run_id_ = earlier->run().value("run", "");
    } else {
      run_id_ = NewRunId();
      if (request_.out.empty()) request_.out = std::filesystem::path("runs") / run_id_;
    }
    std::error_code ignored;
    request_.out = std::filesystem::absolute(request_.out, ignored);
    if (!request_.cluster_file.empty()) {
      TALES_ASSIGN_OR_RETURN(definition_, LoadClusterFile(request_.cluster_file));
    }
    TALES_ASSIGN_OR_RETURN(fixture_name_, ChooseFixture(request_, definition_));
    const auto factory = registry_.fixtures.find(fixture_name_);
    if (factory == registry_.fixtures.end()) {
      return absl::InvalidArgumentError(
          absl::StrCat("fixture \"", fixture_name_, "\" is not one of ", FixtureNames(registry_)));
    }
    fixture_ = factory->second();
    TALES_RETURN_IF_ERROR(CheckCredentialFlags(request_, *fixture_));
    if (request_.resume.empty()) TALES_RETURN_IF_ERROR(CheckImports(request_));
    if (request_.conformance != "none") TALES_RETURN_IF_ERROR(CheckMode(request_.conformance));
    if (!request_.baseline.empty()) {
      TALES_ASSIGN_OR_RETURN(baseline_, Baseline::Load(request_.baseline, fixture_name_));
    }
    for (const std::string& text : request_.faults) {
      TALES_ASSIGN_OR_RETURN(FaultRequest fault, ParseFaultRequest(text));
      const bool input = registry_.input_faults.contains(absl::StrCat(fault.domain, ":", fault.id));
      if (!input && fault.domain != fixture_name_) {
        return absl::InvalidArgumentError(absl::StrCat("--fault ", text, ": fixture ", fixture_name_,
                                                       " cannot make it; `tales list` names those that there are"));
      }
      (input ? input_faults_ : faults_).push_back(std::move(fault));
    }
    // What the plan would refuse is refused before a cluster is stood up for it.
    if (definition_.has_value()) return MakePlan(registry_, *definition_, Ask(Tier::kDisruptive)).status();
    // A cluster that is adopted may bring a file with profiles of its own.
    if (!fixture_->TakesCredentials())
      TALES_RETURN_IF_ERROR(ResolveProfile(registry_, ClusterDefinition{}, request_.profile).status());
    return CheckNames(registry_, Ask(Tier::kDisruptive));
  }

  PlanRequest Ask(Tier granted) const {
    return {.profile = request_.profile,
            .suites = request_.suites,
            .checks = request_.checks,
            .settle = request_.settle,
            .granted = granted,
            .inputs = inputs_.producers,
            .flags = Flags()};
  }

  // What the command line itself asks of producers.
  ProducerInputs Flags() const {
    ProducerInputs flags;
    if (request_.conformance != "none") flags.conformance = request_.conformance;
    if (request_.connectivity != "none") flags.connectivity = request_.connectivity;
    flags.imports = request_.imports;
    return flags;
  }

  absl::Status OpenFolder() {
    if (request_.resume.empty()) {
      absl::StatusOr<std::unique_ptr<Recorder>> recorder = Recorder::Create(request_.out);
      if (absl::IsAlreadyExists(recorder.status())) {
        return absl::AlreadyExistsError(absl::StrCat("--out ", request_.out.string(),
                                                     " holds a run already; go on with it by --resume ",
                                                     request_.out.string(), ", or name another folder"));
      }
      if (!recorder.ok()) return recorder.status();
      recorder_ = *std::move(recorder);
      // From here on a killed run leaves a report that is red.
      return recorder_->WriteForeshadow(RunEvent({}, definition_.value_or(ClusterDefinition{}), {}));
    }
    TALES_ASSIGN_OR_RETURN(recorder_, Recorder::Reopen(request_.out));
    return absl::OkStatus();
  }

  Json RunEvent(const Plan& plan, const ClusterDefinition& definition, const ClusterAccess& access) {
    Json request = ToJson(request_);
    return {{"event", "run"},
            {"run", run_id_},
            {"version", TALES_VERSION},
            {"at", Now()},
            {"profile", plan.profile.empty() ? request_.profile : plan.profile},
            {"conformance", Short(inputs_.producers.conformance)},
            {"conformance_runner", inputs_.producers.conformance_runner},
            {"connectivity", inputs_.producers.connectivity},
            {"fixture", fixture_name_},
            {"simulated", access.simulated},
            {"tier", ToString(access.granted)},
            {"strict", request_.strict},
            {"settle", absl::ToDoubleSeconds(plan.settle)},
            {"plan_sha256", plan.sha256},
            {"authority", Authority(definition, access)},
            {"cluster", DescribeCluster(definition)},
            {"request", std::move(request)}};
  }

  int WithFixture() {
    FixtureRequest wanted;
    wanted.definition = definition_;
    wanted.state_folder = request_.out / "fixture";
    wanted.talosconfig = request_.talosconfig;
    wanted.kubeconfig = request_.kubeconfig;
    wanted.talos_context = request_.talos_context;
    wanted.kubernetes_context = request_.kubernetes_context;
    wanted.vm_settings = request_.vm_settings;
    wanted.faults = faults_;
    wanted.conformance_runner = request_.conformance_runner;
    wanted.allow = request_.allow;
    wanted.progress = [this](std::string_view line) { progress_.Note(line); };
    std::error_code error;
    std::filesystem::create_directories(wanted.state_folder, error);
    absl::StatusOr<ClusterAccess> access = fixture_->Up(wanted);
    if (!access.ok()) return FixtureFailed(access.status());
    access_ = *std::move(access);
    AddSecrets(access_, recorder_->redactor());
    absl::StatusOr<ClusterDefinition> definition = LoadClusterFile(access_.cluster_file);
    if (!definition.ok()) return FixtureFailed(definition.status());
    definition->discovered = definition->discovered || access_.discovered;
    inputs_.definition = *std::move(definition);
    const absl::StatusOr<Plan> plan = PlanWithInputs();
    if (!plan.ok()) return Refused(plan.status());
    if (const absl::Status status = Announce(*plan, inputs_.definition); !status.ok()) {
      return absl::IsFailedPrecondition(status) ? Usage(status) : Trouble(status);
    }
    return JudgeAll(*plan);
  }

  // What is asked, once all that a run reads is settled.
  absl::StatusOr<Plan> PlanWithInputs() {
    TALES_ASSIGN_OR_RETURN(const Profile profile, ResolveProfile(registry_, inputs_.definition, request_.profile));
    if (baseline_.has_value()) baseline_->Ask(profile.checks, request_.suites, request_.checks);
    inputs_.producers.conformance = request_.conformance.empty() ? profile.conformance : request_.conformance;
    if (inputs_.producers.conformance == "none") inputs_.producers.conformance.clear();
    TALES_RETURN_IF_ERROR(CheckMode(inputs_.producers.conformance));
    inputs_.producers.conformance_runner = request_.conformance_runner;
    inputs_.producers.connectivity = request_.connectivity.empty() ? profile.connectivity : request_.connectivity;
    if (inputs_.producers.connectivity == "none") inputs_.producers.connectivity.clear();
    inputs_.producers.imports = request_.imports;
    TALES_RETURN_IF_ERROR(BreakInputs());
    return MakePlan(registry_, inputs_.definition, Ask(access_.granted));
  }

  absl::Status CheckMode(const std::string& mode) const {
    if (mode.empty() || registry_.check_conformance_mode == nullptr) return absl::OkStatus();
    return registry_.check_conformance_mode(mode);
  }

  // Faults of what is read: on copies, which a cluster file of the run's own names.
  absl::Status BreakInputs() {
    if (input_faults_.empty()) return absl::OkStatus();
    const std::filesystem::path scratch = request_.out / "fixture" / "inputs";
    std::error_code error;
    std::filesystem::create_directories(scratch, error);
    std::filesystem::permissions(scratch, std::filesystem::perms::owner_all, error);
    if (error) return absl::InternalError(absl::StrCat(scratch.string(), ": ", error.message()));
    for (const FaultRequest& fault : input_faults_) {
      const InputFault& apply = registry_.input_faults.at(absl::StrCat(fault.domain, ":", fault.id));
      TALES_RETURN_IF_ERROR(Annotate(apply(fault, scratch, inputs_), absl::StrCat("--fault ", fault.ToString())));
    }
    access_.cluster_file = scratch / "cluster.yaml";
    return WriteFileAtomically(access_.cluster_file, WriteClusterFile(inputs_.definition));
  }

  absl::Status StaysAsItWas(const absl::Status& why) const {
    return absl::UnavailableError(absl::StrCat(
        why.message(), "\nnothing was recorded; when that is mended: tales verify --resume ", request_.out.string()));
  }

  // The question is wrong, and the folder is free for the right one.
  int Refused(const absl::Status& why) {
    if (request_.resume.empty()) recorder_->Discard();
    return Usage(why);
  }

  // A fixture that does not come up is an error of everything that was to be judged; of a run that was begun it says
  // nothing.
  int FixtureFailed(const absl::Status& why) {
    if (!request_.resume.empty()) {
      return Trouble(Annotate(StaysAsItWas(why), absl::StrCat("--resume: fixture ", fixture_name_)));
    }
    if (absl::IsInvalidArgument(why)) return Refused(why);
    Plan plan;
    if (definition_.has_value()) plan = MakePlan(registry_, *definition_, Ask(Tier::kDisruptive)).value_or(Plan{});
    if (plan.checks.empty()) {
      PlannedCheck up;
      up.name = up.check = "fixture.up";
      up.question = "Is there a cluster to judge?";
      plan.checks.push_back(std::move(up));
    }
    absl::Status recorded = recorder_->Record(RunEvent(plan, definition_.value_or(ClusterDefinition{}), access_));
    for (const PlannedCheck& check : plan.checks) {
      recorded.Update(recorder_->Record(ToEvent(check)));
      WorkerEvent event;
      event.kind = WorkerEvent::Kind::kFinished;
      event.check = check.name;
      event.error_kind = "fixture";
      event.expected = absl::StrCat("the fixture ", fixture_name_, " to come up");
      event.found = std::string(why.message());
      recorded.Update(recorder_->Record(ToJournal(event)));
    }
    const int code = End(kExitNothingJudged, absl::StrCat("fixture ", fixture_name_, ": ", why.message()));
    if (!recorded.ok()) err_ << "tales verify: " << recorded.message() << "\n";
    return code;
  }

  // The plan into the journal; for a resumed run, only when it is the same one.
  absl::Status Announce(const Plan& plan, const ClusterDefinition& definition) {
    Json event = RunEvent(plan, definition, access_);
    // A fixture of ours is started anew with the run, and proves itself by that.
    if (!access_.owned) event["boot_ids"] = BootIds(access_);
    const bool resumed = !recorder_->model().run().is_null();
    if (resumed) {
      std::vector<std::string> different;
      for (const char* key : {"plan_sha256", "authority"}) {
        if (access_.owned && std::string_view(key) == "authority") continue;  // started anew: it has to differ
        const std::string then = recorder_->model().run().value(key, ""), now = event.value(key, "");
        if (then != now) different.push_back(absl::StrCat(key, " was ", then, " and is ", now));
      }
      const absl::Status boots = CompareBootIds(recorder_->model().run().value("boot_ids", Json::object()),
                                                event.value("boot_ids", Json::object()));
      if (different.empty() && absl::IsUnavailable(boots)) return StaysAsItWas(boots);
      if (!boots.ok()) different.emplace_back(boots.message());
      if (!different.empty()) {
        return absl::FailedPreconditionError(
            absl::StrCat("--resume ", request_.out.string(),
                         ": this is not the run that was begun: ", absl::StrJoin(different, "; ")));
      }
    }
    TALES_RETURN_IF_ERROR(recorder_->Record(event));
    if (resumed) TALES_RETURN_IF_ERROR(recorder_->Record({{"event", "resumed"}, {"at", Now()}}));
    for (const PlannedCheck& check : plan.checks) {
      // What a fixture of an earlier start was judged to be says nothing about this one: planned anew, it is open
      // again.
      const reports::Case* known = recorder_->model().Find(check.name);
      // A first try that failed stays told: its check is open already.
      if (known != nullptr && !access_.owned && (known->finished || !known->attempts.empty())) continue;
      TALES_RETURN_IF_ERROR(recorder_->Record(ToEvent(check)));
    }
    return recorder_->WriteAll();
  }

  int JudgeAll(const Plan& plan) {
    if (access_.simulated) progress_.Note("simulated: what is judged is the lab, not a real cluster");
    const auto until = std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(plan.settle);
    const int cores = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
    // What a check writes there may be secret, and a worker that is killed cleans nothing up.
    const absl::StatusOr<HeldFolder> temporary = HeldFolder::Make("tales-workers");
    if (!temporary.ok()) return Trouble(temporary.status());
    RunLoop::Options options;
    options.worker_argv = {"/proc/self/exe", "worker"};
    options.temporary_folder = temporary->path();
    options.scheduling.jobs = request_.jobs > 0 ? request_.jobs : Workers(inputs_.definition.nodes.size(), cores);
    options.scheduling.durations = PastDurations(request_.out);
    options.alive = [this] { return fixture_->Alive(); };
    options.make_task = [&](const std::vector<const PlannedCheck*>& batch, const std::string& token) {
      WorkerTask task;
      task.access = access_;
      task.run_folder = request_.out;
      task.token = token;
      task.inputs = inputs_.producers;
      task.settle_until = until.time_since_epoch().count();
      for (const PlannedCheck* check : batch) task.checks.push_back({check->check, check->instance});
      return WriteWorkerTask(task);
    };
    options.producer_argv = {"/proc/self/exe", "worker", "--producer"};
    options.make_producer_task = [&](const PlannedCheck& producer) {
      return WriteProducerTask({access_, request_.out, producer.check, inputs_.producers});
    };
    const Ledger ledger = MakeLedger(inputs_.definition);
    options.rule = [&ledger](WorkerEvent& event) { Rule(ledger, event); };
    options.spool_folder = request_.out / "producers";
    options.producers_outlive = !access_.owned;
    RunLoop loop(plan.checks, *recorder_, progress_, interrupts_, std::move(options));
    const RunLoop::Result result = loop.Run();
    if (!result.recording.ok()) {
      (void)End(kExitNothingJudged, std::string(result.recording.message()));
      return Trouble(Annotate(result.recording, "the run cannot be recorded and was stopped"));
    }
    if (!result.fixture.ok())
      return End(kExitNothingJudged, absl::StrCat("fixture ", fixture_name_, ": ", result.fixture.message()));
    if (result.interrupted) return End(kExitInterrupted, "interrupted");
    const absl::Status recorded = RecordMissing();
    if (!recorded.ok()) return End(kExitNothingJudged, std::string(recorded.message()));
    return End(recorder_->model().ExitCode(), "");
  }

  // What the baseline has, and a run that was judged to its end does not.
  absl::Status RecordMissing() {
    if (!baseline_.has_value()) return absl::OkStatus();
    for (const Json& event : baseline_->MissingEvents(recorder_->model())) {
      TALES_RETURN_IF_ERROR(recorder_->Record(event));
    }
    return absl::OkStatus();
  }

  // The last event, every report, and the answer for the terminal.
  int End(int code, const std::string& reason) {
    Json verdicts = Json::object();
    for (const auto& [verdict, count] : recorder_->model().Counts()) verdicts[std::string(ToString(verdict))] = count;
    Json end = {{"event", "end"}, {"exit", code}, {"at", Now()}, {"verdicts", std::move(verdicts)}};
    if (!reason.empty()) end["reason"] = reason;
    absl::Status recorded = recorder_->Record(end);
    recorded.Update(recorder_->WriteAll());
    progress_.Clear();
    const Progress::Options terminal = Progress::ForStandardOutput();
    out_ << reports::ToText(recorder_->model(), {.colour = terminal.colour,
                                                 .verbose = false,
                                                 .width = terminal.terminal ? terminal.width : 100,
                                                 .folder = request_.out.string()})
         << std::flush;
    recorded.Update(CompareWithBaseline(terminal));
    if (recorded.ok()) return code;
    err_ << "tales verify: " << recorded.message() << "\n";
    return code == kExitOk ? kExitNothingJudged : code;
  }

  absl::Status CompareWithBaseline(const Progress::Options& terminal) {
    if (!baseline_.has_value()) return absl::OkStatus();
    const absl::StatusOr<std::string> text = baseline_->Report(
        recorder_->model(), request_.out,
        {.colour = terminal.colour, .verbose = false, .width = terminal.terminal ? terminal.width : 100});
    if (text.ok()) out_ << "\n" << *text << std::flush;
    return text.status();
  }

  void TakeDown(int code) {
    if (request_.keep && access_.owned && code != kExitInterrupted && code != kExitUsage) {
      out_ << "the fixture stays up until this is interrupted (Ctrl-C)\n  kubeconfig   " << access_.kubeconfig.string()
           << "\n  talosconfig  " << access_.talosconfig.string() << "\n"
           << std::flush;
      pollfd wake{interrupts_.descriptor(), POLLIN, 0};
      while (interrupts_.count() == 0 && poll(&wake, 1, -1) <= 0) {
      }
    }
    if (const absl::Status status = fixture_->Down(); !status.ok()) {
      err_ << "tales verify: taking the fixture down: " << status.message() << "\n";
    }
  }

  const Registry& registry_;
  RunRequest request_;
  std::ostream& out_;
  std::ostream& err_;
  Progress progress_;
  Interrupts interrupts_;
  std::string run_id_, fixture_name_;
  std::optional<ClusterDefinition> definition_;
  std::vector<FaultRequest> faults_, input_faults_;  // the fixture's to make; ours, on copies
  std::unique_ptr<Recorder> recorder_;
  std::optional<Baseline> baseline_;
  ClusterAccess access_;
  RunInputs inputs_;
  std::unique_ptr<Fixture> fixture_;
};

}  // namespace

int RunVerify(const Registry& registry, RunRequest request, std::ostream& out, std::ostream& err) {
  return Verification(registry, std::move(request), out, err).Run();
}

}  // namespace tales
