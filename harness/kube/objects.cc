#include "absl/strings/str_cat.h"
#include "harness/base/status.h"
#include "harness/kube/client_impl.h"
#include "harness/kube/json_text.h"

namespace tales::kube {
namespace {

constexpr int kListRestarts = 2;

// Sends an object and reads what the server made of it.
absl::StatusOr<Reply> SendObject(auto& impl, const HttpRequest& request, Deadline deadline) {
  TALES_ASSIGN_OR_RETURN(HttpAnswer answer, impl.Send(request, deadline));
  absl::StatusOr<Json> body = ParseJson(answer.body);
  if (!body.ok()) return impl.Describe(body.status(), request);
  return Reply{.http_status = answer.status, .body = *std::move(body), .warnings = std::move(answer.warnings)};
}

std::string Dump(const Json& object) { return object.dump(-1, ' ', false, Json::error_handler_t::replace); }

std::string ChangePath(ResourcePath kind, std::string_view namespace_, std::string_view name, bool dry_run) {
  std::string path = ObjectPath(kind, namespace_, name);
  AddQuery(path, "fieldManager", kFieldManager);
  if (dry_run) AddQuery(path, "dryRun", "All");
  return path;
}

}  // namespace

absl::StatusOr<Json> Client::Get(ResourcePath kind, std::string_view namespace_, std::string_view name,
                                 Deadline deadline) {
  if (name.empty()) return absl::InvalidArgumentError(absl::StrCat("getting one of ", kind.plural, ": no name given"));
  return impl_->GetJson(ObjectPath(kind, namespace_, name), deadline);
}

absl::StatusOr<Client::Impl::Listing> Client::Impl::ListAll(ResourcePath kind, std::string_view namespace_,
                                                            const ListOptions& options, Deadline deadline) {
  Listing listing;
  std::string next;
  int restarts = 0;
  while (true) {
    std::string path = ObjectPath(kind, namespace_, "");
    if (options.chunk > 0) AddQuery(path, "limit", absl::StrCat(options.chunk));
    if (!options.label_selector.empty()) AddQuery(path, "labelSelector", options.label_selector);
    if (!options.field_selector.empty()) AddQuery(path, "fieldSelector", options.field_selector);
    if (!next.empty()) AddQuery(path, "continue", next);
    absl::StatusOr<Json> page = next.empty() ? GetJson(path, deadline) : GetJsonThroughRestart(path, deadline);
    if (!page.ok()) {
      if (page.status().code() != absl::StatusCode::kOutOfRange || next.empty() || restarts == kListRestarts) {
        return page.status();
      }
      ++restarts;
      listing.items.clear();
      next.clear();
      continue;
    }
    const auto list = page->is_object() ? page->find("items") : page->end();
    if (!page->is_object() || list == page->end() || !(list->is_array() || list->is_null())) {
      return Describe(absl::DataLossError("the answer is no list"), HttpRequest{.path = path});
    }
    if (list->is_array()) {
      for (Json& item : *list) listing.items.push_back(std::move(item));
    }
    listing.resource_version = MetadataText(*page, "resourceVersion");
    const std::string token = MetadataText(*page, "continue");
    if (token.empty()) return listing;
    if (token == next) return Describe(absl::DataLossError("the list does not end"), HttpRequest{.path = path});
    next = token;
  }
}

absl::StatusOr<Json> Client::Impl::GetJsonThroughRestart(const std::string& path, Deadline deadline) {
  absl::StatusOr<Json> json = absl::InternalError("not asked");
  const absl::Status status = RetryUntil(
      deadline.AtMost(kRestart), "an API server that was there a moment ago", kRestartPause,
      [&] {
        json = GetJson(path, deadline);
        return json.status();
      },
      absl::IsUnavailable);
  if (!status.ok()) return status;
  return json;
}

absl::StatusOr<std::vector<Json>> Client::List(ResourcePath kind, std::string_view namespace_,
                                               const ListOptions& options, Deadline deadline) {
  TALES_ASSIGN_OR_RETURN(Impl::Listing listing, impl_->ListAll(kind, namespace_, options, deadline));
  return std::move(listing.items);
}

absl::StatusOr<Reply> Client::Create(ResourcePath kind, std::string_view namespace_, const Json& object, bool dry_run,
                                     Deadline deadline) {
  return SendObject(*impl_,
                    {.method = "POST",
                     .path = ChangePath(kind, namespace_, "", dry_run),
                     .content_type = "application/json",
                     .body = Dump(object),
                     .idempotent = dry_run},
                    deadline);
}

absl::StatusOr<Reply> Client::Apply(ResourcePath kind, std::string_view namespace_, std::string_view name,
                                    const Json& object, bool dry_run, bool force, Deadline deadline) {
  std::string path = ChangePath(kind, namespace_, name, dry_run);
  if (force) AddQuery(path, "force", "true");
  return SendObject(
      *impl_, {.method = "PATCH", .path = path, .content_type = "application/apply-patch+yaml", .body = Dump(object)},
      deadline);
}

absl::StatusOr<Reply> Client::MergePatch(ResourcePath kind, std::string_view namespace_, std::string_view name,
                                         const Json& patch, bool dry_run, Deadline deadline) {
  return SendObject(*impl_,
                    {.method = "PATCH",
                     .path = ChangePath(kind, namespace_, name, dry_run),
                     .content_type = "application/merge-patch+json",
                     .body = Dump(patch)},
                    deadline);
}

absl::Status Client::Delete(ResourcePath kind, std::string_view namespace_, std::string_view name, Deadline deadline,
                            std::optional<int> grace_seconds) {
  if (name.empty()) return absl::InvalidArgumentError(absl::StrCat("deleting one of ", kind.plural, ": no name given"));
  std::string path = ObjectPath(kind, namespace_, name);
  AddQuery(path, "propagationPolicy", "Background");
  if (grace_seconds.has_value()) AddQuery(path, "gracePeriodSeconds", absl::StrCat(*grace_seconds));
  return impl_->Send({.method = "DELETE", .path = path, .idempotent = false}, deadline).status();
}

absl::StatusOr<std::string> Client::GetRaw(std::string_view path, Deadline deadline) {
  TALES_ASSIGN_OR_RETURN(HttpAnswer answer, impl_->Send({.path = std::string(path)}, deadline));
  return std::move(answer.body);
}

}  // namespace tales::kube
