// A real kube-apiserver and the lab's, side by side: the same request to both, and how their answers differ.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "fixtures/lab/kube/api_server.h"
#include "harness/kube/transport.h"
#include "nlohmann/json.hpp"
#include "tests/real/local_cluster.h"

namespace tales::testing {

struct ApiRequest {
  std::string what;  // for messages
  std::string method, path, body = {};
  std::string content_type = "application/json";
  // False: only status and reason are compared, since the words are those of Go's own decoders.
  bool words = true;
};

// What a client is told, without what is by nature different on each server (object bodies, uids).
struct ApiAnswer {
  int code = 0;
  std::string reason, message;  // of a Status
  nlohmann::json causes;        // of a Status' details
  std::vector<std::string> warnings;
  std::string ToString() const;
  friend bool operator==(const ApiAnswer&, const ApiAnswer&) = default;
};

class ParityServers {
 public:
  static absl::StatusOr<std::unique_ptr<ParityServers>> Start();

  // Thread-safe.
  absl::StatusOr<ApiAnswer> AskReal(const ApiRequest& request) { return Ask(*real_, request); }
  absl::StatusOr<ApiAnswer> AskLab(const ApiRequest& request) { return Ask(*lab_, request); }
  // "" where both answer the same; otherwise the request and both answers.
  std::string Difference(const ApiRequest& request);
  // Makes an object on both; an error where one of them refuses.
  absl::Status Make(std::string_view path, const nlohmann::json& object);
  // With these labels, and waits for its service account: before that, pods are refused.
  absl::Status MakeNamespace(const std::string& name, const nlohmann::json& labels);

 private:
  ParityServers(LocalCluster local, kube::Access real, kube::Access lab)
      : local_(std::move(local)), real_access_(std::move(real)), lab_access_(std::move(lab)) {}
  static absl::StatusOr<ApiAnswer> Ask(kube::Transport& transport, const ApiRequest& request);

  LocalCluster local_;
  lab::kube::ObjectStore store_;
  lab::kube::AdmissionSettings admission_;
  std::unique_ptr<lab::kube::ApiServer> server_;
  const kube::Access real_access_;
  kube::Access lab_access_;
  std::unique_ptr<kube::Transport> real_, lab_;
};

}  // namespace tales::testing
