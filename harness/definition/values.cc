#include "harness/definition/values.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "harness/base/semantic_version.h"
#include "re2/re2.h"

namespace tales::internal {
namespace {

Wrong Not(std::string_view text, std::string_view what, std::string_view allowed) {
  return absl::StrCat("\"", text.substr(0, 80), text.size() > 80 ? "..." : "", "\" is not ", what, "; ", allowed);
}

bool IsLower(char c) {
  return absl::ascii_islower(static_cast<unsigned char>(c)) || absl::ascii_isdigit(static_cast<unsigned char>(c));
}
bool IsAlnum(char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)); }
bool IsDigits(std::string_view text) {
  return !text.empty() && text.size() <= 9 && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isdigit(static_cast<unsigned char>(c));
  });
}

bool IsLabel(std::string_view text) {
  return !text.empty() && text.size() <= 63 && IsLower(text.front()) && IsLower(text.back()) &&
         std::all_of(text.begin(), text.end(), [](char c) { return IsLower(c) || c == '-'; });
}

bool IsSubdomain(std::string_view text) {
  if (text.empty() || text.size() > 253) return false;
  for (std::string_view label : absl::StrSplit(text, '.')) {
    if (!IsLabel(label)) return false;
  }
  return true;
}

// A Kubernetes name with dots, dashes and underscores inside, up to 63 characters: label values, names of keys.
bool IsQualifiedPart(std::string_view text) {
  return !text.empty() && text.size() <= 63 && IsAlnum(text.front()) && IsAlnum(text.back()) &&
         std::all_of(text.begin(), text.end(), [](char c) { return IsAlnum(c) || c == '-' || c == '_' || c == '.'; });
}

bool IsAddress(std::string_view text) {
  std::array<char, sizeof(in6_addr)> buffer;
  const std::string copy(text);
  return copy.find('\0') == std::string::npos && (inet_pton(AF_INET, copy.c_str(), buffer.data()) == 1 ||
                                                  inet_pton(AF_INET6, copy.c_str(), buffer.data()) == 1);
}

bool IsPort(std::string_view text) {
  int port = 0;
  return IsDigits(text) && absl::SimpleAtoi(text, &port) && port > 0 && port < 65536;
}

// HOST, HOST:PORT, [IPV6]:PORT.
bool IsHostAndPort(std::string_view text) {
  if (absl::ConsumePrefix(&text, "[")) {
    const size_t end = text.find(']');
    if (end == std::string_view::npos || !IsAddress(text.substr(0, end))) return false;
    text.remove_prefix(end + 1);
    return text.empty() || (absl::ConsumePrefix(&text, ":") && IsPort(text));
  }
  if (IsAddress(text)) return true;
  const size_t colon = text.find(':');
  const std::string_view host = text.substr(0, colon);
  if (colon != std::string_view::npos && !IsPort(text.substr(colon + 1))) return false;
  // What is all digits and dots and still no address is a mistyped one, not a name.
  const bool numeric = host.find_first_not_of("0123456789.") == std::string_view::npos;
  return numeric ? IsAddress(host) : IsSubdomain(absl::AsciiStrToLower(host));
}

// https://HOST[:PORT], nothing behind it.
bool IsHttpsEndpoint(std::string_view text) {
  if (!absl::ConsumePrefix(&text, "https://")) return false;
  absl::ConsumeSuffix(&text, "/");
  const bool bare_ipv6 = !absl::StartsWith(text, "[") && std::count(text.begin(), text.end(), ':') > 1;
  return !bare_ipv6 && IsHostAndPort(text);
}

bool IsSha256(std::string_view text) {
  return absl::ConsumePrefix(&text, "sha256:") && text.size() == 64 &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// MAJOR.MINOR.PATCH[-PRERELEASE], without a `v` in front.
bool IsSemanticVersion(std::string_view text) {
  return !absl::StartsWith(text, "v") && ParseSemanticVersion(text).has_value();
}

}  // namespace

Rule OneOf(std::string_view what, std::vector<std::string_view> allowed) {
  return [what = std::string(what), allowed = std::move(allowed)](std::string_view text) -> Wrong {
    if (std::find(allowed.begin(), allowed.end(), text) != allowed.end()) return std::nullopt;
    return Not(text, what, absl::StrCat("one of ", absl::StrJoin(allowed, ", ")));
  };
}

Wrong CheckName(std::string_view text) {
  if (IsSubdomain(text)) return std::nullopt;
  return Not(text, "a node name", "lower-case letters, digits, `-` and `.`, as Kubernetes has it");
}

Wrong CheckNamespaceName(std::string_view text) {
  if (IsLabel(text)) return std::nullopt;
  return Not(text, "a namespace", "lower-case letters, digits and `-`, at most 63");
}

Wrong CheckClusterName(std::string_view text) {
  if (IsQualifiedPart(text)) return std::nullopt;
  return Not(text, "a cluster name", "letters, digits, `-`, `_` and `.`, at most 63");
}

Wrong CheckAddress(std::string_view text) {
  if (IsAddress(text)) return std::nullopt;
  return Not(text, "an address", "IPv4 such as 10.0.1.50, or IPv6 such as fd00::50");
}

Wrong CheckAddressRange(std::string_view text) {
  const size_t slash = text.find('/');
  int bits = 0;
  if (slash != std::string_view::npos && IsAddress(text.substr(0, slash)) &&
      absl::SimpleAtoi(text.substr(slash + 1), &bits) && bits >= 0 &&
      bits <= (absl::StrContains(text, ':') ? 128 : 32)) {
    return std::nullopt;
  }
  return Not(text, "a range of addresses", "an address and how many of its bits are fixed, such as 1.0.0.0/8");
}

Wrong CheckConformanceMode(std::string_view text) {
  for (const std::string_view mode : {"none", "sample", "fast", "full"}) {
    if (text == mode) return std::nullopt;
  }
  for (std::string_view prefix : {"sig:", "focus:"}) {
    if (absl::StartsWith(text, prefix) && text.size() > prefix.size()) return std::nullopt;
  }
  return Not(text, "a conformance mode", "one of none, sample, fast, full, sig:NAME, focus:REGEX");
}

Wrong CheckDialAddress(std::string_view text) {
  if (IsHostAndPort(text)) return std::nullopt;
  return Not(text, "an address to dial", "an IP address or a host name, with or without :PORT");
}

Wrong CheckEndpoint(std::string_view text) {
  if (IsHttpsEndpoint(text)) return std::nullopt;
  return Not(text, "an endpoint", "https://HOST:PORT such as https://10.0.1.50:6443");
}

Wrong CheckNasUrl(std::string_view text) {
  if (IsHttpsEndpoint(text)) return std::nullopt;
  return "is not the address of DSM; https://HOST:PORT such as https://nas.example:5001, without user, path or query";
}

Wrong CheckCertificateFingerprint(std::string_view text) {
  if (IsSha256(text)) return std::nullopt;
  return Not(text, "a fingerprint", "sha256: and 64 hexadecimal digits in lower case; `tales doctor` prints it");
}

Wrong CheckVariableName(std::string_view text) {
  if (!text.empty() && !absl::ascii_isdigit(static_cast<unsigned char>(text.front())) &&
      std::all_of(text.begin(), text.end(), [](char c) { return IsAlnum(c) || c == '_'; })) {
    return std::nullopt;
  }
  // Not shown: somebody may have written the secret itself.
  return "is not the name of an environment variable; letters, digits and `_`, such as TALES_NAS_PASSWORD";
}

Wrong CheckSharePath(std::string_view text) {
  const bool printable =
      std::none_of(text.begin(), text.end(), [](char c) { return absl::ascii_iscntrl(static_cast<unsigned char>(c)); });
  if (printable && text.size() > 2 && text.front() == '/' && text.find('/', 1) != std::string_view::npos &&
      text.back() != '/' && !absl::StrContains(text, "//") && !absl::StrContains(text, "/../")) {
    return std::nullopt;
  }
  return Not(text, "a file of the NAS", "/SHARE/FOLDER/FILE, such as /iso/talos-1.9.4-metal-amd64.iso");
}

Wrong CheckLink(std::string_view text) {
  std::string_view rest = text;
  if ((absl::ConsumePrefix(&rest, "https://") || absl::ConsumePrefix(&rest, "http://")) && !rest.empty() &&
      rest.find_first_of(" \t\"<>") == std::string_view::npos) {
    return std::nullopt;
  }
  return Not(text, "a link", "a URL that begins with https://");
}

Wrong CheckDigest(std::string_view text) {
  if (text == "unknown" || IsSha256(absl::StrCat("sha256:", text))) return std::nullopt;
  return Not(text, "a SHA-256", "64 hexadecimal digits in lower case, or unknown");
}

Wrong CheckFileName(std::string_view text) {
  if (!text.empty() && text.size() <= 200 && text.front() != '.' &&
      std::all_of(text.begin(), text.end(), [](char c) { return IsAlnum(c) || c == '-' || c == '_' || c == '.'; })) {
    return std::nullopt;
  }
  return Not(text, "the name of a file", "letters, digits, `-`, `_` and `.`, without a folder");
}

Wrong CheckFingerprint(std::string_view text) {
  if (IsSha256(text)) return std::nullopt;
  return Not(text, "a fingerprint", "sha256: and 64 hexadecimal digits in lower case; `tales init` prints it");
}

Wrong CheckTaint(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon != std::string_view::npos) {
    const std::string_view effect = text.substr(colon + 1);
    std::string_view key = text.substr(0, colon);
    const size_t equals = key.find('=');
    const std::string_view value = equals == std::string_view::npos ? "" : key.substr(equals + 1);
    key = key.substr(0, equals);
    const size_t slash = key.find('/');
    const bool key_ok = slash == std::string_view::npos
                            ? IsQualifiedPart(key)
                            : IsSubdomain(key.substr(0, slash)) && IsQualifiedPart(key.substr(slash + 1));
    const bool effect_ok = effect == "NoSchedule" || effect == "PreferNoSchedule" || effect == "NoExecute";
    if (key_ok && effect_ok && (value.empty() || IsQualifiedPart(value))) return std::nullopt;
  }
  return Not(text, "a taint", "KEY:EFFECT or KEY=VALUE:EFFECT, effect one of NoSchedule, PreferNoSchedule, NoExecute");
}

Wrong CheckVersion(std::string_view text) {
  std::string_view rest = text;
  if (absl::ConsumePrefix(&rest, "v") && IsSemanticVersion(rest)) return std::nullopt;
  return Not(text, "a version", "v and three numbers, such as v1.9.4");
}

Wrong CheckCiliumVersion(std::string_view text) {
  if (IsSemanticVersion(text)) return std::nullopt;
  return Not(text, "a chart version", "three numbers, such as 1.17.1");
}

Wrong CheckPodSecurityVersion(std::string_view text) {
  std::string_view rest = text;
  if (text == "latest" || (absl::ConsumePrefix(&rest, "v1.") && IsDigits(rest))) return std::nullopt;
  return Not(text, "a pod-security version", "latest, or v1.NN such as v1.32");
}

Wrong CheckConstraint(std::string_view text) {
  if (ParseVersionConstraint(text).has_value()) return std::nullopt;
  return Not(text, "a version constraint", "one of >= > = < <= and a version, such as \">=1.19.0\"");
}

Wrong CheckDate(std::string_view text) {
  absl::CivilDay day;
  if (text.size() == 10 && text[4] == '-' && text[7] == '-' && absl::ParseCivilTime(std::string(text), &day) &&
      absl::FormatCivilTime(day) == text) {
    return std::nullopt;
  }
  return Not(text, "a date", "YYYY-MM-DD, or a map from component to version constraint");
}

Wrong CheckDuration(std::string_view text) {
  absl::Duration duration;
  if (absl::ParseDuration(text, &duration) && duration >= absl::ZeroDuration() && duration <= absl::Hours(24)) {
    return std::nullopt;
  }
  return Not(text, "a duration", "a number and ms, s, m or h, such as 90s, 10m or 1h30m, at most 24h");
}

Wrong CheckInterfaceName(std::string_view text) {
  if (!text.empty() && text.size() <= 15 && IsAlnum(text.front()) &&
      std::all_of(text.begin(), text.end(), [](char c) { return IsAlnum(c) || c == '-' || c == '_' || c == '.'; })) {
    return std::nullopt;
  }
  return Not(text, "the name of a network interface", "letters, digits, `-`, `_` and `.`, at most 15");
}

Wrong CheckMulticastGroup(std::string_view text) {
  const size_t colon = text.find(':');
  const std::string_view address = text.substr(0, colon);
  int first = 0;
  if (colon != std::string_view::npos && IsAddress(address) && IsPort(text.substr(colon + 1)) &&
      absl::SimpleAtoi(address.substr(0, address.find('.')), &first) && first >= 224 && first <= 239) {
    return std::nullopt;
  }
  return Not(text, "a multicast group", "ADDRESS:PORT, the address from 224.0.0.0 to 239.255.255.255");
}

Wrong CheckSize(std::string_view text) {
  const size_t unit = std::min(text.find_first_not_of("0123456789."), text.size());
  double number = 0;
  static constexpr std::array kUnits = {"MB", "GB", "TB", "MiB", "GiB", "TiB"};
  if (unit > 0 && unit <= 12 && absl::SimpleAtod(text.substr(0, unit), &number) && number > 0 &&
      std::find(kUnits.begin(), kUnits.end(), text.substr(unit)) != kUnits.end()) {
    return std::nullopt;
  }
  return Not(text, "a size", "a number and MB, GB, TB, MiB, GiB or TiB, such as 4GiB");
}

Wrong CheckKernelArgument(std::string_view text) {
  if (std::none_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) <= ' '; }))
    return std::nullopt;
  return Not(text, "one kernel argument", "each is an item of its own, such as vga=792");
}

Wrong CheckGeneratorArgument(std::string_view text) {
  static constexpr std::string_view kOurs[] = {
      "--with-secrets", "--output", "--output-dir", "--output-types", "--force", "-o", "-t"};
  const std::string_view flag = text.substr(0, text.find('='));
  if (std::find(std::begin(kOurs), std::end(kOurs), flag) == std::end(kOurs)) return std::nullopt;
  return absl::StrCat("\"", flag, "\" is not for here: the secrets are those of config.secrets, and where the files go",
                      " is decided anew for each run");
}

Wrong CheckCheckGlob(std::string_view text) {
  if (text.size() <= 200 && std::all_of(text.begin(), text.end(), [](char c) {
        return IsAlnum(c) || absl::StrContains("._-/*?:+", std::string_view(&c, 1));
      })) {
    return std::nullopt;
  }
  return Not(text, "a check", "an id or a pattern such as health.services, cilium.* or health.services/worker");
}

Wrong CheckCase(std::string_view text) {
  if (text.size() <= 500 && std::none_of(text.begin(), text.end(),
                                         [](char c) { return absl::ascii_iscntrl(static_cast<unsigned char>(c)); })) {
    return std::nullopt;
  }
  return Not(text, "a check", "a name as reports have it, or a pattern with * and ?, at most 500 characters");
}

Wrong CheckLinePattern(std::string_view text) {
  if (text.size() > 1000) return Not(text, "a pattern of a log line", "at most 1000 characters");
  RE2::Options options;
  options.set_log_errors(false);
  options.set_encoding(RE2::Options::EncodingLatin1);  // logs need not be UTF-8
  const RE2 pattern(text, options);
  if (!pattern.ok()) return Not(text, "a pattern of a log line", pattern.error());
  if (RE2::PartialMatch("", pattern)) {
    return Not(text, "a pattern of a log line", "it matches the empty line, and so every line");
  }
  return std::nullopt;
}

}  // namespace tales::internal
