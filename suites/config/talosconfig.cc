#include "suites/config/talosconfig.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "harness/base/status.h"
#include "harness/pki/certificate.h"

namespace tales::config {
namespace {

// Two are made a moment apart; certificates have whole seconds.
constexpr absl::Duration kSameLifetime = absl::Minutes(1);

std::string When(absl::Time time) { return absl::FormatTime("%Y-%m-%d %H:%M UTC", time, absl::UTCTimeZone()); }

std::string List(const std::vector<std::string>& texts) { return texts.empty() ? "none" : absl::StrJoin(texts, ", "); }

std::string Usage(const Meaning& meaning) {
  if (meaning.client_auth) return meaning.server_auth ? "clients and servers" : "clients";
  return meaning.server_auth ? "servers" : "nothing in particular";
}

}  // namespace

absl::StatusOr<Meaning> MeaningOf(const talos::Context& context) {
  const auto authority = pki::ParseCertificates(context.ca_pem);
  if (!authority.ok()) return Annotate(authority.status(), absl::StrCat("context ", context.name, ": ca"));
  const auto chain = pki::ParseCertificates(context.certificate_pem);
  if (!chain.ok()) return Annotate(chain.status(), absl::StrCat("context ", context.name, ": crt"));
  const pki::Certificate& leaf = chain->front();
  Meaning meaning;
  meaning.context = context.name;
  meaning.endpoints = context.endpoints;
  meaning.nodes = context.nodes;
  meaning.authority = authority->front().sha256;
  meaning.roles = leaf.organizations;
  meaning.client_auth = leaf.client_auth;
  meaning.server_auth = leaf.server_auth;
  meaning.lifetime = leaf.not_after - leaf.not_before;
  meaning.not_before = leaf.not_before;
  meaning.not_after = leaf.not_after;
  return meaning;
}

std::vector<Problem> JudgeTalosconfig(const talos::Context& context, const std::string& authority_pem,
                                      const std::string& name, const std::string& next, absl::Time now) {
  std::vector<Problem> problems;
  const auto add = [&](std::string expected, std::string found) {
    problems.push_back({.expected = std::move(expected), .found = std::move(found), .next = next});
  };
  const absl::StatusOr<Meaning> meaning = MeaningOf(context);
  if (!meaning.ok()) {
    add(absl::StrCat(name, " with an authority, a certificate and a key"), std::string(meaning.status().message()));
    return problems;
  }
  const pki::Certificate leaf = pki::ParseCertificates(context.certificate_pem)->front();
  const std::string& authority = authority_pem.empty() ? context.ca_pem : authority_pem;
  if (const absl::Status issued = pki::VerifyChain(leaf, authority, absl::InfinitePast()); !issued.ok()) {
    add(absl::StrCat("the certificate in ", name, " issued by the cluster's authority"), std::string(issued.message()));
  }
  if (!meaning->client_auth) {
    add(absl::StrCat("the certificate in ", name, " is for clients"), absl::StrCat("it is for ", Usage(*meaning)));
  }
  const bool has_role = std::any_of(meaning->roles.begin(), meaning->roles.end(),
                                    [](const std::string& role) { return absl::StartsWith(role, "os:"); });
  if (!has_role) {
    add(absl::StrCat("the certificate in ", name, " has a role (os:admin, os:operator, os:reader)"),
        absl::StrCat("roles: ", List(meaning->roles)));
  }
  if (now >= meaning->not_after || now < meaning->not_before) {
    add(absl::StrCat("the certificate in ", name, " is valid now"),
        now < meaning->not_before ? absl::StrCat("it is valid from ", When(meaning->not_before), " only")
                                  : absl::StrCat("it expired on ", When(meaning->not_after)));
  }
  return problems;
}

std::vector<std::string> CompareMeanings(const Meaning& first, const Meaning& second) {
  std::vector<std::string> different;
  const auto compare = [&](std::string_view what, const std::string& a, const std::string& b) {
    if (a != b) different.push_back(absl::StrCat(what, ": ", a, " and ", b));
  };
  compare("context", first.context, second.context);
  compare("endpoints", List(first.endpoints), List(second.endpoints));
  compare("nodes", List(first.nodes), List(second.nodes));
  compare("ca", first.authority, second.authority);
  compare("roles", List(first.roles), List(second.roles));
  compare("the certificate is for", Usage(first), Usage(second));
  const absl::Duration gap = first.lifetime - second.lifetime;
  if (gap > kSameLifetime || gap < -kSameLifetime) {
    compare("lifetime of the certificate", absl::FormatDuration(first.lifetime), absl::FormatDuration(second.lifetime));
  }
  return different;
}

}  // namespace tales::config
