#include "suites/config/rules.h"

#include <algorithm>
#include <array>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>
#include <optional>
#include <variant>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "harness/operator/secrets.h"
#include "harness/pki/certificate.h"

namespace tales::config {
namespace {

namespace ip = boost::asio::ip;

// A subnet of either family. Two of different families never overlap.
class Subnet {
 public:
  static std::optional<Subnet> Parse(const std::string& text) {
    boost::system::error_code error;
    if (const ip::network_v4 v4 = ip::make_network_v4(text, error); !error) return Subnet(v4.canonical());
    if (const ip::network_v6 v6 = ip::make_network_v6(text, error); !error) return Subnet(v6.canonical());
    return std::nullopt;
  }
  // An address as the subnet of it alone.
  static std::optional<Subnet> OfAddress(const std::string& text) {
    return Parse(absl::StrCat(text, absl::StrContains(text, ':') ? "/128" : "/32"));
  }
  bool Overlaps(const Subnet& other) const {
    return std::visit(
        [](const auto& a, const auto& b) {
          if constexpr (std::is_same_v<decltype(a), decltype(b)>) {
            return a == b || a.is_subnet_of(b) || b.is_subnet_of(a);
          } else {
            return false;
          }
        },
        network_, other.network_);
  }

 private:
  template <typename Network>
  explicit Subnet(const Network& network) : network_(network) {}
  std::variant<ip::network_v4, ip::network_v6> network_;
};

class Judge {
 public:
  Judge(const MachineConfig& config, Role role, const ClusterDefinition& definition, std::string_view file,
        std::string_view next)
      : root_(config.v1alpha1()), role_(role), definition_(definition), file_(file), next_(next) {}

  std::vector<Problem> Run() {
    if (root_ == nullptr) {
      Add("", "a v1alpha1 document in " + file_, "it has none");
      return std::move(problems_);
    }
    Keys();
    MachineType();
    Credentials();
    Endpoint();
    Install();
    Images();
    Subnets();
    VirtualAddresses();
    return std::move(problems_);
  }

 private:
  bool control_plane() const { return role_ == Role::kControlPlane; }

  void Add(std::string_view path, std::string_view expected, std::string_view found) {
    problems_.push_back({.expected = absl::StrCat(file_, ": ", path, path.empty() ? "" : ": ", expected),
                         .found = absl::StrCat(file_, ": ", path, path.empty() ? "" : ": ", found),
                         .next = next_});
  }

  void Keys() {
    static constexpr std::array<std::string_view, 5> kKnown = {"version", "debug", "persist", "machine", "cluster"};
    for (const auto& [key, value] : root_->entries) {
      if (std::find(kKnown.begin(), kKnown.end(), key->scalar) != kKnown.end()) continue;
      Add(key->scalar.substr(0, 60), absl::StrCat("one of ", absl::StrJoin(kKnown, ", ")), "not a key of v1alpha1");
    }
  }

  void MachineType() {
    const std::string type = TextAt(root_, "machine.type");
    if (type != ToString(role_)) Add("machine.type", ToString(role_), type.empty() ? "nothing" : type);
  }

  // What a machine cannot join without, and what one that is no control plane must not have.
  void Credentials() {
    for (const char* path : {"machine.token", "cluster.id", "cluster.secret", "cluster.token"}) Required(path);
    Certificate("machine.ca.crt");
    Certificate("cluster.ca.crt");
    if (control_plane()) {
      for (const char* path : {"machine.ca.key", "cluster.ca.key", "cluster.aggregatorCA.key",
                               "cluster.serviceAccount.key", "cluster.etcd.ca.key"}) {
        if (Required(path) && PemOf(Compact(TextAt(root_, path))).empty()) {
          Add(path, "a PEM key in base64", "something else");
        }
      }
      Certificate("cluster.aggregatorCA.crt");
      Certificate("cluster.etcd.ca.crt");
      return;
    }
    for (const char* path : {"machine.ca.key", "cluster.ca.key", "cluster.aggregatorCA.key",
                             "cluster.serviceAccount.key", "cluster.etcd.ca.key"}) {
      if (!TextAt(root_, path).empty()) Add(path, "no authority's key in a worker", "a value");
    }
  }

  bool Required(std::string_view path) {
    const bool there = !TextAt(root_, path).empty();
    if (!there) Add(path, "a value", "nothing");
    return there;
  }

  void Certificate(std::string_view path) {
    if (!Required(path)) return;
    const auto parsed = pki::ParseCertificates(PemOf(Compact(TextAt(root_, path))));
    if (!parsed.ok()) Add(path, "a PEM certificate in base64", std::string(parsed.status().message()));
  }

  void Endpoint() {
    const std::string endpoint = TextAt(root_, "cluster.controlPlane.endpoint");
    EndpointParts parts;
    if (!SplitEndpoint(endpoint, parts)) {
      Add("cluster.controlPlane.endpoint", "https://HOST:PORT",
          endpoint.empty() ? "nothing" : absl::StrCat("\"", endpoint.substr(0, 100), "\""));
    }
  }

  void Install() {
    if (Find(root_, "machine.install") == nullptr) {
      Add("machine.install", "where Talos is to be installed", "nothing");
      return;
    }
    if (TextAt(root_, "machine.install.disk").empty() && Find(root_, "machine.install.diskSelector") == nullptr) {
      Add("machine.install", "disk or diskSelector", "neither");
    }
    if (!definition_.config.has_value()) return;
    const std::vector<std::string> arguments = TextsAt(root_, "machine.install.extraKernelArgs");
    for (const std::string& declared : definition_.config->kernel_arguments) {
      if (std::find(arguments.begin(), arguments.end(), declared) != arguments.end()) continue;
      Add("machine.install.extraKernelArgs", absl::StrCat("the declared ", declared),
          arguments.empty() ? "nothing" : absl::StrJoin(arguments, " "));
    }
  }

  void Images() {
    for (const char* path : {"machine.install.image", "machine.kubelet.image", "cluster.apiServer.image",
                             "cluster.controllerManager.image", "cluster.scheduler.image", "cluster.proxy.image"}) {
      const std::string image = TextAt(root_, path);
      if (image.empty() || absl::StrContains(image, '@') || !TagOf(image).empty()) continue;
      Add(path, "an image with a tag or a digest", absl::StrCat("\"", image.substr(0, 200), "\""));
    }
  }

  struct Named {
    std::string path, text;
    Subnet subnet;
  };

  std::vector<Named> Read(const std::string& path) {
    std::vector<Named> read;
    const std::vector<std::string> texts = TextsAt(root_, path);
    if (texts.empty()) Add(path, "at least one subnet", "none");
    for (size_t i = 0; i < texts.size(); ++i) {
      const std::string item = absl::StrCat(path, "[", i, "]");
      if (const std::optional<Subnet> subnet = Subnet::Parse(texts[i])) {
        read.push_back({item, texts[i], *subnet});
      } else {
        Add(item, "a subnet such as 10.244.0.0/16", absl::StrCat("\"", texts[i].substr(0, 60), "\""));
      }
    }
    return read;
  }

  void Subnets() {
    std::vector<Named> all = Read("cluster.network.podSubnets");
    for (Named& each : Read("cluster.network.serviceSubnets")) all.push_back(std::move(each));
    for (size_t i = 0; i < all.size(); ++i) {
      for (size_t j = i + 1; j < all.size(); ++j) {
        if (!all[i].subnet.Overlaps(all[j].subnet)) continue;
        Add(all[j].path, "subnets that do not overlap",
            absl::StrCat(all[j].text, " overlaps ", all[i].text, " of ", all[i].path));
      }
      for (const NodeDefinition& node : definition_.nodes) {
        const std::optional<Subnet> address = Subnet::OfAddress(node.address);
        if (!address.has_value() || !all[i].subnet.Overlaps(*address)) continue;
        Add(all[i].path, "no node's address in it",
            absl::StrCat(all[i].text, " holds ", node.address, " of ", node.name));
      }
    }
  }

  void VirtualAddresses() {
    const YamlNode* interfaces = Find(root_, "machine.network.interfaces");
    if (control_plane() || interfaces == nullptr) return;
    for (size_t i = 0; i < interfaces->items.size(); ++i) {
      if (Find(interfaces->items[i].get(), "vip") == nullptr) continue;
      Add(absl::StrCat("machine.network.interfaces[", i, "].vip"), "no shared address on a worker", "one");
    }
  }

  const YamlNode* root_;
  const Role role_;
  const ClusterDefinition& definition_;
  const std::string file_, next_;
  std::vector<Problem> problems_;
};

}  // namespace

std::vector<Problem> JudgeStructure(const MachineConfig& config, Role role, const ClusterDefinition& definition,
                                    std::string_view file, std::string_view next) {
  return Judge(config, role, definition, file, next).Run();
}

bool SplitEndpoint(std::string_view endpoint, EndpointParts& parts) {
  if (!absl::ConsumePrefix(&endpoint, "https://")) return false;
  endpoint = endpoint.substr(0, endpoint.find('/'));
  const size_t colon = endpoint.rfind(':');
  if (colon == std::string_view::npos || endpoint.find(']', colon) != std::string_view::npos) return false;
  if (!absl::SimpleAtoi(endpoint.substr(colon + 1), &parts.port) || parts.port < 1 || parts.port > 65535) return false;
  std::string_view host = endpoint.substr(0, colon);
  if (absl::ConsumePrefix(&host, "[") && !absl::ConsumeSuffix(&host, "]")) return false;
  parts.host = std::string(host);
  return !host.empty();
}

std::string TagOf(std::string_view image) {
  image = image.substr(0, image.find('@'));
  const size_t slash = image.rfind('/');
  const size_t colon = image.rfind(':');
  if (colon == std::string_view::npos || (slash != std::string_view::npos && colon < slash)) return "";
  return std::string(image.substr(colon + 1));
}

}  // namespace tales::config
