// A run of the self-test binary, and what it left: JUnit, report.json, journal.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gtest/gtest.h"
#include "harness/base/file.h"
#include "harness/base/subprocess.h"
#include "nlohmann/json.hpp"
#include "pugixml.hpp"
#include "tests/support/status_matchers.h"

namespace tales {

using Json = nlohmann::json;

inline std::vector<std::string> Split(const std::string& text, char separator) {
  return absl::StrSplit(text, separator, absl::SkipEmpty());
}

class SelfTest : public ::testing::Test {
 protected:
  void SetUp() override {
    absl::StatusOr<TemporaryFolder> folder = TemporaryFolder::Make("tales-selftest");
    ASSERT_OK(folder);
    folder_.emplace(*std::move(folder));
  }
  std::filesystem::path Run() const { return folder_->path() / "run"; }

  Command Verify(std::vector<std::string> arguments, bool with_out = true) {
    Command command{.argv = {TALES_SELFTEST, "verify", "--fixture", "none"}};
    if (with_out) command.argv.insert(command.argv.end(), {"--out", Run().string()});
    command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
    return command;
  }
  Finished Finish(std::vector<std::string> arguments) {
    const absl::StatusOr<Finished> finished =
        tales::Run(Verify(std::move(arguments)), Deadline::After(absl::Seconds(60)));
    EXPECT_OK(finished);
    return finished.value_or(Finished{});
  }

  // What each case of junit.xml holds: "" for one that passed, else the type of its element.
  std::map<std::string, std::string> JUnit(const std::filesystem::path& run) {
    pugi::xml_document document;
    const pugi::xml_parse_result parsed = document.load_file((run / "junit.xml").c_str());
    EXPECT_TRUE(parsed) << parsed.description();
    std::map<std::string, std::string> cases;
    for (const pugi::xpath_node& node : document.select_nodes("//testcase")) {
      std::string type;
      for (const pugi::xml_node& child : node.node().children()) {
        if (*child.attribute("type").value() != '\0')
          type = absl::StrCat(child.name(), " ", child.attribute("type").value());
      }
      cases[absl::StrCat(std::string(node.node().attribute("classname").value()).substr(6), ".",
                         node.node().attribute("name").value())] = type;
    }
    return cases;
  }
  Json Report() { return Json::parse(ReadFile(Run() / "report.json").value_or("null"), nullptr, false); }
  Json Of(const std::string& check) {
    const Json report = Report();
    for (const Json& each : report.value("checks", Json::array())) {
      if (each.value("check", "") == check) return each;
    }
    ADD_FAILURE() << check << " is not in report.json";
    return Json::object();
  }
  std::vector<Json> Journal() {
    std::vector<Json> events;
    for (const std::string& line : Split(ReadFile(Run() / "events.jsonl").value_or(""), '\n')) {
      events.push_back(Json::parse(line, nullptr, false));
    }
    return events;
  }
  std::string Verdict(const std::string& check) { return Of(check).value("verdict", ""); }
  // Waits until the journal says that `check` began.
  void AwaitStarted(const std::string& check) {
    const absl::Status status = RetryUntil(Deadline::After(absl::Seconds(20)), check, absl::Milliseconds(20), [&] {
      const std::string journal = ReadFile(Run() / "events.jsonl").value_or("");
      for (const std::string& line : Split(journal, '\n')) {
        if (absl::StrContains(line, "\"started\"") && absl::StrContains(line, check)) return absl::OkStatus();
      }
      return absl::Status(absl::StatusCode::kNotFound, journal.substr(0, 200));
    });
    ASSERT_OK(status);
  }
  std::optional<TemporaryFolder> folder_;
};

}  // namespace tales
