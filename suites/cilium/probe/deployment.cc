#include "suites/cilium/probe/deployment.h"

#include <algorithm>
#include <mutex>
#include <optional>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "harness/base/parallel.h"
#include "harness/base/status.h"
#include "harness/base/stopwatch.h"
#include "harness/check/spec.h"
#include "suites/cilium/agents.h"
#include "suites/cilium/probe/agent_probes.h"
#include "suites/cilium/probe/lacks.h"
#include "suites/cilium/probe/policies.h"
#include "suites/shared/node_trouble.h"
#include "suites/shared/pod_warnings.h"

namespace tales::cilium::probe {
namespace {

constexpr absl::Duration kCall = absl::Seconds(15);
constexpr absl::Duration kPause = absl::Milliseconds(300);
constexpr absl::Duration kNoMore = absl::Seconds(90);
constexpr size_t kAtOnce = 8;
constexpr char kDnsSelector[] = "k8s-app in (kube-dns, coredns)";

// The first one; of IPv6: the first of those.
std::string AddressOf(const Json& node, bool ipv6) {
  for (const Json& address : Array(node, "status.addresses")) {
    std::string text = Text(address, "address");
    if (Text(address, "type") == "InternalIP" && (!ipv6 || absl::StrContains(text, ":"))) return text;
  }
  return "";
}

// The pod's wish is for this very pod; where its place goes.
PodPlace* PlaceOf(const PodWish& wish, Place& place) {
  for (NodePlace& node : place.nodes) {
    for (PodPlace* pod : {&node.client, &node.host_client, &node.server, &node.door}) {
      if (pod->name == wish.name) return pod;
    }
  }
  return &place.guards[wish.name];
}

}  // namespace

Deployment::Deployment(Cluster& cluster, std::string run_id, Tenant tenant, Progress progress)
    : cluster_(cluster),
      client_(*cluster.kube()),
      run_id_(std::move(run_id)),
      tenant_(std::move(tenant)),
      progress_(std::move(progress)),
      dead_pods_(client_, progress_) {}

absl::Status Deployment::MakeNamespace(Deadline deadline) {
  std::string told;
  const auto tell = [&](const std::string& line) {
    if (line != told) progress_(line);
    told = line;
  };
  return RetryUntil(
      deadline.AtMost(absl::Minutes(2)), absl::StrCat("namespace ", kNamespace), kPause,
      [&]() -> absl::Status {
        const absl::StatusOr<Json> old = client_.Get(kube::kNamespaces, "", kNamespace, deadline.AtMost(kCall));
        if (old.ok() && Label(*old, kMark).empty()) {
          return absl::FailedPreconditionError(absl::StrCat("there is a namespace ", kNamespace, " without our label ",
                                                            kMark, ": it is somebody else's, and is left alone"));
        }
        if (old.ok()) {
          const bool going = !Text(*old, "metadata.deletionTimestamp").empty();
          const std::optional<Tenant> tenant = ReadTenant(Annotation(*old, kTenant));
          if (!going && tenant.has_value() && tenant->run != tenant_.run && MayBeAtWork(*tenant, absl::Now())) {
            const std::string in_use = absl::StrCat("namespace ", kNamespace, " is ", InUseBy(*tenant));
            tell(in_use);
            return absl::UnavailableError(absl::StrCat(
                in_use, ": let it end first; or, where it was killed: kubectl delete namespace ", kNamespace));
          }
          tell(absl::StrCat("namespace ", kNamespace, " of run ", Label(*old, kMark), " is removed first"));
          if (!going) TALES_RETURN_IF_ERROR(client_.Delete(kube::kNamespaces, "", kNamespace, deadline.AtMost(kCall)));
          TALES_RETURN_IF_ERROR(dead_pods_.End(kNamespace, deadline));
          return absl::UnavailableError("that of an earlier run is still on its way out");
        }
        if (!absl::IsNotFound(old.status())) return old.status();
        TALES_RETURN_IF_ERROR(client_
                                  .Create(kube::kNamespaces, "", NamespaceObject(run_id_, WriteTenant(tenant_)), false,
                                          deadline.AtMost(kCall))
                                  .status());
        made_ = true;
        return absl::OkStatus();
      },
      [](const absl::Status& status) {
        return !absl::IsFailedPrecondition(status) && !absl::IsPermissionDenied(status);
      });
}

absl::Status Deployment::Create(kube::ResourcePath kind, const Json& object, Json* made, Deadline deadline) {
  // A namespace that is new lacks its service account, and the API server the right to make pods in it.
  return RetryUntil(
      deadline.AtMost(absl::Seconds(20)), absl::StrCat("making ", Text(object, "metadata.name")), kPause,
      [&]() -> absl::Status {
        absl::StatusOr<kube::Reply> reply = client_.Create(kind, kNamespace, object, false, deadline.AtMost(kCall));
        // Where it was only the answer that was lost.
        if (absl::IsAlreadyExists(reply.status())) {
          TALES_ASSIGN_OR_RETURN(Json there,
                                 client_.Get(kind, kNamespace, Text(object, "metadata.name"), deadline.AtMost(kCall)));
          if (made != nullptr) *made = std::move(there);
          return absl::OkStatus();
        }
        if (!reply.ok()) return reply.status();
        if (made != nullptr) *made = std::move(reply->body);
        return absl::OkStatus();
      },
      [](const absl::Status& status) {
        return !absl::IsInvalidArgument(status) &&
               (!absl::IsPermissionDenied(status) || absl::StrContains(status.message(), "service account") ||
                absl::StrContains(status.message(), "serviceaccount"));
      });
}

absl::Status Deployment::ReadCluster(Place& place, Deadline deadline) {
  place.run_id = run_id_;
  TALES_ASSIGN_OR_RETURN(std::vector<Json> nodes, client_.List(kube::kNodes, "", {}, deadline.AtMost(kCall)));
  std::sort(nodes.begin(), nodes.end(),
            [](const Json& a, const Json& b) { return Text(a, "metadata.name") < Text(b, "metadata.name"); });
  for (const Json& node : nodes) {
    NodePlace& one = place.nodes.emplace_back();
    one.number = static_cast<int>(place.nodes.size());
    one.name = Text(node, "metadata.name");
    one.address = AddressOf(node, /*ipv6=*/false);
    one.address6 = AddressOf(node, /*ipv6=*/true);
    one.is_ready = ConditionStatus(node, "Ready") == "True";
  }
  if (place.nodes.empty()) return absl::FailedPreconditionError("the cluster has no nodes");
  TALES_ASSIGN_OR_RETURN(const Json api, client_.Get(kube::kServices, "default", "kubernetes", deadline.AtMost(kCall)));
  place.api_service = Text(api, "spec.clusterIP");
  const auto dns = client_.Get(kube::kServices, "kube-system", "kube-dns", deadline.AtMost(kCall));
  if (dns.ok()) place.dns.service = Text(*dns, "spec.clusterIP");
  TALES_ASSIGN_OR_RETURN(const auto dns_pods, client_.List(kube::kPods, "kube-system", {.label_selector = kDnsSelector},
                                                           deadline.AtMost(kCall)));
  for (const Json& pod : dns_pods) {
    PodPlace one = PodPlaceOf(Text(pod, "metadata.name"), Text(pod, "spec.nodeName"), pod);
    if (one.runs()) place.dns.pods.push_back(std::move(one));
  }
  const WorkloadsDefinition::World& world = cluster_.definition().workloads.world;
  const auto& tools = cluster_.access().tools;
  if (const auto outside = tools.find("outside"); outside != tools.end()) place.outside = outside->second.string();
  place.world_name = world.name;
  place.other_name = world.other_name;
  place.world_address = world.address;
  if (!cluster_.definition().cilium.has_value()) return absl::OkStatus();
  TALES_ASSIGN_OR_RETURN(const Json config, client_.Get(kube::kConfigMaps, NamespaceOf(cluster_.definition()),
                                                        "cilium-config", deadline.AtMost(kCall)));
  const Json data = config.value("data", Json::object());
  for (const auto& [name, value] : data.items()) {
    if (value.is_string()) place.settings[name] = value.get<std::string>();
  }
  if (!place.Setting("enable-l7-proxy")) return absl::OkStatus();
  const auto envoy = FindEnvoy(client_, place, NamespaceOf(cluster_.definition()), deadline.AtMost(kCall));
  if (!envoy.ok()) progress_(absl::StrCat("is there an Envoy? ", envoy.status().message()));
  place.has_envoy = envoy.value_or(true);  // what does not work without it, its probe finds
  return absl::OkStatus();
}

absl::Status Deployment::CreatePods(const std::vector<PodWish>& wishes, Deadline deadline) {
  Images images;
  const WorkloadsDefinition::Images& declared = cluster_.definition().workloads.images;
  if (!declared.client.empty()) images.client = declared.client;
  if (!declared.server.empty()) images.server = declared.server;
  std::mutex mutex;
  absl::Status first;
  ForEachInParallel(wishes.size(), kAtOnce, [&](size_t i) {
    const absl::Status status = Create(kube::kPods, PodObject(wishes[i], images), nullptr, deadline);
    const std::lock_guard<std::mutex> lock(mutex);
    if (first.ok() && !status.ok()) first = Annotate(status, absl::StrCat("pod ", wishes[i].name));
  });
  return first;
}

absl::Status Deployment::CreateServices(Place& place, Deadline deadline) {
  TALES_RETURN_IF_ERROR(Create(kube::kServices, HeadlessServiceObject(), nullptr, deadline));
  for (NodePlace& node : place.nodes) {
    Json made;
    TALES_RETURN_IF_ERROR(Create(kube::kServices, NodeServiceObject(node.number), &made, deadline));
    node.service = Text(made, "spec.clusterIP");
    for (const Json& address : Array(made, "spec.clusterIPs")) {
      if (address.is_string() && absl::StrContains(address.get<std::string>(), ":"))
        node.service6 = address.get<std::string>();
    }
    for (const Json& port : Array(made, "spec.ports"))
      node.node_port = static_cast<int>(Number(port, "nodePort").value_or(0));
  }
  return absl::OkStatus();
}

absl::Status Deployment::AwaitPods(const std::vector<PodWish>& wishes, Place& place, absl::Duration patience,
                                   Deadline deadline) {
  std::set<std::string> ready_nodes;
  for (const NodePlace& node : place.nodes) {
    if (node.is_ready) ready_nodes.insert(node.name);
  }
  // Where some run, and for long no more of them have come, the others do not.
  size_t fewest = wishes.size();
  Stopwatch changed;
  absl::Status asked;
  const absl::Status all = RetryUntil(deadline.AtMost(patience), "the probes' pods", kPause, [&]() -> absl::Status {
    const auto pods = client_.List(kube::kPods, kNamespace, {}, deadline.AtMost(kCall));
    asked = pods.status();
    if (!asked.ok()) return asked;
    std::map<std::string, const Json*> by_name;
    for (const Json& pod : *pods) by_name[Text(pod, "metadata.name")] = &pod;
    size_t waiting = 0;
    for (const PodWish& wish : wishes) {
      const auto found = by_name.find(wish.name);
      const Json object = found == by_name.end() ? Json() : *found->second;
      PodPlace now = PodPlaceOf(wish.name, wish.node, object);
      if (!now.runs() && MayComeYet(object) && ready_nodes.contains(wish.node)) ++waiting;
      *PlaceOf(wish, place) = std::move(now);
    }
    if (waiting < fewest) {
      fewest = waiting;
      changed = {};
    }
    const bool no_more = fewest < wishes.size() && changed.elapsed() > kNoMore;
    if (waiting == 0 || no_more) return absl::OkStatus();
    return absl::UnavailableError(absl::StrCat(waiting, " do not run yet"));
  });
  // Those that did not come say so at their place.
  return all.ok() ? all : asked;
}

// What the pods themselves do not know: why their containers are not made, and what is wrong with their nodes.
void Deployment::ExplainTrouble(const std::vector<PodWish>& wishes, Place& place, Deadline deadline) {
  const bool all_run =
      std::all_of(wishes.begin(), wishes.end(), [&place](const PodWish& wish) { return PlaceOf(wish, place)->runs(); });
  if (all_run) return;
  std::map<std::string, Json> pods;
  std::map<std::string, std::string> of_nodes;
  if (const auto found = client_.List(kube::kPods, kNamespace, {}, deadline.AtMost(kCall)); found.ok()) {
    for (const Json& pod : *found) pods[Text(pod, "metadata.name")] = pod;
  }
  if (const auto found = client_.List(kube::kNodes, "", {}, deadline.AtMost(kCall)); found.ok()) {
    for (const Json& node : *found) of_nodes[Text(node, "metadata.name")] = NodeTrouble(node);
  }
  const PodWarnings warnings = PodWarnings::Read(client_, kNamespace, "", deadline);
  for (const PodWish& wish : wishes) {
    std::string& trouble = PlaceOf(wish, place)->trouble;
    if (trouble.empty()) continue;
    const std::string& of_node = of_nodes[wish.node];
    absl::StrAppend(&trouble, warnings.Of(pods[wish.name]), of_node.empty() ? "" : absl::StrCat("; ", of_node));
  }
}

// A probe that comes before a service knows its backend would fill DNS caches with "no such name".
void Deployment::AwaitEndpoints(const Place& place, Deadline deadline) {
  size_t wanted = 0;
  for (const NodePlace& node : place.nodes) wanted += node.server.runs() ? 1 : 0;
  const kube::ListOptions headless{.label_selector = absl::StrCat("kubernetes.io/service-name=", kHeadless)};
  const absl::Status there = RetryUntil(deadline.AtMost(absl::Seconds(15)), "endpoints", kPause, [&]() -> absl::Status {
    TALES_ASSIGN_OR_RETURN(const auto slices,
                           client_.List(kube::kEndpointSlices, kNamespace, headless, deadline.AtMost(kCall)));
    std::map<std::string, size_t> ready;  // by family: a slice has addresses of one
    for (const Json& slice : slices) {
      size_t& of_family = ready[Text(slice, "addressType")];
      for (const Json& endpoint : Array(slice, "endpoints")) {
        of_family += endpoint.value("/conditions/ready"_json_pointer, false) ? 1 : 0;
      }
    }
    size_t least = ready.empty() ? 0 : wanted;
    for (const auto& [family, count] : ready) least = std::min(least, count);
    return least >= wanted ? absl::OkStatus() : absl::UnavailableError(absl::StrCat(least, " of ", wanted));
  });
  if (!there.ok()) progress_(std::string(there.message()));  // what does not work for it, probes find
}

absl::StatusOr<Place> Deployment::Fill(absl::Duration patience, Deadline deadline) {
  Place place;
  TALES_RETURN_IF_ERROR(ReadCluster(place, deadline));
  TALES_RETURN_IF_ERROR(Create(kube::kConfigMaps, ScriptObject(), nullptr, deadline));
  std::vector<PodWish> wishes;
  for (NodePlace& node : place.nodes) {
    node.client.name = absl::StrCat("client-", node.number);
    node.host_client.name = absl::StrCat("host-", node.number);
    node.server.name = absl::StrCat("server-", node.number);
    node.door.name = absl::StrCat("door-", node.number);
    for (PodWish& wish : PodsOfNode(node.number, node.name, ServesHostPorts(place))) wishes.push_back(std::move(wish));
  }
  if (place.has_cilium()) {
    for (PodWish& wish : GuardPods(place)) wishes.push_back(std::move(wish));
  }
  TALES_RETURN_IF_ERROR(CreatePods(wishes, deadline));
  TALES_RETURN_IF_ERROR(CreateServices(place, deadline));
  progress_(absl::StrCat(wishes.size(), " pods on ", place.nodes.size(), " nodes are asked for"));
  TALES_RETURN_IF_ERROR(AwaitPods(wishes, place, patience, deadline));
  ExplainTrouble(wishes, place, deadline);
  AwaitEndpoints(place, deadline);
  return place;
}

absl::Status Deployment::Remove(absl::Duration patience) {
  if (!made_) return absl::OkStatus();
  const Deadline deadline = Deadline::After(patience);
  return RetryUntil(deadline, absl::StrCat("the end of namespace ", kNamespace), kPause, [&]() -> absl::Status {
    const absl::StatusOr<Json> now = client_.Get(kube::kNamespaces, "", kNamespace, deadline.AtMost(kCall));
    if (absl::IsNotFound(now.status())) return absl::OkStatus();
    TALES_RETURN_IF_ERROR(now.status());
    if (Label(*now, kMark) != run_id_) return absl::OkStatus();  // another run's by now
    if (Text(*now, "metadata.deletionTimestamp").empty()) {
      TALES_RETURN_IF_ERROR(client_.Delete(kube::kNamespaces, "", kNamespace, deadline.AtMost(kCall)));
    }
    TALES_RETURN_IF_ERROR(dead_pods_.End(kNamespace, deadline));
    return absl::UnavailableError(WhyStuck(*now));
  });
}

}  // namespace tales::cilium::probe
