#include "suites/cilium/probe/plan.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "harness/pki/digest.h"
#include "suites/cilium/probe/workloads.h"

namespace tales::cilium::probe {
namespace {

constexpr char kPayloadLine[] = "tales probes what a large payload becomes on its way\n";
constexpr char kCurl[] = "curl -ksS --connect-timeout 2 --max-time 6";

std::string Where(const PodPlace& pod, const NodePlace& node) {
  return absl::StrCat(pod.name == node.host_client.name ? "node " : "a pod on ", pod.node);
}

class Planner {
 public:
  explicit Planner(const Place& place) : place_(place) {}

  std::vector<Probe> Light() {
    for (const NodePlace& from : place_.nodes) {
      for (const NodePlace& to : place_.nodes) Between(from, to);
      Alone(from);
    }
    return std::move(probes_);
  }
  std::vector<Probe> Heavy() {
    for (const NodePlace& from : place_.nodes) {
      for (const NodePlace& to : place_.nodes) {
        // On its own node only where there is no other.
        if (&from == &to && place_.nodes.size() > 1) continue;
        Server("sustained", from, to, {"many", "200", Url(to.server.address, kHttpPort)},
               "200 requests after each other",
               absl::StrCat("curl -s -o /dev/null -H 'Connection: close' -w '%{http_code}\\n' '",
                            Url(to.server.address, kHttpPort), "?n=[1-200]'"));
        Server("sustained", from, to, {"burst", "20", Url(to.server.address, kHttpPort)}, "20 requests at once",
               absl::StrCat("sh /tales-probe/probe.sh 1 '0 burst 20 ", Url(to.server.address, kHttpPort), "'"));
        Server("large-payload", from, to, {"upload", to.server.address, absl::StrCat(kPayload)}, "8 MiB by POST",
               absl::StrCat("sh /tales-probe/probe.sh 1 '0 upload ", to.server.address, " ", kPayload, "'"));
        probes_.back().texts = {PayloadDigest(kPayload)};
      }
    }
    return std::move(probes_);
  }

 private:
  Probe& Add(const char* scenario, const PodPlace& from, const std::string& to_node, std::vector<std::string> words,
             std::string what, std::string command) {
    return probes_.emplace_back(Probe{.scenario = scenario,
                                      .pod = from.name,
                                      .from = from.node,
                                      .to = to_node,
                                      .words = std::move(words),
                                      .what = std::move(what),
                                      .command = std::move(command)});
  }
  // From a client to a server.
  Probe& Server(const char* scenario, const NodePlace& from, const NodePlace& to, std::vector<std::string> words,
                std::string_view what, std::string command) {
    Probe& probe =
        Add(scenario, from.client, to.name, std::move(words),
            absl::StrCat("a pod on ", from.name, " asks a pod on ", to.name, ": ", what), std::move(command));
    if (!to.server.runs()) probe.impossible = to.server.trouble;
    return probe;
  }
  Probe& Http(const char* scenario, const PodPlace& from, const NodePlace& from_node, const std::string& to_node,
              std::string_view to_what, const std::string& url, std::vector<std::string> texts) {
    Probe& probe =
        Add(scenario, from, to_node, {"get", url},
            absl::StrCat(Where(from, from_node), " asks ", to_what, ": GET ", url), absl::StrCat(kCurl, " ", url));
    probe.texts = std::move(texts);
    return probe;
  }

  void Between(const NodePlace& from, const NodePlace& to) {
    const bool own = &from == &to;
    const std::string pod = absl::StrCat("a pod on ", to.name), served = absl::StrCat(to.server.name, " 200");
    const auto needs_server = [&to](Probe& probe) {
      if (!to.server.runs()) probe.impossible = to.server.trouble;
    };
    needs_server(Http(own ? "same-node" : "other-node", from.client, from, to.name, pod,
                      Url(to.server.address, kHttpPort), {served}));
    Server("ping", from, to, {"ping", to.server.address}, absl::StrCat("ping ", to.server.address),
           absl::StrCat("ping -c 1 -W 2 ", to.server.address));
    needs_server(Http("cluster-ip", from.client, from, to.name, absl::StrCat("the service of ", pod),
                      Url(to.service, kHttpPort), {served}));
    if (place_.Setting("enable-ipv6")) Ipv6Between(from, to);
    if (!place_.outside.empty()) FromOutside(from, to);
    for (const PodPlace* asker : {&from.client, &from.host_client}) {
      Probe& probe = Http("node-port", *asker, from, to.name, absl::StrCat("the NodePort at ", to.name),
                          Url(to.address, to.node_port), {served});
      needs_server(probe);
      probe.layer = asker == &from.client ? Layer::kPods : Layer::kNodes;
    }
    Probe& door = Http("host-port", from.client, from, to.name, absl::StrCat("the host port of ", to.name),
                       Url(to.address, kHostPort), {absl::StrCat(to.door.name, " 200")});
    door.layer = Layer::kNodes;
    if (!to.door.runs()) door.impossible = to.door.trouble;
    ToHost(from, to);
    needs_server(
        Http("host-to-pod", from.host_client, from, to.name, pod, Url(to.server.address, kHttpPort), {served}));
    if (own && place_.nodes.size() > 1) return;
    Server("mtu", from, to, {"mtu", to.server.address}, "packets of the MTU, and of a byte more, not to be cut",
           absl::StrCat("sh /tales-probe/probe.sh 1 '0 mtu ", to.server.address, "'"));
    for (const char* size : {"1", "1400", "4000"}) {
      Probe& udp = Server("udp", from, to, {"udp", from.server.address, to.server.address, size},
                          absl::StrCat("a datagram of ", size, " bytes"),
                          absl::StrCat("sh /tales-probe/probe.sh 1 '0 udp ", from.server.address, " ",
                                       to.server.address, " ", size, "'"));
      if (!from.server.runs()) udp.impossible = from.server.trouble;
    }
  }

  // Whoever is outside has no way to pods but by a node.
  void FromOutside(const NodePlace& by, const NodePlace& to) {
    const std::string url = Url(by.address, to.node_port);
    Probe& probe =
        Add("node-port-outside", {.node = by.name}, to.name, {"get", url},
            absl::StrCat("a host outside asks ", by.name, " for the NodePort of a pod on ", to.name, ": GET ", url),
            absl::StrCat(kCurl, " ", url));
    probe.texts = {absl::StrCat(to.server.name, " 200")};
    if (!to.server.runs()) probe.impossible = to.server.trouble;
  }

  // The twins of what is asked by IPv4 above. Services and nodes may have IPv4 alone where pods have both.
  void Ipv6Between(const NodePlace& from, const NodePlace& to) {
    const std::string pod = absl::StrCat("a pod on ", to.name), served = absl::StrCat(to.server.name, " 200");
    const std::string& six = to.server.address6;
    const auto needs_server = [&to](Probe& probe) {
      if (to.server.address6.empty()) probe.impossible = absl::StrCat(to.server.name, " has no IPv6 address");
      if (!to.server.runs()) probe.impossible = to.server.trouble;
    };
    const auto http = [&](const PodPlace& asker, std::string_view what, const std::string& address,
                          int port) -> Probe& {
      Probe& probe = Http("ipv6", asker, from, to.name, what, Url(address, port), {served});
      needs_server(probe);
      return probe;
    };
    http(from.client, pod, six, kHttpPort);
    if (!to.service6.empty()) http(from.client, absl::StrCat("the service of ", pod), to.service6, kHttpPort);
    for (const PodPlace* asker : {&from.client, &from.host_client}) {
      if (to.service6.empty() || to.address6.empty()) continue;
      http(*asker, absl::StrCat("the NodePort at ", to.name), to.address6, to.node_port).layer =
          asker == &from.client ? Layer::kPods : Layer::kNodes;
    }
    needs_server(
        Server("ipv6", from, to, {"ping", six}, absl::StrCat("ping ", six), absl::StrCat("ping -c 1 -W 2 ", six)));
    if (&from == &to && place_.nodes.size() > 1) return;
    needs_server(Server("ipv6", from, to, {"mtu", six}, "packets of the MTU, and of a byte more, not to be cut",
                        absl::StrCat("sh /tales-probe/probe.sh 1 '0 mtu ", six, "'")));
  }

  void ToHost(const NodePlace& from, const NodePlace& to) {
    Probe& ping = Add("pod-to-host", from.client, to.name, {"ping", to.address},
                      absl::StrCat("a pod on ", from.name, " pings node ", to.name, ", ", to.address),
                      absl::StrCat("ping -c 1 -W 2 ", to.address));
    ping.layer = Layer::kNodes;
    // Whatever it answers, it is there: 401 and 403 for who has no certificate.
    const std::string url = absl::StrCat("https://", to.address, ":10250/healthz");
    Probe& kubelet = Add("pod-to-host", from.client, to.name, {"http", url},
                         absl::StrCat("a pod on ", from.name, " asks the kubelet of ", to.name, ": GET ", url),
                         absl::StrCat(kCurl, " ", url));
    kubelet.layer = Layer::kNodes;
  }

  void Alone(const NodePlace& from) {
    const std::string asker = absl::StrCat("a pod on ", from.name);
    const std::string api = absl::StrCat("https://", place_.api_service, ":443/version");
    Add("api-server", from.client, "", {"http", api}, absl::StrCat(asker, " asks the API server's service: GET ", api),
        absl::StrCat(kCurl, " ", api));
    const std::string own =
        Url(from.server.address, kHttpPort,
            absl::StrCat("/dial?protocol=http&tries=1&request=hostname&host=", from.service, "&port=", kHttpPort));
    Probe& hairpin = Add("hairpin", from.client, "", {"get", own},
                         absl::StrCat("a pod on ", from.name, " asks itself by its own service, ", from.service),
                         absl::StrCat(kCurl, " '", own, "'"));
    hairpin.texts = {absl::StrCat("\"", from.server.name, "\"")};
    if (!from.server.runs()) hairpin.impossible = from.server.trouble;
    Dns(from);
  }

  // That names have IPv6 addresses; who is asked has one of IPv4, as cluster DNS has.
  void Ipv6Dns(const NodePlace& from, const std::vector<std::string>& nodes) {
    if (from.service6.empty()) return;
    std::vector<std::string> servers;
    for (const NodePlace& node : place_.nodes) {
      if (node.server.runs() && !node.server.address6.empty()) servers.push_back(node.server.address6);
    }
    Probe& headless = Add("ipv6", from.client, "", {"dig", place_.dns.service, "notcp", kHeadless, "AAAA"},
                          absl::StrCat("a pod on ", from.name, " asks for the IPv6 addresses of ", kHeadless),
                          absl::StrCat("dig +short +search ", kHeadless, " AAAA"));
    headless.texts = servers;
    headless.maybe_to = nodes;
    if (place_.dns.service.empty()) headless.impossible = "there is no service kube-system/kube-dns";
    if (servers.empty()) headless.impossible = "no pod has an IPv6 address";
  }

  void Dns(const NodePlace& from) {
    std::vector<std::string> nodes, servers;
    for (const PodPlace& pod : place_.dns.pods) nodes.push_back(pod.node);
    for (const NodePlace& node : place_.nodes) {
      if (node.server.runs()) servers.push_back(node.server.address);
    }
    if (place_.Setting("enable-ipv6")) Ipv6Dns(from, nodes);
    const std::string asker = absl::StrCat("a pod on ", from.name);
    Probe& headless = Add("headless", from.client, "", {"resolve", kHeadless},
                          absl::StrCat(asker, " asks for the addresses of ", kHeadless),
                          absl::StrCat("dig +short +search ", kHeadless));
    headless.texts = servers;
    headless.maybe_to = nodes;
    for (const char* protocol : {"notcp", "tcp"}) {
      const std::string by = protocol == std::string("tcp") ? " by TCP" : " by UDP";
      const auto dig = [&](const std::string& server, const std::string& name) {
        return absl::StrCat("dig +short +search +", protocol, " @", server, " ", name);
      };
      for (const PodPlace& pod : place_.dns.pods) {
        Probe& direct =
            Add("dns", from.client, pod.node, {"dig", pod.address, protocol, "kubernetes.default", "A"},
                absl::StrCat(asker, " asks the DNS pod on ", pod.node, by), dig(pod.address, "kubernetes.default"));
        direct.texts = {place_.api_service};
      }
      Probe& service = Add("dns", from.client, "", {"dig", place_.dns.service, protocol, "kubernetes.default", "A"},
                           absl::StrCat(asker, " asks the service of cluster DNS", by),
                           dig(place_.dns.service, "kubernetes.default"));
      service.texts = {place_.api_service};
      service.maybe_to = nodes;
      if (place_.dns.service.empty()) service.impossible = "there is no service kube-system/kube-dns";
      if (place_.world_name.empty()) continue;
      Probe& world = Add("dns-external", from.client, "", {"dig", place_.dns.service, protocol, place_.world_name, "A"},
                         absl::StrCat(asker, " asks cluster DNS for ", place_.world_name, by),
                         dig(place_.dns.service, place_.world_name));
      world.texts = {"."};
      world.maybe_to = nodes;
    }
    if (!place_.world_address.empty()) {
      const std::string url = absl::StrCat("http://", place_.world_address, "/");
      Add("world", from.client, "", {"http", url}, absl::StrCat(asker, " asks the world: GET ", url),
          absl::StrCat(kCurl, " ", url));
    }
  }

  const Place& place_;
  std::vector<Probe> probes_;
};

}  // namespace

std::vector<Probe> LightProbes(const Place& place) { return Planner(place).Light(); }
std::vector<Probe> HeavyProbes(const Place& place) { return Planner(place).Heavy(); }

std::string PayloadDigest(size_t size) {
  std::string payload;
  while (payload.size() < size) payload += kPayloadLine;
  payload.resize(size);
  return pki::Sha256Hex(payload);
}

}  // namespace tales::cilium::probe
