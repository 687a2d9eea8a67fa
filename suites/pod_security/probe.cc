#include "suites/pod_security/probe.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "harness/base/status.h"
#include "harness/kube/errors.h"

namespace tales::pod_security {
namespace {

constexpr char kViolates[] = "violates PodSecurity ";
constexpr char kWouldViolate[] = "would violate PodSecurity ";

Json PrivilegedPodSpec() {
  const Json container = {
      {"name", "probe"},
      {"image", "tales-probe"},
      {"securityContext", {{"privileged", true}, {"capabilities", {{"add", Json::array({"NET_RAW"})}}}}}};
  return {{"hostNetwork", true}, {"automountServiceAccountToken", false}, {"containers", Json::array({container})}};
}

}  // namespace

Json PrivilegedPod() {
  return {{"apiVersion", "v1"},
          {"kind", "Pod"},
          {"metadata", {{"generateName", "tales-probe-"}}},
          {"spec", PrivilegedPodSpec()}};
}

Json PrivilegedDeployment() {
  const Json labels = {{"app", "tales-probe"}};
  return {{"apiVersion", "apps/v1"},
          {"kind", "Deployment"},
          {"metadata", {{"generateName", "tales-probe-"}}},
          {"spec",
           {{"replicas", 0},
            {"selector", {{"matchLabels", labels}}},
            {"template", {{"metadata", {{"labels", labels}}}, {"spec", PrivilegedPodSpec()}}}}}};
}

Answer Classify(const absl::StatusOr<kube::Reply>& reply) {
  Answer answer;
  if (reply.ok()) {
    answer.kind = Answer::kAdmitted;
    for (const std::string& warning : reply->warnings) {
      if (absl::StrContains(warning, kWouldViolate)) answer.warnings.push_back(warning);
    }
    return answer;
  }
  answer.status = reply.status();
  std::string message = kube::ServerMessage(reply.status());
  if (message.empty()) message = std::string(reply.status().message());
  const size_t words = message.find(kViolates);
  if (reply.status().code() == absl::StatusCode::kPermissionDenied && words != std::string::npos) {
    answer.kind = Answer::kRefused;
    answer.words = message.substr(words);
  } else if (reply.status().code() == absl::StatusCode::kNotFound && absl::StrContains(message, "namespaces ")) {
    answer.kind = Answer::kNoNamespace;
  } else if (reply.status().code() == absl::StatusCode::kPermissionDenied &&
             !absl::StrContains(message, "cannot create") && !absl::StrContains(message, "Unauthorized")) {
    // Another plugin than RBAC, for example a service account that is yet to be made: looking again can help.
    answer.status = absl::UnavailableError(reply.status().message());
  }
  return answer;
}

Answer DryRun(CheckContext& context, kube::ResourcePath kind, std::string_view namespace_, const Json& object) {
  return Classify(context.cluster().kube()->Create(kind, namespace_, object, /*dry_run=*/true,
                                                   context.deadline().AtMost(Facts::kCallDeadline)));
}

std::string LevelOf(std::string_view words) {
  const size_t begin = words.find('"');
  if (begin == std::string_view::npos) return "";
  const size_t end = words.find('"', begin + 1);
  return end == std::string_view::npos ? "" : std::string(words.substr(begin + 1, end - begin - 1));
}

Outcome CannotTell(const Answer& answer, std::string_view namespace_) {
  return Outcome::CannotLook(Annotate(answer.status, absl::StrCat("dry run of a pod in namespace ", namespace_)),
                             absl::StrCat("kubectl auth can-i create pods -n ", namespace_));
}

}  // namespace tales::pod_security
