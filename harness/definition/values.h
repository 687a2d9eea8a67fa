// Rules for the values of a cluster file: each says what is wrong with a text, and what is allowed. Internal to this
// folder.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/definition/schema.h"

namespace tales::internal {

// "\"wroker\" is not a role; one of controlplane, worker"
Rule OneOf(std::string_view what, std::vector<std::string_view> allowed);

using Wrong = std::optional<std::string>;
Wrong CheckName(std::string_view text);           // RFC 1123 subdomain: nodes
Wrong CheckNamespaceName(std::string_view text);  // RFC 1123 label
Wrong CheckClusterName(std::string_view text);
Wrong CheckAddress(std::string_view text);      // IPv4 or IPv6
Wrong CheckDialAddress(std::string_view text);  // address or name, with or without port
Wrong CheckEndpoint(std::string_view text);     // https://HOST[:PORT]
Wrong CheckNasUrl(std::string_view text);       // https://HOST[:PORT]; does not show what else it holds
Wrong CheckCertificateFingerprint(std::string_view text);
Wrong CheckVariableName(std::string_view text);        // of the environment
Wrong CheckSharePath(std::string_view text);           // /SHARE/FOLDER/FILE, as a NAS names its files
Wrong CheckLink(std::string_view text);                // http(s) URL
Wrong CheckDigest(std::string_view text);              // 64 hexadecimal digits, or "unknown"
Wrong CheckFileName(std::string_view text);            // of one file, without a folder
Wrong CheckFingerprint(std::string_view text);         // sha256:<64 hex>
Wrong CheckTaint(std::string_view text);               // KEY[=VALUE]:EFFECT
Wrong CheckVersion(std::string_view text);             // v1.9.4
Wrong CheckCiliumVersion(std::string_view text);       // 1.17.1, as charts are numbered
Wrong CheckPodSecurityVersion(std::string_view text);  // latest, v1.32
Wrong CheckConstraint(std::string_view text);          // >=1.19.0
Wrong CheckDate(std::string_view text);                // 2026-12-31
Wrong CheckDuration(std::string_view text);            // 90s, 10m
Wrong CheckInterfaceName(std::string_view text);       // br0: of a network interface
Wrong CheckMulticastGroup(std::string_view text);      // 230.0.0.1:5558
Wrong CheckSize(std::string_view text);                // 4GiB, 100GB
Wrong CheckKernelArgument(std::string_view text);      // vga=792
Wrong CheckGeneratorArgument(std::string_view text);   // of `talosctl gen config`; not what tales itself decides
Wrong CheckCheckGlob(std::string_view text);           // health.*
Wrong CheckCase(std::string_view text);                // a check of any suite, foreign ones too: any printable text
Wrong CheckAddressRange(std::string_view text);        // 1.0.0.0/8
Wrong CheckConformanceMode(std::string_view text);     // none sample fast full sig:NAME focus:REGEX
Wrong CheckLinePattern(std::string_view text);         // RE2, not one that matches every line

}  // namespace tales::internal
