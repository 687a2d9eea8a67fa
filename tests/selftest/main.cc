// A `tales` whose suites misbehave on purpose: the runner is judged by what it makes of them.
#include "absl/strings/str_cat.h"
#include "harness/cli/cli.h"
#include "tests/selftest/none_fixture.h"
#include "tests/selftest/suites.h"

int main(int argc, char** argv) {
  tales::Registry registry;
  registry.suites = tales::selftest::Suites();
  registry.producers = tales::selftest::Producers();
  registry.check_conformance_mode = [](std::string_view mode) {
    for (const char* known :
         {"sample", "crash", "flaky", "forgets", "throw", "leak", "slow", "waits", "mends", "lacks", "creates"}) {
      if (mode == known) return absl::OkStatus();
    }
    return absl::InvalidArgumentError(absl::StrCat("conformance \"", mode, "\" is not a mode"));
  };
  registry.fixtures["none"] = [] { return tales::selftest::NoneFixture(); };
  registry.fixtures["dying"] = [] { return tales::selftest::DyingFixture(); };
  registry.fixtures["broken"] = [] { return tales::selftest::BrokenFixture(); };
  registry.fixtures["picky"] = [] { return tales::selftest::PickyFixture(); };
  registry.faults = {{.domain = "inputs", .id = "bad", .what = "What the suites do themselves.", .must = {"*"}}};
  registry.profiles = {{.name = "post-install", .description = "everything that passes", .checks = {"good.*"}},
                       {.name = "demanding",
                        .description = "requires what is unsupported",
                        .checks = {"good.*", "odd.unsupported"},
                        .require = {"odd.*"}},
                       {.name = "creating",
                        .description = "requires a tier",
                        .tier = tales::Tier::kCreate,
                        .checks = {"good.*", "tier.*"},
                        .require = {"tier.*"}}};
  return tales::RunCli(registry, argc, argv);
}
