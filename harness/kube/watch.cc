#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "harness/base/pause.h"
#include "harness/base/status.h"
#include "harness/kube/client_impl.h"
#include "harness/kube/errors.h"
#include "harness/kube/json_text.h"

namespace tales::kube {
namespace {

constexpr size_t kLongestEvent = 32 << 20;
// Between watches that the server ends at once.
constexpr absl::Duration kPause = absl::Milliseconds(500);

// Cuts a stream of JSON lines into events.
class EventReader {
 public:
  explicit EventReader(const std::function<bool(const WatchEvent&)>& sink) : sink_(sink) {}

  void BeginStream() { pending_.clear(); }
  // False: enough, for a reason that `status` or `stopped` tells.
  bool Take(std::string_view chunk) {
    pending_.append(chunk);
    size_t begin = 0;
    for (size_t end = pending_.find('\n'); end != std::string::npos; end = pending_.find('\n', begin)) {
      const std::string_view line = std::string_view(pending_).substr(begin, end - begin);
      begin = end + 1;
      if (!line.empty() && !TakeLine(line)) return false;
    }
    pending_.erase(0, begin);
    if (pending_.size() <= kLongestEvent) return true;
    status = absl::ResourceExhaustedError(absl::StrCat("an event is longer than ", kLongestEvent, " bytes"));
    return false;
  }

  absl::Status status;           // what the stream itself said is wrong
  bool stopped = false;          // by the sink
  std::string resource_version;  // of the last event

 private:
  bool TakeLine(std::string_view line) {
    absl::StatusOr<Json> json = ParseJson(line);
    if (!json.ok()) {
      status = json.status();
      return false;
    }
    if (!json->is_object() || !json->contains("type") || !(*json)["type"].is_string() || !json->contains("object") ||
        !(*json)["object"].is_object()) {
      status = absl::DataLossError("an event has no type or no object");
      return false;
    }
    WatchEvent event{.type = (*json)["type"].get<std::string>(), .object = std::move((*json)["object"])};
    if (event.type == "ERROR") {
      const auto code = event.object.find("code");
      const int http = code != event.object.end() && code->is_number_integer() ? code->get<int>() : 500;
      status = FromHttp(std::max(http, 400), event.object.dump(-1, ' ', false, Json::error_handler_t::replace));
      return false;
    }
    const auto metadata = event.object.find("metadata");
    if (metadata != event.object.end() && metadata->is_object() && metadata->contains("resourceVersion") &&
        (*metadata)["resourceVersion"].is_string()) {
      resource_version = (*metadata)["resourceVersion"].get<std::string>();
    }
    stopped = !sink_(event);
    return !stopped;
  }

  const std::function<bool(const WatchEvent&)>& sink_;
  std::string pending_;
};

// What a watch has told of, so that a new list can be told as events too.
class KnownObjects {
 public:
  explicit KnownObjects(const std::function<bool(const WatchEvent&)>& sink) : sink_(sink) {}

  void Note(const WatchEvent& event) {
    const Key key = KeyOf(event.object);
    if (event.type == "DELETED") versions_.erase(key);
    if (event.type == "ADDED" || event.type == "MODIFIED") versions_[key] = Version(event.object);
  }
  // Tells how `items` differ from what is known; false when the sink has enough.
  bool Take(std::vector<Json> items) {
    std::map<Key, std::string> before = std::exchange(versions_, {});
    for (Json& item : items) {
      const auto old = before.extract(KeyOf(item));
      WatchEvent event{.type = old.empty() ? "ADDED" : "MODIFIED", .object = std::move(item)};
      Note(event);
      if (!old.empty() && old.mapped() == Version(event.object)) continue;
      if (!sink_(event)) return false;
    }
    for (const auto& [key, version] : before) {
      const auto& [in_namespace, name] = key;
      Json metadata = {{"name", name}, {"resourceVersion", version}};
      if (!in_namespace.empty()) metadata["namespace"] = in_namespace;
      if (!sink_({.type = "DELETED", .object = {{"metadata", std::move(metadata)}}})) return false;
    }
    return true;
  }

 private:
  using Key = std::pair<std::string, std::string>;
  static Key KeyOf(const Json& object) { return {MetadataText(object, "namespace"), MetadataText(object, "name")}; }
  static std::string Version(const Json& object) { return MetadataText(object, "resourceVersion"); }

  const std::function<bool(const WatchEvent&)>& sink_;
  std::map<Key, std::string> versions_;
};

}  // namespace

absl::Status Client::Watch(ResourcePath kind, std::string_view namespace_, const ListOptions& options,
                           std::string_view resource_version, const std::function<bool(const WatchEvent&)>& sink,
                           Deadline deadline) {
  // A watch that we began with a list of our own can begin so again, when the server has forgotten where we were (410):
  // after its restart, or a compaction.
  const bool lists = resource_version.empty();
  KnownObjects known(sink);
  const std::function<bool(const WatchEvent&)> remember = [&](const WatchEvent& event) {
    known.Note(event);
    return sink(event);
  };
  EventReader reader(lists ? remember : sink);
  reader.resource_version = std::string(resource_version);
  // A watch from nowhere would begin with what exists, in no order of versions: broken off there, nobody could tell
  // where to go on.
  // Whether the sink wants to hear on.
  const auto list = [&]() -> absl::StatusOr<bool> {
    TALES_ASSIGN_OR_RETURN(Impl::Listing listing, impl_->ListAll(kind, namespace_, options, deadline));
    reader.resource_version = std::move(listing.resource_version);
    return known.Take(std::move(listing.items));
  };
  if (lists) {
    TALES_ASSIGN_OR_RETURN(const bool wanted, list());
    if (!wanted) return absl::OkStatus();
  }
  bool answered = lists;
  absl::Time last_answer = absl::Now();
  // A server ends each watch after some minutes; it goes on from the last version seen.
  while (true) {
    std::string path = ObjectPath(kind, namespace_, "");
    AddQuery(path, "watch", "true");
    AddQuery(path, "allowWatchBookmarks", "true");
    if (!reader.resource_version.empty()) AddQuery(path, "resourceVersion", reader.resource_version);
    if (!options.label_selector.empty()) AddQuery(path, "labelSelector", options.label_selector);
    if (!options.field_selector.empty()) AddQuery(path, "fieldSelector", options.field_selector);
    if (deadline.remaining() < absl::Hours(1)) {
      AddQuery(path, "timeoutSeconds", absl::StrCat(absl::ToInt64Seconds(deadline.remaining()) + 1));
    }
    const HttpRequest request{.path = path,
                              .sink = [&](std::string_view chunk) { return reader.Take(chunk); },
                              .answered = [&] { answered = true; }};
    reader.BeginStream();
    const absl::Time begin = absl::Now();
    const bool answered_before = std::exchange(answered, false);
    absl::Status status = impl_->Send(request, deadline).status();
    if (reader.stopped) return absl::OkStatus();
    absl::Status said = reader.status.ok() ? status : impl_->Describe(reader.status, request);
    if (absl::IsOutOfRange(said) && lists) {
      reader.status = absl::OkStatus();
      TALES_ASSIGN_OR_RETURN(const bool wanted, list());
      if (!wanted) return absl::OkStatus();
      Pause(kPause, deadline);
      continue;
    }
    if (!reader.status.ok()) return said;
    if (answered) last_answer = absl::Now();
    answered = answered || answered_before;
    const bool restarts = absl::IsUnavailable(status) && answered && absl::Now() - last_answer < kRestart;
    if (!status.ok() && !restarts) return status;
    if (deadline.passed()) return impl_->Describe(absl::DeadlineExceededError("the watch's time is over"), request);
    if (absl::Now() - begin < kPause) Pause(kPause, deadline);
  }
}

}  // namespace tales::kube
