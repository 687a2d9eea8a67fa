// The messages of Kubernetes' remote command protocol v4 and v5 over WebSocket: a channel number, then bytes.
// Source: k8s.io/apimachinery pkg/util/remotecommand and k8s.io/kubelet pkg/cri/streaming/remotecommand of v0.32.
#pragma once

#include <optional>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "harness/kube/client.h"

namespace tales::kube {

inline constexpr char kExecProtocols[] = "v5.channel.k8s.io, v4.channel.k8s.io";

// Gathers what a command writes and how it ended.
class ExecMessages {
 public:
  explicit ExecMessages(size_t limit = 16 << 20) : limit_(limit) {}

  // One message. An error ends the exchange.
  absl::Status Take(std::string_view message);
  // Whether the command's end was told.
  bool ended() const { return ended_; }
  // What came of it; Unavailable where the connection closed before the end was told.
  absl::StatusOr<ExecResult> Result() &&;

 private:
  absl::Status TakeStatus(std::string_view text);

  size_t limit_;
  bool ended_ = false;
  ExecResult result_;
};

}  // namespace tales::kube
