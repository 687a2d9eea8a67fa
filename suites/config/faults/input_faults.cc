#include "suites/config/faults/input_faults.h"

#include <filesystem>
#include <functional>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "harness/base/file.h"
#include "harness/base/status.h"
#include "harness/base/subprocess.h"
#include "harness/operator/files.h"
#include "harness/operator/secrets.h"
#include "harness/pki/authority.h"
#include "harness/pki/certificate.h"
#include "harness/talos/talosconfig.h"
#include "suites/config/faults/edit.h"

namespace tales {
namespace {

using config::FileOf;
using config::kControlPlaneFile;
using config::kTalosconfigFile;
using config::kWorkerFile;
using std::filesystem::path;

constexpr absl::Duration kGitDeadline = absl::Seconds(20);

// The operator's files, copied where a fault may break them. The definition names the copies.
class Copy {
 public:
  static absl::StatusOr<Copy> Make(const path& scratch, ClusterDefinition& definition) {
    if (!definition.config.has_value() || definition.config->folder.empty()) {
      return absl::InvalidArgumentError("the cluster file names no config.folder, whose files could be broken");
    }
    ConfigDefinition& config = *definition.config;
    const path to = scratch / "config";
    std::error_code error;
    // A second fault breaks what the first has left.
    if (config.folder == to.string()) return Copy(to, definition);
    std::filesystem::create_directories(to, error);
    std::filesystem::permissions(to, std::filesystem::perms::owner_all, error);
    if (error) return absl::InternalError(absl::StrCat(to.string(), ": ", error.message()));
    const path secrets = config::SecretsFile(config);
    for (const path& file : {secrets, config.folder / path(kControlPlaneFile), config.folder / path(kWorkerFile),
                             config.folder / path(kTalosconfigFile)}) {
      const absl::StatusOr<std::string> content = config::ReadRegularFile(file);
      if (absl::IsNotFound(content.status())) continue;
      if (!content.ok()) return content.status();
      TALES_RETURN_IF_ERROR(WriteFileAtomically(to / file.filename(), *content, 0600));
    }
    config.folder = to.string();
    if (config.secrets_command.empty()) config.secrets_file = (to / secrets.filename()).string();
    return Copy(to, definition);
  }

  const path& folder() const { return folder_; }
  absl::StatusOr<std::string> Read(const path& name) const { return config::ReadRegularFile(folder_ / name); }
  absl::Status Write(const path& name, std::string_view content) const {
    return WriteFileAtomically(folder_ / name, content, 0600);
  }
  absl::Status Set(const path& name, std::string_view where, std::string_view value) const {
    absl::StatusOr<std::string> text = Read(name);
    if (text.ok()) text = config::WithValue(*std::move(text), where, value);
    if (!text.ok()) return Annotate(text.status(), name.string());
    return Write(name, *text);
  }
  absl::StatusOr<config::Secrets> Secrets() const {
    const path file = config::SecretsFile(*definition_.config);
    TALES_ASSIGN_OR_RETURN(std::string text, config::ReadRegularFile(file));
    return config::ParseSecrets(std::move(text), file.filename().string());
  }

 private:
  Copy(path folder, ClusterDefinition& definition) : folder_(std::move(folder)), definition_(definition) {}
  path folder_;
  ClusterDefinition& definition_;
};

using Break = std::function<absl::Status(const FaultRequest&, const Copy&, ClusterDefinition&)>;

absl::StatusOr<pki::Authority> Foreign(pki::KeyType type) { return pki::Authority::Mint("", "foreign", type); }

// --- One function a fault; what it is for is in ConfigFaults().

absl::Status ChangeKey(const FaultRequest& fault, const Copy& copy, ClusterDefinition& definition) {
  const NodeDefinition* node = definition.FindNode(fault.target);
  if (node == nullptr) return absl::InvalidArgumentError(absl::StrCat("no node \"", fault.target, "\""));
  return copy.Set(FileOf(node->role), "cluster.network.dnsDomain", "changed.example");
}

absl::Status SwapSecrets(const FaultRequest&, const Copy& copy, ClusterDefinition& definition) {
  TALES_ASSIGN_OR_RETURN(const pki::Authority other, Foreign(pki::KeyType::kEd25519));
  const path file = config::SecretsFile(*definition.config).filename();
  TALES_RETURN_IF_ERROR(copy.Set(file, "certs.os.crt", absl::Base64Escape(other.certificate_pem())));
  TALES_ASSIGN_OR_RETURN(const std::string key, pki::TalosKeyPem(other.key_pem()));
  return copy.Set(file, "certs.os.key", absl::Base64Escape(key));
}

// The scratch folder keeps everybody out whatever the modes below it say.
absl::Status OpenToOthers(const FaultRequest&, const Copy& copy, ClusterDefinition&) {
  std::error_code error;
  std::filesystem::permissions(copy.folder(), std::filesystem::perms(0755), error);
  if (!error) std::filesystem::permissions(copy.folder() / kControlPlaneFile, std::filesystem::perms(0644), error);
  return error ? absl::InternalError(absl::StrCat(copy.folder().string(), ": ", error.message())) : absl::OkStatus();
}

absl::Status AddToGit(const FaultRequest&, const Copy& copy, ClusterDefinition&) {
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"init", "--quiet"}, {"add", "--force", kControlPlaneFile}}) {
    Command git{.argv = {"git", "-C", copy.folder().string()},
                .environment = {{"GIT_DIR", ""}, {"GIT_WORK_TREE", ""}, {"GIT_INDEX_FILE", ""}}};
    git.argv.insert(git.argv.end(), arguments.begin(), arguments.end());
    TALES_ASSIGN_OR_RETURN(const Finished finished, Run(git, Deadline::After(kGitDeadline)));
    if (!finished.ok()) return absl::InternalError(absl::StrCat(git.ToString(), ": ", finished.error_output));
  }
  return absl::OkStatus();
}

absl::Status Uncover(const FaultRequest&, const Copy& copy, ClusterDefinition&) {
  return copy.Set(kControlPlaneFile, "cluster.apiServer.certSANs[0]", "192.0.2.1");
}

absl::Status UseFlannel(const FaultRequest&, const Copy& copy, ClusterDefinition&) {
  return copy.Set(kControlPlaneFile, "cluster.network.cni.name", "flannel");
}

absl::Status Unpin(const FaultRequest&, const Copy& copy, ClusterDefinition&) {
  return copy.Set(kWorkerFile, "machine.install.image", "ghcr.io/siderolabs/installer:latest");
}

absl::Status Invalidate(const FaultRequest&, const Copy& copy, ClusterDefinition&) {
  return copy.Set(kWorkerFile, "cluster.network.podSubnets[0]", "10.244.0.0");
}

absl::Status Expire(const FaultRequest&, const Copy& copy, ClusterDefinition&) {
  TALES_ASSIGN_OR_RETURN(const config::Secrets secrets, copy.Secrets());
  TALES_ASSIGN_OR_RETURN(const pki::Authority authority,
                         pki::Authority::Load({config::PemOf(secrets.values.at("certs.os.crt")),
                                               config::PemOf(secrets.values.at("certs.os.key"))}));
  TALES_ASSIGN_OR_RETURN(const pki::KeyPair expired, authority.Issue({.organizations = {"os:admin"},
                                                                      .client_auth = true,
                                                                      .lifetime = -absl::Hours(24),
                                                                      .age = absl::Hours(24 * 366)}));
  talos::Context context;
  context.name = "expired";
  context.ca_pem = authority.certificate_pem();
  context.certificate_pem = expired.certificate_pem;
  context.key_pem = expired.key_pem;
  return copy.Write(kTalosconfigFile, talos::WriteTalosConfig(context));
}

// A script that hands out files which stand beside it. `edit` is a command over controlplane.yaml in the folder in
// which the script is run.
absl::Status UseScript(const Copy& copy, ClusterDefinition& definition, std::string_view edit) {
  const path folder = copy.folder() / "generated";
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return absl::InternalError(absl::StrCat(folder.string(), ": ", error.message()));
  for (const char* name : {kControlPlaneFile, kWorkerFile, kTalosconfigFile}) {
    TALES_ASSIGN_OR_RETURN(const std::string content, copy.Read(name));
    TALES_RETURN_IF_ERROR(WriteFileAtomically(folder / name, content, 0600));
  }
  const path script = copy.folder() / "generator.sh";
  definition.config->generator_arguments.clear();
  definition.config->patches.clear();
  definition.config->generator_command = {script.string()};
  return WriteFileAtomically(script, absl::StrCat("#!/bin/sh\nset -eu\ncp \"${0%/*}/generated\"/* .\n", edit, "\n"),
                             0700);
}

absl::Status Randomize(const FaultRequest&, const Copy& copy, ClusterDefinition& definition) {
  return UseScript(copy, definition, "sed -i \"s/dnsDomain: .*/dnsDomain: run-$$.example/\" controlplane.yaml");
}

absl::Status MakeStale(const FaultRequest&, const Copy& copy, ClusterDefinition& definition) {
  // What is generated today is what was kept until now.
  TALES_RETURN_IF_ERROR(UseScript(copy, definition, ":"));
  return copy.Set(kWorkerFile, "machine.install.disk", "/dev/disk/by-id/edited-by-hand");
}

absl::Status ForgeEarlier(const FaultRequest&, const Copy& copy, ClusterDefinition& definition) {
  TALES_ASSIGN_OR_RETURN(const pki::Authority other, Foreign(pki::KeyType::kEd25519));
  TALES_ASSIGN_OR_RETURN(const pki::KeyPair pair, other.Issue({.organizations = {"os:admin"}, .client_auth = true}));
  talos::Context context;
  context.name = "earlier";
  context.ca_pem = other.certificate_pem();
  context.certificate_pem = pair.certificate_pem;
  context.key_pem = pair.key_pem;
  TALES_RETURN_IF_ERROR(copy.Write("earlier-talosconfig", talos::WriteTalosConfig(context)));
  definition.config->earlier_talosconfig = (copy.folder() / "earlier-talosconfig").string();
  return absl::OkStatus();
}

struct ConfigFault {
  Fault fault;
  Break apply;
};

std::vector<ConfigFault> Make() {
  using List = std::vector<std::string>;
  std::vector<ConfigFault> faults;
  const auto add = [&](std::string id, std::string target, Break apply, std::string what, List must, List may) {
    faults.push_back({{"inputs", std::move(id), std::move(what), std::move(target), std::move(must), std::move(may)},
                      std::move(apply)});
  };
  // A kept file that was changed is no longer what the machines run, nor what the generator gives.
  const List changed = {"config.no_drift/*", "config.committed"};
  add("config-key-changed", "worker", ChangeKey, "A value in the kept file of the node's role was edited by hand.",
      {"config.no_drift/{node}"}, changed);
  add("secrets-swapped", "", SwapSecrets, "secrets.yaml holds the Talos authority of another cluster.",
      {"config.secrets_consistent"}, {"config.talosconfig", "config.committed"});
  add("secrets-world-readable", "", OpenToOthers, "controlplane.yaml and its folder can be read by everybody.",
      {"config.secrets_protected"}, {});
  add("secrets-in-git", "", AddToGit, "controlplane.yaml was added to a git repository.", {"config.secrets_protected"},
      {});
  add("endpoint-not-covered", "", Uncover, "The API server's certificate names do not cover the endpoint.",
      {"config.endpoint"}, changed);
  add("cni-not-none", "", UseFlannel, "The control planes install Flannel beside Cilium.", {"config.cilium_ready"},
      changed);
  add("unpinned-version", "", Unpin, "The install image is `latest`, whatever that is today.", {"config.inputs_pinned"},
      changed);
  add("config-invalid", "", Invalidate, "A pod subnet in worker.yaml is no subnet.", {"config.valid"}, changed);
  add("talosconfig-expired", "", Expire, "The kept talosconfig's certificate has run out.", {"config.talosconfig"}, {});
  add("generator-not-reproducible", "", Randomize, "The generator puts its process id into controlplane.yaml.",
      {"config.reproducible"}, {"config.committed", "config.talosconfig", "config.inputs_pinned"});
  add("committed-stale", "", MakeStale, "worker.yaml was edited by hand after it was generated.", {"config.committed"},
      {"config.no_drift/*", "config.reproducible", "config.talosconfig", "config.inputs_pinned"});
  add("earlier-credentials-foreign", "", ForgeEarlier, "The earlier talosconfig comes from other secrets.",
      {"config.old_credentials"}, {"config.secrets_protected"});
  return faults;
}

const std::vector<ConfigFault>& All() {
  static const auto& faults = *new std::vector<ConfigFault>(Make());
  return faults;
}

}  // namespace

const std::vector<Fault>& ConfigFaults() {
  static const auto& faults = *[] {
    auto* list = new std::vector<Fault>;
    for (const ConfigFault& each : All()) list->push_back(each.fault);
    return list;
  }();
  return faults;
}

std::map<std::string, InputFault> ConfigInputFaults() {
  std::map<std::string, InputFault> faults;
  for (const ConfigFault& each : All()) {
    faults[each.fault.name()] = [&each](const FaultRequest& request, const path& scratch,
                                        RunInputs& inputs) -> absl::Status {
      TALES_ASSIGN_OR_RETURN(const Copy copy, Copy::Make(scratch, inputs.definition));
      FaultRequest fault = request;
      if (fault.target.empty()) fault.target = each.fault.default_target;
      return each.apply(fault, copy, inputs.definition);
    };
  }
  return faults;
}

}  // namespace tales
