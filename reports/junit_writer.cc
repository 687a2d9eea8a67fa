#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "pugixml.hpp"
#include "reports/clean_text.h"
#include "reports/facts.h"
#include "reports/junit_testcase.h"
#include "reports/run_model.h"

namespace tales::reports {
namespace {

void AddProperties(pugi::xml_node suite, const std::vector<Fact>& facts) {
  if (facts.empty()) return;
  pugi::xml_node properties = suite.append_child("properties");
  for (const Fact& fact : facts) {
    pugi::xml_node property = properties.append_child("property");
    SetAttribute(property, "name", fact.name);
    SetAttribute(property, "value", fact.value);
  }
}

struct Suite {
  std::string name;
  pugi::xml_node node;
  int tests = 0, failures = 0, errors = 0, skipped = 0;
  double seconds = 0;
};

class Writer {
 public:
  explicit Writer(const RunModel& model) : model_(model), facts_(FactsOf(model.run())) {}

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
      AddProperties(suites_.back().node, facts_);
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
    const std::string timestamp = StartOf(model_.run());
    const std::string hostname = FieldText(model_.run(), "hostname");
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
    SetAttribute(root_, "name",
                 OneLine(absl::StrCat("tales ", FactValue(facts_, "profile"), " ", FactValue(facts_, "run"))));
    SetCounts(all);
  }

  static void SetCounts(const Suite& suite) {
    SetAttribute(suite.node, "tests", absl::StrCat(suite.tests));
    SetAttribute(suite.node, "failures", absl::StrCat(suite.failures));
    SetAttribute(suite.node, "errors", absl::StrCat(suite.errors));
    SetAttribute(suite.node, "time", Seconds(suite.seconds));
  }

  const RunModel& model_;
  const std::vector<Fact> facts_;
  pugi::xml_document document_;
  pugi::xml_node root_;
  std::vector<Suite> suites_;
  std::map<std::string, size_t> index_;
};

}  // namespace

std::string ToJUnit(const RunModel& model) { return Writer(model).Write(); }

}  // namespace tales::reports
