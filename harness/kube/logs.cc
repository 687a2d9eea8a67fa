#include "absl/strings/str_cat.h"
#include "harness/kube/client_impl.h"

namespace tales::kube {

absl::Status Client::Logs(std::string_view namespace_, std::string_view pod, const LogOptions& options,
                          const std::function<bool(std::string_view chunk)>& sink, Deadline deadline) {
  std::string path = absl::StrCat(ObjectPath(kPods, namespace_, pod), "/log");
  if (!options.container.empty()) AddQuery(path, "container", options.container);
  if (options.previous) AddQuery(path, "previous", "true");
  if (options.tail_lines >= 0) AddQuery(path, "tailLines", absl::StrCat(options.tail_lines));
  if (options.limit_bytes > 0) AddQuery(path, "limitBytes", absl::StrCat(options.limit_bytes));
  if (options.follow) AddQuery(path, "follow", "true");
  // Not sent again when it breaks: the sink has seen a part.
  return impl_->Send({.path = path, .idempotent = false, .sink = sink}, deadline).status();
}

}  // namespace tales::kube
