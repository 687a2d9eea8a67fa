#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "harness/definition/cluster_file.h"

namespace tales {
namespace {

// A scalar that reads back as this text, within a block and within a flow collection.
std::string Scalar(std::string_view text) {
  static constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/+=:-";
  static constexpr std::string_view kFirst = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/";
  const bool plain = !text.empty() && kFirst.find(text[0]) != std::string_view::npos &&
                     text.find_first_not_of(kPlain) == std::string_view::npos && text.back() != ':' && text != "null" &&
                     text != "Null" && text != "NULL" && text != "true" && text != "false";
  if (plain) return std::string(text);
  std::string quoted = "\"";
  for (char c : text) {
    const unsigned char byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      absl::StrAppend(&quoted, "\\", std::string_view(&c, 1));
    } else if (c == '\n') {
      quoted += "\\n";
    } else if (c == '\t') {
      quoted += "\\t";
    } else if (byte < 0x20 || byte == 0x7f) {
      absl::StrAppend(&quoted, "\\x", absl::Hex(byte, absl::kZeroPad2));
    } else {
      quoted += c;
    }
  }
  return quoted + "\"";
}

std::string List(const std::vector<std::string>& texts) {
  return absl::StrCat(
      "[", absl::StrJoin(texts, ", ", [](std::string* out, const std::string& text) { out->append(Scalar(text)); }),
      "]");
}

// `{a: 1, b: 2}` of what is not empty.
class Flow {
 public:
  Flow& Raw(std::string_view key, std::string_view value) {
    absl::StrAppend(&text_, text_.empty() ? "" : ", ", key, ": ", value);
    return *this;
  }
  Flow& Text(std::string_view key, const std::string& value) { return value.empty() ? *this : Raw(key, Scalar(value)); }
  Flow& Texts(std::string_view key, const std::vector<std::string>& values) {
    return values.empty() ? *this : Raw(key, List(values));
  }
  Flow& True(std::string_view key, bool value) { return value ? Raw(key, "true") : *this; }
  bool empty() const { return text_.empty(); }
  std::string ToString() const { return absl::StrCat("{", text_, "}"); }

 private:
  std::string text_;
};

void Line(std::string& out, std::string_view key, std::string_view value, std::string_view comment = "") {
  absl::StrAppend(&out, key, ": ", value);
  if (!comment.empty()) absl::StrAppend(&out, "  # ", comment);
  out += '\n';
}

void WriteNodes(const ClusterDefinition& definition, std::string& out) {
  if (!definition.nodes_declared) return;
  if (definition.nodes.empty()) return Line(out, "nodes", "[]", "it is declared that there are none");
  out += "nodes:  # the name is Kubernetes' too; `dial` is where it is reached from here\n";
  for (const NodeDefinition& node : definition.nodes) {
    Flow flow;
    flow.Text("name", node.name).Raw("role", ToString(node.role)).Text("address", node.address);
    if (node.dial != node.address) flow.Text("dial", node.dial);
    flow.Texts("taints", node.taints).Text("fixture", node.fixture);
    Flow power;
    for (const auto& [action, command] : node.power) power.Texts(action, command);
    if (!power.empty()) flow.Raw("power", power.ToString());
    absl::StrAppend(&out, "  - ", flow.ToString(), "\n");
  }
}

void WriteVm(const VmDefinition& vm, std::string& out) {
  Flow disk, flow;
  disk.Text("size", vm.disk.size).Text("bus", vm.disk.bus).True("reclaim", vm.disk.reclaim);
  flow.Text("machine", vm.machine).Text("video", vm.video).Text("firmware", vm.firmware).Text("memory", vm.memory);
  if (vm.cpus > 0) flow.Raw("cpus", absl::StrCat(vm.cpus));
  if (!disk.empty()) flow.Raw("disk", disk.ToString());
  flow.Text("network", vm.network).Text("autostart", vm.autostart);
  Line(out, "vm", flow.ToString());
}

void WriteSynology(const SynologyDefinition& synology, std::string& out) {
  Flow flow;
  flow.Text("url", synology.url).Text("account", synology.account);
  flow.Text("passwordFile", synology.password_file).Text("passwordEnv", synology.password_env);
  flow.Text("otpEnv", synology.otp_env).Text("fingerprint", synology.fingerprint).Text("ca", synology.ca);
  flow.Text("storage", synology.storage).Text("isoPath", synology.iso_path);
  flow.True("internalReads", synology.internal_reads);
  Line(out, "synology", flow.ToString());
}

void WriteQemu(const QemuDefinition& qemu, std::string& out) {
  Flow flow, firmware, network;
  flow.Text("state", qemu.state).Text("iso", qemu.iso).Text("accelerator", qemu.accelerator);
  firmware.Text("code", qemu.firmware_code).Text("variables", qemu.firmware_variables);
  if (!firmware.empty()) flow.Raw("firmware", firmware.ToString());
  network.Text("kind", qemu.network.kind).Text("name", qemu.network.name).Text("group", qemu.network.group);
  if (!qemu.network.forward.empty())
    network.Raw("forward", absl::StrCat("[", absl::StrJoin(qemu.network.forward, ", "), "]"));
  if (!network.empty()) flow.Raw("network", network.ToString());
  Line(out, "qemu", flow.ToString());
}

void WriteConfig(const ConfigDefinition& config, std::string& out) {
  Flow secrets, generator, patches, earlier;
  secrets.Text("file", config.secrets_file).Texts("command", config.secrets_command);
  generator.Texts("command", config.generator_command).Texts("arguments", config.generator_arguments);
  for (const auto& [kind, list] : config.patches) patches.Raw(kind, List(list));
  if (!patches.empty()) generator.Raw("patches", patches.ToString());
  Flow flow;
  flow.Text("folder", config.folder);
  if (!secrets.empty()) flow.Raw("secrets", secrets.ToString());
  if (!generator.empty()) flow.Raw("generator", generator.ToString());
  flow.Texts("kernelArguments", config.kernel_arguments);
  earlier.Text("talosconfig", config.earlier_talosconfig).Text("kubeconfig", config.earlier_kubeconfig);
  if (!earlier.empty()) flow.Raw("earlier", earlier.ToString());
  Line(out, "config", flow.ToString());
}

void WriteNamespaces(const ClusterDefinition& definition, std::string& out) {
  if (definition.namespaces.empty()) return;
  out += "namespaces:  # pod-security labels; a label that is not named here is not judged\n";
  for (const auto& [name, labels] : definition.namespaces) {
    Flow flow;
    flow.Text("enforce", labels.enforce).Text("enforceVersion", labels.enforce_version);
    flow.Text("warn", labels.warn).Text("warnVersion", labels.warn_version);
    flow.Text("audit", labels.audit).Text("auditVersion", labels.audit_version).True("exempt", labels.exempt);
    Line(out, absl::StrCat("  ", Scalar(name)), flow.ToString());
  }
}

void WriteCilium(const CiliumDefinition& cilium, std::string& out) {
  Flow flow, values;
  flow.Text("namespace", cilium.cilium_namespace).Text("release", cilium.release).Text("chart", cilium.chart);
  flow.Text("version", cilium.version).True("kubeProxyReplacement", cilium.kube_proxy_replacement);
  for (const auto& [key, value] : cilium.values) values.Raw(Scalar(key), Scalar(value));
  if (!values.empty()) flow.Raw("values", values.ToString());
  Line(out, "cilium", flow.ToString());
}

void WriteKnownIssues(const ClusterDefinition& definition, std::string& out) {
  if (definition.known_issues.empty()) return;
  out += "knownIssues:\n";
  for (const KnownIssue& issue : definition.known_issues) {
    Flow flow, until;
    flow.Text("id", issue.id).Text("link", issue.link).Text("reason", issue.reason).Texts("checks", issue.checks);
    flow.Texts("lines", issue.lines);
    for (const auto& [component, constraint] : issue.until_version) until.Text(component, constraint);
    flow.Text("until", issue.until_date);
    if (!until.empty()) flow.Raw("until", until.ToString());
    absl::StrAppend(&out, "  - ", flow.ToString(), "\n");
  }
}

void WriteWorkloads(const WorkloadsDefinition& workloads, std::string& out) {
  Flow images, world, connectivity, flow;
  images.Text("client", workloads.images.client).Text("server", workloads.images.server);
  images.Text("conformance", workloads.images.conformance).Text("output", workloads.images.output);
  world.Text("name", workloads.world.name).Text("otherName", workloads.world.other_name);
  world.Text("address", workloads.world.address).Text("otherAddress", workloads.world.other_address);
  world.Text("range", workloads.world.range).True("insecure", workloads.world.insecure);
  const WorkloadsDefinition::Connectivity& test = workloads.connectivity;
  if (test.timeout > absl::ZeroDuration()) connectivity.Raw("timeout", absl::FormatDuration(test.timeout));
  if (test.concurrency > 0) connectivity.Raw("concurrency", absl::StrCat(test.concurrency));
  connectivity.Texts("arguments", test.arguments);
  if (!images.empty()) flow.Raw("images", images.ToString());
  if (!world.empty()) flow.Raw("world", world.ToString());
  if (!connectivity.empty()) flow.Raw("connectivity", connectivity.ToString());
  if (!flow.empty()) Line(out, "workloads", flow.ToString());
}

void WriteProfiles(const ClusterDefinition& definition, std::string& out) {
  if (definition.profiles.empty()) return;
  out += "profiles:\n";
  for (const auto& [name, profile] : definition.profiles) {
    Flow flow;
    if (profile.has_settle) flow.Raw("settle", absl::FormatDuration(profile.settle));
    flow.Texts("require", profile.require).Text("conformance", profile.conformance);
    flow.Text("connectivity", profile.connectivity);
    Line(out, absl::StrCat("  ", Scalar(name)), flow.ToString());
  }
}

}  // namespace

std::string WriteClusterFile(const ClusterDefinition& definition) {
  std::string out = "# What this cluster should be. The format: fixtures/README.md. No secret belongs in here.\n";
  Line(out, "version", "1");
  Line(out, "cluster", Scalar(definition.cluster));
  if (!definition.fixture.empty()) Line(out, "fixture", Scalar(definition.fixture), "where the cluster comes from");
  if (definition.discovered) {
    Line(out, "discovered", "true", "found by looking; take the line out once you have read the rest and mean it");
  }
  if (definition.disposable) Line(out, "disposable", "true", "it may be torn down");
  Line(out, "allow", ToString(definition.allow), "what a run may do to it: read, create, disruptive");
  if (!definition.endpoint.empty()) Line(out, "endpoint", Scalar(definition.endpoint));
  if (!definition.authority.empty()) {
    Line(out, "authority", definition.authority,
         "fingerprint of the Kubernetes CA: that it is this cluster and no other");
  }
  Flow talos, kubernetes;
  talos.Text("version", definition.talos.version).Text("image", definition.talos.image);
  talos.Text("talosconfig", definition.talos.talosconfig).Text("context", definition.talos.context);
  if (!talos.empty()) Line(out, "talos", talos.ToString());
  kubernetes.Text("version", definition.kubernetes.version).Text("kubeconfig", definition.kubernetes.kubeconfig);
  kubernetes.Text("context", definition.kubernetes.context);
  if (!kubernetes.empty()) Line(out, "kubernetes", kubernetes.ToString());
  WriteNodes(definition, out);
  if (definition.vm.has_value()) WriteVm(*definition.vm, out);
  if (definition.synology.has_value()) WriteSynology(*definition.synology, out);
  if (definition.qemu.has_value()) WriteQemu(*definition.qemu, out);
  if (definition.config.has_value()) WriteConfig(*definition.config, out);
  if (definition.secure_boot.has_value()) Line(out, "secureBoot", *definition.secure_boot ? "true" : "false");
  WriteNamespaces(definition, out);
  if (!definition.crds.empty()) {
    out += "crds:\n";
    for (const auto& [name, crds] : definition.crds) {
      Flow flow, files;
      flow.Text("version", crds.version).Text("source", crds.source).Text("sha256", crds.sha256);
      for (const auto& [file, digest] : crds.files) files.Raw(Scalar(file), digest.empty() ? "unknown" : digest);
      if (!files.empty()) flow.Raw("files", files.ToString());
      Line(out, absl::StrCat("  ", name), flow.ToString());
    }
  }
  if (definition.cilium.has_value()) WriteCilium(*definition.cilium, out);
  WriteWorkloads(definition.workloads, out);
  WriteKnownIssues(definition, out);
  WriteProfiles(definition, out);
  return out;
}

}  // namespace tales
