// What the parts of Client (objects, watch, logs, exec) share.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "harness/kube/client.h"
#include "harness/kube/transport.h"

namespace tales::kube {

inline constexpr char kFieldManager[] = "tales";
// An API server that answered a moment ago and is gone restarts: so long does a list or a watch that is under way wait
// for it. Who asks for the first time is told at once.
inline constexpr absl::Duration kRestart = absl::Seconds(20);
inline constexpr absl::Duration kRestartPause = absl::Milliseconds(200);

struct Client::Impl {
  explicit Impl(Access a) : access(std::move(a)) {}
  const Access access;
  std::unique_ptr<Transport> transport;

  // Sends it; answers of 400 and more become errors. Every error starts with "METHOD PATH at SERVER: ".
  absl::StatusOr<HttpAnswer> Send(const HttpRequest& request, Deadline deadline);
  // `status` with who was asked for what in front.
  absl::Status Describe(const absl::Status& status, const HttpRequest& request) const;
  absl::StatusOr<Json> GetJson(const std::string& path, Deadline deadline);
  absl::StatusOr<Json> GetJsonThroughRestart(const std::string& path, Deadline deadline);
  struct Listing {
    std::vector<Json> items;
    std::string resource_version;  // of the whole: where a watch goes on
  };
  absl::StatusOr<Listing> ListAll(ResourcePath kind, std::string_view namespace_, const ListOptions& options,
                                  Deadline deadline);
};

// "/api/v1/namespaces/NS/pods/NAME"; parts that are empty are left out. Names are escaped.
std::string ObjectPath(ResourcePath kind, std::string_view namespace_, std::string_view name);
std::string EscapeQuery(std::string_view text);
// Adds "&key=value" (or "?key=value").
void AddQuery(std::string& path, std::string_view key, std::string_view value);

}  // namespace tales::kube
