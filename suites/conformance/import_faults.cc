#include "suites/conformance/import_faults.h"

#include <algorithm>
#include <functional>
#include <sstream>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "harness/base/file.h"
#include "harness/base/status.h"
#include "pugixml.hpp"
#include "suites/conformance/required_tests.h"
#include "suites/conformance/selection.h"
#include "suites/imports/foreign_results.h"

namespace tales::conformance {
namespace {

namespace fs = std::filesystem;
using imports::Tool;

constexpr char kCase[] = "[sig-node] Lease lease API should be available [Conformance]";
constexpr char kTest[] = "no-policies";
constexpr const char* kTests[] = {"no-policies",    "no-policies-extra", "allow-all-except-world",
                                  "client-ingress", "echo-ingress",      "client-egress",
                                  "health",         "check-log-errors"};

std::string ToText(const pugi::xml_document& document) {
  std::ostringstream text;
  document.save(text, "  ");
  return text.str();
}

absl::StatusOr<pugi::xml_node> FindCase(pugi::xml_document& document, const std::string& name) {
  const pugi::xml_node found = document.find_node([&](const pugi::xml_node& node) {
    const std::string_view own = node.attribute("name").value();
    return std::string_view(node.name()) == "testcase" && (own == name || own == absl::StrCat("[It] ", name));
  });
  if (found.empty()) return absl::InvalidArgumentError(absl::StrCat("the results have no test \"", name, "\""));
  return found;
}

void SetStatus(pugi::xml_node testcase, const std::string& status) {
  testcase.remove_attribute("status");
  testcase.append_attribute("status") = status.c_str();
  while (testcase.first_child()) testcase.remove_child(testcase.first_child());
}

void Fail(pugi::xml_node testcase, const std::string& status, const std::string& why) {
  SetStatus(testcase, status);
  pugi::xml_node failure = testcase.append_child("failure");
  failure.append_attribute("message") = "";  // as Kubernetes writes it
  failure.append_attribute("type") = status.c_str();
  failure.text() = why.c_str();
}

void Skip(pugi::xml_node testcase) {
  SetStatus(testcase, "skipped");
  testcase.append_child("skipped").append_attribute("message") = "skipped";
}

template <typename Function>
void ForEachCase(pugi::xml_document& document, Function&& function) {
  std::vector<pugi::xml_node> cases;
  document.find_node([&](const pugi::xml_node& node) {
    if (std::string_view(node.name()) == "testcase") cases.push_back(node);
    return false;
  });
  for (const pugi::xml_node& one : cases) function(one);
}

// Breaks the document; returns what is written in its place, or nothing where no file is to be there.
using Break =
    std::function<absl::StatusOr<std::optional<std::string>>(pugi::xml_document& document, const std::string& target)>;

// A break that edits one test and always gives a file.
Break OfCase(std::function<void(pugi::xml_node)> edit) {
  return [edit](pugi::xml_document& document, const std::string& target) -> absl::StatusOr<std::optional<std::string>> {
    TALES_ASSIGN_OR_RETURN(const pugi::xml_node one, FindCase(document, target));
    edit(one);
    return ToText(document);
  };
}
Break OfDocument(std::function<void(pugi::xml_document&)> edit) {
  return [edit](pugi::xml_document& document, const std::string&) -> absl::StatusOr<std::optional<std::string>> {
    edit(document);
    return ToText(document);
  };
}
absl::StatusOr<std::optional<std::string>> Truncate(pugi::xml_document& document, const std::string&) {
  const std::string text = ToText(document);
  return text.substr(0, text.size() / 2);
}
absl::StatusOr<std::optional<std::string>> Nothing(pugi::xml_document&, const std::string&) { return std::nullopt; }

bool IsSetUp(pugi::xml_node one) { return absl::StrContains(one.attribute("name").value(), "BeforeSuite]"); }

void DryRun(pugi::xml_document& document) {
  const pugi::xml_node property = document.find_node(
      [](const pugi::xml_node& node) { return std::string_view(node.attribute("name").value()) == "DryRun"; });
  if (!property.empty()) property.attribute("value") = "true";
}

struct Entry {
  Fault fault;
  Tool tool = Tool::kConformance;
  Break apply;
};

std::vector<Entry> Entries() {
  std::vector<Entry> all;
  const auto add = [&](Tool tool, std::string id, std::string target, std::string what, Break apply,
                       std::vector<std::string> must, std::vector<std::string> may = {}) {
    all.push_back({{"import", std::move(id), std::move(what), std::move(target), std::move(must), std::move(may)},
                   tool,
                   std::move(apply)});
  };
  const Tool e2e = Tool::kConformance, cilium = Tool::kConnectivity;
  add(e2e, "case-failed", kCase, "A conformance test failed; the failure's message is empty, as always.",
      OfCase(
          [](pugi::xml_node one) { Fail(one, "failed", "[FAILED] lease is not available\nIn [It] at: lease.go:73"); }),
      {"conformance.case/{target}"});
  add(e2e, "case-aborted", kCase, "A conformance test was aborted, which the file counts as an error.",
      OfCase(
          [](pugi::xml_node one) { Fail(one, "aborted", "[ABORTED] the suite was aborted\nIn [It] at: lease.go:73"); }),
      {"conformance.case/{target}"});
  add(e2e, "case-missing", kCase, "A required test is not in the results.",
      OfCase([](pugi::xml_node one) { one.parent().remove_child(one); }), {"conformance.complete"});
  add(e2e, "case-skipped", kCase, "A required test was skipped.", OfCase(Skip), {"conformance.complete"});
  add(e2e, "all-skipped", "", "The focus picked nothing: every test was skipped, and the exit code was 0.",
      OfDocument([](pugi::xml_document& document) { ForEachCase(document, Skip); }), {"conformance.complete"});
  add(e2e, "before-suite-failed", "", "The suite's set-up failed, and every test was skipped for it.",
      OfDocument([](pugi::xml_document& document) {
        ForEachCase(document, [](pugi::xml_node one) {
          if (!IsSetUp(one)) return Skip(one);
          Fail(one, "failed", "[FAILED] Error waiting for all pods to be running and ready: coredns is not ready");
        });
      }),
      {"conformance.environment"}, {"conformance.complete"});
  add(e2e, "dry-run", "", "The results are of a dry run: every test is called passed, none was executed.",
      OfDocument(DryRun), {"conformance.run"});
  add(e2e, "truncated", "", "The file ends in the middle.", Truncate, {"conformance.run"});
  add(e2e, "no-junit", "", "The run left its log and no JUnit.", Nothing, {"conformance.run"});
  add(e2e, "no-file", "", "What is to be imported is not there.", nullptr, {"conformance.run"},
      {"cilium.connectivity_run", "conformance.preflight"});
  add(cilium, "connectivity-failed", kTest, "A test of `cilium connectivity test` failed.",
      OfCase([](pugi::xml_node one) {
        Fail(one, "failed", "no-policies/pod-to-pod/curl-0: cilium-test-1/client (10.0.0.1) -> echo (10.0.1.1:8080)");
      }),
      {"cilium.connectivity/{target}"});
  add(cilium, "connectivity-all-skipped", "", "Every test was skipped, and the exit code was 0.",
      OfDocument([](pugi::xml_document& document) { ForEachCase(document, Skip); }), {"cilium.connectivity_run"});
  add(cilium, "connectivity-no-junit", "", "The set-up failed, and no JUnit was written.", Nothing,
      {"cilium.connectivity_run"});
  return all;
}

// What an import has of a tool, copied to `folder`; the first JUnit of it.
absl::StatusOr<fs::path> CopyResults(const std::vector<fs::path>& from, Tool tool, const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return absl::ErrnoToStatus(error.value(), absl::StrCat("making ", folder.string()));
  ReadForeignResults(from, tool, folder);
  std::vector<fs::path> found;
  for (const auto& file : fs::directory_iterator(folder, error)) {
    if (file.path().extension() == ".xml") found.push_back(file.path());
  }
  if (found.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("this run imports no results of ",
                     tool == Tool::kConformance ? "conformance tests" : "`cilium connectivity test`"));
  }
  return *std::min_element(found.begin(), found.end());
}

absl::Status Apply(const Entry& entry, const FaultRequest& request, const fs::path& scratch, RunInputs& inputs) {
  std::vector<fs::path>& imports = inputs.producers.imports;
  if (entry.apply == nullptr) {
    imports = {scratch / "results"};
    return absl::OkStatus();
  }
  const fs::path e2e = scratch / "e2e", cilium = scratch / "cilium";
  const bool conformance = entry.tool == Tool::kConformance;
  TALES_ASSIGN_OR_RETURN(const fs::path file, CopyResults(imports, entry.tool, conformance ? e2e : cilium));
  const bool others =
      CopyResults(imports, conformance ? Tool::kConnectivity : Tool::kConformance, conformance ? cilium : e2e).ok();
  pugi::xml_document document;
  if (const auto read = document.load_file(file.c_str(), pugi::parse_full); !read) {
    return absl::InvalidArgumentError(absl::StrCat(file.string(), ": ", read.description()));
  }
  TALES_ASSIGN_OR_RETURN(const std::optional<std::string> broken,
                         entry.apply(document, request.target.empty() ? entry.fault.default_target : request.target));
  if (broken.has_value()) {
    TALES_RETURN_IF_ERROR(WriteFileAtomically(file, *broken));
  } else {
    fs::remove(file);
  }
  imports = {conformance ? e2e : cilium};
  if (others) imports.push_back(conformance ? cilium : e2e);
  return absl::OkStatus();
}

pugi::xml_node AddCase(pugi::xml_node suite, const std::string& name, const char* classname) {
  pugi::xml_node one = suite.append_child("testcase");
  one.append_attribute("name") = name.c_str();
  one.append_attribute("classname") = classname;
  one.append_attribute("status") = "passed";
  one.append_attribute("time") = "0.5";
  return one;
}

pugi::xml_node AddSuite(pugi::xml_document& document, const char* name) {
  pugi::xml_node suite = document.append_child("testsuites").append_child("testsuite");
  suite.append_attribute("name") = name;
  return suite;
}

}  // namespace

std::vector<Fault> ImportFaults() {
  std::vector<Fault> faults;
  for (Entry& entry : Entries()) faults.push_back(std::move(entry.fault));
  return faults;
}

std::map<std::string, InputFault> ImportInputFaults() {
  std::map<std::string, InputFault> faults;
  for (const Entry& entry : Entries()) {
    faults[entry.fault.name()] = [entry](const FaultRequest& request, const fs::path& scratch, RunInputs& inputs) {
      return Apply(entry, request, scratch, inputs);
    };
  }
  return faults;
}

absl::StatusOr<std::vector<std::string>> WriteHealthyResults(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder / "e2e", error);
  fs::create_directories(folder / "cilium", error);
  if (error) return absl::ErrnoToStatus(error.value(), absl::StrCat("making ", folder.string()));

  pugi::xml_document e2e;
  constexpr char kSuite[] = "Kubernetes e2e suite";
  pugi::xml_node suite = AddSuite(e2e, kSuite);
  pugi::xml_node properties = suite.append_child("properties");
  for (const auto& [name, value] :
       {std::pair("FocusStrings", std::string(kFocusOnAll)), std::pair("SkipStrings", std::string()),
        std::pair("DryRun", std::string("false"))}) {
    pugi::xml_node property = properties.append_child("property");
    property.append_attribute("name") = name;
    property.append_attribute("value") = value.c_str();
  }
  AddCase(suite, "[SynchronizedBeforeSuite]", kSuite);
  for (const std::string& name : BuiltInTests().all) AddCase(suite, absl::StrCat("[It] ", name), kSuite);
  AddCase(suite, "[SynchronizedAfterSuite]", kSuite);
  TALES_RETURN_IF_ERROR(WriteFileAtomically(folder / "e2e/junit_01.xml", ToText(e2e)));
  TALES_RETURN_IF_ERROR(WriteFileAtomically(
      folder / "e2e/e2e.log", absl::StrCat("Running Suite: Kubernetes e2e suite\nRan ", BuiltInTests().all.size(),
                                           " of 6622 Specs in 6390.526 seconds\nSUCCESS!\n")));

  pugi::xml_document cilium;
  suite = AddSuite(cilium, "connectivity test");
  for (const char* name : kTests) AddCase(suite, name, "connectivity test");
  TALES_RETURN_IF_ERROR(WriteFileAtomically(folder / "cilium/connectivity.xml", ToText(cilium)));
  TALES_RETURN_IF_ERROR(WriteFileAtomically(
      folder / "cilium/connectivity.log",
      absl::StrCat("Waiting for deployment cilium-test-1/client to become ready...\n[cilium-test-1] All ",
                   std::size(kTests), " tests (300 actions) successful\n")));
  return std::vector<std::string>{"--import", (folder / "e2e").string(), "--import", (folder / "cilium").string()};
}

}  // namespace tales::conformance
