#include "harness/runner/event.h"

#include <array>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "harness/runner/planned_check.h"

namespace tales {
namespace {

using Json = nlohmann::json;
using Kind = WorkerEvent::Kind;

constexpr std::array<std::pair<Kind, std::string_view>, 7> kKinds = {{{Kind::kStarted, "started"},
                                                                      {Kind::kLook, "look"},
                                                                      {Kind::kLooked, "looked"},
                                                                      {Kind::kFinished, "finished"},
                                                                      {Kind::kDone, "done"},
                                                                      {Kind::kAnnounced, "planned"},
                                                                      {Kind::kProgress, "progress"}}};

std::string_view Name(Kind kind) {
  for (const auto& [each, name] : kKinds) {
    if (each == kind) return name;
  }
  return "done";
}

void AddText(Json& json, const char* key, const std::string& text) {
  if (!text.empty()) json[key] = text;
}

// Reads `key` into `text`: false when it is there with another type.
bool ReadText(const Json& json, const char* key, std::string& text) {
  const auto found = json.find(key);
  if (found == json.end()) return true;
  if (!found->is_string()) return false;
  text = found->get<std::string>();
  return true;
}

}  // namespace

nlohmann::json ToEvent(const PlannedCheck& check) {
  Json event = {{"event", "planned"},         {"check", check.name},
                {"question", check.question}, {"required", check.required},
                {"tier", check.tier},         {"requires", check.requires_},
                {"after", check.after},       {"deadline", absl::ToDoubleSeconds(check.deadline)}};
  if (!check.explained_by.empty()) event["explained_by"] = check.explained_by;
  return event;
}

nlohmann::json ToJournal(const WorkerEvent& event) {
  Json json = {{"event", Name(event.kind)}, {"check", event.check}};
  AddText(json, "at", event.at);
  if (event.kind == Kind::kLooked || event.kind == Kind::kProgress) AddText(json, "found", event.found);
  if (event.kind != Kind::kFinished) return json;
  json["verdict"] = ToString(event.verdict);
  json["duration"] = event.duration;
  AddText(json, "kind", event.verdict == Verdict::kError ? event.error_kind : "");
  AddText(json, "issue", event.issue);
  AddText(json, "expected", event.expected);
  AddText(json, "found", event.found);
  AddText(json, "next", event.next);
  if (!event.evidence.empty()) json["evidence"] = event.evidence;
  return json;
}

std::string WriteWorkerEvent(const WorkerEvent& event, std::string_view token) {
  Json json = ToJournal(event);
  json["token"] = token;
  // Cluster output may hold any byte: what is not UTF-8 is replaced, never a reason to lose the verdict.
  return absl::StrCat(json.dump(-1, ' ', false, Json::error_handler_t::replace), "\n");
}

absl::StatusOr<WorkerEvent> ParseWorkerEvent(std::string_view line, std::string_view token) {
  const auto bad = [&](std::string_view why) {
    return absl::InvalidArgumentError(absl::StrCat(why, ": ", line.substr(0, 200)));
  };
  const Json json = Json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return bad("not a JSON object");
  std::string given, name, verdict;
  WorkerEvent event;
  if (!ReadText(json, "token", given) || given != token) return bad("not the worker's own event");
  if (!ReadText(json, "event", name)) return bad("event is not a string");
  bool known = false;
  for (const auto& [kind, text] : kKinds) {
    if (name != text) continue;
    event.kind = kind;
    known = true;
  }
  if (!known) return bad("unknown event");
  for (const auto& [key, text] : {std::pair{"check", &event.check},
                                  {"at", &event.at},
                                  {"kind", &event.error_kind},
                                  {"issue", &event.issue},
                                  {"expected", &event.expected},
                                  {"found", &event.found},
                                  {"next", &event.next},
                                  {"verdict", &verdict}}) {
    if (!ReadText(json, key, *text)) return bad(absl::StrCat(key, " is not a string"));
  }
  if (event.kind != Kind::kFinished) return event;
  const std::optional<Verdict> parsed = ParseVerdict(verdict);
  if (!parsed.has_value()) return bad("unknown verdict");
  event.verdict = *parsed;
  if (const auto duration = json.find("duration"); duration != json.end()) {
    if (!duration->is_number()) return bad("duration is not a number");
    event.duration = duration->get<double>();
    if (!std::isfinite(event.duration) || event.duration < 0) return bad("duration is not a time");
  }
  if (const auto evidence = json.find("evidence"); evidence != json.end()) {
    if (!evidence->is_array()) return bad("evidence is not a list");
    for (const Json& path : *evidence) {
      if (!path.is_string()) return bad("evidence is not a list of paths");
      event.evidence.push_back(path.get<std::string>());
    }
  }
  return event;
}

}  // namespace tales
