// `tales verify --baseline RUN`: what an earlier run had judged is owed by this one too.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "nlohmann/json.hpp"
#include "reports/compare.h"

namespace tales {

class Baseline {
 public:
  // A run's folder, journal, report.json or JUnit. InvalidArgument: foreign JUnit, whose names are not those of checks;
  // or a run of another fixture than `fixture`. FailedPrecondition: it judged nothing. Reading: as
  // reports::LoadResults.
  static absl::StatusOr<Baseline> Load(const std::filesystem::path& path, std::string_view fixture);

  // What this run was asked to judge: the profile's globs, or, where suites or checks are named, those alone. Nothing
  // else of the baseline is owed. Before it is called everything is.
  void Ask(std::vector<std::string> profile, std::vector<std::string> suites, std::vector<std::string> checks);

  // The events of a journal that make `missing` of every check that is owed and that `model` does not have.
  std::vector<nlohmann::json> MissingEvents(const reports::RunModel& model) const;

  // The comparison as text for the terminal; compare.md and compare.json are written into `folder`.
  absl::StatusOr<std::string> Report(const reports::RunModel& model, const std::filesystem::path& folder,
                                     const reports::CompareTextOptions& options) const;

 private:
  explicit Baseline(reports::ResultSet results) : results_(std::move(results)) {}
  bool IsAskedFor(const reports::Result& result) const;

  reports::ResultSet results_;
  bool asked_ = false;
  std::vector<std::string> profile_, suites_, checks_;
};

}  // namespace tales
