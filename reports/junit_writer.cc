#include <cstdio>
#include <filesystem>
#include <map>
#include <sstream>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "pugixml.hpp"
#include "reports/clean_text.h"
#include "reports/junit_testcase.h"
#include "reports/run_model.h"

namespace tales::reports {
namespace {

// A string, number or boolean anywhere in the run event as text; empty for the rest.
std::string Text(const nlohmann::json& object, const char* key) {
  if (!object.is_object()) return "";
  const auto it = object.find(key);
  if (it == object.end() || it->is_null() || it->is_structured()) return "";
  return it->is_string() ? it->get<std::string>() : it->dump();
}

// "2025-03-02T01:00:00Z" from the event's own time, or from the run id, which starts with it.
std::string Timestamp(const nlohmann::json& run) {
  if (std::string at = Text(run, "at"); !at.empty()) return OneLine(at);
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  if (std::sscanf(Text(run, "run").c_str(), "%4d-%2d-%2dT%2d-%2d-%2dZ", &year, &month, &day, &hour, &minute, &second) !=
      6) {
    return "";
  }
  return absl::StrFormat("%04d-%02d-%02dT%02d:%02d:%02dZ", year, month, day, hour, minute, second);
}

void AddProperties(pugi::xml_node suite, const nlohmann::json& run) {
  const nlohmann::json cluster = run.value("cluster", nlohmann::json::object());
  const std::pair<const char*, std::string> all[] = {
      {"run", Text(run, "run")},
      {"tales.version", Text(run, "version")},
      {"profile", Text(run, "profile")},
      {"conformance.mode", Text(run, "conformance")},
      {"fixture", Text(run, "fixture")},
      {"simulated", Text(run, "simulated")},
      {"strict", Text(run, "strict")},
      {"tier", Text(run, "tier")},
      {"plan.sha256", Text(run, "plan_sha256")},
      {"authority", Text(run, "authority")},
      {"cluster", Text(cluster, "name")},
      {"talos.version", Text(cluster, "talos")},
      {"kubernetes.version", Text(cluster, "kubernetes")},
      {"cilium.version", Text(cluster, "cilium")},
      {"nodes.total", Text(cluster, "nodes")},
      {"nodes.schedulable", Text(cluster, "schedulable")},
  };
  pugi::xml_node properties = suite.append_child("properties");
  for (const auto& [name, value] : all) {
    if (value.empty()) continue;
    pugi::xml_node property = properties.append_child("property");
    SetAttribute(property, "name", name);
    SetAttribute(property, "value", OneLine(value));
  }
  if (properties.first_child().empty()) suite.remove_child(properties);
}

struct Suite {
  std::string name;
  pugi::xml_node node;
  int tests = 0, failures = 0, errors = 0, skipped = 0;
  double seconds = 0;
};

class Writer {
 public:
  explicit Writer(const RunModel& model)
      : model_(model), run_(model.run().is_object() ? model.run() : nlohmann::json::object()) {}

  std::string Write() {
    root_ = document_.append_child("testsuites");
    for (const Case& one : model_.cases()) {
      AddTestcase(one.suite(), [&](pugi::xml_node suite) { return AppendTestcase(suite, one, model_.Fails(one)); });
    }
    AddRunItselfUnlessRed();
    Finish();
    std::ostringstream out;
    out << "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
    document_.save(out, " ", pugi::format_indent | pugi::format_no_declaration, pugi::encoding_utf8);
    return out.str();
  }

 private:
  template <typename Append>
  void AddTestcase(const std::string& suite_name, Append append) {
    const auto [it, is_new] = index_.emplace(suite_name, suites_.size());
    if (is_new) {
      suites_.push_back({.name = suite_name, .node = root_.append_child("testsuite")});
      AddProperties(suites_.back().node, run_);
    }
    Suite& suite = suites_[it->second];
    const pugi::xml_node testcase = append(suite.node);
    ++suite.tests;
    suite.failures += !testcase.child("failure").empty();
    suite.errors += !testcase.child("error").empty();
    suite.skipped += !testcase.child("skipped").empty();
    suite.seconds += testcase.attribute("time").as_double();
  }

  // A run that must not be taken for green, where no case says so: nothing was judged, or it ended with trouble.
  void AddRunItselfUnlessRed() {
    for (const Suite& suite : suites_) {
      if (suite.failures + suite.errors > 0) return;
    }
    const int code = model_.exit().value_or(0) != 0 ? *model_.exit() : model_.ExitCode();
    if (code == 0) return;
    Case itself;
    itself.check = "run.run";
    itself.error_kind = code == 3 ? "fixture" : "not_run";
    itself.expected = "a run that judges its checks";
    itself.found =
        absl::StrCat(model_.exit_reason().empty() ? Summary(model_) : model_.exit_reason(), " (exit ", code, ")");
    AddTestcase("run", [&](pugi::xml_node suite) { return AppendTestcase(suite, itself, true); });
  }

  void Finish() {
    const std::string timestamp = Timestamp(run_);
    const std::string hostname = OneLine(Text(run_, "hostname"));
    Suite all;
    for (size_t i = 0; i < suites_.size(); ++i) {
      Suite& suite = suites_[i];
      SetAttribute(suite.node, "name", suite.name);
      SetCounts(suite);
      SetAttribute(suite.node, "skipped", absl::StrCat(suite.skipped));
      if (!timestamp.empty()) SetAttribute(suite.node, "timestamp", timestamp);
      if (!hostname.empty()) SetAttribute(suite.node, "hostname", hostname);
      SetAttribute(suite.node, "id", absl::StrCat(i));
      SetAttribute(suite.node, "package", "tales");
      all.tests += suite.tests, all.failures += suite.failures, all.errors += suite.errors,
          all.seconds += suite.seconds;
    }
    all.node = root_;
    SetAttribute(root_, "name", OneLine(absl::StrCat("tales ", Text(run_, "profile"), " ", Text(run_, "run"))));
    SetCounts(all);
  }

  static void SetCounts(const Suite& suite) {
    SetAttribute(suite.node, "tests", absl::StrCat(suite.tests));
    SetAttribute(suite.node, "failures", absl::StrCat(suite.failures));
    SetAttribute(suite.node, "errors", absl::StrCat(suite.errors));
    SetAttribute(suite.node, "time", Seconds(suite.seconds));
  }

  const RunModel& model_;
  const nlohmann::json run_;
  pugi::xml_document document_;
  pugi::xml_node root_;
  std::vector<Suite> suites_;
  std::map<std::string, size_t> index_;
};

}  // namespace

std::string ToJUnit(const RunModel& model) { return Writer(model).Write(); }

}  // namespace tales::reports
