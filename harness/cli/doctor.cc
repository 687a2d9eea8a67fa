#include "harness/cli/doctor.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "CLI/App.hpp"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "fixtures/adopt/credentials.h"
#include "fixtures/docker/examine.h"
#include "fixtures/local/asset_build.h"
#include "fixtures/local/assets.h"
#include "fixtures/local/node/prerequisites.h"
#include "fixtures/qemu/examine.h"
#include "fixtures/synology/examine.h"
#include "harness/base/subprocess.h"
#include "harness/definition/cluster_file.h"
#include "harness/kube/client.h"
#include "harness/runner/plan.h"
#include "harness/talos/client.h"

namespace tales {
namespace {

struct Options {
  adopt::CredentialRequest credentials;
  std::filesystem::path cluster_file;
  std::string fixture, profile;
};

class Doctor {
 public:
  Doctor(const Options& options, std::optional<ClusterDefinition> definition, std::string fixture, Profile profile,
         std::ostream& out)
      : options_(options),
        definition_(std::move(definition)),
        fixture_(std::move(fixture)),
        profile_(std::move(profile)),
        out_(out) {}

  int Run() {
    Tools();
    ControlPlanePrograms();
    if (fixture_ == "local" && definition_.has_value() && !definition_->nodes.empty()) Nodes();
    if (definition_.has_value()) ConfigFiles();
    if (fixture_ == "adopt") AdoptedCluster();
    if (HasMachinesOf("synology")) Nas();
    return missing_ == 0 ? kExitOk : kExitFailed;
  }

 private:
  void Ok(std::string_view what, std::string_view found) { out_ << "ok       " << what << ": " << found << "\n"; }
  // `how`: the way to get it. What is only wanted does not fail.
  void Lacks(bool needed, std::string_view what, std::string_view why, std::string_view how) {
    out_ << (needed ? "missing  " : "optional ") << what << ": " << why << "; " << how << "\n";
    if (needed) ++missing_;
  }

  bool GeneratesConfig() const {
    return definition_.has_value() && definition_->config.has_value() &&
           !definition_->config->generator_arguments.empty();
  }

  void Tool(std::string_view program, bool needed, std::string_view how) {
    if (const auto path = FindProgram(program); path.ok()) {
      Ok(program, path->string());
    } else {
      Lacks(needed, program, "not found in PATH", how);
    }
  }

  void Tools() {
    static const std::set<std::string> kBringUp = {"docker", "qemu", "synology", "metal"};
    const bool brings_up = kBringUp.contains(fixture_);
    Tool("talosctl", brings_up || GeneratesConfig(),
         absl::StrCat("install the one of the cluster's Talos version",
                      definition_.has_value() && !definition_->talos.version.empty()
                          ? absl::StrCat(" (", definition_->talos.version, ")")
                          : "",
                      " from the siderolabs/talos releases"));
    Tool("kubectl", false, "install it from dl.k8s.io or your distribution; only next steps in reports use it");
    Tool("helm", brings_up && fixture_ != "docker", "install it from get.helm.sh; bring-up installs Cilium with it");
    if (definition_.has_value() && definition_->cilium.has_value()) CiliumCli();
    if (HasMachinesOf("qemu")) Tell(qemu::Examine(definition_.has_value() ? &*definition_ : nullptr));
    if (fixture_ == "docker") Tell(docker::Examine(definition_.has_value() ? &*definition_ : nullptr));
  }

  // `cilium status` is optional; a profile that runs `cilium connectivity test` needs it.
  void CiliumCli() {
    const bool needed = !profile_.connectivity.empty() && profile_.connectivity != "none";
    absl::StatusOr<std::filesystem::path> path = FindProgram("cilium");
    if (!path.ok() && fixture_ == "local") path = FindAsset(CiliumCliAsset(), {.may_build = false});
    if (path.ok()) return Ok("cilium", path->string());
    Lacks(
        needed, "cilium", "not found in PATH",
        "install the CLI from the cilium/cilium-cli releases (v0.18), or build it with `tales assets --cilium-cli`; it "
        "runs `cilium connectivity test` and `cilium status`");
  }

  // A node may have a fixture of its own.
  bool HasMachinesOf(std::string_view fixture) const {
    if (fixture_ == fixture) return true;
    return definition_.has_value() && std::any_of(definition_->nodes.begin(), definition_->nodes.end(),
                                                  [&](const NodeDefinition& node) { return node.fixture == fixture; });
  }

  void Tell(const std::vector<Finding>& findings) {
    for (const Finding& finding : findings) {
      if (finding.kind == Finding::kThere) {
        Ok(finding.what, finding.found);
      } else {
        Lacks(finding.kind == Finding::kMissing, finding.what, finding.found, finding.how);
      }
    }
  }

  void ControlPlanePrograms() {
    const bool needed = fixture_ == "local";
    std::vector<std::string> absent;
    for (const Asset& asset : ControlPlaneAssets()) {
      if (const auto path = FindAsset(asset, {.may_build = false}); path.ok()) {
        Ok(asset.program, path->string());
      } else {
        absent.emplace_back(asset.program);
      }
    }
    const auto go = FirstLineOf({"go", "version"});
    const bool recent = go.has_value() && IsGoRecentEnough(*go);
    if (recent) {
      Ok("go", *go);
    } else {
      Lacks(needed && !absent.empty(), "go", go.has_value() ? absl::StrCat("too old (", *go, ")") : "not found in PATH",
            "1.23 or newer builds the programs of fixture local: apt install -t bookworm-backports golang");
    }
    if (absent.empty()) return;
    Lacks(needed && !recent, absl::StrJoin(absent, ", "), "not there",
          recent ? "fixture local builds them at its first start"
                 : "set KUBEBUILDER_ASSETS to a folder that has them, or install Go");
  }

  void Nodes() {
    const bool cilium = definition_->cilium.has_value();
    const std::vector<Prerequisite> missing =
        MissingForNodes(cilium ? Cni::kCilium : Cni::kBridge, static_cast<int>(definition_->nodes.size()),
                        Deadline::After(absl::Minutes(1)));
    for (const Prerequisite& one : missing) Lacks(!one.optional, absl::StrCat("nodes: ", one.what), one.why, one.how);
    if (missing.empty())
      Ok("nodes", "rights, namespaces, control groups, inotify instances and Debian packages are there");
    std::vector<std::string> absent;
    for (const std::vector<Asset>* assets : {&NodeAssets(), &CiliumAssets()}) {
      if (assets == &CiliumAssets() && !cilium) continue;
      for (const Asset& asset : *assets) {
        if (!FindAsset(asset, {.may_build = false}).ok()) absent.emplace_back(asset.program);
      }
    }
    if (absent.empty()) return Ok("programs of nodes", "are there");
    Lacks(false, absl::StrJoin(absent, ", "), "not there",
          absl::StrCat("`tales assets ", cilium ? "--cilium" : "--nodes",
                       "` builds them with Go (runc needs gcc, pkg-config and libseccomp-dev), in minutes, once"));
  }

  // First line of what a program prints, where it can be run.
  static std::optional<std::string> FirstLineOf(std::vector<std::string> argv) {
    const auto finished = tales::Run({.argv = std::move(argv)}, Deadline::After(absl::Seconds(10)));
    if (!finished.ok() || !finished->ok()) return std::nullopt;
    return std::string(absl::StripAsciiWhitespace(finished->output.substr(0, finished->output.find('\n'))));
  }

  void ConfigFiles() {
    if (!definition_->config.has_value()) return;
    const ConfigDefinition& config = *definition_->config;
    // Only suite config reads them; the profiles that demand it come to a bad end without.
    const bool needed = Requires("config.");
    if (!config.folder.empty()) Folder(config.folder, needed);
    if (!config.secrets_file.empty()) SecretFile("secrets file", config.secrets_file, needed);
    for (const auto& [what, argv] :
         {std::pair("secrets command", &config.secrets_command), std::pair("generator", &config.generator_command)}) {
      if (argv->empty()) continue;
      if (const auto path = FindProgram(argv->front()); path.ok()) {
        Ok(what, path->string());
      } else {
        Lacks(needed, what, std::string(path.status().message()), "mend `config` in the cluster file, or install it");
      }
    }
  }

  bool Requires(std::string_view prefix) const {
    for (const std::string& glob : profile_.require) {
      if (absl::StartsWith(glob, prefix) || absl::StartsWith(glob, "*")) return true;
    }
    return false;
  }

  void Folder(const std::string& path, bool needed) {
    std::error_code error;
    if (std::filesystem::is_directory(path, error)) return Ok("config folder", path);
    Lacks(needed, "config folder", absl::StrCat(path, " is not there"),
          "make it, or mend config.folder in the cluster file");
  }

  void SecretFile(std::string_view what, const std::filesystem::path& path, bool needed) {
    struct stat info;
    if (stat(path.c_str(), &info) != 0 || access(path.c_str(), R_OK) != 0) {
      return Lacks(needed, what, absl::StrCat(path.string(), " is not there or not readable"),
                   "fetch it from where it is kept, or mend the name in the cluster file");
    }
    if ((info.st_mode & 0077) != 0) {
      return Lacks(false, what, absl::StrCat(path.string(), " can be read by others"),
                   absl::StrCat("chmod 600 ", path.string()));
    }
    Ok(what, path.string());
  }

  void Nas() {
    if (!definition_.has_value() || !definition_->synology.has_value()) {
      return Lacks(true, "NAS", "the cluster file does not say where it is",
                   "give --cluster FILE with `synology` in it; fixtures/README.md has the keys");
    }
    if (!definition_->vm.has_value()) {
      Lacks(true, "vm", "the cluster file does not say what the machines should be like", "add `vm` to it");
    }
    Tell(synology::Examine(*definition_->synology, Deadline::After(absl::Seconds(15))));
  }

  void AdoptedCluster() {
    const auto credentials =
        adopt::FindCredentials(options_.credentials, definition_.has_value() ? &*definition_ : nullptr);
    if (!credentials.ok()) {
      return Lacks(true, "credentials", std::string(credentials.status().message()),
                   "`tales verify --help` tells how to name them");
    }
    if (credentials->kube.has_value()) {
      SecretFile("kubeconfig", credentials->kubeconfig, true);
      AskKubernetes(*credentials);
    } else {
      Lacks(false, "kubeconfig", "none given",
            "what needs the Kubernetes API will be unsupported; give --kubeconfig FILE");
    }
    if (credentials->talos.has_value()) {
      SecretFile("talosconfig", credentials->talosconfig, true);
      AskTalos(*credentials);
    } else {
      Lacks(false, "talosconfig", "none given",
            "what needs the Talos API will be unsupported; give --talosconfig FILE");
    }
  }

  void AskKubernetes(const adopt::Credentials& credentials) {
    const std::string what = absl::StrCat("Kubernetes API ", credentials.kube->server);
    const auto client = kube::Client::Open(*credentials.kube);
    if (!client.ok()) return Lacks(true, what, std::string(client.status().message()), "mend the kubeconfig");
    const auto version = (*client)->GetRaw("/version", Deadline::After(absl::Seconds(5)));
    if (!version.ok()) {
      return Lacks(true, what, std::string(version.status().message()),
                   "is it up, and is the address reachable from here?");
    }
    Ok(what, "answers");
    const auto nodes = (*client)->List(kube::kNodes, "", {}, Deadline::After(absl::Seconds(5)));
    if (nodes.ok()) {
      Ok("rights in Kubernetes", absl::StrCat("lists nodes (", nodes->size(), ")"));
    } else {
      Lacks(true, "rights in Kubernetes", std::string(nodes.status().message()),
            "use a kubeconfig that may at least read");
    }
  }

  void AskTalos(const adopt::Credentials& credentials) {
    talos::Client::Options options;
    if (definition_.has_value()) {
      for (const NodeDefinition* node : definition_->NodesWithRole(Role::kControlPlane))
        options.endpoints.push_back(node->dial);
    }
    const auto client = talos::Client::Open(*credentials.talos, options);
    if (!client.ok()) return Lacks(true, "Talos API", std::string(client.status().message()), "mend the talosconfig");
    Ok("rights in Talos", absl::StrJoin((*client)->roles(), ", "));
    std::vector<std::string> nodes;
    if (definition_.has_value()) {
      for (const NodeDefinition& node : definition_->nodes) nodes.push_back(node.address);
    }
    if (nodes.empty()) nodes = credentials.talos->nodes.empty() ? (*client)->endpoints() : credentials.talos->nodes;
    for (const std::string& node : nodes) {
      const auto version = (*client)->Version(node, Deadline::After(absl::Seconds(5)));
      const std::string what = absl::StrCat("Talos API of ", node);
      if (version.ok()) {
        Ok(what, absl::StrCat("answers, ", version->version().tag()));
      } else {
        Lacks(true, what, std::string(version.status().message()),
              "is the node up, and is a control plane reachable from here?");
      }
    }
  }

  const Options& options_;
  std::optional<ClusterDefinition> definition_;
  std::string fixture_;
  Profile profile_;  // none was named: it requires nothing
  std::ostream& out_;
  int missing_ = 0;
};

int Diagnose(const Options& options, CliContext& context) {
  std::optional<ClusterDefinition> definition;
  if (!options.cluster_file.empty()) {
    auto loaded = LoadClusterFile(options.cluster_file);
    if (!loaded.ok()) {
      context.err << "tales doctor: " << loaded.status().message() << "\n";
      return kExitUsage;
    }
    definition = *std::move(loaded);
  }
  std::string fixture = options.fixture;
  if (fixture.empty() && definition.has_value()) fixture = definition->fixture;
  if (fixture.empty() && !(options.credentials.kubeconfig.empty() && options.credentials.talosconfig.empty()))
    fixture = "adopt";
  if (!fixture.empty() && !context.registry.fixtures.contains(fixture)) {
    context.err << "tales doctor: fixture \"" << fixture
                << "\" is not one of this program's: " << FixtureNames(context.registry) << "\n";
    return kExitUsage;
  }
  Profile profile;
  if (!options.profile.empty()) {
    absl::StatusOr<Profile> named =
        ResolveProfile(context.registry, definition.value_or(ClusterDefinition{}), options.profile);
    if (!named.ok()) {
      context.err << "tales doctor: " << named.status().message() << "\n";
      return kExitUsage;
    }
    profile = *std::move(named);
  }
  return Doctor(options, std::move(definition), fixture, std::move(profile), context.out).Run();
}

}  // namespace

void AddDoctorCommand(CLI::App& app, CliContext& context) {
  CLI::App* doctor = app.add_subcommand("doctor", "Is there what a cluster file, a profile and a fixture need?");
  const auto options = std::make_shared<Options>();
  doctor->add_option("--cluster", options->cluster_file, "Cluster file");
  doctor->add_option("--fixture", options->fixture, "Default: the cluster file's");
  doctor->add_option("--profile", options->profile, "What the profile requires is needed; the rest is optional");
  doctor->add_option("--kubeconfig", options->credentials.kubeconfig, "Default: the cluster file's");
  doctor->add_option("--talosconfig", options->credentials.talosconfig, "Default: the cluster file's");
  doctor->add_option("--kubernetes-context", options->credentials.kubernetes_context);
  doctor->add_option("--talos-context", options->credentials.talos_context);
  doctor->callback([options, &context] { context.exit_code = Diagnose(*options, context); });
}

}  // namespace tales
