#include "suites/conformance/mode.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "harness/base/status.h"
#include "suites/conformance/selection.h"

namespace tales::conformance {
namespace {

// As many as talosctl and hydrophone take where they run tests side by side.
constexpr int kFastProcs = 4;

absl::StatusOr<ModeRequest> OfSig(std::string_view text, std::string_view name) {
  absl::ConsumePrefix(&name, "sig-");
  if (name.empty() || name.find_first_not_of("abcdefghijklmnopqrstuvwxyz-") != std::string_view::npos) {
    return absl::InvalidArgumentError(absl::StrCat("conformance \"", text, "\": \"", name, "\" is no SIG's name"));
  }
  return ModeRequest{
      .mode = Mode::kPart, .text = std::string(text), .pattern = absl::StrCat("suite \\[sig-", name, "\\] ")};
}

// Of an expression that names many tests, its beginning.
std::string Short(std::string_view text) {
  constexpr size_t kShort = 80;
  return text.size() <= kShort ? std::string(text) : absl::StrCat(text.substr(0, kShort), "...");
}

// They evict pods of others, taint nodes, fill them up, or need the cluster for themselves.
bool Disturbs(const std::string& name) {
  return absl::StrContains(name, "[Serial]") || absl::StrContains(name, "[Disruptive]");
}

}  // namespace

absl::StatusOr<ModeRequest> ParseMode(std::string_view text) {
  if (text.empty() || text == "none") return ModeRequest{.mode = Mode::kNone, .text = "none", .pattern = ""};
  for (const auto& [name, mode] : {std::pair{"sample", Mode::kSample}, {"fast", Mode::kFast}, {"full", Mode::kFull}}) {
    if (text == name) return ModeRequest{.mode = mode, .text = name, .pattern = ""};
  }
  std::string_view rest = text;
  if (absl::ConsumePrefix(&rest, "sig:")) return OfSig(text, rest);
  if (absl::ConsumePrefix(&rest, "focus:") && !rest.empty()) {
    TALES_RETURN_IF_ERROR(Annotate(Selection::Make(rest, "").status(), "conformance"));
    return ModeRequest{.mode = Mode::kPart, .text = std::string(text), .pattern = std::string(rest)};
  }
  return absl::InvalidArgumentError(
      absl::StrCat("conformance \"", text, "\" is not a mode; one of none, sample, fast, full, sig:NAME, focus:REGEX"));
}

absl::StatusOr<Picked> Pick(const ModeRequest& request, const RequiredTests& required) {
  Picked picked{.mode = request.mode, .names = required.all, .what = "", .is_all = true};
  switch (request.mode) {
    case Mode::kNone:
      return absl::InvalidArgumentError("no tests are asked for");
    case Mode::kSample:
      picked.names = required.sample;
      picked.what = "the sample";
      break;
    case Mode::kFast:
      picked.what = "a fast run";
      picked.procs = kFastProcs;
      break;
    case Mode::kFull:
      picked.what = "a full run";
      break;
    case Mode::kPart: {
      TALES_ASSIGN_OR_RETURN(const Selection selection, Selection::Make(request.pattern, ""));
      picked.names = selection.Of(required.all);
      picked.what = absl::StrCat("what ", Short(request.text), " picks");
      break;
    }
  }
  if (picked.names.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("conformance \"", Short(request.text), "\" picks none of the tests of ", required.release));
  }
  std::sort(picked.names.begin(), picked.names.end());
  picked.is_all = picked.names.size() == required.all.size();
  for (const std::string& name : picked.names) {
    if (Disturbs(name) && request.mode != Mode::kSample) picked.tier = Tier::kDisruptive;
    if (std::find(required.sample.begin(), required.sample.end(), name) == required.sample.end()) {
      picked.needs_nodes = true;
    }
  }
  return picked;
}

}  // namespace tales::conformance
