// Kubernetes' conformance image in a pod of the cluster that is judged, followed from here.
//
//   start -> follow -> fetch
//
// What the tests print is read from the file that the image writes beside it, from the byte on that is kept here
// already: so nothing is lost or told twice, whatever breaks. A cluster that does not answer for a while is waited for.
// What cannot come back (a pod that somebody deleted, or that a node threw out) ends the run as lost, with what was had
// until then. Whoever starts it again in the same folder attaches to the pod that still runs, or is told its end.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "harness/base/stopwatch.h"
#include "harness/kube/client.h"
#include "suites/conformance/log_bell.h"
#include "suites/conformance/pod_files.h"
#include "suites/conformance/pod_objects.h"
#include "suites/conformance/pod_state.h"
#include "suites/conformance/test_run.h"

namespace tales::conformance {

struct PodRunOptions {
  PodSettings settings;
  absl::Duration startup = absl::Minutes(5);         // until its containers run; an image may have to be pulled
  absl::Duration unschedulable = absl::Seconds(30);  // that no node takes it, before it is given up
  absl::Duration patience = absl::Minutes(10);       // without an answer of the API server or of the pod's node
  Deadline deadline = Deadline::Never();
  std::function<void(std::string_view)> progress = [](std::string_view) {};
};

class PodRun : public TestRun {
 public:
  // The pod is named as options.folder is; its namespace, account and rights are there. `client` outlives it. Errors:
  // FailedPrecondition, where it cannot start, with the cluster's words.
  static absl::StatusOr<std::unique_ptr<TestRun>> Start(kube::Client& client, const PodRunOptions& settings,
                                                        const E2eOptions& options);

  bool Follow(absl::Duration longest, const Sink& sink) override;
  bool is_followed() const override { return !trouble_since_.has_value(); }
  void Interrupt() override;
  void Kill() override;
  const TestRunEnd& end() const override { return *end_; }
  const SpecStream& stream() const override { return stream_; }
  std::filesystem::path junit() const override { return folder_ / "junit_01.xml"; }
  std::string LastWords() const override;

 private:
  PodRun(kube::Client& client, const PodRunOptions& settings, const E2eOptions& options);
  absl::Status Begin(const E2eOptions& options);
  absl::Status AwaitStart();
  absl::Status DoesNotStart(const std::string& why, const kube::Json& pod);
  absl::Status ReadEarlier();
  void Look();
  absl::Status Pull();
  absl::Status Fetch();
  bool ResultsAreFull();
  void Trouble(const absl::Status& status);
  void Lose(std::string why);
  void End(TestRunEnd end);
  std::string TroubleOfNode(std::string_view before, std::string_view behind);
  Deadline Soon() const { return settings_.deadline.AtMost(absl::Seconds(20)); }

  kube::Client& client_;
  const PodRunOptions settings_;
  const std::filesystem::path folder_;
  const std::string namespace_, pod_;
  PodFiles files_;
  SpecStream stream_;
  std::string uid_, node_;
  bool full_ = false;      // the disk that its results are on, where it left none
  std::string unread_;     // of the log: kept here, and not yet told
  uint64_t log_size_ = 0;  // bytes of it that are kept here
  std::optional<LogBell> bell_;
  std::optional<Stopwatch> last_look_, trouble_since_;
  std::optional<TestRunEnd> end_;
};

}  // namespace tales::conformance
