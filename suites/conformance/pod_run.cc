#include "suites/conformance/pod_run.h"

#include <fstream>
#include <system_error>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "harness/base/file.h"
#include "harness/base/status.h"
#include "harness/check/spec.h"
#include "suites/conformance/last_words.h"
#include "suites/shared/node_trouble.h"
#include "suites/shared/pod_warnings.h"

namespace tales::conformance {
namespace {

using kube::Json;
using Phase = PodState::Phase;

// The pod's state is asked for this often where nothing rings, and not oftener where it rings all the time.
constexpr absl::Duration kAtLatest = absl::Seconds(3), kAtEarliest = absl::Milliseconds(300);
constexpr uint64_t kLongestLog = 512 << 20;
constexpr char kLog[] = "e2e.log", kJUnit[] = "junit_01.xml", kPodFile[] = "pod.json", kEndFile[] = "end.json";

std::string Whole(absl::Duration duration) { return absl::FormatDuration(absl::Trunc(duration, absl::Seconds(1))); }

}  // namespace

PodRun::PodRun(kube::Client& client, const PodRunOptions& settings, const E2eOptions& options)
    : client_(client),
      settings_(settings),
      folder_(options.folder),
      namespace_(NamespaceName(settings.settings.run)),
      pod_(options.folder.filename().string()),
      files_(client, namespace_, pod_),
      stream_(options.names) {}

absl::StatusOr<std::unique_ptr<TestRun>> PodRun::Start(kube::Client& client, const PodRunOptions& settings,
                                                       const E2eOptions& options) {
  std::error_code error;
  std::filesystem::create_directories(options.folder, error);
  if (error) return absl::ErrnoToStatus(error.value(), absl::StrCat("making ", options.folder.string()));
  std::unique_ptr<PodRun> run(new PodRun(client, settings, options));
  TALES_RETURN_IF_ERROR(run->ReadEarlier());
  if (!run->end_.has_value()) TALES_RETURN_IF_ERROR(run->Begin(options));
  if (!run->end_.has_value()) run->bell_.emplace(client, run->namespace_, run->pod_, std::string(kTestsContainer));
  return std::unique_ptr<TestRun>(std::move(run));
}

// What an earlier process of ours kept.
absl::Status PodRun::ReadEarlier() {
  absl::StatusOr<std::string> log = ReadFile(folder_ / kLog, kLongestLog);
  if (!log.ok() && !absl::IsNotFound(log.status())) return log.status();
  if (log.ok()) unread_ = *std::move(log);
  log_size_ = unread_.size();
  if (const absl::StatusOr<std::string> text = ReadFile(folder_ / kPodFile); text.ok()) {
    uid_ = Text(Json::parse(*text, nullptr, false), "uid");
  }
  const absl::StatusOr<std::string> text = ReadFile(folder_ / kEndFile);
  if (!text.ok()) return absl::OkStatus();
  const Json end = Json::parse(*text, nullptr, false);
  if (!end.is_object()) return absl::OkStatus();  // then the cluster is asked
  end_ = TestRunEnd{.how = Text(end, "how"), .exit_code = std::nullopt, .lost = Text(end, "lost")};
  if (const std::optional<int64_t> code = Number(end, "exit_code"); code.has_value()) {
    end_->exit_code = static_cast<int>(*code);
  }
  return absl::OkStatus();
}

absl::Status PodRun::Begin(const E2eOptions& options) {
  absl::StatusOr<Json> pod = absl::UnavailableError("not asked");
  RetryUntil(
      settings_.deadline.AtMost(settings_.startup), "the API server", absl::Milliseconds(500),
      [&] {
        pod = client_.Get(kube::kPods, namespace_, pod_, Soon());
        return pod.status();
      },
      [](const absl::Status& status) { return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status); })
      .IgnoreError();  // `pod` has it
  if (absl::IsNotFound(pod.status()) && !uid_.empty()) {
    Lose(absl::StrCat("pod ", namespace_, "/", pod_, " is gone: it was deleted while nobody followed it"));
    return absl::OkStatus();
  }
  if (pod.ok()) {
    settings_.progress(absl::StrCat("attaching to pod ", namespace_, "/", pod_, ", which an earlier start made"));
  } else if (absl::IsNotFound(pod.status())) {
    settings_.progress(
        absl::StrCat("starting pod ", namespace_, "/", pod_, ", image ", settings_.settings.tests_image,
                     " (it goes on without us: then --resume attaches to it, `tales conformance clean --run ",
                     settings_.settings.run, "` takes it away)"));
    absl::StatusOr<kube::Reply> made = client_.Create(
        kube::kPods, namespace_, PodObject(settings_.settings, pod_, options), /*dry_run=*/false, Soon());
    if (!made.ok()) {
      // Without this a refusal by admission would look like a role that we lack.
      const bool refused = absl::StrContains(made.status().message(), "PodSecurity");
      return absl::FailedPreconditionError(
          absl::StrCat(refused ? "PodSecurity refuses the pod of the tests: " : "", made.status().message()));
    }
    pod = std::move(made->body);
  } else {
    return pod.status();
  }
  const std::string uid = ReadPodState(*pod).uid;
  if (!uid_.empty() && uid_ != uid) {
    Lose(absl::StrCat("pod ", namespace_, "/", pod_, " is another one: ours was deleted while nobody followed it"));
    return absl::OkStatus();
  }
  uid_ = uid;
  TALES_RETURN_IF_ERROR(WriteFileAtomically(
      folder_ / kPodFile, Json{{"namespace", namespace_}, {"pod", pod_}, {"uid", uid_}}.dump(), 0600));
  return AwaitStart();
}

// With what the pod itself does not know: its last warnings, and what is wrong with its node.
absl::Status PodRun::DoesNotStart(const std::string& why, const Json& pod) {
  const Deadline deadline = Deadline::After(absl::Seconds(20));
  return absl::FailedPreconditionError(absl::StrCat("the pod of the tests ", why,
                                                    PodWarnings::Read(client_, namespace_, pod_, deadline).Of(pod),
                                                    TroubleOfNode("; ", "")));
}

absl::Status PodRun::AwaitStart() {
  const Deadline deadline = settings_.deadline.AtMost(settings_.startup);
  Stopwatch schedulable;  // when it last was
  std::string told, seen = "nothing was seen of it";
  while (true) {
    const absl::StatusOr<Json> pod = client_.Get(kube::kPods, namespace_, pod_, deadline.AtMost(absl::Seconds(20)));
    if (absl::IsNotFound(pod.status())) {
      return absl::FailedPreconditionError(
          absl::StrCat("pod ", namespace_, "/", pod_, " was deleted while it started"));
    }
    const PodState state = pod.ok() ? ReadPodState(*pod) : PodState{.why = std::string(pod.status().message())};
    node_ = state.node;
    if (state.phase == Phase::kRunning || state.phase == Phase::kOver) return absl::OkStatus();
    if (state.phase == Phase::kLost) {
      Lose(absl::StrCat(state.why, TroubleOfNode("; ", "")));
      return absl::OkStatus();
    }
    const Json object = pod.ok() ? *pod : Json();
    if (state.phase == Phase::kNever) return DoesNotStart(absl::StrCat("does not start: ", state.why), object);
    if (!state.why.empty()) seen = state.why;
    if (seen != told && !state.why.empty()) settings_.progress(absl::StrCat("waiting for the pod: ", told = seen));
    if (!state.unschedulable) schedulable = {};
    if (state.unschedulable && schedulable.elapsed() > settings_.unschedulable) {
      return DoesNotStart(absl::StrCat("does not start: ", seen), object);
    }
    if (deadline.passed()) {
      return DoesNotStart(absl::StrCat("did not start within ", Whole(settings_.startup), ": ", seen), object);
    }
    absl::SleepFor(absl::Milliseconds(200));
  }
}

bool PodRun::Follow(absl::Duration longest, const Sink& sink) {
  const auto feed = [&] {
    if (unread_.empty()) return false;
    const std::string now = std::exchange(unread_, {});
    stream_.Feed(now, sink);
    return true;
  };
  if (feed()) return true;
  if (end_.has_value()) return false;
  const bool rang = bell_->Await(longest);
  const absl::Duration since = last_look_.has_value() ? last_look_->elapsed() : absl::InfiniteDuration();
  if (rang && since < kAtEarliest) absl::SleepFor(kAtEarliest - since);
  if (rang || since >= kAtLatest) Look();
  feed();
  return true;
}

void PodRun::Look() {
  last_look_.emplace();
  const absl::StatusOr<Json> pod = client_.Get(kube::kPods, namespace_, pod_, Soon());
  if (absl::IsNotFound(pod.status())) {
    return Lose(absl::StrCat("pod ", namespace_, "/", pod_, " was deleted"));
  }
  if (!pod.ok()) return Trouble(pod.status());
  const PodState state = ReadPodState(*pod);
  if (state.uid != uid_) return Lose(absl::StrCat("pod ", namespace_, "/", pod_, " was deleted, and made anew"));
  if (state.phase == Phase::kLost) {
    return Lose(state.leaving ? absl::StrCat("pod ", namespace_, "/", pod_, " was deleted")
                              : absl::StrCat(state.why, TroubleOfNode("; ", "")));
  }
  // In this order: what was printed before the end is read after it is known.
  absl::Status status = Pull();
  if (status.ok() && trouble_since_.has_value()) {
    settings_.progress("the pod of the tests is followed again; nothing was lost");
    trouble_since_.reset();
  }
  if (status.ok() && state.phase == Phase::kOver) {
    status = Fetch();
    if (status.ok()) {
      const std::string how = state.exit_code.has_value()
                                  ? absl::StrCat("ended with exit code ", *state.exit_code)
                                  : absl::StrCat("was killed", state.why.empty() ? "" : ": ", state.why);
      return End({.how = absl::StrCat(how, full_ ? absl::StrCat(", as the disk of ", state.node, " is full,") : "",
                                      state.disruption.empty() ? "" : ", as its pod was ended: ", state.disruption),
                  .exit_code = state.exit_code,
                  .lost = ""});
    }
  }
  if (!status.ok()) Trouble(status);
}

absl::Status PodRun::Pull() {
  while (true) {
    TALES_ASSIGN_OR_RETURN(const std::string block, files_.Read(kLog, log_size_, Soon()));
    if (block.empty()) return absl::OkStatus();
    std::ofstream file(folder_ / kLog, std::ios::binary | std::ios::app);
    file.write(block.data(), static_cast<std::streamsize>(block.size()));
    file.close();
    if (!file) return absl::UnavailableError(absl::StrCat("writing ", (folder_ / kLog).string()));
    log_size_ += block.size();
    unread_ += block;
    if (block.size() < PodFiles::kBlock) return absl::OkStatus();
  }
}

// df -P: the last line's fourth column is what is free.
bool PodRun::ResultsAreFull() {
  const absl::StatusOr<kube::ExecResult> df =
      client_.Exec(namespace_, pod_, kOutputContainer, {"df", "-Pk", std::string(kResults)}, Soon());
  if (!df.ok() || df->exit_code != 0) return false;
  const std::vector<std::string> words = absl::StrSplit(df->output, absl::ByAnyChar(" \n"), absl::SkipEmpty());
  return words.size() > 3 && words[words.size() - 3] == "0";
}

// Both files as the pod has them.
absl::Status PodRun::Fetch() {
  settings_.progress("the tests are over; fetching their results");
  const absl::StatusOr<FileFacts> facts = files_.Facts(kLog, Soon());
  if (facts.ok()) {
    TALES_ASSIGN_OR_RETURN(const std::string kept, ReadFile(folder_ / kLog, kLongestLog));
    if (FactsOf(kept).sha256 != facts->sha256) TALES_RETURN_IF_ERROR(files_.Fetch(kLog, folder_ / kLog, Soon()));
  } else if (!absl::IsNotFound(facts.status())) {
    return facts.status();
  }
  absl::Status fetched = files_.Fetch(kJUnit, folder_ / kJUnit, settings_.deadline.AtMost(absl::Minutes(2)));
  if (!absl::IsNotFound(fetched)) return fetched;
  // It left none: what the image's runner itself said is beside its log.
  full_ = ResultsAreFull();
  std::string said;
  client_
      .Logs(
          namespace_, pod_, {.container = std::string(kTestsContainer), .tail_lines = 100},
          [&said](std::string_view chunk) {
            said.append(chunk);
            return said.size() < (1 << 20);
          },
          Soon())
      .IgnoreError();
  WriteFileAtomically(folder_ / "pod.log", said, 0600).IgnoreError();
  return absl::OkStatus();
}

// Between `before` and `behind`; "": nothing is wrong with it.
std::string PodRun::TroubleOfNode(std::string_view before, std::string_view behind) {
  if (node_.empty()) return "";
  const absl::StatusOr<Json> node = client_.Get(kube::kNodes, "", node_, Soon());
  std::string trouble = node.ok() ? NodeTrouble(*node) : "";
  if (absl::IsNotFound(node.status())) trouble = absl::StrCat("node ", node_, " is gone");
  return trouble.empty() ? "" : absl::StrCat(before, trouble, behind);
}

// Waited for: a restarted API server and a node that comes back have lost nothing.
void PodRun::Trouble(const absl::Status& status) {
  const std::string why = absl::StrCat(TroubleOfNode("", "; "), status.message());
  if (!trouble_since_.has_value()) {
    trouble_since_.emplace();
    settings_.progress(absl::StrCat("the pod of the tests cannot be followed for now: ", why));
  }
  if (trouble_since_->elapsed() < settings_.patience && !settings_.deadline.passed()) return;
  Lose(absl::StrCat("the pod of the tests could not be reached for ", Whole(trouble_since_->elapsed()), ": ", why));
}

void PodRun::Lose(std::string why) { End({.how = "was lost", .exit_code = std::nullopt, .lost = std::move(why)}); }

void PodRun::End(TestRunEnd end) {
  end_ = std::move(end);
  Json json = {{"how", end_->how}, {"lost", end_->lost}};
  if (end_->exit_code.has_value()) json["exit_code"] = *end_->exit_code;
  // Without it whoever starts again asks the cluster, as far as it still knows.
  WriteFileAtomically(folder_ / kEndFile, json.dump(-1, ' ', false, Json::error_handler_t::replace), 0600)
      .IgnoreError();
}

void PodRun::Interrupt() {
  settings_.progress("breaking the test under way off");
  // All but the first process, which only passes a signal on to ginkgo: e2e.test itself has to hear it.
  const absl::StatusOr<kube::ExecResult> told =
      client_.Exec(namespace_, pod_, kTestsContainer, {"sh", "-c", "kill -INT -1 || kill -s INT -- -1"}, Soon());
  if (!told.ok()) settings_.progress(absl::StrCat("it could not be told: ", told.status().message()));
}

void PodRun::Kill() {
  if (end_.has_value()) return;
  Pull().IgnoreError();
  client_.Delete(kube::kPods, namespace_, pod_, Soon()).IgnoreError();
  End({.how = "was ended with its pod", .exit_code = std::nullopt, .lost = ""});
}

std::string PodRun::LastWords() const { return LastWordsOf({folder_ / "pod.log", folder_ / kLog}, kLongestLog); }

}  // namespace tales::conformance
