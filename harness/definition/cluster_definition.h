// What a cluster should be: the content of a cluster file (shape: fixtures/README.md), as values.
//
// Plain data, no behaviour beyond look-ups; copy it freely. Optional parts that a file leaves out are empty: a check
// that needs one states it as a requirement and is `unsupported` without it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"

namespace tales {

enum class Role { kControlPlane, kWorker };
std::string_view ToString(Role role);  // "controlplane", "worker"

// What a run may do to a cluster; each tier includes the ones before it.
enum class Tier { kRead, kCreate, kDisruptive };
std::string_view ToString(Tier tier);  // "read", "create", "disruptive"
std::optional<Tier> ParseTier(std::string_view text);

struct NodeDefinition {
  std::string name;  // how checks and reports speak of it; the Kubernetes node name too
  Role role = Role::kWorker;
  std::string address;              // what the cluster says its address is (IPv4 or IPv6)
  std::string dial;                 // where this fixture reaches it. Default: address
  std::vector<std::string> taints;  // "key[=value]:Effect"
  std::string fixture;              // Default: the cluster's
  // metal: the operator's commands in place of a hand, by action: "on", "off", "shutdown", "reset", "status",
  // "bootDisk", "bootCdrom". Program and arguments; no shell.
  std::map<std::string, std::vector<std::string>> power;
  friend bool operator==(const NodeDefinition&, const NodeDefinition&) = default;
};

// Pod-security labels of a namespace; an empty field is not declared, and then not judged.
struct NamespaceDefinition {
  std::string enforce, warn, audit;
  std::string enforce_version, warn_version, audit_version;
  bool exempt = false;  // exempt by the admission configuration, as kube-system is
  friend bool operator==(const NamespaceDefinition&, const NamespaceDefinition&) = default;
};

struct TalosDefinition {
  std::string version;      // "v1.9.4"
  std::string image;        // name of the boot ISO, without suffix
  std::string talosconfig;  // path, relative to the cluster file
  std::string context;      // Default: the file's current context
  friend bool operator==(const TalosDefinition&, const TalosDefinition&) = default;
};

struct KubernetesDefinition {
  std::string version;
  std::string kubeconfig;
  std::string context;
  friend bool operator==(const KubernetesDefinition&, const KubernetesDefinition&) = default;
};

struct VmDefinition {
  std::string machine, video, firmware, network, autostart;
  std::string memory;  // "4GiB"
  int cpus = 0;
  struct Disk {
    std::string size, bus;
    bool reclaim = false;
    friend bool operator==(const Disk&, const Disk&) = default;
  } disk;
  friend bool operator==(const VmDefinition&, const VmDefinition&) = default;
};

// Where a Synology NAS is, and how its Virtual Machine Manager lets us in. No secret: the password is named, not told.
struct SynologyDefinition {
  std::string url;                          // "https://nas.example:5001"
  std::string account;                      // of DSM
  std::string password_file, password_env;  // one of the two: a path, or the name of an environment variable
  std::string otp_env;                      // name of the variable with the six digits; Default: none are asked for
  std::string fingerprint;                  // "sha256:<64 hex>" over the DER of the certificate that the NAS shows, or
  std::string ca;                           // ... a file with the authority that it is from
  std::string storage;                      // Default: the only one that there is
  std::string iso_path;                     // of the boot ISO on the NAS: "/share/folder/x.iso". Default: none
  bool internal_reads = false;              // also ask what only DSM's own pages ask
  friend bool operator==(const SynologyDefinition&, const SynologyDefinition&) = default;
};

// How fixture qemu runs the machines of `vm`.
struct QemuDefinition {
  std::string state;        // folder of the machines. Default: $XDG_STATE_HOME/tales/qemu, ~/.local/state/tales/qemu
  std::string iso;          // to boot from while the disk is empty. Default: talos.image + ".iso" beside the file
  std::string accelerator;  // "kvm", "tcg". Default: KVM where it has been seen to run a guest, TCG otherwise
  std::string firmware_code, firmware_variables;  // for vm.firmware uefi. Default: those of Debian's package ovmf
  struct Network {
    std::string kind;          // "user", "bridge", "tap", "socket", "none". Default: user
    std::string name;          // bridge: its name; tap: what the interfaces' names begin with
    std::string group;         // socket, user: multicast group and port over which the machines hear each other
    std::vector<int> forward;  // user: ports that `dial` has too. Default: 50000 6443
    friend bool operator==(const Network&, const Network&) = default;
  } network;
  friend bool operator==(const QemuDefinition&, const QemuDefinition&) = default;
};

struct ConfigDefinition {
  std::string folder;        // where the operator keeps the generated files
  std::string secrets_file;  // one of the two
  std::vector<std::string> secrets_command;
  std::vector<std::string> generator_command;               // the operator's script, or ...
  std::vector<std::string> generator_arguments;             // ... arguments of `talosctl gen config`, and patches
  std::map<std::string, std::vector<std::string>> patches;  // "all", "controlplane", "worker" -> patches
  std::vector<std::string> kernel_arguments;
  // Credentials of an earlier build from the same secrets, which still have to open the cluster.
  std::string earlier_talosconfig, earlier_kubeconfig;
  friend bool operator==(const ConfigDefinition&, const ConfigDefinition&) = default;
};

struct CrdsDefinition {
  std::string version;  // "v0.80.1"
  std::string source;   // folder, URL of a file, or URL of a folder (it ends in `/`)
  std::string sha256;   // of the one file of a URL: 64 hexadecimal digits; "" where nobody has seen it yet
  std::map<std::string, std::string> files;  // of the folder of a URL: name -> digest, or ""
  friend bool operator==(const CrdsDefinition&, const CrdsDefinition&) = default;
};

struct CiliumDefinition {
  std::string cilium_namespace = "kube-system";  // YAML key: namespace
  std::string release = "cilium";                // Helm's name for it
  std::string chart, version;
  bool kube_proxy_replacement = false;
  std::map<std::string, std::string> values;  // dotted path -> scalar, where declared
  friend bool operator==(const CiliumDefinition&, const CiliumDefinition&) = default;
};

struct KnownIssue {
  std::string id, link, reason;
  std::vector<std::string> checks;                   // names or globs of checks that it excuses, foreign cases too
  std::vector<std::string> lines;                    // of logs that it excuses: RE2, or a part of the line as it is
  std::string until_date;                            // "2026-12-31", or ...
  std::map<std::string, std::string> until_version;  // ... "cilium" -> ">=1.19.0"
  friend bool operator==(const KnownIssue&, const KnownIssue&) = default;
};

// What suites run in pods, and what these may reach beyond the cluster. Every member is "" or 0 where the file is
// silent: whoever runs the pods knows the public default.
struct WorkloadsDefinition {
  struct Images {
    std::string client;       // has sh, curl, ping, dig, nslookup, nc, tcpdump
    std::string server;       // agnhost
    std::string conformance;  // Kubernetes' conformance image
    std::string output;       // has sh and tar; keeps the results of the conformance image
    friend bool operator==(const Images&, const Images&) = default;
  } images;
  // Two hosts outside of the cluster that answer HTTP and HTTPS, both in `range`.
  struct World {
    std::string name, other_name;
    std::string address, other_address, range;  // "1.1.1.1", "1.0.0.1", "1.0.0.0/8"
    bool insecure = false;                      // their certificates are not checked
    friend bool operator==(const World&, const World&) = default;
  } world;
  struct Connectivity {  // `cilium connectivity test`
    absl::Duration timeout = absl::ZeroDuration();
    int concurrency = 0;
    std::vector<std::string> arguments;  // further ones
    friend bool operator==(const Connectivity&, const Connectivity&) = default;
  } connectivity;
  friend bool operator==(const WorkloadsDefinition&, const WorkloadsDefinition&) = default;
};

struct ProfileDefinition {
  absl::Duration settle = absl::ZeroDuration();
  bool has_settle = false;
  std::vector<std::string> require;  // check globs: `unsupported` fails the run for these
  std::string conformance;           // "sample", "full", ... ; Default: none
  std::string connectivity;          // tests of `cilium connectivity test`: "all", or as its --test; Default: none
  friend bool operator==(const ProfileDefinition&, const ProfileDefinition&) = default;
};

struct ClusterDefinition {
  std::string path;     // of the file; "" when discovered
  std::string cluster;  // its name
  std::string fixture;
  bool disposable = false;
  Tier allow = Tier::kRead;
  std::string endpoint;     // "https://10.0.1.50:6443"
  std::string authority;    // "sha256:<64 hex>" over the DER of the Kubernetes CA
  bool discovered = false;  // found by looking at a cluster, not declared by a person
  TalosDefinition talos;
  KubernetesDefinition kubernetes;
  std::vector<NodeDefinition> nodes;
  bool nodes_declared = false;  // `nodes:` is in the file (an empty list declares that there are none)
  std::optional<VmDefinition> vm;
  std::optional<SynologyDefinition> synology;
  std::optional<QemuDefinition> qemu;
  std::optional<ConfigDefinition> config;
  std::optional<bool> secure_boot;  // YAML: secureBoot. Not declared: reported, not judged
  std::map<std::string, NamespaceDefinition> namespaces;
  std::map<std::string, CrdsDefinition> crds;  // "prometheusOperator" -> ...
  std::optional<CiliumDefinition> cilium;
  WorkloadsDefinition workloads;
  std::vector<KnownIssue> known_issues;
  std::map<std::string, ProfileDefinition> profiles;

  friend bool operator==(const ClusterDefinition&, const ClusterDefinition&) = default;

  const NodeDefinition* FindNode(std::string_view name) const;  // nullptr: no such node
  const NodeDefinition* FindNodeByAddress(std::string_view address) const;
  std::vector<const NodeDefinition*> NodesWithRole(Role role) const;
  // How many nodes an ordinary pod can be put on, as declared: no taint keeps it away.
  int SchedulableNodes() const;
};

}  // namespace tales
