#include "harness/talos/talosconfig.h"

#include <yaml-cpp/yaml.h>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "harness/base/file.h"
#include "harness/base/status.h"
#include "harness/pki/certificate.h"
#include "harness/yaml/yaml_input.h"

namespace tales::talos {
namespace {

constexpr uint64_t kLimit = 512 << 10;  // a talosconfig is a few KiB for each context

absl::Status Wrong(std::string_view where, std::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat(where, ": ", why));
}

absl::StatusOr<std::string> Text(const YAML::Node& node, std::string_view where) {
  if (!node || node.IsNull()) return std::string();
  if (!node.IsScalar()) return Wrong(where, "must be text");
  return node.Scalar();
}

absl::StatusOr<std::vector<std::string>> Texts(const YAML::Node& node, std::string_view where) {
  std::vector<std::string> texts;
  if (!node || node.IsNull()) return texts;
  if (!node.IsSequence()) return Wrong(where, "must be a list");
  for (size_t i = 0; i < node.size(); ++i) {
    TALES_ASSIGN_OR_RETURN(std::string text, Text(node[i], absl::StrCat(where, "[", i, "]")));
    if (text.empty()) return Wrong(absl::StrCat(where, "[", i, "]"), "is empty");
    texts.push_back(std::move(text));
  }
  return texts;
}

// base64 of PEM, as each of `ca`, `crt` and `key` is.
absl::StatusOr<std::string> Pem(const YAML::Node& node, std::string_view where) {
  TALES_ASSIGN_OR_RETURN(const std::string text, Text(node, where));
  if (text.empty()) return Wrong(where, "is missing");
  std::string pem;
  if (!absl::Base64Unescape(absl::StripAsciiWhitespace(text), &pem)) return Wrong(where, "is not base64");
  if (!absl::StrContains(pem, "-----BEGIN ")) return Wrong(where, "is not PEM inside its base64");
  return pem;
}

absl::Status ParseCredentials(const YAML::Node& node, std::string_view where, Context& context) {
  TALES_ASSIGN_OR_RETURN(context.ca_pem, Pem(node["ca"], absl::StrCat(where, ".ca")));
  TALES_ASSIGN_OR_RETURN(context.certificate_pem, Pem(node["crt"], absl::StrCat(where, ".crt")));
  TALES_ASSIGN_OR_RETURN(const std::string key, Pem(node["key"], absl::StrCat(where, ".key")));
  context.key_pem = pki::NormalizeKeyLabel(key);

  if (auto ca = pki::ParseCertificates(context.ca_pem); !ca.ok()) {
    return Wrong(absl::StrCat(where, ".ca"), std::string(ca.status().message()));
  }
  const auto certificates = pki::ParseCertificates(context.certificate_pem);
  if (!certificates.ok()) return Wrong(absl::StrCat(where, ".crt"), std::string(certificates.status().message()));
  if (absl::Status status = pki::KeyMatches(certificates->front(), context.key_pem); !status.ok()) {
    return Wrong(absl::StrCat(where, ".key"),
                 absl::StrCat("does not belong to the certificate in crt: ", status.message()));
  }
  return absl::OkStatus();
}

absl::StatusOr<Context> ParseContext(const YAML::Node& node, const std::string& name, std::string_view where) {
  if (!node.IsMap()) return Wrong(where, "must be a mapping");
  Context context;
  context.name = name;
  TALES_ASSIGN_OR_RETURN(context.endpoints, Texts(node["endpoints"], absl::StrCat(where, ".endpoints")));
  TALES_ASSIGN_OR_RETURN(std::string target, Text(node["target"], absl::StrCat(where, ".target")));
  if (!target.empty()) context.endpoints.push_back(std::move(target));
  TALES_ASSIGN_OR_RETURN(context.nodes, Texts(node["nodes"], absl::StrCat(where, ".nodes")));
  // One file holds many clusters; a context that logs in by other means (auth.siderov1), or is broken, is in nobody's
  // way until it is selected.
  context.problem = std::string(ParseCredentials(node, where, context).message());
  return context;
}

std::string Names(const TalosConfig& config) {
  return absl::StrJoin(config.contexts, ", ", [](std::string* out, const auto& context) { *out += context.first; });
}

}  // namespace

absl::StatusOr<TalosConfig> ParseTalosConfig(std::string_view text, std::string_view name) {
  TALES_ASSIGN_OR_RETURN(const YAML::Node root, LoadYaml(text, name));
  try {
    if (!root.IsMap()) return Wrong(name, "is not a talosconfig: a mapping with `context` and `contexts` was expected");
    TalosConfig config;
    TALES_ASSIGN_OR_RETURN(config.current, Text(root["context"], absl::StrCat(name, ": context")));
    const YAML::Node contexts = root["contexts"];
    if (!contexts || contexts.IsNull()) return Wrong(name, "has no contexts");
    if (!contexts.IsMap()) return Wrong(name, "contexts: must be a mapping");
    for (const auto& entry : contexts) {
      TALES_ASSIGN_OR_RETURN(const std::string key, Text(entry.first, absl::StrCat(name, ": contexts")));
      TALES_ASSIGN_OR_RETURN(Context context, ParseContext(entry.second, key, absl::StrCat(name, ": contexts.", key)));
      config.contexts.insert_or_assign(key, std::move(context));
    }
    if (config.contexts.empty()) return Wrong(name, "has no contexts");
    return config;
  } catch (const YAML::Exception& e) {
    return absl::InvalidArgumentError(absl::StrCat(name, ":", e.mark.line + 1, ":", e.mark.column + 1, ": ", e.msg));
  }
}

absl::StatusOr<TalosConfig> LoadTalosConfig(const std::filesystem::path& path) {
  TALES_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kLimit));
  return ParseTalosConfig(text, path.string());
}

absl::StatusOr<Context> SelectContext(const TalosConfig& config, std::string_view name) {
  const std::string wanted(name.empty() ? std::string_view(config.current) : name);
  if (wanted.empty()) {
    return absl::NotFoundError(absl::StrCat("the talosconfig names no current context; name one of: ", Names(config)));
  }
  const auto found = config.contexts.find(wanted);
  if (found == config.contexts.end()) {
    return absl::NotFoundError(
        absl::StrCat("the talosconfig has no context \"", wanted, "\"; it has: ", Names(config)));
  }
  if (!found->second.problem.empty()) return absl::InvalidArgumentError(found->second.problem);
  return found->second;
}

std::string WriteTalosConfig(const Context& context) {
  YAML::Emitter out;
  out << YAML::BeginMap << YAML::Key << "context" << YAML::Value << context.name;
  out << YAML::Key << "contexts" << YAML::Value << YAML::BeginMap << YAML::Key << context.name << YAML::BeginMap;
  out << YAML::Key << "endpoints" << YAML::Value << context.endpoints;
  if (!context.nodes.empty()) out << YAML::Key << "nodes" << YAML::Value << context.nodes;
  // Talos' own label for the key, as its tools write it.
  std::string key = context.key_pem;
  if (const auto certificates = pki::ParseCertificates(context.certificate_pem);
      certificates.ok() && certificates->front().key_type == "ED25519") {
    key = absl::StrReplaceAll(key, {{" PRIVATE KEY-----", " ED25519 PRIVATE KEY-----"},
                                    {" ED25519 PRIVATE KEY-----", " ED25519 PRIVATE KEY-----"}});
  }
  out << YAML::Key << "ca" << YAML::Value << absl::Base64Escape(context.ca_pem);
  out << YAML::Key << "crt" << YAML::Value << absl::Base64Escape(context.certificate_pem);
  out << YAML::Key << "key" << YAML::Value << absl::Base64Escape(key);
  out << YAML::EndMap << YAML::EndMap << YAML::EndMap;
  return absl::StrCat(out.c_str(), "\n");
}

}  // namespace tales::talos
