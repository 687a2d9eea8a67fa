#include "suites/cilium/workloads.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "harness/check/spec.h"

namespace tales::cilium {
namespace {

std::optional<bool> Declared(const CiliumDefinition& declared, const std::string& path) {
  const auto found = declared.values.find(path);
  if (found == declared.values.end()) return std::nullopt;
  return found->second == "true";
}

std::string Kubectl(const std::string& cilium_namespace, const std::string& rest) {
  return absl::StrCat("kubectl -n ", cilium_namespace, " ", rest);
}

// status.lastState.terminated; null where the container has not ended before.
Json LastEnd(const Json& status) {
  if (!status.is_object() || !status.contains("lastState") || !status["lastState"].is_object()) return nullptr;
  const auto ended = status["lastState"].find("terminated");
  return ended != status["lastState"].end() ? *ended : Json();
}

// An end without an exit code of the program's own: the machine went down under it.
bool EndedWithTheMachine(const Json& terminated) {
  return Text(terminated, "reason") == "Unknown" && Number(terminated, "exitCode").value_or(0) == 255;
}

}  // namespace

std::vector<Wanted> WantedWorkloads(const CiliumDefinition& declared,
                                    const std::map<std::string, std::string>& config) {
  const auto by_value = [&](const char* kind, const char* name, const char* path) {
    return Wanted{kind, name, Declared(declared, path), absl::StrCat(path, " is declared")};
  };
  Wanted envoy = by_value("DaemonSet", "cilium-envoy", "envoy.enabled");
  if (const auto option = config.find("external-envoy-proxy"); !envoy.is_wanted && option != config.end()) {
    envoy.is_wanted = option->second == "true";
    envoy.because = absl::StrCat("cilium-config has external-envoy-proxy: ", option->second);
  }
  Wanted cilium_operator = by_value("Deployment", "cilium-operator", "operator.enabled");
  if (!cilium_operator.is_wanted) {
    cilium_operator.is_wanted = true;
    cilium_operator.because = "Cilium does not work without it";
  }
  return {{"DaemonSet", "cilium", true, "it is Cilium"},
          envoy,
          cilium_operator,
          by_value("Deployment", "hubble-relay", "hubble.relay.enabled"),
          by_value("Deployment", "hubble-ui", "hubble.ui.enabled"),
          by_value("Deployment", "clustermesh-apiserver", "clustermesh.useAPIServer")};
}

std::optional<Problem> JudgePresence(const Wanted& wanted, bool there, const std::string& cilium_namespace) {
  if (!wanted.is_wanted || *wanted.is_wanted == there) return std::nullopt;
  const std::string kind = absl::AsciiStrToLower(wanted.kind);
  if (there) {
    return Problem{.expected = absl::StrCat("no ", wanted.kind, " ", wanted.name, ": ", wanted.because, " as off"),
                   .found = absl::StrCat("namespace ", cilium_namespace, " has it"),
                   .next = "helm upgrade with the declared values, or declare it"};
  }
  return Problem{
      .expected = absl::StrCat(wanted.kind, " ", wanted.name, " in namespace ", cilium_namespace, ": ", wanted.because),
      .found = "there is none",
      .next = absl::StrCat("helm upgrade with the declared values; who deleted it? ",
                           Kubectl(cilium_namespace, absl::StrCat("get events | grep ", wanted.name)))};
}

std::vector<Problem> JudgeRollout(const std::string& kind, const Json& workload, int64_t nodes) {
  const std::string name = absl::StrCat(kind, " ", Text(workload, "metadata.name"));
  const std::string reference = absl::StrCat(absl::AsciiStrToLower(kind), "/", Text(workload, "metadata.name"));
  const std::string home = Text(workload, "metadata.namespace");
  const std::string rollout = Kubectl(home, absl::StrCat("rollout status ", reference));
  const auto count = [&](const char* field) { return Number(workload, absl::StrCat("status.", field)).value_or(0); };
  const bool daemon = kind == "DaemonSet";
  const int64_t wanted = daemon ? count("desiredNumberScheduled") : Number(workload, "spec.replicas").value_or(1);
  const int64_t updated = count(daemon ? "updatedNumberScheduled" : "updatedReplicas");
  const int64_t ready = count(daemon ? "numberReady" : "readyReplicas");
  std::vector<Problem> problems;
  if (Number(workload, "metadata.generation").value_or(0) > count("observedGeneration")) {
    problems.push_back({.expected = absl::StrCat(name, " as it is now rolled out"),
                        .found = "the controller manager has not seen its newest generation",
                        .next = absl::StrCat(rollout, "; kubectl -n kube-system get pods | grep controller-manager")});
  }
  if (wanted == 0) {
    problems.push_back({.expected = absl::StrCat(name, " with a pod"),
                        .found = daemon ? "it fits on no node" : "it is scaled to 0",
                        .next = daemon ? Kubectl(home, absl::StrCat("describe ", reference))
                                       : Kubectl(home, absl::StrCat("scale ", reference, " --replicas=1"))});
    return problems;
  }
  if (daemon && nodes > 0 && wanted < nodes) {
    problems.push_back({.expected = absl::StrCat(name, " on all ", nodes, " nodes"),
                        .found = absl::StrCat("it is meant for ", wanted, ": its tolerations or node selector leave ",
                                              nodes - wanted, " out"),
                        .next = Kubectl(home, absl::StrCat("get ", reference, " -o yaml | grep -A8 tolerations"))});
  }
  if (updated < wanted) {
    const bool by_hand = Text(workload, "spec.updateStrategy.type") == "OnDelete";
    problems.push_back({.expected = absl::StrCat("all ", wanted, " pods of ", name, " of its newest template"),
                        .found = absl::StrCat(updated, " are",
                                              by_hand ? "; its update strategy is OnDelete: nobody replaces them" : ""),
                        .next = by_hand ? Kubectl(home, absl::StrCat("rollout restart ", reference,
                                                                     "   # after setting RollingUpdate"))
                                        : rollout});
  }
  if (ready < wanted) {
    problems.push_back(
        {.expected = absl::StrCat("all ", wanted, " pods of ", name, " ready"),
         .found = absl::StrCat(ready, " of ", wanted),
         .next = Kubectl(home, absl::StrCat("get pods -o wide | grep ", Text(workload, "metadata.name")))});
  }
  return problems;
}

std::vector<Problem> JudgeRestarts(const std::vector<Json>& pods, const std::string& cilium_namespace, absl::Time now) {
  std::vector<Problem> problems;
  for (const Json& pod : pods) {
    if (Text(pod, "metadata.namespace") != cilium_namespace || Label(pod, "app.kubernetes.io/part-of") != "cilium")
      continue;
    for (const Json& status : Array(pod, "status.containerStatuses")) {
      const std::string waiting = Text(status, "state.waiting.reason");
      const bool crashing = waiting == "CrashLoopBackOff" || waiting == "CreateContainerError" ||
                            waiting == "RunContainerError" || waiting == "ErrImagePull" ||
                            waiting == "ImagePullBackOff";
      const Json last = LastEnd(status);
      absl::Time ended;
      const bool lately = last.is_object() && !EndedWithTheMachine(last) &&
                          absl::ParseTime(absl::RFC3339_full, Text(last, "finishedAt"), &ended, nullptr) &&
                          now - ended < kRestartWindow;
      if (!crashing && !lately) continue;
      const std::string name = Text(pod, "metadata.name"), container = Text(status, "name");
      const int64_t restarts = Number(status, "restartCount").value_or(0);
      std::string found = absl::StrCat(restarts, restarts == 1 ? " restart" : " restarts");
      if (crashing) absl::StrAppend(&found, ", waiting: ", waiting);
      if (last.is_object()) {
        absl::StrAppend(&found, ", last ended at ", Text(last, "finishedAt"), " with exit code ",
                        Number(last, "exitCode").value_or(0), " (", Text(last, "reason"), ")");
      }
      problems.push_back({.expected = absl::StrCat("container ", container, " of ", name, " on ",
                                                   Text(pod, "spec.nodeName"), " that stays up"),
                          .found = std::move(found),
                          .next = Kubectl(cilium_namespace, absl::StrCat("logs ", name, " -c ", container,
                                                                         restarts > 0 ? " --previous" : ""))});
    }
  }
  return problems;
}

}  // namespace tales::cilium
