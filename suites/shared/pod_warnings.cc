#include "suites/shared/pod_warnings.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "harness/check/spec.h"

namespace tales {
namespace {

using kube::Json;

constexpr size_t kMost = 3;
constexpr size_t kLongest = 400, kHead = 120;

// When it was last seen: which field says so depends on who made it. All are RFC 3339 in UTC, so text compares.
std::string TimeOf(const Json& event) {
  std::string latest;
  for (const char* field :
       {"metadata.creationTimestamp", "firstTimestamp", "eventTime", "lastTimestamp", "series.lastObservedTime"}) {
    latest = std::max(latest, Text(event, field));
  }
  return latest;
}

// What went wrong stands at the end of a long one, behind what was tried.
std::string Cut(std::string message) {
  absl::StrReplaceAll({{"\n", " "}}, &message);
  if (message.size() <= kLongest) return message;
  return absl::StrCat(message.substr(0, kHead), " ... ", message.substr(message.size() - (kLongest - kHead)));
}

}  // namespace

std::string WhyEnded(const Json& pod) {
  // Some end in blanks.
  const auto tell = [](const kube::Json& of, const std::string& place) {
    const std::string message = Text(of, absl::StrCat(place, "message"));
    return absl::StrCat(Text(of, absl::StrCat(place, "reason")), ": ", absl::StripTrailingAsciiWhitespace(message));
  };
  if (!Text(pod, "status.reason").empty()) return tell(pod, "status.");
  for (const Json& condition : Array(pod, "status.conditions")) {
    if (Text(condition, "type") != "DisruptionTarget" || Text(condition, "status") != "True") continue;
    return tell(condition, "");
  }
  return "";
}

PodWarnings::PodWarnings(const std::vector<Json>& events) {
  for (const Json& event : events) {
    if (Text(event, "type") != "Warning" || Text(event, "involvedObject.kind") != "Pod") continue;
    const std::string message = Text(event, "message");
    // "Error: ErrImagePull": the state that the pod itself tells, and not why.
    if (absl::StartsWith(message, "Error: ")) continue;
    by_uid_[Text(event, "involvedObject.uid")].push_back({TimeOf(event), Text(event, "reason"), message});
  }
  for (auto& [uid, warnings] : by_uid_) {
    std::stable_sort(warnings.begin(), warnings.end(),
                     [](const Warning& a, const Warning& b) { return a.time > b.time; });
  }
}

PodWarnings PodWarnings::Read(kube::Client& client, std::string_view name_space, std::string_view pod,
                              Deadline deadline) {
  const auto events =
      client.List(kube::kEvents, name_space,
                  {.label_selector = {},
                   .field_selector = absl::StrCat("type=Warning,involvedObject.kind=Pod",
                                                  pod.empty() ? "" : absl::StrCat(",involvedObject.name=", pod))},
                  deadline.AtMost(absl::Seconds(10)));
  PodWarnings warnings(events.ok() ? *events : std::vector<Json>());
  warnings.read_ = events.status();
  return warnings;
}

std::string PodWarnings::Of(const Json& pod) const {
  if (!read_.ok()) return absl::StrCat("; its events cannot be read: ", read_.message());
  const auto found = by_uid_.find(Text(pod, "metadata.uid"));
  if (found == by_uid_.end()) return "";
  std::vector<std::string> told, reasons;
  for (const Warning& warning : found->second) {
    if (told.size() == kMost) break;
    if (std::find(reasons.begin(), reasons.end(), warning.reason) != reasons.end()) continue;
    reasons.push_back(warning.reason);
    told.push_back(absl::StrCat(warning.reason, ": ", Cut(warning.message)));
  }
  return told.empty() ? "" : absl::StrCat("; its last warnings: ", absl::StrJoin(told, "; "));
}

}  // namespace tales
