#include "harness/runner/plan.h"

#include <openssl/sha.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "harness/base/glob.h"
#include "harness/base/status.h"

namespace tales {
namespace {

// What a check and a producer have in common, as far as planning goes.
struct Template {
  PlannedCheck planned;
  Instances instances = Instances::kOne;
  Tier tier = Tier::kRead;
  std::vector<std::string> after, explained_by, faults;
  std::string unproven;
};

// Of a check or of a producer.
template <typename Source>
Template CommonOf(const Source& source) {
  Template one;
  one.planned.check = source.id;
  one.planned.question = source.question;
  for (const Requirement* need : source.needs) one.planned.requires_.push_back(need->name);
  one.planned.deadline = source.deadline;
  one.planned.alone = source.alone;
  one.planned.optional = source.optional;
  one.tier = source.tier;
  one.after = source.after;
  one.faults = source.faults;
  return one;
}

std::vector<Template> Templates(const Registry& registry) {
  std::vector<Template> all;
  for (const Suite& suite : registry.suites) {
    for (const Check& check : suite.checks) {
      Template& one = all.emplace_back(CommonOf(check));
      one.planned.lock = check.lock;
      one.planned.retryable = check.retryable;
      one.instances = check.instances;
      one.explained_by = check.explained_by;
    }
  }
  for (const Producer& producer : registry.producers) {
    Template& one = all.emplace_back(CommonOf(producer));
    one.planned.producer = producer.id;
    one.planned.resumable = producer.resumable;
    one.unproven = producer.unproven;
    for (const ProducedCheck& child : producer.children) {
      if (child.many) one.planned.families[child.id] = child.question;
    }
    const Template whole = one;  // what follows may move it
    for (const ProducedCheck& child : producer.children) {
      if (child.many) continue;
      Template& part = all.emplace_back(whole);
      part.planned.check = child.id;
      part.planned.question = child.question;
      part.planned.families.clear();
      part.after = {};  // it comes with its producer, and is blocked with it
      part.faults = child.faults;
      part.unproven = child.unproven;
    }
  }
  return all;
}

std::vector<std::string> InstanceNames(Instances instances, const ClusterDefinition& definition) {
  std::vector<std::string> names;
  switch (instances) {
    case Instances::kOne:
      names.emplace_back();
      break;
    case Instances::kNode:
    case Instances::kControlPlane:
      for (const NodeDefinition& node : definition.nodes) {
        if (instances == Instances::kNode || node.role == Role::kControlPlane) names.push_back(node.name);
      }
      break;
    case Instances::kNamespace:
      for (const auto& [name, unused] : definition.namespaces) names.push_back(name);
      break;
  }
  return names;
}

std::pair<std::string, std::string> NothingToAsk(Instances instances) {
  switch (instances) {
    case Instances::kControlPlane:
      return {"needs a declared control plane", "has none"};
    case Instances::kNamespace:
      return {"needs a declared namespace", "has none"};
    default:
      return {"needs a declared node", "has none"};
  }
}

bool IsNode(Instances instances) { return instances == Instances::kNode || instances == Instances::kControlPlane; }

bool MatchesAny(const std::vector<std::string>& globs, std::string_view name) {
  return std::any_of(globs.begin(), globs.end(), [&](const std::string& glob) { return GlobMatches(glob, name); });
}

// Whether a glob can mean instances that nobody knows yet: it names the check, or one of its instances.
bool MatchesFamily(const std::vector<std::string>& globs, const std::string& id) {
  return std::any_of(globs.begin(), globs.end(), [&](const std::string& glob) {
    return GlobMatches(glob, id) || absl::StartsWith(glob, absl::StrCat(id, "/"));
  });
}

// All instances of all checks, with `after` resolved to instances.
std::vector<PlannedCheck> Expand(const Registry& registry, const ClusterDefinition& definition) {
  const std::vector<Template> templates = Templates(registry);
  std::map<std::string, const Template*> by_id;
  std::map<std::string, std::vector<std::string>> instances;
  for (const Template& one : templates) {
    by_id[one.planned.check] = &one;
    instances[one.planned.check] = InstanceNames(one.instances, definition);
  }
  std::vector<PlannedCheck> all;
  for (const Template& one : templates) {
    std::vector<std::string> names = instances[one.planned.check];
    const bool none = names.empty();
    if (none) names.emplace_back();
    for (const std::string& instance : names) {
      PlannedCheck& planned = all.emplace_back(one.planned);
      planned.instance = instance;
      planned.name = instance.empty() ? planned.check : absl::StrCat(planned.check, "/", instance);
      planned.tier = std::string(ToString(one.tier));
      if (none) planned.unsupported = NothingToAsk(one.instances);
      const auto resolve = [&](const std::vector<std::string>& ids, std::vector<std::string>& resolved) {
        for (const std::string& id : ids) {
          const auto other = by_id.find(id);
          if (other == by_id.end()) continue;
          const std::vector<std::string>& others = instances[id];
          const bool same_kind =
              other->second->instances == one.instances || (IsNode(other->second->instances) && IsNode(one.instances));
          if (same_kind && std::find(others.begin(), others.end(), instance) != others.end()) {
            resolved.push_back(instance.empty() ? id : absl::StrCat(id, "/", instance));
          } else if (others.empty()) {
            resolved.push_back(id);  // the one that says that there is nothing to ask
          } else {
            for (const std::string& each : others) resolved.push_back(each.empty() ? id : absl::StrCat(id, "/", each));
          }
        }
      };
      resolve(one.after, planned.after);
      resolve(one.explained_by, planned.explained_by);
    }
  }
  return all;
}

std::string Digest(const Plan& plan) {
  std::string text = absl::StrCat(plan.profile, "\n", absl::FormatDuration(plan.settle), "\n");
  for (const PlannedCheck& check : plan.checks) absl::StrAppend(&text, ToEvent(check).dump(), check.lock, "\n");
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  return absl::BytesToHexString(std::string_view(reinterpret_cast<const char*>(digest), sizeof digest));
}

absl::Status NothingMatches(std::string_view flag, std::string_view word, const std::vector<std::string>& names) {
  const std::vector<std::string> near = NearNames(word, names);
  return absl::InvalidArgumentError(absl::StrCat(flag, " ", word, ": matches nothing",
                                                 near.empty() ? "" : "; did you mean ", absl::StrJoin(near, ", "),
                                                 near.empty() ? ";" : "?", " `tales list` shows all"));
}

// Whether a glob may match an instance of the check, whatever instances there will be.
bool MayMatch(const std::string& glob, const std::string& id) {
  if (GlobMatches(glob, id)) return true;
  const size_t wild = glob.find_first_of("*?");
  const std::string_view literal = std::string_view(glob).substr(0, wild);
  return absl::StartsWith(literal, absl::StrCat(id, "/")) ||
         (wild != std::string::npos && absl::StartsWith(absl::StrCat(id, "/"), literal));
}

}  // namespace

std::vector<std::string> NearNames(std::string_view word, const std::vector<std::string>& names) {
  std::vector<std::pair<size_t, std::string>> ranked;
  for (const std::string& name : names) {
    std::vector<size_t> row(name.size() + 1);
    for (size_t j = 0; j <= name.size(); ++j) row[j] = j;
    for (size_t i = 1; i <= word.size(); ++i) {
      size_t diagonal = std::exchange(row[0], i);
      for (size_t j = 1; j <= name.size(); ++j) {
        const size_t replaced = diagonal + (word[i - 1] == name[j - 1] ? 0 : 1);
        diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, replaced}));
      }
    }
    // What contains the word is near, however long it is.
    const bool contains = word.size() >= 3 && name.find(word) != std::string::npos;
    if (contains || row.back() <= std::max<size_t>(2, word.size() / 2))
      ranked.emplace_back(contains ? 0 : row.back(), name);
  }
  std::sort(ranked.begin(), ranked.end());
  std::vector<std::string> near;
  for (size_t i = 0; i < ranked.size() && i < 3; ++i) near.push_back(ranked[i].second);
  return near;
}

absl::StatusOr<Profile> ResolveProfile(const Registry& registry, const ClusterDefinition& definition,
                                       std::string name) {
  if (name.empty()) name = definition.discovered ? "health" : "post-install";
  std::optional<Profile> profile;
  std::vector<std::string> names;
  for (const Profile& each : registry.profiles) {
    names.push_back(each.name);
    if (each.name == name) profile = each;
  }
  const auto own = definition.profiles.find(name);
  if (own != definition.profiles.end()) {
    if (!profile.has_value()) profile = Profile{.name = name, .checks = own->second.require};
    if (own->second.has_settle) profile->settle = own->second.settle;
    if (!own->second.require.empty()) profile->require = own->second.require;
    if (!own->second.conformance.empty()) profile->conformance = own->second.conformance;
    if (!own->second.connectivity.empty()) profile->connectivity = own->second.connectivity;
  }
  for (const auto& [each, unused] : definition.profiles) {
    if (std::find(names.begin(), names.end(), each) == names.end()) names.push_back(each);
  }
  if (!profile.has_value()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--profile ", name, ": no such profile; one of ", absl::StrJoin(names, ", ")));
  }
  return *profile;
}

std::string FixtureNames(const Registry& registry) {
  return absl::StrJoin(registry.fixtures, ", ", [](std::string* out, const auto& each) { *out += each.first; });
}

absl::Status CheckNames(const Registry& registry, const PlanRequest& request) {
  std::vector<std::string> suites, ids;
  for (const Template& one : Templates(registry)) {
    if (suites.empty() || suites.back() != one.planned.suite()) suites.push_back(one.planned.suite());
    ids.push_back(one.planned.check);
    for (const auto& [family, question] : one.planned.families) ids.push_back(family);
  }
  for (const std::string& suite : request.suites) {
    if (std::find(suites.begin(), suites.end(), suite) == suites.end()) return NothingMatches("--suite", suite, suites);
  }
  for (const std::string& glob : request.checks) {
    if (std::none_of(ids.begin(), ids.end(), [&](const std::string& id) { return MayMatch(glob, id); }))
      return NothingMatches("--check", glob, ids);
  }
  return absl::OkStatus();
}

absl::StatusOr<Plan> MakePlan(const Registry& registry, const ClusterDefinition& definition,
                              const PlanRequest& request) {
  TALES_ASSIGN_OR_RETURN(const Profile profile, ResolveProfile(registry, definition, request.profile));
  std::vector<PlannedCheck> all = Expand(registry, definition);

  std::vector<std::string> suites, ids;
  for (const PlannedCheck& check : all) {
    if (std::find(suites.begin(), suites.end(), check.suite()) == suites.end()) suites.push_back(check.suite());
    if (ids.empty() || ids.back() != check.check) ids.push_back(check.check);
  }
  for (const std::string& suite : request.suites) {
    if (std::find(suites.begin(), suites.end(), suite) == suites.end()) return NothingMatches("--suite", suite, suites);
  }
  for (const std::string& glob : request.checks) {
    const bool any = std::any_of(all.begin(), all.end(), [&](const PlannedCheck& c) {
      return GlobMatches(glob, c.name) || std::any_of(c.families.begin(), c.families.end(), [&](const auto& family) {
               return MatchesFamily({glob}, family.first);
             });
    });
    if (!any) return NothingMatches("--check", glob, ids);
  }

  std::map<std::string, size_t> index;
  for (size_t i = 0; i < all.size(); ++i) index[all[i].name] = i;
  std::vector<bool> chosen(all.size(), false);
  std::function<void(size_t)> choose = [&](size_t i) {
    if (chosen[i]) return;
    chosen[i] = true;
    for (const std::string& name : all[i].after) choose(index.at(name));
    // A producer gives all of its verdicts or none.
    for (size_t j = 0; j < all.size() && !all[i].producer.empty(); ++j) {
      if (all[j].producer == all[i].producer) choose(j);
    }
  };
  const auto matches = [](const std::vector<std::string>& globs, const PlannedCheck& check) {
    return MatchesAny(globs, check.name) ||
           std::any_of(check.families.begin(), check.families.end(),
                       [&](const auto& family) { return MatchesFamily(globs, family.first); });
  };
  // What a flag asks for is part of the plan, whatever else is.
  std::map<std::string, Producer::Asked> asked, flagged;
  for (const Producer& producer : registry.producers) {
    if (producer.asked == nullptr) continue;
    if (auto of_run = producer.asked(request.inputs); of_run.has_value()) asked[producer.id] = *std::move(of_run);
    if (auto by_flag = producer.asked(request.flags); by_flag.has_value()) {
      asked[producer.id] = flagged[producer.id] = *std::move(by_flag);
      choose(index.at(producer.id));
    }
  }
  const bool explicitly = !request.suites.empty() || !request.checks.empty();
  for (size_t i = 0; i < all.size(); ++i) {
    const bool by_suite = request.suites.empty() || std::find(request.suites.begin(), request.suites.end(),
                                                              all[i].suite()) != request.suites.end();
    const bool by_check = request.checks.empty() || matches(request.checks, all[i]);
    if (explicitly ? by_suite && by_check : matches(profile.checks, all[i])) choose(i);
  }

  if (!request.flags.imports.empty() &&
      std::none_of(registry.producers.begin(), registry.producers.end(),
                   [&](const Producer& producer) { return producer.takes_imports && chosen[index.at(producer.id)]; })) {
    return absl::InvalidArgumentError(absl::StrCat("--import ", request.flags.imports.front().string(),
                                                   ": nothing that is planned takes results; add --suite conformance, "
                                                   "or --check 'cilium.connectivity*'"));
  }

  Plan plan;
  plan.profile = profile.name;
  plan.settle = request.settle.value_or(profile.settle);
  for (size_t i = 0; i < all.size(); ++i) {
    if (!chosen[i]) continue;
    PlannedCheck& check = plan.checks.emplace_back(std::move(all[i]));
    std::erase_if(check.explained_by, [&](const std::string& name) { return !chosen[index.at(name)]; });
    const auto ask = asked.find(check.producer);
    if (ask != asked.end()) check.optional = false;
    const bool by_flag = flagged.contains(check.producer);
    const bool by_profile = !check.optional && matches(profile.require, check);
    check.required = by_profile || (by_flag && check.is_producer());
    const Tier own = ParseTier(check.tier).value_or(Tier::kDisruptive);
    const Tier needs = ask == asked.end() ? own : std::max(own, ask->second.tier);
    if (needs <= request.granted) continue;
    if (by_flag || by_profile) {
      const std::string who = by_flag
                                  ? absl::StrCat(ask->second.flag, " needs")
                                  : absl::StrCat("profile ", profile.name, " requires ", check.name, ", which needs");
      return absl::InvalidArgumentError(absl::StrCat(who, " tier ", ToString(needs), "; granted is ",
                                                     ToString(request.granted), ". Add --allow ", ToString(needs),
                                                     ", or `allow: ", ToString(needs), "` to the cluster file"));
    }
    if (own <= request.granted) continue;  // its run says what is lacking for what it was asked
    check.unsupported = {absl::StrCat("needs tier ", check.tier),
                         absl::StrCat("granted is ", ToString(request.granted), "; --allow ", check.tier)};
  }
  plan.sha256 = Digest(plan);
  return plan;
}

std::vector<std::string> RegistryProblems(const Registry& registry) {
  std::vector<std::string> problems;
  const std::vector<Template> templates = Templates(registry);
  std::map<std::string, const Template*> by_id;
  std::set<std::string> faults;
  for (const Fault& fault : registry.faults) faults.insert(fault.name());
  for (const Template& one : templates) {
    const std::string& id = one.planned.check;
    if (!by_id.emplace(id, &one).second) problems.push_back(absl::StrCat(id, ": there are two of it"));
    if (id.find('.') == std::string::npos) problems.push_back(absl::StrCat(id, ": is not suite.check"));
    if (one.planned.question.empty() || one.planned.question.back() != '?') {
      problems.push_back(absl::StrCat(id, ": its question is not one"));
    }
    if (one.faults.empty() && one.unproven.empty()) problems.push_back(absl::StrCat(id, ": no fault proves it"));
    if (!one.faults.empty() && !one.unproven.empty()) {
      problems.push_back(absl::StrCat(id, ": says that it is unproven, and names a fault"));
    }
    for (const std::string& fault : one.faults) {
      if (!faults.contains(fault)) problems.push_back(absl::StrCat(id, ": unknown fault ", fault));
    }
  }
  for (const Producer& producer : registry.producers) {
    if (producer.clean_up >= producer.deadline) {
      problems.push_back(absl::StrCat(producer.id, ": its clean-up leaves no time for its work"));
    }
    for (const ProducedCheck& child : producer.children) {
      if (!child.many) continue;
      if (child.faults.empty() && child.unproven.empty()) {
        problems.push_back(absl::StrCat(child.id, ": no fault proves it"));
      }
      for (const std::string& fault : child.faults) {
        if (!faults.contains(fault)) problems.push_back(absl::StrCat(child.id, ": unknown fault ", fault));
      }
    }
  }
  for (const Template& one : templates) {
    for (const std::string& after : one.after) {
      if (!by_id.contains(after)) problems.push_back(absl::StrCat(one.planned.check, ": comes after unknown ", after));
    }
    for (const std::string& cause : one.explained_by) {
      if (!by_id.contains(cause)) problems.push_back(absl::StrCat(one.planned.check, ": explained by unknown ", cause));
    }
  }
  std::map<std::string, int> state;  // 1 under way, 2 done
  std::function<void(const std::string&)> visit = [&](const std::string& id) {
    const auto found = by_id.find(id);
    if (found == by_id.end() || state[id] == 2) return;
    if (state[id] == 1) return problems.push_back(absl::StrCat(id, ": comes after itself"));
    state[id] = 1;
    for (const std::string& after : found->second->after) visit(after);
    for (const std::string& cause : found->second->explained_by) visit(cause);
    if (const std::string& producer = found->second->planned.producer; producer != id) visit(producer);
    state[id] = 2;
  };
  for (const Template& one : templates) visit(one.planned.check);
  return problems;
}

}  // namespace tales
