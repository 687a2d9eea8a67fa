// JUnit as Kubernetes' e2e.test writes it (ginkgo 2.21, the settings of v1.32), made of a few words.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace tales::testing {

inline std::string Attribute(std::string_view text) {
  return absl::StrReplaceAll(text, {{"&", "&amp;"}, {"<", "&lt;"}, {"\"", "&#34;"}, {"\n", "&#xA;"}});
}

struct GinkgoCase {
  std::string name;  // with "[It] "
  std::string status = "passed";
  std::string text;  // of a failure, or why it skipped itself
  double seconds = 0.5;
};

struct GinkgoJUnit {
  std::string focus = R"(\[Conformance\])", skip;
  bool dry_run = false;
  std::vector<GinkgoCase> cases;

  GinkgoJUnit& Add(std::string codename, std::string status = "passed", std::string text = "") {
    cases.push_back({"[It] " + std::move(codename), std::move(status), std::move(text)});
    return *this;
  }

  std::string ToString() const {
    std::string xml = R"(<?xml version="1.0" encoding="UTF-8"?>
  <testsuites tests="6626" disabled="0" errors="0" failures="0" time="1.5">
      <testsuite name="Kubernetes e2e suite" package="/p" tests="6626" disabled="0" skipped="0" errors="0" failures="0" time="1.5" timestamp="2025-03-02T01:00:00">
          <properties>
)";
    const auto property = [&xml](std::string_view name, std::string_view value) {
      absl::StrAppend(&xml, "<property name=\"", name, "\" value=\"", Attribute(value), "\"></property>\n");
    };
    property("FocusStrings", focus);
    property("SkipStrings", skip);
    property("DryRun", dry_run ? "true" : "false");
    absl::StrAppend(&xml, "</properties>\n");
    for (const GinkgoCase& one : cases) {
      absl::StrAppend(&xml, "<testcase name=\"", Attribute(one.name), "\" classname=\"Kubernetes e2e suite\" status=\"",
                      one.status, "\" time=\"", one.seconds, "\">");
      if (one.status == "skipped") {
        absl::StrAppend(&xml, "<skipped message=\"skipped", one.text.empty() ? "" : " - ", Attribute(one.text),
                        "\"></skipped>");
      } else if (one.status == "interrupted" || one.status == "panicked") {
        absl::StrAppend(&xml, "<error message=\"\" type=\"", one.status, "\">", Attribute(one.text), "</error>");
      } else if (one.status != "passed") {
        absl::StrAppend(&xml, "<failure message=\"\" type=\"", one.status, "\">", Attribute(one.text), "</failure>");
      }
      absl::StrAppend(&xml, "</testcase>\n");
    }
    return xml + "</testsuite></testsuites>\n";
  }
};

}  // namespace tales::testing
