#include "suites/cilium/settings.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "harness/base/status.h"
#include "harness/check/spec.h"
#include "suites/cilium/agents.h"
#include "suites/cilium/value_options.h"

namespace tales::cilium {
namespace {

constexpr char kCgroupRoot[] = "/sys/fs/cgroup";
constexpr char kKubePrismPort[] = "7445";
constexpr size_t kShown = 8;  // of options that differ: an edited ConfigMap has few, another chart's has all

std::string Option(const Settings& live, const std::string& name, const std::string& absent = "") {
  const auto found = live.find(name);
  return found == live.end() ? absent : found->second;
}
bool Is(const Settings& live, const std::string& name) { return Option(live, name) == "true"; }

std::string Shown(const Settings& settings, const std::string& option) {
  const auto found = settings.find(option);
  return found == settings.end() ? "is not there" : absl::StrCat("is \"", found->second, "\"");
}

std::string Upgrade(std::string_view path, std::string_view value) {
  return absl::StrCat("set ", path, ": ", value,
                      " in Cilium's values and `helm upgrade`; agents read their options at "
                      "their start: `kubectl rollout restart daemonset/cilium`");
}

// 1.13 and earlier knew more modes than on and off.
bool SameValue(std::string_view option, const std::string& want, const std::string& have) {
  if (want == have) return true;
  return option == "kube-proxy-replacement" && want == "true" && have == "strict";
}

// The environment of container cilium-agent, plain values only.
std::string AgentEnvironment(const Json& agent_set, std::string_view name) {
  for (const Json& container : Array(agent_set, "spec.template.spec.containers")) {
    if (Text(container, "name") != "cilium-agent") continue;
    for (const Json& variable : Array(container, "env")) {
      if (Text(variable, "name") == name) return Text(variable, "value");
    }
  }
  return "";
}

}  // namespace

absl::StatusOr<Settings> LiveSettings(CheckContext& context) {
  return context.facts().Once<Settings>("cilium/settings", [&]() -> absl::StatusOr<Settings> {
    TALES_ASSIGN_OR_RETURN(const Json config,
                           context.cluster().kube()->Get(kube::kConfigMaps, NamespaceOf(context.definition()),
                                                         "cilium-config", Deadline::After(Facts::kCallDeadline)));
    Settings settings;
    const auto data = config.find("data");
    if (data == config.end() || !data->is_object()) return settings;
    for (const auto& [key, value] : data->items()) {
      if (value.is_string()) settings[key] = value.get<std::string>();
    }
    return settings;
  });
}

std::vector<Problem> JudgeDeclaredValues(const CiliumDefinition& declared, const Settings& live,
                                         const HelmRelease* release, std::vector<std::string>& not_judged) {
  std::map<std::string, std::string> values = declared.values;
  values.emplace("kubeProxyReplacement", declared.kube_proxy_replacement ? "true" : "false");
  std::vector<Problem> problems;
  for (const auto& [path, want] : values) {
    if (const ValueOption* option = OptionOfValue(path)) {
      const std::string name(option->option);
      const std::string have = Option(live, name, std::string(option->absent));
      if (SameValue(name, want, have)) continue;
      problems.push_back(
          {.expected = absl::StrCat("cilium-config ", name, ": \"", want, "\", from the declared ", path),
           .found = absl::StrCat(name, " ", Shown(live, name)),
           .next = Upgrade(path, want)});
      continue;
    }
    if (release == nullptr) {
      not_judged.push_back(path);
      continue;
    }
    const std::optional<std::string> have = release->Value(path);
    if (have == want) continue;
    problems.push_back({.expected = absl::StrCat("Helm release with ", path, ": ", want, ", as declared"),
                        .found = have ? absl::StrCat("it has ", *have) : "it does not set it",
                        .next = Upgrade(path, want)});
  }
  return problems;
}

std::vector<Problem> JudgeDrift(const CiliumDefinition& declared, const Settings& live, const Settings& rendered) {
  std::vector<Problem> problems;
  if (rendered.empty()) return problems;
  std::vector<std::string> differ;
  for (const auto& [option, value] : rendered) {
    const auto found = live.find(option);
    if (found == live.end() || found->second != value) differ.push_back(option);
  }
  for (const auto& [option, value] : live) {
    if (rendered.count(option) == 0) differ.push_back(option);
  }
  differ.erase(std::remove_if(differ.begin(), differ.end(),
                              [&](const std::string& option) {
                                const ValueOption* value = ValueOfOption(option);
                                return value != nullptr && (value->path == "kubeProxyReplacement" ||
                                                            declared.values.count(std::string(value->path)) > 0);
                              }),
               differ.end());
  for (size_t i = 0; i < std::min(differ.size(), kShown); ++i) {
    problems.push_back(
        {.expected = absl::StrCat("cilium-config as Helm rendered it: ", differ[i], " ", Shown(rendered, differ[i])),
         .found = absl::StrCat("it ", Shown(live, differ[i]), ": changed since, by hand or by another tool"),
         .next = "put it into Cilium's values and `helm upgrade`; what is only in the ConfigMap is lost with the next "
                 "one"});
  }
  if (differ.size() > kShown) {
    problems.push_back({.expected = "cilium-config as Helm rendered it",
                        .found = absl::StrCat(differ.size() - kShown, " more options differ"),
                        .next = "helm get manifest RELEASE | grep -A200 'name: \"*cilium-config'"});
  }
  return problems;
}

std::vector<Problem> JudgeForTalos(const ClusterDefinition& definition, const Settings& live, const Json& agent_set) {
  std::vector<Problem> problems;
  const std::string root = Option(live, "cgroup-root");
  bool mounts = false;
  for (const Json& container : Array(agent_set, "spec.template.spec.initContainers"))
    mounts = mounts || Text(container, "name") == "mount-cgroup";
  if (mounts || root != kCgroupRoot) {
    problems.push_back({.expected = absl::StrCat("agents use the cgroups that Talos has mounted at ", kCgroupRoot),
                        .found = mounts ? "init container mount-cgroup mounts them itself"
                                        : absl::StrCat("cgroup-root ", Shown(live, "cgroup-root")),
                        .next = Upgrade("cgroup.autoMount.enabled", "false, cgroup.hostRoot: /sys/fs/cgroup")});
  }
  for (const char* containers : {"spec.template.spec.containers", "spec.template.spec.initContainers"}) {
    for (const Json& container : Array(agent_set, containers)) {
      const Json& added = Array(container, "securityContext.capabilities.add");
      if (std::find(added.begin(), added.end(), "SYS_MODULE") == added.end()) continue;
      problems.push_back(
          {.expected = "no SYS_MODULE for Cilium: Talos lets no container load kernel modules",
           .found = absl::StrCat("container ", Text(container, "name"), " asks for it, so it cannot be made"),
           .next = Upgrade("securityContext.capabilities", "the list of Talos' guide")});
    }
  }
  const std::string host = AgentEnvironment(agent_set, "KUBERNETES_SERVICE_HOST");
  const std::string port = AgentEnvironment(agent_set, "KUBERNETES_SERVICE_PORT");
  const bool local = host == "localhost" || host == "127.0.0.1" || host == "::1";
  const auto declares = [&](const char* path) {
    return definition.cilium && definition.cilium->values.count(path) > 0;
  };
  if (Is(live, "kube-proxy-replacement") && host.empty()) {
    problems.push_back({.expected = "agents reach the API server without a Service, as they replace kube-proxy",
                        .found = "the agent has no KUBERNETES_SERVICE_HOST",
                        .next = Upgrade("k8sServiceHost", "localhost, k8sServicePort: 7445   # KubePrism")});
  } else if (local && port != kKubePrismPort && !declares("k8sServicePort")) {
    problems.push_back(
        {.expected = absl::StrCat("agents reach the API server by KubePrism, ", host, ":", kKubePrismPort),
         .found = absl::StrCat(host, ":", port, ", where only a control plane may answer"),
         .next = Upgrade("k8sServicePort", kKubePrismPort)});
  }
  if (!definition.discovered && !declares("ipam.mode") && Option(live, "ipam") != "kubernetes") {
    problems.push_back({.expected = "pod ranges from Kubernetes: ipam \"kubernetes\", as Talos configures nodes",
                        .found = absl::StrCat("ipam ", Shown(live, "ipam")),
                        .next = "set ipam.mode: kubernetes in Cilium's values; or declare cilium.values ipam.mode"});
  }
  return problems;
}

std::vector<Problem> JudgeBigTcp(const Settings& live) {
  std::vector<Problem> problems;
  if (!Is(live, "enable-ipv4-big-tcp") && !Is(live, "enable-ipv6-big-tcp")) return problems;
  const auto conflict = [&](const std::string& with, const std::string& next) {
    problems.push_back({.expected = "BIG TCP with native routing, past the node's own stack, without encryption",
                        .found = absl::StrCat("BIG TCP is on with ", with, ": an agent refuses to start so"),
                        .next = next});
  };
  const std::string off = "; or set enableIPv4BIGTCP: false";
  if (Option(live, "routing-mode") == "tunnel") conflict("routing-mode tunnel", "set routingMode: native" + off);
  if (Is(live, "enable-host-legacy-routing"))
    conflict("enable-host-legacy-routing", "set bpf.hostLegacyRouting: false" + off);
  for (const char* encryption : {"enable-ipsec", "enable-wireguard"}) {
    if (Is(live, encryption)) conflict(encryption, "set encryption.enabled: false" + off);
  }
  return problems;
}

bool AsksForBpfHostRouting(const Settings& live) {
  return !Is(live, "enable-host-legacy-routing") && Is(live, "enable-bpf-masquerade") &&
         SameValue("kube-proxy-replacement", "true", Option(live, "kube-proxy-replacement"));
}

std::vector<Problem> JudgeHostDns(const std::string& node, bool forwards, bool bpf_host_routing) {
  if (!forwards || !bpf_host_routing) return {};
  return {{.expected =
               absl::StrCat("on ", node, ": host DNS that does not serve CoreDNS, or routing by the node's own stack"),
           .found = "host DNS serves CoreDNS (forwardKubeDNSToHost) and agents route past the node's stack, where its "
                    "address is not reached: names outside the cluster do not resolve",
           .next = "set machine.features.hostDNS.forwardKubeDNSToHost: false in the machine configuration; or "
                   "bpf.hostLegacyRouting: true in Cilium's values, which excludes BIG TCP"}};
}

}  // namespace tales::cilium
