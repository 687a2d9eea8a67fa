#include "suites/cilium/probe/policies.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace tales::cilium::probe {
namespace {

constexpr char kGuardLabel[] = "tales.probe/guard", kTeamLabel[] = "tales.probe/team";
// Whose own traffic a policy limits has a team of its own.
constexpr const char* kAskers[] = {"a", "b", "entities", "names"};
constexpr const char* kGuards[] = {"l4", "deny", "icmp", "entities", "l7"};
// What comes in is kept out on the guard's node, what goes out on the asker's: these are on every node, as each has an
// agent of its own that may not do as it is told.
constexpr const char* kGuardsOnAll[] = {"knp", "l3"};
constexpr const char* kAskersOnAll[] = {"deny"};

std::vector<const NodePlace*> ReadyNodes(const Place& place) {
  std::vector<const NodePlace*> ready;
  for (const NodePlace& node : place.nodes) {
    if (node.is_ready) ready.push_back(&node);
  }
  return ready;
}

// "knp-2": that of node 2.
std::string On(const NodePlace& node, std::string_view name) { return absl::StrCat(name, "-", node.number); }

Json Selector(const char* label, const std::string& value) { return {{"matchLabels", {{label, value}}}}; }

Json CiliumPolicy(const std::string& name, Json spec) {
  return {{"apiVersion", "cilium.io/v2"},
          {"kind", "CiliumNetworkPolicy"},
          {"metadata", {{"name", name}}},
          {"spec", std::move(spec)}};
}

Json PortRule(const char* port, const char* protocol) {
  return Json::array({{{"ports", Json::array({{{"port", port}, {"protocol", protocol}}})}}});
}

class Steps {
 public:
  explicit Steps(const Place& place) : place_(place), ready_(ReadyNodes(place)) {}

  std::vector<PolicyStep> All() {
    DefaultDeny();
    L3();
    L4();
    DenyWins();
    Icmp();
    Entities();
    if (place_.Setting("enable-l7-proxy")) {
      if (place_.has_envoy) L7();
      if (!place_.world_name.empty() && !place_.other_name.empty()) Names();
    }
    return std::move(steps_);
  }

 private:
  const PodPlace& Pod(const std::string& name) const {
    static const auto* const none = new PodPlace{.name = "none", .trouble = "the pod was not made"};
    const auto found = place_.guards.find(name);
    return found == place_.guards.end() ? *none : found->second;
  }
  Probe Make(const std::string& asker, const PodPlace& to, Want want, std::vector<std::string> words,
             const std::string& what, std::string command) const {
    const PodPlace& from = Pod(absl::StrCat("asker-", asker));
    Probe probe{.scenario = {},
                .pod = from.name,
                .from = from.node,
                .to = to.node,
                .words = std::move(words),
                .what = absl::StrCat("pod ", from.name, " on ", from.node, " ", what),
                .command = std::move(command),
                .want = want};
    if (!from.runs()) probe.impossible = from.trouble;
    if (!to.runs()) probe.impossible = to.trouble;
    return probe;
  }
  Probe Http(const std::string& asker, const std::string& guard, Want want) const {
    const PodPlace& to = Pod(absl::StrCat("guard-", guard));
    const std::string url = Url(to.address, kHttpPort);
    Probe probe = Make(asker, to, want, {"get", url}, absl::StrCat("asks ", to.name, " on ", to.node, ": GET ", url),
                       absl::StrCat("curl -sS --connect-timeout 2 ", url));
    probe.texts = {absl::StrCat(to.name, " 200")};
    return probe;
  }
  Probe Ping(const std::string& asker, const std::string& guard, Want want) const {
    const PodPlace& to = Pod(absl::StrCat("guard-", guard));
    return Make(asker, to, want, {"ping", to.address}, absl::StrCat("pings ", to.name, " on ", to.node),
                absl::StrCat("ping -c 1 -W 2 ", to.address));
  }
  Probe Kubelet(const std::string& asker, const NodePlace& node, Want want) const {
    const std::string url = absl::StrCat("https://", node.address, ":10250/healthz");
    const PodPlace to{.node = node.name, .address = node.address};
    return Make(asker, to, want, {"http", url}, absl::StrCat("asks the kubelet of ", node.name, ": GET ", url),
                absl::StrCat("curl -ksS --connect-timeout 2 ", url));
  }
  Probe Api(const std::string& asker, Want want) const {
    const std::string url = absl::StrCat("https://", place_.api_service, ":443/version");
    const PodPlace to{.address = place_.api_service};
    return Make(asker, to, want, {"http", url}, absl::StrCat("asks the API server: GET ", url),
                absl::StrCat("curl -ksS --connect-timeout 2 ", url));
  }
  void Add(const char* scenario, std::string what, Json policy, std::vector<Probe> probes,
           PolicyKind kind = PolicyKind::kCiliumNetworkPolicy) {
    for (Probe& probe : probes) probe.scenario = scenario;
    steps_.push_back({.scenario = scenario,
                      .what = std::move(what),
                      .kind = kind,
                      .policy = std::move(policy),
                      .probes = std::move(probes)});
  }

  void DefaultDeny() {
    Json policy = {
        {"apiVersion", "networking.k8s.io/v1"},
        {"kind", "NetworkPolicy"},
        {"metadata", {{"name", "default-deny"}}},
        {"spec", {{"podSelector", Selector(kGuardLabel, "knp")}, {"policyTypes", Json::array({"Ingress"})}}}};
    std::vector<Probe> probes;
    for (const NodePlace* node : ready_) {
      probes.push_back(Http("a", On(*node, "knp"), Want::kSilence));
      probes.push_back(Ping("a", On(*node, "knp"), Want::kSilence));
    }
    Add("policy-default-deny", absl::StrCat("a NetworkPolicy without rules", OnAll()), std::move(policy),
        std::move(probes), PolicyKind::kNetworkPolicy);
  }
  void L3() {
    Json spec = {{"endpointSelector", Selector(kGuardLabel, "l3")},
                 {"ingress", Json::array({{{"fromEndpoints", Json::array({Selector(kTeamLabel, "a")})}}})}};
    std::vector<Probe> probes;
    for (const NodePlace* node : ready_) {
      probes.push_back(Http("a", On(*node, "l3"), Want::kAnswer));
      probes.push_back(Http("b", On(*node, "l3"), Want::kSilence));
    }
    Add("policy-l3", absl::StrCat("fromEndpoints: team a", OnAll()), CiliumPolicy("l3", std::move(spec)),
        std::move(probes));
  }
  void L4() {
    // The port that is allowed is open, then another one is: the server's stays shut.
    for (const char* port : {"8080", "8081"}) {
      Json spec = {{"endpointSelector", Selector(kGuardLabel, "l4")},
                   {"ingress", Json::array({{{"fromEndpoints", Json::array({Selector(kTeamLabel, "a")})},
                                             {"toPorts", PortRule(port, "TCP")}}})}};
      const bool open = std::string_view(port) == "8080";
      Add("policy-l4", absl::StrCat("toPorts: TCP ", port, " alone"),
          CiliumPolicy(absl::StrCat("l4-", port), std::move(spec)),
          {Http("a", "l4", open ? Want::kAnswer : Want::kSilence), Ping("a", "l4", Want::kSilence)});
    }
  }
  void DenyWins() {
    Json spec = {{"endpointSelector", Selector(kTeamLabel, "deny")},
                 {"egress", Json::array({{{"toEntities", Json::array({"all"})}}})},
                 {"egressDeny", Json::array({{{"toEndpoints", Json::array({Selector(kGuardLabel, "deny")})}}})}};
    std::vector<Probe> probes;
    for (const NodePlace* node : ready_) {
      probes.push_back(Http(On(*node, "deny"), "deny", Want::kSilence));
      probes.push_back(Api(On(*node, "deny"), Want::kAnswer));
    }
    Add("policy-deny-wins", absl::StrCat("egressDeny to one pod, beside egress to all", OnAll()),
        CiliumPolicy("deny-wins", std::move(spec)), std::move(probes));
  }
  void Icmp() {
    // 8: echo request.
    const Json icmp = Json::array({{{"fields", Json::array({{{"family", "IPv4"}, {"type", 8}}})}}});
    Json spec = {{"endpointSelector", Selector(kGuardLabel, "icmp")}, {"ingress", Json::array({{{"icmps", icmp}}})}};
    Add("policy-icmp", "icmps: echo request alone", CiliumPolicy("icmp", std::move(spec)),
        {Ping("a", "icmp", Want::kAnswer), Http("a", "icmp", Want::kSilence)});
    spec = {{"endpointSelector", Selector(kGuardLabel, "icmp")},
            {"ingress", Json::array({{{"toPorts", PortRule("8080", "TCP")}}})}};
    Add("policy-icmp", "toPorts: TCP 8080 alone", CiliumPolicy("no-icmp", std::move(spec)),
        {Ping("a", "icmp", Want::kSilence), Http("a", "icmp", Want::kAnswer)});
  }
  void Entities() {
    const auto egress = [](Json rule) {
      return Json{{"endpointSelector", Selector(kTeamLabel, "entities")}, {"egress", Json::array({std::move(rule)})}};
    };
    Add("policy-entities", "toEntities: kube-apiserver",
        CiliumPolicy("to-api", egress({{"toEntities", Json::array({"kube-apiserver"})}})),
        {Api("entities", Want::kAnswer), Http("entities", "entities", Want::kSilence)});
    Add("policy-entities", "toEntities: cluster",
        CiliumPolicy("to-cluster", egress({{"toEntities", Json::array({"cluster"})}})),
        {Http("entities", "entities", Want::kAnswer)});
    const PodPlace& asker = Pod("asker-entities");
    for (const NodePlace& node : place_.nodes) {
      if (node.name != asker.node) continue;
      Add("policy-entities", "toEntities: host",
          CiliumPolicy("to-host", egress({{"toEntities", Json::array({"host"})}})),
          {Kubelet("entities", node, Want::kAnswer), Http("entities", "entities", Want::kSilence)});
    }
    // Pods have identities: a CIDR does not mean them, whatever their addresses are.
    const Json set = Json::array({{{"cidr", "0.0.0.0/0"}}});
    Add("policy-entities", "toCIDRSet: 0.0.0.0/0, which means no pod",
        CiliumPolicy("to-cidr", egress({{"toCIDRSet", set}})), {Http("entities", "entities", Want::kSilence)});
  }
  void L7() {
    Json rule = PortRule("8080", "TCP");
    rule[0]["rules"] = {{"http", Json::array({{{"method", "GET"}, {"path", "/hostname$"}}})}};
    Json spec = {
        {"endpointSelector", Selector(kGuardLabel, "l7")},
        {"ingress", Json::array({{{"fromEndpoints", Json::array({Selector(kTeamLabel, "a")})}, {"toPorts", rule}}})}};
    const PodPlace& to = Pod("guard-l7");
    const std::string url = Url(to.address, kHttpPort, "/clientip");
    Probe other = Make("a", to, Want::kAnswer, {"http", url},
                       absl::StrCat("asks ", to.name, " on ", to.node, " for another path: GET ", url),
                       absl::StrCat("curl -sS --connect-timeout 2 ", url));
    other.texts = {kForbidden};
    Add("policy-l7-http", "rules.http: GET /hostname", CiliumPolicy("l7", std::move(spec)),
        {Http("a", "l7", Want::kAnswer), std::move(other)});
  }
  void Names() {
    Json dns = Json::array({{{"ports", Json::array({{{"port", "53"}, {"protocol", "ANY"}}})},
                             {"rules", {{"dns", Json::array({{{"matchPattern", "*"}}})}}}}});
    const Json dns_pods = {
        {"matchLabels", {{"k8s:io.kubernetes.pod.namespace", "kube-system"}, {"k8s:k8s-app", "kube-dns"}}}};
    Json spec = {{"endpointSelector", Selector(kTeamLabel, "names")},
                 {"egress", Json::array({{{"toEndpoints", Json::array({dns_pods})}, {"toPorts", dns}},
                                         {{"toFQDNs", Json::array({{{"matchName", place_.world_name}}})}}})}};
    const auto ask = [this](const std::string& name, Want want) {
      const std::string url = absl::StrCat("http://", name, "/");
      Probe probe = Make("names", {.address = name}, want, {"http", url}, absl::StrCat("asks ", name, ": GET ", url),
                         absl::StrCat("curl -sS --connect-timeout 2 ", url));
      for (const PodPlace& dns : place_.dns.pods) probe.maybe_to.push_back(dns.node);
      return probe;
    };
    Add("policy-fqdn", absl::StrCat("toFQDNs: ", place_.world_name), CiliumPolicy("fqdn", std::move(spec)),
        {ask(place_.world_name, Want::kAnswer), ask(place_.other_name, Want::kSilence)});
  }

  // Where a policy was tried, for what is said of it.
  std::string OnAll() const {
    if (ready_.size() > 4) return absl::StrCat(", on each of ", ready_.size(), " nodes");
    return absl::StrCat(", on ", absl::StrJoin(ready_, " and ", [](std::string* out, const NodePlace* node) {
                          absl::StrAppend(out, node->name);
                        }));
  }

  const Place& place_;
  const std::vector<const NodePlace*> ready_;
  std::vector<PolicyStep> steps_;
};

}  // namespace

std::vector<PodWish> GuardPods(const Place& place) {
  const std::vector<const NodePlace*> ready = ReadyNodes(place);
  if (ready.empty()) return {};
  std::vector<PodWish> wishes;
  const auto asker = [&](const std::string& name, const NodePlace& node, std::string_view team) {
    wishes.push_back({.name = absl::StrCat("asker-", name),
                      .node = node.name,
                      .role = Role::kClient,
                      .labels = {{kTeamLabel, std::string(team)}}});
  };
  const auto guard = [&](const std::string& name, const NodePlace& node, std::string_view label) {
    wishes.push_back({.name = absl::StrCat("guard-", name),
                      .node = node.name,
                      .role = Role::kGuard,
                      .labels = {{kGuardLabel, std::string(label)}}});
  };
  const bool has_proxy = place.Setting("enable-l7-proxy");
  for (const char* team : kAskers) {
    if (has_proxy || std::string_view(team) != "names") asker(team, *ready.back(), team);
  }
  for (const char* label : kGuards) {
    if ((has_proxy && place.has_envoy) || std::string_view(label) != "l7") guard(label, *ready.front(), label);
  }
  for (const NodePlace* node : ready) {
    for (const char* team : kAskersOnAll) asker(On(*node, team), *node, team);
    for (const char* label : kGuardsOnAll) guard(On(*node, label), *node, label);
  }
  return wishes;
}

std::vector<PolicyStep> PolicySteps(const Place& place) { return Steps(place).All(); }

}  // namespace tales::cilium::probe
