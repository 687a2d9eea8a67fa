#include "harness/kube/kubeconfig.h"

#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "harness/base/file.h"
#include "harness/base/join_few.h"
#include "harness/base/status.h"
#include "harness/kube/json_text.h"
#include "harness/yaml/yaml_input.h"
#include "nlohmann/json.hpp"
#include "yaml-cpp/yaml.h"

namespace tales::kube {
namespace {

constexpr uint64_t kFileLimit = 512 << 10;  // cloud kubeconfigs with dozens of clusters stay below 200 KiB

// Reads one kubeconfig; every error starts with the file's name.
class Parser {
 public:
  Parser(std::string_view name, const std::filesystem::path& folder) : name_(name), folder_(folder) {}

  absl::StatusOr<Access> Parse(const YAML::Node& root, std::string_view context) const;

 private:
  absl::Status Error(const auto&... parts) const {
    return absl::InvalidArgumentError(absl::StrCat(name_, ": ", parts...));
  }
  // The `body` of the entry called `entry` in the list `list` ("clusters" holds {name, cluster: body}).
  absl::StatusOr<YAML::Node> Find(const YAML::Node& root, const char* list, const char* body,
                                  std::string_view entry) const;
  absl::StatusOr<std::string> Text(const YAML::Node& map, const char* key, std::string_view where) const;
  absl::StatusOr<bool> Flag(const YAML::Node& map, const char* key, std::string_view where) const;
  // `<key>-data` (base64) or the file that `<key>` names.
  absl::StatusOr<std::string> Pem(const YAML::Node& map, const std::string& key, std::string_view where) const;
  std::string Absolute(const std::string& path) const {
    return path.empty() || folder_.empty() ? path : (folder_ / path).lexically_normal().string();
  }
  absl::Status ReadCluster(const YAML::Node& cluster, std::string_view where, Access& access) const;
  absl::Status ReadUser(const YAML::Node& user, std::string_view where, Access& access) const;
  absl::Status ReadExec(const YAML::Node& exec, std::string_view where, Access& access) const;

  std::string name_;
  std::filesystem::path folder_;
};

// "a, b, c", or `none`; of very many only the first.
std::string Names(const YAML::Node& list, std::string_view none) {
  std::vector<std::string> names;
  if (list && list.IsSequence()) {
    for (const YAML::Node& entry : list) {
      if (entry.IsMap() && entry["name"] && entry["name"].IsScalar()) names.push_back(entry["name"].Scalar());
    }
  }
  if (names.empty()) return std::string(none);
  return JoinFew(names, ", ", 10);
}

absl::StatusOr<YAML::Node> Parser::Find(const YAML::Node& root, const char* list, const char* body,
                                        std::string_view entry) const {
  const YAML::Node entries = root[list];
  if (entries && !entries.IsSequence() && !entries.IsNull()) return Error(list, " is not a list");
  if (entries && entries.IsSequence()) {
    for (const YAML::Node& candidate : entries) {
      if (!candidate.IsMap()) return Error(list, ": an entry is not a map");
      const YAML::Node name = candidate["name"];
      if (!name || !name.IsScalar() || name.Scalar() != entry) continue;
      const YAML::Node found = candidate[body];
      if (!found || found.IsNull()) return YAML::Node(YAML::NodeType::Map);
      if (!found.IsMap()) return Error(list, ": ", body, " of \"", entry, "\" is not a map");
      return found;
    }
  }
  return absl::NotFoundError(absl::StrCat(name_, ": no ", body, " \"", entry, "\"; there is ", Names(entries, "none")));
}

absl::StatusOr<std::string> Parser::Text(const YAML::Node& map, const char* key, std::string_view where) const {
  const YAML::Node value = map[key];
  if (!value || value.IsNull()) return std::string();
  if (!value.IsScalar()) return Error(where, ".", key, " is not text");
  return value.Scalar();
}

absl::StatusOr<bool> Parser::Flag(const YAML::Node& map, const char* key, std::string_view where) const {
  TALES_ASSIGN_OR_RETURN(std::string text, Text(map, key, where));
  if (text.empty() || text == "false") return false;
  if (text == "true") return true;
  return Error(where, ".", key, ": \"", text, "\" is neither true nor false");
}

absl::StatusOr<std::string> Parser::Pem(const YAML::Node& map, const std::string& key, std::string_view where) const {
  const std::string data_key = key + "-data";
  TALES_ASSIGN_OR_RETURN(std::string data, Text(map, data_key.c_str(), where));
  std::string pem, source;
  if (!data.empty()) {
    source = absl::StrCat(where, ".", data_key);
    if (!absl::Base64Unescape(data, &pem)) return Error(source, " is not base64");
  } else {
    TALES_ASSIGN_OR_RETURN(std::string path, Text(map, key.c_str(), where));
    if (path.empty()) return std::string();
    source = absl::StrCat(where, ".", key);
    absl::StatusOr<std::string> content = ReadFile(Absolute(path), kFileLimit);
    if (!content.ok()) return Annotate(content.status(), absl::StrCat(name_, ": ", source));
    pem = *std::move(content);
  }
  if (!absl::StrContains(pem, "-----BEGIN ")) return Error(source, " holds no PEM block");
  return pem;
}

absl::Status Parser::ReadCluster(const YAML::Node& cluster, std::string_view where, Access& access) const {
  TALES_ASSIGN_OR_RETURN(access.server, Text(cluster, "server", where));
  if (access.server.empty()) return Error(where, ".server is missing");
  if (!absl::StartsWith(access.server, "https://") && !absl::StartsWith(access.server, "http://")) {
    return Error(where, ".server: \"", access.server, "\" is not an http or https URL");
  }
  while (absl::EndsWith(access.server, "/")) access.server.pop_back();
  TALES_ASSIGN_OR_RETURN(access.ca_pem, Pem(cluster, "certificate-authority", where));
  TALES_ASSIGN_OR_RETURN(access.insecure, Flag(cluster, "insecure-skip-tls-verify", where));
  if (access.insecure && !access.ca_pem.empty()) {
    return Error(where, ": a certificate authority and insecure-skip-tls-verify exclude each other");
  }
  TALES_ASSIGN_OR_RETURN(access.tls_server_name, Text(cluster, "tls-server-name", where));
  TALES_ASSIGN_OR_RETURN(access.proxy_url, Text(cluster, "proxy-url", where));
  if (!access.proxy_url.empty()) {
    bool known = false;
    for (const char* scheme : {"http://", "https://", "socks5://", "socks5h://"}) {
      known = known || absl::StartsWith(access.proxy_url, scheme);
    }
    if (!known) return Error(where, ".proxy-url is not an http, https or socks5 URL");
  }
  const YAML::Node extensions = cluster["extensions"];
  if (!extensions || !extensions.IsSequence()) return absl::OkStatus();
  for (const YAML::Node& extension : extensions) {
    if (!extension.IsMap()) continue;
    const YAML::Node extension_name = extension["name"], body = extension["extension"];
    if (!extension_name || !extension_name.IsScalar() || extension_name.Scalar() != "tales") continue;
    if (!body || !body.IsMap()) return Error(where, ".extensions: extension of \"tales\" is not a map");
    TALES_ASSIGN_OR_RETURN(std::string path, Text(body, "clusterFile", absl::StrCat(where, ".extensions[tales]")));
    access.cluster_file = Absolute(path);
  }
  return absl::OkStatus();
}

absl::Status Parser::ReadExec(const YAML::Node& exec, std::string_view where, Access& access) const {
  if (!exec.IsMap()) return Error(where, " is not a map");
  TALES_ASSIGN_OR_RETURN(std::string command, Text(exec, "command", where));
  if (command.empty()) return Error(where, ".command is missing");
  TALES_ASSIGN_OR_RETURN(access.exec_api_version, Text(exec, "apiVersion", where));
  if (access.exec_api_version != "client.authentication.k8s.io/v1" &&
      access.exec_api_version != "client.authentication.k8s.io/v1beta1") {
    return Error(where, ".apiVersion: \"", access.exec_api_version,
                 "\" is not supported; one of client.authentication.k8s.io/v1, client.authentication.k8s.io/v1beta1");
  }
  // A bare name is looked up in PATH; a path is relative to the file.
  access.exec_argv = {absl::StrContains(command, "/") ? Absolute(command) : command};
  const YAML::Node arguments = exec["args"], environment = exec["env"];
  if (arguments && !arguments.IsNull() && !arguments.IsSequence()) return Error(where, ".args is not a list");
  if (arguments && arguments.IsSequence()) {
    for (const YAML::Node& argument : arguments) {
      if (!argument.IsScalar()) return Error(where, ".args: an entry is not text");
      access.exec_argv.push_back(argument.Scalar());
    }
  }
  if (environment && !environment.IsNull() && !environment.IsSequence()) return Error(where, ".env is not a list");
  if (environment && environment.IsSequence()) {
    for (const YAML::Node& variable : environment) {
      if (!variable.IsMap()) return Error(where, ".env: an entry is not a map");
      TALES_ASSIGN_OR_RETURN(std::string key, Text(variable, "name", absl::StrCat(where, ".env")));
      TALES_ASSIGN_OR_RETURN(std::string value, Text(variable, "value", absl::StrCat(where, ".env")));
      if (key.empty()) return Error(where, ".env: an entry has no name");
      access.exec_environment.emplace_back(std::move(key), std::move(value));
    }
  }
  TALES_ASSIGN_OR_RETURN(access.exec_provide_cluster_info, Flag(exec, "provideClusterInfo", where));
  return absl::OkStatus();
}

absl::Status Parser::ReadUser(const YAML::Node& user, std::string_view where, Access& access) const {
  TALES_ASSIGN_OR_RETURN(access.certificate_pem, Pem(user, "client-certificate", where));
  TALES_ASSIGN_OR_RETURN(access.key_pem, Pem(user, "client-key", where));
  if (access.certificate_pem.empty() != access.key_pem.empty()) {
    return Error(where, access.key_pem.empty() ? " has a client certificate without its key"
                                               : " has a client key without its certificate");
  }
  TALES_ASSIGN_OR_RETURN(access.token, Text(user, "token", where));
  TALES_ASSIGN_OR_RETURN(std::string token_file, Text(user, "tokenFile", where));
  access.token_file = Absolute(token_file);
  TALES_ASSIGN_OR_RETURN(access.username, Text(user, "username", where));
  TALES_ASSIGN_OR_RETURN(access.password, Text(user, "password", where));
  const YAML::Node exec = user["exec"], provider = user["auth-provider"];
  if (provider && !provider.IsNull()) {
    return Error(where, ".auth-provider was removed from Kubernetes in 1.26; use an exec plugin instead");
  }
  if (exec && !exec.IsNull()) return ReadExec(exec, absl::StrCat(where, ".exec"), access);
  return absl::OkStatus();
}

absl::StatusOr<Access> Parser::Parse(const YAML::Node& root, std::string_view context) const {
  if (!root.IsMap()) return Error("not a kubeconfig: the top is not a map");
  Access access;
  access.context = std::string(context);
  if (access.context.empty()) {
    TALES_ASSIGN_OR_RETURN(access.context, Text(root, "current-context", "kubeconfig"));
    if (access.context.empty()) {
      return Error("no current-context is set; name one of ", Names(root["contexts"], "(none)"));
    }
  }
  TALES_ASSIGN_OR_RETURN(YAML::Node selected, Find(root, "contexts", "context", access.context));
  const std::string where = absl::StrCat("context \"", access.context, "\"");
  TALES_ASSIGN_OR_RETURN(std::string cluster_name, Text(selected, "cluster", where));
  TALES_ASSIGN_OR_RETURN(std::string user_name, Text(selected, "user", where));
  if (cluster_name.empty()) return Error(where, " names no cluster");
  TALES_ASSIGN_OR_RETURN(YAML::Node cluster, Find(root, "clusters", "cluster", cluster_name));
  TALES_RETURN_IF_ERROR(ReadCluster(cluster, absl::StrCat("cluster \"", cluster_name, "\""), access));
  if (user_name.empty()) return access;
  TALES_ASSIGN_OR_RETURN(YAML::Node user, Find(root, "users", "user", user_name));
  TALES_RETURN_IF_ERROR(ReadUser(user, absl::StrCat("user \"", user_name, "\""), access));
  return access;
}

// The data as base64, as kubectl writes it.
void EmitData(YAML::Emitter& out, const char* key, const std::string& pem) {
  if (!pem.empty()) out << YAML::Key << key << YAML::Value << absl::Base64Escape(pem);
}

void EmitText(YAML::Emitter& out, const char* key, const std::string& text) {
  if (!text.empty()) out << YAML::Key << key << YAML::Value << YAML::DoubleQuoted << text;
}

void EmitUser(YAML::Emitter& out, const Access& access) {
  EmitData(out, "client-certificate-data", access.certificate_pem);
  EmitData(out, "client-key-data", access.key_pem);
  EmitText(out, "token", access.token);
  EmitText(out, "tokenFile", access.token_file);
  EmitText(out, "username", access.username);
  EmitText(out, "password", access.password);
  if (access.exec_argv.empty()) return;
  out << YAML::Key << "exec" << YAML::Value << YAML::BeginMap;
  EmitText(out, "apiVersion", access.exec_api_version);
  EmitText(out, "command", access.exec_argv.front());
  out << YAML::Key << "args" << YAML::Value << YAML::BeginSeq;
  for (size_t i = 1; i < access.exec_argv.size(); ++i) out << YAML::DoubleQuoted << access.exec_argv[i];
  out << YAML::EndSeq << YAML::Key << "env" << YAML::Value << YAML::BeginSeq;
  for (const auto& [key, value] : access.exec_environment) {
    out << YAML::BeginMap << YAML::Key << "name" << YAML::Value << YAML::DoubleQuoted << key << YAML::Key << "value"
        << YAML::Value << YAML::DoubleQuoted << value << YAML::EndMap;
  }
  out << YAML::EndSeq << YAML::Key << "interactiveMode" << YAML::Value << "Never";
  out << YAML::Key << "provideClusterInfo" << YAML::Value << access.exec_provide_cluster_info << YAML::EndMap;
}

}  // namespace

absl::StatusOr<Access> ParseKubeconfig(std::string_view text, std::string_view name,
                                       const std::filesystem::path& folder, std::string_view context) {
  std::string yaml(text);
  // JSON is YAML except where it is indented by tabs; without white space it always is.
  if (absl::StartsWith(absl::StripLeadingAsciiWhitespace(yaml), "{")) {
    if (const auto json = ParseJson(yaml); json.ok()) yaml = json->dump();
  }
  TALES_ASSIGN_OR_RETURN(const YAML::Node root, LoadYaml(yaml, name));
  try {
    return Parser(name, folder).Parse(root, context);
  } catch (const std::exception& e) {
    return absl::InvalidArgumentError(absl::StrCat(name, ": ", e.what()));
  }
}

absl::StatusOr<Access> LoadKubeconfig(const std::filesystem::path& path, std::string_view context) {
  absl::StatusOr<std::string> text = ReadFile(path, kFileLimit);
  if (!text.ok()) return Annotate(text.status(), "kubeconfig");
  std::error_code error;
  const std::filesystem::path absolute = std::filesystem::absolute(path, error);
  return ParseKubeconfig(*text, path.string(), (error ? path : absolute).parent_path(), context);
}

std::string WriteKubeconfig(const Access& access, std::string_view cluster, std::string_view user) {
  const std::string cluster_name(cluster), user_name(user);
  const std::string context = access.context.empty() ? absl::StrCat(user, "@", cluster) : access.context;
  YAML::Emitter out;
  out << YAML::BeginMap << YAML::Key << "apiVersion" << YAML::Value << "v1" << YAML::Key << "kind" << YAML::Value
      << "Config";
  out << YAML::Key << "clusters" << YAML::Value << YAML::BeginSeq << YAML::BeginMap;
  EmitText(out, "name", cluster_name);
  out << YAML::Key << "cluster" << YAML::Value << YAML::BeginMap;
  EmitText(out, "server", access.server);
  EmitData(out, "certificate-authority-data", access.ca_pem);
  if (access.insecure) out << YAML::Key << "insecure-skip-tls-verify" << YAML::Value << true;
  EmitText(out, "tls-server-name", access.tls_server_name);
  EmitText(out, "proxy-url", access.proxy_url);
  if (!access.cluster_file.empty()) {
    out << YAML::Key << "extensions" << YAML::Value << YAML::BeginSeq << YAML::BeginMap;
    EmitText(out, "name", "tales");
    out << YAML::Key << "extension" << YAML::Value << YAML::BeginMap;
    EmitText(out, "clusterFile", access.cluster_file);
    out << YAML::EndMap << YAML::EndMap << YAML::EndSeq;
  }
  out << YAML::EndMap << YAML::EndMap << YAML::EndSeq;
  out << YAML::Key << "users" << YAML::Value << YAML::BeginSeq << YAML::BeginMap;
  EmitText(out, "name", user_name);
  out << YAML::Key << "user" << YAML::Value << YAML::BeginMap;
  EmitUser(out, access);
  out << YAML::EndMap << YAML::EndMap << YAML::EndSeq;
  out << YAML::Key << "contexts" << YAML::Value << YAML::BeginSeq << YAML::BeginMap;
  EmitText(out, "name", context);
  out << YAML::Key << "context" << YAML::Value << YAML::BeginMap;
  EmitText(out, "cluster", cluster_name);
  EmitText(out, "user", user_name);
  out << YAML::EndMap << YAML::EndMap << YAML::EndSeq;
  EmitText(out, "current-context", context);
  out << YAML::EndMap;
  return absl::StrCat(out.c_str(), "\n");
}

}  // namespace tales::kube
