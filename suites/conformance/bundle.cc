#include "suites/conformance/bundle.h"

#include <algorithm>
#include <map>
#include <set>
#include <system_error>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "harness/base/file.h"
#include "harness/base/join_few.h"
#include "harness/base/status.h"
#include "re2/re2.h"
#include "reports/junit_reader.h"
#include "reports/run_model.h"
#include "suites/conformance/judge.h"
#include "suites/conformance/selection.h"
#include "yaml-cpp/yaml.h"

namespace tales::conformance {
namespace {

namespace fs = std::filesystem;
using reports::JUnitCase;
using reports::JUnitResult;

constexpr const char* kFiles[] = {"PRODUCT.yaml", "README.md", "e2e.log", "junit_01.xml"};
constexpr char kRun[] = "conformance.run", kComplete[] = "conformance.complete";

// As the bot tells them apart: by what a file begins with.
bool IsOfItsType(const std::string& name, std::string_view content) {
  if (name == "junit_01.xml") return absl::StartsWith(absl::StripLeadingAsciiWhitespace(content), "<");
  return content.find('\0') == std::string_view::npos;  // text
}

void CheckFiles(const fs::path& folder, std::vector<Breach>& breaches) {
  std::set<std::string> wanted(std::begin(kFiles), std::end(kFiles));
  for (const std::string& name : wanted) {
    const absl::StatusOr<std::string> content = ReadFile(folder / name, 512 << 20);
    if (!content.ok()) {
      breaches.push_back({2, absl::StrCat(name, ": ", content.status().message())});
    } else if (absl::StripAsciiWhitespace(*content).empty()) {
      breaches.push_back({2, absl::StrCat(name, " is empty")});
    } else if (!IsOfItsType(name, *content)) {
      breaches.push_back({2, absl::StrCat(name, " is not of its type")});
    }
  }
  std::error_code error;
  std::vector<std::string> others;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (!wanted.contains(name)) others.push_back(name);
  }
  std::sort(others.begin(), others.end());
  if (!others.empty()) breaches.push_back({3, absl::StrCat("beside the four files: ", JoinFew(others))});
}

// "v1.32/my-product" of what may hold any character.
std::string FolderName(std::string_view product) {
  std::string name = absl::AsciiStrToLower(product);
  for (char& c : name) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c)) && c != '.' && c != '-') c = '-';
  }
  return name;
}

absl::StatusOr<std::map<std::string, std::string>> ReadProduct(std::string_view yaml) {
  std::map<std::string, std::string> fields;
  try {
    const YAML::Node document = YAML::Load(std::string(yaml));
    if (!document.IsMap()) return absl::InvalidArgumentError("PRODUCT.yaml is no list of fields");
    for (const auto& field : document) {
      if (field.second.IsScalar()) fields[field.first.as<std::string>()] = field.second.as<std::string>();
    }
  } catch (const YAML::Exception& error) {
    return absl::InvalidArgumentError(absl::StrCat("PRODUCT.yaml: ", error.what()));
  }
  return fields;
}

std::string DefaultReadme(const std::string& product, const RequiredTests& required) {
  return absl::StrCat(
      "# ", product, "\n\nThe conformance tests of Kubernetes ", required.release,
      " were run one after the other, by\n\n    tales verify --cluster FILE --conformance full --allow "
      "disruptive\n\nwhich starts Kubernetes' own e2e.test with focus `\\[Conformance\\]` and no skip.\n");
}

// One start of everything, one after the other, to its end.
absl::StatusOr<fs::path> ResultsOf(const fs::path& run) {
  TALES_ASSIGN_OR_RETURN(const reports::RunModel model, reports::ReadJournal(run / "events.jsonl"));
  const std::string mode = model.run().value("conformance", "");
  if (mode != "full") {
    return absl::FailedPreconditionError(
        absl::StrCat(run.string(), " ran conformance mode \"", mode, "\"; only a full run is bundled"));
  }
  if (model.simulated()) return absl::FailedPreconditionError("the run was on a simulated cluster");
  for (const char* check : {kRun, kComplete}) {
    const reports::Case* found = model.Find(check);
    if (found == nullptr || !found->finished || found->verdict != Verdict::kPassed) {
      return absl::FailedPreconditionError(absl::StrCat(check, " is ", found == nullptr ? "not there" : found->Word(),
                                                        ": ", found == nullptr ? "" : found->found));
    }
  }
  const fs::path producer = run / "producers" / kRun;
  if (fs::exists(producer / "e2e-2/junit_01.xml")) {
    return absl::FailedPreconditionError("it took more than one start of the tests; one JUnit has to hold all of them");
  }
  return producer / "e2e-1";
}

}  // namespace

std::vector<Breach> CheckProduct(std::string_view yaml) {
  const auto fields = ReadProduct(yaml);
  if (!fields.ok()) return {{7, std::string(fields.status().message())}};
  std::vector<Breach> breaches;
  const auto value = [&fields](const std::string& name) {
    const auto field = fields->find(name);
    return field == fields->end() ? "" : std::string(absl::StripAsciiWhitespace(field->second));
  };
  for (const char* name : {"vendor", "name", "version", "type", "description", "website_url", "documentation_url",
                           "contact_email_address"}) {
    if (value(name).empty()) breaches.push_back({7, absl::StrCat("PRODUCT.yaml lacks ", name)});
  }
  static const re2::RE2 url(R"(https?://[^\s/?#]+\.[^\s]+)"), mail(R"([^\s@]+@[^\s@]+\.[^\s@]+)");
  for (const char* name : {"website_url", "documentation_url", "repo_url", "product_logo_url"}) {
    const std::string text = value(name);
    if (!text.empty() && !re2::RE2::FullMatch(text, url)) {
      breaches.push_back({8, absl::StrCat(name, " is no URL: ", text)});
    }
  }
  const std::string address = value("contact_email_address");
  if (!address.empty() && !re2::RE2::FullMatch(address, mail)) {
    breaches.push_back({8, absl::StrCat("contact_email_address is no address: ", address)});
  }
  const std::string type = absl::AsciiStrToLower(value("type"));
  if (!type.empty() && type != "distribution" && type != "hosted platform" && type != "installer") {
    breaches.push_back({10, absl::StrCat("type \"", type, "\" is none of distribution, hosted platform, installer")});
  }
  return breaches;
}

std::vector<Breach> CheckResults(const fs::path& junit, const RequiredTests& required) {
  const absl::StatusOr<reports::JUnitReport> report = reports::ReadJUnit(junit);
  if (!report.ok()) return {{12, std::string(report.status().message())}};
  std::set<std::string> ran;
  std::vector<std::string> failed;
  for (const JUnitCase& one : report->cases()) {
    if (one.result == JUnitResult::kSkipped || !absl::StrContains(one.name, "[Conformance]")) continue;
    const std::string name = Codename(one, required);
    ran.insert(name);
    if (one.result != JUnitResult::kPassed && required.Has(name)) failed.push_back(name);
  }
  std::vector<std::string> missing;
  std::set_difference(required.all.begin(), required.all.end(), ran.begin(), ran.end(), std::back_inserter(missing));
  std::vector<Breach> breaches;
  if (!missing.empty()) {
    breaches.push_back({12, absl::StrCat(missing.size(), " of ", required.all.size(),
                                         " required tests did not run: ", JoinFew(missing))});
  }
  if (!failed.empty()) breaches.push_back({13, absl::StrCat(failed.size(), " tests failed: ", JoinFew(failed))});
  return breaches;
}

std::vector<Breach> CheckBundle(const fs::path& folder, const RequiredTests& required) {
  std::vector<Breach> breaches;
  CheckFiles(folder, breaches);
  const absl::StatusOr<std::string> product = ReadFile(folder / "PRODUCT.yaml");
  if (product.ok()) {
    for (Breach& breach : CheckProduct(*product)) breaches.push_back(std::move(breach));
  }
  if (fs::exists(folder / "junit_01.xml")) {
    for (Breach& breach : CheckResults(folder / "junit_01.xml", required)) breaches.push_back(std::move(breach));
  }
  return breaches;
}

absl::StatusOr<fs::path> MakeBundle(const BundleRequest& request) {
  TALES_ASSIGN_OR_RETURN(const fs::path results, ResultsOf(request.run));
  TALES_ASSIGN_OR_RETURN(const std::string product, ReadFile(request.product));
  TALES_ASSIGN_OR_RETURN(const auto fields, ReadProduct(product));
  const auto name = fields.find("name");
  if (name == fields.end()) return absl::FailedPreconditionError("rule 7: PRODUCT.yaml lacks name");
  const RequiredTests& required = BuiltInTests();
  std::string readme = DefaultReadme(name->second, required);
  if (!request.readme.empty()) {
    TALES_ASSIGN_OR_RETURN(readme, ReadFile(request.readme));
  }
  std::error_code error;
  if (fs::exists(request.out, error) && !fs::is_empty(request.out, error)) {
    return absl::AlreadyExistsError(absl::StrCat(request.out.string(), " is there and is not empty"));
  }
  TALES_ASSIGN_OR_RETURN(const TemporaryFolder work, TemporaryFolder::Make("tales-bundle"));
  TALES_RETURN_IF_ERROR(WriteFileAtomically(work.path() / "PRODUCT.yaml", product));
  TALES_RETURN_IF_ERROR(WriteFileAtomically(work.path() / "README.md", readme));
  for (const char* file : {"e2e.log", "junit_01.xml"}) {
    TALES_ASSIGN_OR_RETURN(const std::string content, ReadFile(results / file, 512 << 20));
    TALES_RETURN_IF_ERROR(WriteFileAtomically(work.path() / file, content));
  }
  const std::vector<Breach> breaches = CheckBundle(work.path(), required);
  if (!breaches.empty()) {
    return absl::FailedPreconditionError(absl::StrJoin(breaches, "\n", [](std::string* out, const Breach& breach) {
      absl::StrAppend(out, "rule ", breach.rule, ": ", breach.found);
    }));
  }
  const fs::path folder = request.out / required.release / FolderName(name->second);
  fs::create_directories(folder, error);
  if (!error) fs::copy(work.path(), folder, error);
  if (error) return absl::ErrnoToStatus(error.value(), absl::StrCat("writing ", folder.string()));
  return folder;
}

}  // namespace tales::conformance
