#include "suites/cilium/helm_release.h"

#include <archive.h>
#include <archive_entry.h>

#include <array>
#include <memory>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "harness/base/status.h"
#include "harness/check/spec.h"
#include "harness/kube/json_text.h"
#include "suites/cilium/agents.h"
#include "yaml-cpp/yaml.h"

namespace tales::cilium {
namespace {

// A Secret holds at most 1 MiB, and JSON of charts packs about tenfold: more than this was made to hurt.
constexpr size_t kUnpackedLimit = 64 << 20;
constexpr std::string_view kGzipMagic = "\x1f\x8b\x08";

absl::StatusOr<std::string> Unpack(std::string_view packed) {
  const std::unique_ptr<archive, int (*)(archive*)> reader(archive_read_new(), archive_read_free);
  archive_read_support_filter_gzip(reader.get());
  archive_read_support_format_raw(reader.get());
  archive_entry* entry = nullptr;
  const auto broken = [&] {
    const char* why = archive_error_string(reader.get());
    return absl::InvalidArgumentError(absl::StrCat("not gzip: ", why == nullptr ? "it ends too early" : why));
  };
  if (archive_read_open_memory(reader.get(), packed.data(), packed.size()) != ARCHIVE_OK ||
      archive_read_next_header(reader.get(), &entry) != ARCHIVE_OK)
    return broken();
  std::string text;
  std::array<char, 65536> buffer;
  while (true) {
    const la_ssize_t count = archive_read_data(reader.get(), buffer.data(), buffer.size());
    if (count < 0) return broken();
    if (count == 0) return text;
    if (static_cast<size_t>(count) > kUnpackedLimit - text.size())
      return absl::OutOfRangeError(absl::StrCat("it unpacks to more than ", kUnpackedLimit >> 20, " MiB"));
    text.append(buffer.data(), static_cast<size_t>(count));
  }
}

const Json& Member(const Json& object, const char* key) {
  static const Json kNothing;
  const auto found = object.is_object() ? object.find(key) : object.end();
  return object.is_object() && found != object.end() ? *found : kNothing;
}

// `over` wins, null removes, maps are merged. Both are as deep as ParseJson let them be.
void Merge(Json& values, const Json& over) {
  if (!values.is_object() || !over.is_object()) {
    if (!over.is_null()) values = over;
    return;
  }
  for (const auto& [key, value] : over.items()) {
    if (value.is_null()) {
      values.erase(key);
    } else {
      Merge(values[key], value);
    }
  }
}

// The dependency that is Cilium's chart, by its name: its version as locked, else as asked for; and the name under
// which the values give it its own.
struct Dependency {
  std::string version, alias;
};
std::optional<Dependency> CiliumDependency(const Json& chart) {
  std::optional<Dependency> found;
  for (const Json& dependency : Array(chart, "metadata.dependencies")) {
    if (Text(dependency, "name") != "cilium") continue;
    const std::string alias = Text(dependency, "alias");
    found = Dependency{Text(dependency, "version"), alias.empty() ? "cilium" : alias};
  }
  for (const Json& dependency : Array(chart, "lock.dependencies")) {
    if (found && Text(dependency, "name") == "cilium") found->version = Text(dependency, "version");
  }
  return found;
}

// ConfigMap cilium-config of a manifest of many documents; only the one that names it is parsed.
std::map<std::string, std::string> RenderedConfig(const std::string& manifest) {
  std::map<std::string, std::string> config;
  for (const auto document : absl::StrSplit(manifest, "\n---")) {
    if (!absl::StrContains(document, "cilium-config") || !absl::StrContains(document, "ConfigMap")) continue;
    try {
      const YAML::Node root = YAML::Load(std::string(document));
      if (!root.IsMap() || !root["kind"] || !root["kind"].IsScalar() || root["kind"].Scalar() != "ConfigMap" ||
          !root["metadata"] || !root["metadata"].IsMap() || !root["metadata"]["name"] ||
          !root["metadata"]["name"].IsScalar() || root["metadata"]["name"].Scalar() != "cilium-config" ||
          !root["data"] || !root["data"].IsMap())
        continue;
      for (const auto& item : root["data"]) {
        if (!item.first.IsScalar()) continue;
        if (item.second.IsScalar()) config[item.first.Scalar()] = item.second.Scalar();
        // A value that was left empty in the template; the API server makes "" of it.
        if (item.second.IsNull()) config[item.first.Scalar()] = "";
      }
    } catch (const std::exception&) {
      continue;  // some other document that merely mentions it
    }
  }
  return config;
}

int64_t RevisionOf(const Json& stored) {
  int64_t revision = 0;
  return absl::SimpleAtoi(Label(stored, "version"), &revision) ? revision : 0;
}

}  // namespace

std::optional<std::string> HelmRelease::Value(std::string_view path) const {
  const Json* at = &values;
  for (const auto part : absl::StrSplit(path, '.')) {
    if (!at->is_object()) return std::nullopt;
    const auto found = at->find(std::string(part));
    if (found == at->end()) return std::nullopt;
    at = &*found;
  }
  if (at->is_string()) return at->get<std::string>();
  if (at->is_boolean() || at->is_number()) return at->dump();
  return std::nullopt;
}

absl::StatusOr<HelmRelease> ParseHelmRelease(std::string_view stored, bool of_secret) {
  std::string text(stored), decoded;
  for (int layer = of_secret ? 0 : 1; layer < 2; ++layer) {
    if (!absl::Base64Unescape(text, &decoded)) return absl::InvalidArgumentError("not base64");
    text = decoded;
  }
  // Helm before 3.0 did not pack.
  if (absl::StartsWith(text, kGzipMagic)) {
    TALES_ASSIGN_OR_RETURN(text, Unpack(text));
  }
  absl::StatusOr<Json> parsed = kube::ParseJson(text);
  if (!parsed.ok()) return absl::InvalidArgumentError(absl::StrCat("not JSON: ", parsed.status().message()));
  const Json& content = *parsed;
  const Json& chart = Member(content, "chart");
  HelmRelease release;
  release.name = Text(content, "name");
  release.status = Text(content, "info.status");
  release.description = Text(content, "info.description");
  release.revision = Number(content, "version").value_or(0);
  release.chart = Text(chart, "metadata.name");
  release.chart_version = Text(chart, "metadata.version");
  if (release.name.empty() || release.status.empty() || release.chart.empty())
    return absl::InvalidArgumentError("no release: it lacks a name, a status or a chart");
  release.values = Member(chart, "values");
  Merge(release.values, Member(content, "config"));
  if (const std::optional<Dependency> dependency = CiliumDependency(chart)) {
    release.cilium_version = dependency->version;
    release.values = Json(Member(release.values, dependency->alias.c_str()));
  } else if (release.chart == "cilium") {
    release.cilium_version = release.chart_version;
  }
  release.config = RenderedConfig(Text(content, "manifest"));
  return release;
}

absl::StatusOr<HelmRelease> FindHelmRelease(CheckContext& context) {
  return context.facts().Once<HelmRelease>("cilium/helm-release", [&]() -> absl::StatusOr<HelmRelease> {
    const std::string home = NamespaceOf(context.definition()), name = ReleaseOf(context.definition());
    const kube::ListOptions options{.label_selector = absl::StrCat("owner=helm,name=", name)};
    kube::Client& kube = *context.cluster().kube();
    for (const bool of_secret : {true, false}) {
      TALES_ASSIGN_OR_RETURN(const std::vector<Json> stored,
                             kube.List(of_secret ? kube::kSecrets : kube::kConfigMaps, home, options,
                                       Deadline::After(Facts::kCallDeadline)));
      const Json* newest = nullptr;
      for (const Json& revision : stored) {
        if (newest == nullptr || RevisionOf(revision) > RevisionOf(*newest)) newest = &revision;
      }
      if (newest == nullptr) continue;
      absl::StatusOr<HelmRelease> release = ParseHelmRelease(Text(*newest, "data.release"), of_secret);
      if (release.ok()) return release;
      return Annotate(release.status(),
                      absl::StrCat(of_secret ? "Secret " : "ConfigMap ", Text(*newest, "metadata.name")));
    }
    return absl::NotFoundError(absl::StrCat("namespace ", home, " has no Helm release ", name));
  });
}

}  // namespace tales::cilium
