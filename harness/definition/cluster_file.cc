#include "harness/definition/cluster_file.h"

#include <algorithm>
#include <map>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "harness/base/file.h"
#include "harness/base/status.h"
#include "harness/definition/paths.h"
#include "harness/definition/schema.h"
#include "harness/definition/values.h"
#include "harness/yaml/yaml_tree.h"

namespace tales {
namespace internal {
namespace {

const Rule& FixtureName() {
  static const Rule rule = OneOf("a fixture", {"lab", "local", "adopt", "docker", "qemu", "synology", "metal"});
  return rule;
}
const Rule& PodSecurityLevel() {
  static const Rule rule = OneOf("a pod-security level", {"privileged", "baseline", "restricted"});
  return rule;
}

// What every object is made of: one table each. Keys and meaning: fixtures/README.md.

void ReadTalos(const Cursor& cursor, ClusterDefinition& out) {
  using T = TalosDefinition;
  static const std::vector<Field<T>> fields = {Text("version", &T::version, CheckVersion), Text("image", &T::image),
                                               Text("talosconfig", &T::talosconfig), Text("context", &T::context)};
  ReadObject(cursor, fields, out.talos);
}

void ReadKubernetes(const Cursor& cursor, ClusterDefinition& out) {
  using K = KubernetesDefinition;
  static const std::vector<Field<K>> fields = {Text("version", &K::version, CheckVersion),
                                               Text("kubeconfig", &K::kubeconfig), Text("context", &K::context)};
  ReadObject(cursor, fields, out.kubernetes);
}

void ReadRole(const Cursor& cursor, NodeDefinition& node) {
  std::string role;
  if (ReadText(cursor, OneOf("a role", {"controlplane", "worker"}), role)) {
    node.role = role == "worker" ? Role::kWorker : Role::kControlPlane;
  }
}

void ReadPower(const Cursor& cursor, NodeDefinition& node) {
  static const std::vector<std::string_view> actions = {"on",     "off",      "shutdown", "reset",
                                                        "status", "bootDisk", "bootCdrom"};
  ReadMap(cursor, [&](const YamlNode& key, const Cursor& value) {
    if (std::find(actions.begin(), actions.end(), key.scalar) == actions.end()) {
      cursor.mistakes.Add(key.position, cursor.path, UnknownKey(key.scalar, actions));
      return;
    }
    std::vector<std::string>& command = node.power[key.scalar];
    if (ReadTexts(value, nullptr, command) && command.empty()) value.Mistake("no program is named");
    // Every user of the machine can read a command line.
    if (std::find(command.begin(), command.end(), "-P") != command.end() ||
        std::any_of(command.begin(), command.end(),
                    [](const std::string& argument) { return absl::StrContains(argument, "--password="); })) {
      value.Mistake("a password does not belong here; name a file or an environment variable (ipmitool: -f FILE, -E)");
    }
  });
}

void ReadNodes(const Cursor& cursor, ClusterDefinition& out) {
  using N = NodeDefinition;
  static const std::vector<Field<N>> fields = {Required(Text("name", &N::name, CheckName)),
                                               {"role", ReadRole, true},
                                               Required(Text("address", &N::address, CheckAddress)),
                                               Text("dial", &N::dial, CheckDialAddress),
                                               Texts("taints", &N::taints, CheckTaint),
                                               Text("fixture", &N::fixture, FixtureName()),
                                               {"power", ReadPower}};
  std::map<std::string, std::string> taken;  // "name control" -> where
  const auto once = [&](const Cursor& item, std::string_view key, const std::string& value) {
    if (value.empty()) return;
    const auto [first, added] = taken.emplace(absl::StrCat(key, " ", value), item.path);
    if (added) return;
    item.mistakes.Add(item.node.position, absl::StrCat(item.path, ".", key),
                      absl::StrCat("\"", value, "\" is that of ", first->second, " too; each node has its own"));
  };
  out.nodes_declared = ReadList(cursor, [&](const Cursor& item) {
    NodeDefinition node;
    ReadObject(item, fields, node);
    if (node.dial.empty()) node.dial = node.address;
    once(item, "name", node.name);
    once(item, "address", node.address);
    if (node.dial != node.address) once(item, "dial", node.dial);
    out.nodes.push_back(std::move(node));
  });
}

void ReadVm(const Cursor& cursor, ClusterDefinition& out) {
  using V = VmDefinition;
  using D = VmDefinition::Disk;
  static const std::vector<Field<D>> disk = {
      Text("size", &D::size, CheckSize),
      Text("bus", &D::bus, OneOf("a disk bus", {"virtio-scsi", "virtio", "sata", "ide"})),
      Bool("reclaim", &D::reclaim)};
  static const std::vector<Field<V>> fields = {
      Text("machine", &V::machine, OneOf("a machine type", {"q35", "pc"})),
      Text("video", &V::video, OneOf("a video card", {"vmvga", "vga", "cirrus"})),
      Text("firmware", &V::firmware, OneOf("a firmware", {"bios", "uefi"})),
      Text("memory", &V::memory, CheckSize),
      {"cpus", [](const Cursor& value, V& vm) { ReadInt(value, 1, 1024, vm.cpus); }},
      {"disk", [](const Cursor& value, V& vm) { ReadObject(value, disk, vm.disk); }},
      Text("network", &V::network),
      Text("autostart", &V::autostart, OneOf("an autostart setting", {"last-state", "always", "never"}))};
  out.vm.emplace();
  ReadObject(cursor, fields, *out.vm);
}

void ReadSynology(const Cursor& cursor, ClusterDefinition& out) {
  using S = SynologyDefinition;
  static constexpr std::string_view kNoPassword =
      "a password does not belong in a cluster file; put it into a file of its own (chmod 600) and name that in "
      "`passwordFile`, or into an environment variable and name that in `passwordEnv`";
  static constexpr std::string_view kNoCode =
      "a one-time code does not belong in a cluster file; put it into an environment variable and name that in "
      "`otpEnv`";
  static const std::vector<Field<S>> fields = {Required(Text("url", &S::url, CheckNasUrl)),
                                               Required(Text("account", &S::account)),
                                               Text("passwordFile", &S::password_file),
                                               Text("passwordEnv", &S::password_env, CheckVariableName),
                                               Text("otpEnv", &S::otp_env, CheckVariableName),
                                               Text("fingerprint", &S::fingerprint, CheckCertificateFingerprint),
                                               Text("ca", &S::ca),
                                               Text("storage", &S::storage),
                                               Text("isoPath", &S::iso_path, CheckSharePath),
                                               Bool("internalReads", &S::internal_reads),
                                               Refused<S>("password", kNoPassword),
                                               Refused<S>("passwd", kNoPassword),
                                               Refused<S>("otp", kNoCode)};
  S synology;
  ReadObject(cursor, fields, synology);
  if (!synology.password_file.empty() && !synology.password_env.empty()) {
    cursor.Mistake("`passwordFile` and `passwordEnv` exclude each other");
  }
  if (!synology.fingerprint.empty() && !synology.ca.empty()) {
    cursor.Mistake("`fingerprint` and `ca` exclude each other: the one certificate, or the authority it is from");
  }
  out.synology = std::move(synology);
}

void ReadQemuNetwork(const Cursor& cursor, QemuDefinition& qemu) {
  using N = QemuDefinition::Network;
  static const std::vector<Field<N>> fields = {
      Required(Text("kind", &N::kind, OneOf("a kind of network", {"user", "bridge", "tap", "socket", "none"}))),
      Text("name", &N::name, CheckInterfaceName),
      Text("group", &N::group, CheckMulticastGroup),
      {"forward", [](const Cursor& value, N& network) {
         ReadList(value, [&](const Cursor& item) { ReadInt(item, 1, 65535, network.forward.emplace_back()); });
       }}};
  N& network = qemu.network;
  ReadObject(cursor, fields, network);
  const auto has = [&](std::string_view key) {
    return std::any_of(cursor.node.entries.begin(), cursor.node.entries.end(),
                       [&](const auto& entry) { return entry.first->scalar == key; });
  };
  const auto is = [&](std::initializer_list<std::string_view> kinds) {
    return std::find(kinds.begin(), kinds.end(), network.kind) != kinds.end();
  };
  if (is({"bridge", "tap"}) && !has("name")) cursor.Mistake(absl::StrCat("kind ", network.kind, " needs a `name`"));
  if (!is({"bridge", "tap"}) && has("name")) cursor.Mistake("`name` is for the kinds bridge and tap");
  if (is({"socket"}) && !has("group")) cursor.Mistake("kind socket needs a `group`");
  if (!is({"socket", "user"}) && has("group")) cursor.Mistake("`group` is for the kinds socket and user");
  if (!is({"user"}) && has("forward")) cursor.Mistake("`forward` is for the kind user");
}

void ReadQemu(const Cursor& cursor, ClusterDefinition& out) {
  using Q = QemuDefinition;
  static const std::vector<Field<Q>> firmware = {Required(Text("code", &Q::firmware_code)),
                                                 Required(Text("variables", &Q::firmware_variables))};
  static const std::vector<Field<Q>> fields = {
      Text("state", &Q::state),
      Text("iso", &Q::iso),
      Text("accelerator", &Q::accelerator, OneOf("an accelerator", {"kvm", "tcg"})),
      {"firmware", [](const Cursor& value, Q& qemu) { ReadObject(value, firmware, qemu); }},
      {"network", ReadQemuNetwork}};
  out.qemu.emplace();
  ReadObject(cursor, fields, *out.qemu);
}

void ReadPatches(const Cursor& cursor, ConfigDefinition& config) {
  static const std::vector<std::string_view> allowed = {"all", "controlplane", "worker"};
  ReadMap(cursor, [&](const YamlNode& key, const Cursor& value) {
    if (std::find(allowed.begin(), allowed.end(), key.scalar) == allowed.end()) {
      cursor.mistakes.Add(key.position, cursor.path, UnknownKey(key.scalar, allowed));
    } else {
      ReadTexts(value, nullptr, config.patches[key.scalar]);
    }
  });
}

void ReadConfig(const Cursor& cursor, ClusterDefinition& out) {
  using C = ConfigDefinition;
  static const std::vector<Field<C>> secrets = {Text("file", &C::secrets_file), Texts("command", &C::secrets_command)};
  static const std::vector<Field<C>> generator = {Texts("command", &C::generator_command),
                                                  Texts("arguments", &C::generator_arguments, CheckGeneratorArgument),
                                                  {"patches", ReadPatches}};
  static const std::vector<Field<C>> earlier = {Text("talosconfig", &C::earlier_talosconfig),
                                                Text("kubeconfig", &C::earlier_kubeconfig)};
  static const std::vector<Field<C>> fields = {
      Text("folder", &C::folder),
      {"secrets",
       [](const Cursor& value, C& config) {
         ReadObject(value, secrets, config);
         if (!config.secrets_file.empty() && !config.secrets_command.empty()) {
           value.Mistake("`file` and `command` exclude each other");
         }
       }},
      {"generator",
       [](const Cursor& value, C& config) {
         ReadObject(value, generator, config);
         if (!config.generator_command.empty() && (!config.generator_arguments.empty() || !config.patches.empty())) {
           value.Mistake("`command` excludes `arguments` and `patches`: the script has its own");
         }
       }},
      Texts("kernelArguments", &C::kernel_arguments, CheckKernelArgument),
      {"earlier", [](const Cursor& value, C& config) { ReadObject(value, earlier, config); }}};
  out.config.emplace();
  ReadObject(cursor, fields, *out.config);
}

void ReadNamespaces(const Cursor& cursor, ClusterDefinition& out) {
  using N = NamespaceDefinition;
  static const std::vector<Field<N>> fields = {Text("enforce", &N::enforce, PodSecurityLevel()),
                                               Text("warn", &N::warn, PodSecurityLevel()),
                                               Text("audit", &N::audit, PodSecurityLevel()),
                                               Text("enforceVersion", &N::enforce_version, CheckPodSecurityVersion),
                                               Text("warnVersion", &N::warn_version, CheckPodSecurityVersion),
                                               Text("auditVersion", &N::audit_version, CheckPodSecurityVersion),
                                               Bool("exempt", &N::exempt)};
  ReadMap(cursor, [&](const YamlNode& key, const Cursor& value) {
    if (const Wrong wrong = CheckNamespaceName(key.scalar)) cursor.mistakes.Add(key.position, cursor.path, *wrong);
    ReadObject(value, fields, out.namespaces[key.scalar]);
  });
}

void ReadDigests(const Cursor& cursor, CrdsDefinition& crds) {
  ReadMap(cursor, [&](const YamlNode& key, const Cursor& value) {
    if (const Wrong wrong = CheckFileName(key.scalar)) cursor.mistakes.Add(key.position, cursor.path, *wrong);
    std::string& digest = crds.files[key.scalar];
    if (ReadText(value, CheckDigest, digest) && digest == "unknown") digest.clear();
  });
}

void ReadCrds(const Cursor& cursor, ClusterDefinition& out) {
  using C = CrdsDefinition;
  static const std::vector<std::string_view> known = {"prometheusOperator"};
  static const std::vector<Field<C>> fields = {Required(Text("version", &C::version, CheckVersion)),
                                               Text("source", &C::source),
                                               Text("sha256", &C::sha256, CheckDigest),
                                               {"files", ReadDigests}};
  ReadMap(cursor, [&](const YamlNode& key, const Cursor& value) {
    if (std::find(known.begin(), known.end(), key.scalar) == known.end()) {
      cursor.mistakes.Add(key.position, cursor.path, UnknownKey(key.scalar, known));
      return;
    }
    C& crds = out.crds[key.scalar];
    ReadObject(value, fields, crds);
    if (crds.sha256 == "unknown") crds.sha256.clear();
    const bool url = absl::StrContains(crds.source, "://"), folder = absl::EndsWith(crds.source, "/");
    if (!crds.sha256.empty() && (!url || folder)) value.Mistake("`sha256` is for a source that is the URL of one file");
    if (!crds.files.empty() && (!url || !folder))
      value.Mistake("`files` is for a source that is the URL of a folder, with `/` at its end");
  });
}

void ReadCilium(const Cursor& cursor, ClusterDefinition& out) {
  using C = CiliumDefinition;
  static const std::vector<Field<C>> fields = {Required(Text("namespace", &C::cilium_namespace, CheckNamespaceName)),
                                               Text("release", &C::release),
                                               Text("chart", &C::chart),
                                               Text("version", &C::version, CheckCiliumVersion),
                                               Bool("kubeProxyReplacement", &C::kube_proxy_replacement),
                                               {"values", [](const Cursor& value, C& cilium) {
                                                  ReadMap(value, [&](const YamlNode& key, const Cursor& scalar) {
                                                    ReadText(scalar, nullptr, cilium.values[key.scalar]);
                                                  });
                                                }}};
  out.cilium.emplace();
  ReadObject(cursor, fields, *out.cilium);
  if (out.cilium->release.empty()) out.cilium->release = CiliumDefinition().release;
}

void ReadWorkloads(const Cursor& cursor, ClusterDefinition& out) {
  using W = WorkloadsDefinition;
  static const std::vector<Field<W::Images>> images = {
      Text("client", &W::Images::client), Text("server", &W::Images::server),
      Text("conformance", &W::Images::conformance), Text("output", &W::Images::output)};
  static const std::vector<Field<W::World>> world = {Text("name", &W::World::name),
                                                     Text("otherName", &W::World::other_name),
                                                     Text("address", &W::World::address, CheckAddress),
                                                     Text("otherAddress", &W::World::other_address, CheckAddress),
                                                     Text("range", &W::World::range, CheckAddressRange),
                                                     Bool("insecure", &W::World::insecure)};
  static const std::vector<Field<W::Connectivity>> connectivity = {
      {"timeout",
       [](const Cursor& value, W::Connectivity& test) {
         std::string text;
         if (ReadText(value, CheckDuration, text)) absl::ParseDuration(text, &test.timeout);
       }},
      {"concurrency", [](const Cursor& value, W::Connectivity& test) { ReadInt(value, 1, 64, test.concurrency); }},
      Texts("arguments", &W::Connectivity::arguments)};
  static const std::vector<Field<W>> fields = {
      {"images", [](const Cursor& value, W& all) { ReadObject(value, images, all.images); }},
      {"world", [](const Cursor& value, W& all) { ReadObject(value, world, all.world); }},
      {"connectivity", [](const Cursor& value, W& all) { ReadObject(value, connectivity, all.connectivity); }}};
  ReadObject(cursor, fields, out.workloads);
}

void ReadUntil(const Cursor& cursor, KnownIssue& issue) {
  static const std::vector<std::string_view> components = {"talos", "kubernetes", "cilium"};
  if (cursor.node.kind != YamlNode::Kind::kMap) {
    ReadText(cursor, CheckDate, issue.until_date);
    return;
  }
  ReadMap(cursor, [&](const YamlNode& key, const Cursor& value) {
    if (std::find(components.begin(), components.end(), key.scalar) == components.end()) {
      cursor.mistakes.Add(key.position, cursor.path, UnknownKey(key.scalar, components));
    } else {
      ReadText(value, CheckConstraint, issue.until_version[key.scalar]);
    }
  });
}

void ReadKnownIssues(const Cursor& cursor, ClusterDefinition& out) {
  using K = KnownIssue;
  static const std::vector<Field<K>> fields = {
      Required(Text("id", &K::id)),           Text("link", &K::link, CheckLink),           Text("reason", &K::reason),
      Texts("checks", &K::checks, CheckCase), Texts("lines", &K::lines, CheckLinePattern), {"until", ReadUntil}};
  std::map<std::string, std::string> taken;
  ReadList(cursor, [&](const Cursor& item) {
    KnownIssue issue;
    ReadObject(item, fields, issue);
    const auto [first, added] = taken.emplace(issue.id, item.path);
    if (!added && !issue.id.empty()) {
      item.mistakes.Add(item.node.position, absl::StrCat(item.path, ".id"),
                        absl::StrCat("\"", issue.id, "\" is that of ", first->second, " too; each issue has its own"));
    }
    out.known_issues.push_back(std::move(issue));
  });
}

void ReadProfiles(const Cursor& cursor, ClusterDefinition& out) {
  using P = ProfileDefinition;
  static const std::vector<Field<P>> fields = {{"settle",
                                                [](const Cursor& value, P& profile) {
                                                  std::string text;
                                                  profile.has_settle = ReadText(value, CheckDuration, text) &&
                                                                       absl::ParseDuration(text, &profile.settle);
                                                }},
                                               Texts("require", &P::require, CheckCheckGlob),
                                               Text("conformance", &P::conformance, CheckConformanceMode),
                                               Text("connectivity", &P::connectivity)};
  ReadMap(cursor, [&](const YamlNode& key, const Cursor& value) {
    if (const Wrong wrong = CheckClusterName(key.scalar)) {
      cursor.mistakes.Add(key.position, cursor.path,
                          absl::StrCat("\"", key.scalar, "\" is not a profile name; letters, digits, `-`"));
    }
    ReadObject(value, fields, out.profiles[key.scalar]);
  });
}

void ReadAllow(const Cursor& cursor, ClusterDefinition& out) {
  std::string text;
  if (ReadText(cursor, OneOf("a tier", {"read", "create", "disruptive"}), text)) out.allow = *ParseTier(text);
}

ClusterDefinition ReadCluster(const Cursor& cursor) {
  using C = ClusterDefinition;
  static const std::vector<Field<C>> fields = {{"version",
                                                [](const Cursor& value, C&) {
                                                  int version = 0;
                                                  ReadInt(value, 1, 1, version);
                                                },
                                                true},
                                               Required(Text("cluster", &C::cluster, CheckClusterName)),
                                               Text("fixture", &C::fixture, FixtureName()),
                                               Bool("discovered", &C::discovered),
                                               Bool("disposable", &C::disposable),
                                               {"allow", ReadAllow},
                                               Text("endpoint", &C::endpoint, CheckEndpoint),
                                               Text("authority", &C::authority, CheckFingerprint),
                                               {"talos", ReadTalos},
                                               {"kubernetes", ReadKubernetes},
                                               {"nodes", ReadNodes},
                                               {"vm", ReadVm},
                                               {"synology", ReadSynology},
                                               {"qemu", ReadQemu},
                                               {"config", ReadConfig},
                                               {"secureBoot",
                                                [](const Cursor& value, C& out) {
                                                  bool secure_boot = false;
                                                  if (ReadBool(value, secure_boot)) out.secure_boot = secure_boot;
                                                }},
                                               {"namespaces", ReadNamespaces},
                                               {"crds", ReadCrds},
                                               {"cilium", ReadCilium},
                                               {"workloads", ReadWorkloads},
                                               {"knownIssues", ReadKnownIssues},
                                               {"profiles", ReadProfiles}};
  ClusterDefinition definition;
  ReadObject(cursor, fields, definition);
  return definition;
}

}  // namespace
}  // namespace internal

absl::StatusOr<ClusterDefinition> ParseClusterFile(std::string_view text, std::string_view name,
                                                   const std::filesystem::path& folder) {
  YamlMistakes mistakes(name);
  const std::vector<YamlNode::Pointer> documents = ReadYaml(text, {}, mistakes);
  if (mistakes.empty() && documents.empty()) {
    mistakes.Add({}, "", "the file is empty; it must at least say `version: 1` and `cluster: NAME`");
  }
  if (documents.size() > 1) {
    mistakes.Add(documents[1]->position, "", "a second document; one file describes one cluster");
  }
  if (!mistakes.empty()) return absl::InvalidArgumentError(mistakes.ToString());
  ClusterDefinition definition = internal::ReadCluster({*documents.front(), "", mistakes});
  if (!mistakes.empty()) return absl::InvalidArgumentError(mistakes.ToString());
  internal::MakePathsAbsolute(definition, folder);
  return definition;
}

absl::StatusOr<ClusterDefinition> LoadClusterFile(const std::filesystem::path& path) {
  constexpr uint64_t kLimit = 2 << 20;  // beyond what the parser takes: it says so with the name in front
  TALES_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kLimit));
  std::error_code error;
  const std::filesystem::path absolute = std::filesystem::absolute(path, error);
  TALES_ASSIGN_OR_RETURN(ClusterDefinition definition, ParseClusterFile(text, path.string(), absolute.parent_path()));
  definition.path = absolute.lexically_normal().string();
  return definition;
}

}  // namespace tales
