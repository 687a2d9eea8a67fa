// Files of a pod's results folder, read by exec in the container that is kept for it.
//
// A file is known by its size and sha256, which the container tells; what was fetched is compared with both. A log that
// still grows is read from an offset on: neither a broken connection nor a restarted API server loses or doubles a
// byte.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "harness/base/deadline.h"
#include "harness/kube/client.h"

namespace tales::conformance {

struct FileFacts {
  uint64_t size = 0;
  std::string sha256;  // hex
};
// Of what `wc -c; sha256sum` printed.
absl::StatusOr<FileFacts> ParseFileFacts(std::string_view output);
FileFacts FactsOf(std::string_view content);

// Not thread-safe.
class PodFiles {
 public:
  // `client` outlives it.
  PodFiles(kube::Client& client, std::string namespace_, std::string pod)
      : client_(client), namespace_(std::move(namespace_)), pod_(std::move(pod)) {}

  // NotFound: the pod has no such file.
  absl::StatusOr<FileFacts> Facts(std::string_view name, Deadline deadline);
  // From `offset` on, at most kBlock bytes; "": no more for now, or no such file yet.
  absl::StatusOr<std::string> Read(std::string_view name, uint64_t offset, Deadline deadline);
  // The whole file, compared with its facts, written to `to` at once. DataLoss: it is another one each time.
  absl::Status Fetch(std::string_view name, const std::filesystem::path& to, Deadline deadline);

  static constexpr uint64_t kBlock = 4 << 20;

 private:
  absl::StatusOr<std::string> Ask(const std::string& script, std::string_view name,
                                  const std::vector<std::string>& arguments, Deadline deadline);
  kube::Client& client_;
  const std::string namespace_, pod_;
};

}  // namespace tales::conformance
