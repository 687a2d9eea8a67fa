#include "suites/config/pins.h"

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "harness/operator/files.h"
#include "harness/operator/generator.h"
#include "suites/config/rules.h"

namespace tales::config {
namespace {

constexpr std::array kKubernetesImages = {"machine.kubelet.image", "cluster.apiServer.image",
                                          "cluster.controllerManager.image", "cluster.scheduler.image",
                                          "cluster.proxy.image"};
constexpr char kInstallImage[] = "machine.install.image";

std::string_view WithoutV(std::string_view version) { return absl::StripPrefix(version, "v"); }

// Whether a patch (text, or @FILE) sets the install image: as a strategic one, or as JSON 6902.
bool SetsInstallImage(const std::string& patch) {
  std::string text = patch;
  if (absl::StartsWith(patch, "@")) text = ReadRegularFile(patch.substr(1)).value_or("");
  if (absl::StrContains(text, "/machine/install/image")) return true;
  const absl::StatusOr<YamlNode::Pointer> root = ParseMap(text, "a patch");
  return root.ok() && !TextAt(root->get(), kInstallImage).empty();
}

bool AnyPatchSetsInstallImage(const ConfigDefinition& config) {
  for (const auto& [role, patches] : config.patches) {
    if (std::any_of(patches.begin(), patches.end(), SetsInstallImage)) return true;
  }
  const std::string last = FlagOf(config.generator_arguments, "--config-patch");
  return !last.empty() && SetsInstallImage(last);
}

void JudgeFlag(const ConfigDefinition& config, std::string_view flag, std::string_view declared, bool prefix_is_enough,
               std::vector<Problem>& problems) {
  const std::string value = FlagOf(config.generator_arguments, flag);
  if (value.empty() || declared.empty()) return;  // passed on from the cluster file; or JudgeDeclared has told
  const std::string_view have = WithoutV(value), want = WithoutV(declared);
  if (have == want || (prefix_is_enough && absl::StartsWith(want, absl::StrCat(have, ".")))) return;
  problems.push_back(
      {.expected = absl::StrCat("config.generator.arguments: ", flag, " of the declared version ", declared),
       .found = absl::StrCat(flag, "=", value),
       .next = absl::StrCat("correct one of the two in the cluster file, or leave ", flag,
                            " out: the declared version is passed on")});
}

}  // namespace

std::vector<Problem> JudgeDeclared(const ClusterDefinition& definition) {
  std::vector<Problem> problems;
  for (const auto& [key, version] : {std::pair("talos.version", definition.talos.version),
                                     std::pair("kubernetes.version", definition.kubernetes.version)}) {
    if (!version.empty()) continue;
    problems.push_back({.expected = absl::StrCat(key, " in the cluster file"),
                        .found = "it is not declared, so whatever the talosctl of the day brings is right",
                        .next = absl::StrCat("declare ", key, " in ", definition.path)});
  }
  return problems;
}

std::vector<Problem> JudgeImages(const MachineConfig& config, const ClusterDefinition& definition,
                                 std::string_view file, const std::string& next) {
  std::vector<Problem> problems;
  const auto judge = [&](std::string_view path, std::string_view declared, bool required) {
    const std::string image = TextAt(config.v1alpha1(), path);
    if (declared.empty() || (image.empty() && !required)) return;
    const std::string tag = TagOf(image);
    if (WithoutV(tag) == WithoutV(declared) || (tag.empty() && absl::StrContains(image, '@'))) return;
    problems.push_back({.expected = absl::StrCat(file, ": ", path, " of version ", declared),
                        .found = image.empty()
                                     ? absl::StrCat(file, ": ", path, " is not set: the machine takes its own")
                                     : absl::StrCat(file, ": ", path, ": ", image),
                        .next = next});
  };
  judge(kInstallImage, definition.talos.version, true);
  for (const char* path : kKubernetesImages) judge(path, definition.kubernetes.version, path == kKubernetesImages[0]);
  return problems;
}

std::vector<Problem> JudgeArguments(const ConfigDefinition& config, const ClusterDefinition& definition) {
  std::vector<Problem> problems;
  JudgeFlag(config, "--talos-version", definition.talos.version, true, problems);
  JudgeFlag(config, "--kubernetes-version", definition.kubernetes.version, false, problems);
  const std::string image = FlagOf(config.generator_arguments, "--install-image");
  if (image.empty() && !AnyPatchSetsInstallImage(config)) {
    problems.push_back(
        {.expected =
             "config.generator: --install-image among the arguments, or a patch that sets machine.install.image",
         .found = "neither: the install image is that of the talosctl that is used",
         .next = absl::StrCat("add --install-image=ghcr.io/siderolabs/installer:",
                              definition.talos.version.empty() ? "VERSION" : definition.talos.version,
                              " to config.generator.arguments")});
  }
  return problems;
}

std::vector<Problem> JudgeScript(std::string_view text, std::string_view path, const ClusterDefinition& definition) {
  std::vector<Problem> problems;
  if (absl::StrContains(text, '\0') || !absl::StrContains(text, "gen config")) return problems;
  const bool patches = absl::StrContains(text, "--config-patch");
  for (const auto& [flag, value, in_patch] :
       {std::tuple("--kubernetes-version", std::string(WithoutV(definition.kubernetes.version)), false),
        std::tuple("--talos-version", definition.talos.version, false),
        std::tuple("--install-image", absl::StrCat("ghcr.io/siderolabs/installer:", definition.talos.version), true)}) {
    if (absl::StrContains(text, flag) || (in_patch && patches)) continue;
    problems.push_back({.expected = absl::StrCat(path, " says ", flag),
                        .found = "it does not: what the talosctl of the day brings is taken",
                        .next = absl::StrCat("add ", flag, "=", value, " to its `talosctl gen config`")});
  }
  return problems;
}

std::string VersionIn(std::string_view output) {
  for (size_t at = output.find('v'); at != std::string_view::npos; at = output.find('v', at + 1)) {
    const bool begins = at == 0 || absl::ascii_isspace(static_cast<unsigned char>(output[at - 1]));
    if (!begins || at + 1 >= output.size() || !absl::ascii_isdigit(static_cast<unsigned char>(output[at + 1])))
      continue;
    const size_t end = output.find_first_of(" \t\r\n", at);
    return std::string(output.substr(at, end == std::string_view::npos ? end : end - at));
  }
  return "";
}

}  // namespace tales::config
