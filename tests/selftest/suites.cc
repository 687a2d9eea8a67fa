#include "tests/selftest/suites.h"

#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <thread>

#include "gtest/gtest.h"
#include "harness/base/file.h"

namespace tales::selftest {
namespace {

using Look = std::function<Outcome(CheckContext&)>;

Check Make(std::string id, Look look) {
  Check check;
  check.id = std::move(id);
  check.question = "Does the runner cope with this?";
  check.faults = {"inputs:bad"};
  check.look = std::move(look);
  return check;
}

Outcome Pass(CheckContext&) { return Outcome::Passed("as it should be"); }
Outcome Fail(CheckContext&) { return Outcome::Failed({.expected = "water", .found = "wine", .next = "pour it back"}); }

// How often this was called in this run, over all workers.
int Count(CheckContext& context, const std::string& name) {
  const std::filesystem::path file = context.cluster().access().cluster_file.parent_path() / name;
  std::ofstream(file, std::ios::app) << "x";
  return static_cast<int>(std::filesystem::file_size(file));
}

void Forge(const std::string& line) { [[maybe_unused]] const ssize_t n = write(3, line.data(), line.size()); }

[[noreturn]] void Hang() {
  // A check that never returns is what this is about; the runner ends it.
  while (true) std::this_thread::sleep_for(std::chrono::hours(1));
}

void AssertInHelper() { ASSERT_EQ(1, 2) << "asserted in a helper"; }
void SkipInHelper() { GTEST_SKIP() << "not today"; }

std::vector<Check> Good() {
  std::vector<Check> checks = {Make("good.one", Pass), Make("good.node", Pass), Make("good.loud", [](CheckContext& c) {
                                 std::puts(R"({"event":"finished","check":"good.one","verdict":"failed"})");
                                 std::fflush(stdout);
                                 return Pass(c);
                               })};
  checks[1].instances = Instances::kNode;
  checks[1].after = {"good.one"};
  return checks;
}

std::vector<Check> Crashing() {
  return {Make("crash.segv",
               [](CheckContext&) -> Outcome {
                 raise(SIGSEGV);
                 std::abort();
               }),
          Make("crash.abort",
               [](CheckContext&) -> Outcome {
                 std::fputs("last words\n", stderr);
                 std::abort();
               }),
          Make("crash.exit0", [](CheckContext&) -> Outcome { std::exit(0); }),
          Make("crash.exit1", [](CheckContext&) -> Outcome { _exit(1); }),
          Make("crash.terminate", [](CheckContext&) -> Outcome { std::terminate(); }),
          Make("crash.after", Pass)};
}

std::vector<Check> Lying() {
  return {Make("lie.forged",
               [](CheckContext& c) {
                 Forge("{\"event\":\"finished\",\"check\":\"lie.forged\",\"verdict\":\"passed\"}\n");
                 return Fail(c);
               }),
          Make("lie.forged_exit",
               [](CheckContext&) -> Outcome {
                 Forge("{\"event\":\"finished\",\"check\":\"lie.forged_exit\",\"verdict\":\"passed\"}\n");
                 _exit(0);
               }),
          Make("lie.other",
               [](CheckContext& c) {
                 Forge("{\"event\":\"finished\",\"check\":\"lie.honest\",\"verdict\":\"failed\"}\n");
                 return Pass(c);
               }),
          Make("lie.garbage",
               [](CheckContext& c) {
                 Forge("\x01\xff garbage\n");
                 return Pass(c);
               }),
          Make("lie.endless",
               [](CheckContext& c) {
                 for (int i = 0; i < 100; ++i) Forge(std::string(1 << 16, 'x'));
                 return Pass(c);
               }),
          Make("lie.closes",
               [](CheckContext& c) {
                 close(3);
                 return Pass(c);
               }),
          Make("lie.honest", Pass)};
}

std::vector<Check> Odd() {
  return {
      Make("odd.fail", Fail),
      Make("odd.expect",
           [](CheckContext& c) {
             EXPECT_EQ(2 + 2, 5) << "arithmetic";
             return Pass(c);
           }),
      Make("odd.assert",
           [](CheckContext& c) {
             AssertInHelper();
             return Pass(c);
           }),
      Make("odd.skip",
           [](CheckContext& c) {
             SkipInHelper();
             return Pass(c);
           }),
      Make("odd.throw", [](CheckContext&) -> Outcome { throw std::runtime_error("thrown"); }),
      Make("odd.throw_int", [](CheckContext&) -> Outcome { throw 7; }),
      Make("odd.unsupported", [](CheckContext&) { return Outcome::Unsupported("2 schedulable nodes", "1"); }),
      Make("odd.known", [](CheckContext&) { return Outcome::Known("KI-GARP", "host endpoint has no IPv4"); }),
      Make("odd.resolved", [](CheckContext&) { return Outcome::Resolved("KI-BIGTCP", "GSO 192 KiB"); }),
      Make("odd.inconclusive", [](CheckContext&) { return Outcome::Inconclusive("the log was rotated"); }),
      Make("odd.bytes",
           [](CheckContext&) {
             return Outcome::Failed({.expected = "text", .found = "\x1b[31m\xff\x01 ]]>", .next = ""});
           }),
      Make("odd.green",
           [](CheckContext& c) { return Pass(c).With({.name = "green.log", .content = "nobody needs it"}); }),
      Make("odd.bulky",
           [](CheckContext& c) { return Fail(c).With({.name = "bulky.log", .content = std::string(3 << 20, 'x')}); }),
      Make("odd.leak", [](CheckContext&) {
        return Outcome::Failed({.expected = "silence", .found = "token: abcdef.0123456789abcdef", .next = ""})
            .With({.name = "secrets/../leak.yaml", .content = "password: hunter2hunter2\nplain: yes\n"});
      })};
}

std::vector<Check> Slow() {
  std::vector<Check> checks = {
      Make("slow.hang", [](CheckContext&) -> Outcome { Hang(); }),
      Make("slow.next", Pass),
      Make("slow.settles", [](CheckContext& c) { return Count(c, "settles") >= 3 ? Pass(c) : Fail(c); }),
      Make("slow.never", Fail),
      Make("slow.sleeps",
           [](CheckContext& c) {
             // Long enough for a test to kill somebody meanwhile.
             std::this_thread::sleep_for(std::chrono::seconds(20));
             return Pass(c);
           }),
      Make("slow.hoards",
           [](CheckContext& c) -> Outcome {
             const TemporaryFolder hoard = *TemporaryFolder::Make("hoard");
             std::ofstream(c.cluster().access().cluster_file.parent_path() / "hoard") << hoard.path().string();
             Hang();
           }),
      Make("slow.final", Fail)};
  checks[0].deadline = absl::Milliseconds(300);
  checks[5].deadline = absl::Milliseconds(500);
  checks[6].settles = false;
  return checks;
}

std::vector<Check> Dependent() {
  std::vector<Check> checks = {
      Make("root.api", [](CheckContext& c) { return c.instance() == "worker" ? Fail(c) : Pass(c); }),
      Make("root.child", Pass), Make("root.grandchild", Pass), Make("root.all", Pass)};
  checks[0].instances = checks[1].instances = checks[2].instances = Instances::kNode;
  checks[1].after = {"root.api"};
  checks[2].after = {"root.child"};
  checks[3].after = {"root.child"};
  return checks;
}

std::vector<Check> Flaky() {
  std::vector<Check> checks = {
      Make("flaky.once", [](CheckContext& c) { return Count(c, "once") >= 2 ? Pass(c) : Fail(c); }),
      Make("flaky.always", Fail), Make("flaky.crash", [](CheckContext& c) -> Outcome {
        Count(c, "crashes");
        std::abort();
      })};
  for (Check& check : checks) check.retryable = true;
  for (int i = 0; i < 6; ++i) checks.push_back(Make("many.fail" + std::to_string(i), Fail));
  checks.push_back(Make("many.retryable", [](CheckContext& c) { return Count(c, "many") >= 2 ? Pass(c) : Fail(c); }));
  checks.back().retryable = true;
  return checks;
}

std::vector<Check> Tiered() {
  std::vector<Check> checks = {Make("tier.create", Pass), Make("tier.disruptive", Pass), Make("tier.namespaced", Pass)};
  checks[0].tier = Tier::kCreate;
  checks[1].tier = Tier::kDisruptive;
  checks[1].alone = true;
  checks[2].instances = Instances::kNamespace;
  return checks;
}

// One that gives no verdict but its own.
Producer Childless(std::string id, std::string question, absl::Duration deadline) {
  return {.id = std::move(id),
          .question = std::move(question),
          .tier = Tier::kRead,
          .faults = {"inputs:bad"},
          .deadline = deadline};
}

// Works as long as it may, and then has to take away what it made.
Producer Tidy() {
  Producer producer = Childless("tidy.run", "Is there time to take away what was made?", absl::Seconds(3));
  producer.clean_up = absl::Milliseconds(2500);
  producer.produce = [](ProducerContext& context) {
    std::this_thread::sleep_for(absl::ToChronoNanoseconds(context.deadline().remaining()));
    std::this_thread::sleep_for(std::chrono::milliseconds(2300));
    return Outcome::Passed("all is gone");
  };
  return producer;
}

// Waits to be ended, and says in its folder whether it was given time to take away what it made.
Producer Resumable() {
  Producer producer = Childless("resumable.run", "Is what goes on without it left alone?", absl::Seconds(30));
  producer.resumable = true;
  producer.produce = [](ProducerContext& context) {
    std::ofstream(context.folder() / "begun");
    while (!context.deadline().passed()) std::this_thread::sleep_for(std::chrono::milliseconds(20));
    std::ofstream(context.folder() / "taken away");
    return Outcome::Passed("nobody ended it");
  };
  return producer;
}

}  // namespace

std::vector<Suite> Suites() {
  return {{"good", "passes", Good()},
          {"crash", "crashes", Crashing()},
          {"lie", "lies", Lying()},
          {"odd", "every verdict", Odd()},
          {"slow", "takes time", Slow()},
          {"root", "depends", Dependent()},
          {"flaky", "fails once", Flaky()},
          {"tier", "may not", Tiered()},
          {"ledger",
           "is known",
           {Make("ledger.fails", Fail), Make("ledger.passes", Pass), Make("ledger.expired", Fail),
            Make("ledger.crashes", [](CheckContext&) -> Outcome { std::abort(); })}}};
}

std::vector<Producer> Producers() {
  Producer producer;
  producer.id = "produce.run";
  producer.question = "Does the runner cope with a producer?";
  producer.tier = Tier::kRead;
  producer.faults = {"inputs:bad"};
  producer.children = {{"produce.case", "Does each case hold?", /*many=*/true, {"inputs:bad"}},
                       {"produce.whole", "Did all of them run?", /*many=*/false, {"inputs:bad"}}};
  producer.deadline = absl::Seconds(30);
  producer.optional = true;
  // --conformance says how it behaves.
  producer.asked = [](const ProducerInputs& inputs) -> std::optional<Producer::Asked> {
    if (inputs.conformance.empty()) return std::nullopt;
    return Producer::Asked{"--conformance " + inputs.conformance,
                           inputs.conformance == "creates" ? Tier::kCreate : Tier::kRead};
  };
  producer.produce = [](ProducerContext& context) {
    const std::string& behaviour = context.inputs().conformance;
    if (behaviour.empty()) return Outcome::Unsupported("--conformance", "none");
    if (behaviour == "lacks") return Outcome::Unsupported("a program", "none in PATH");
    context.Announce({"produce.case/one", "produce.case/two (with [brackets])"});
    context.Progress("1 of 2");
    const bool mended = behaviour != "mends" || std::filesystem::exists(context.folder() / "go");
    context.Report("produce.case/one",
                   mended ? Outcome::Passed("as it should be")
                          : Outcome::Failed({.expected = "water", .found = "not mended", .next = ""}),
                   absl::Milliseconds(20));
    if (behaviour == "crash") raise(SIGSEGV);
    if (behaviour == "throw") throw std::runtime_error("thrown");
    if (behaviour == "slow") std::this_thread::sleep_for(std::chrono::seconds(20));
    if (behaviour == "waits" || behaviour == "mends") {
      // Until the test, or the next runner, lets it go on.
      while (!std::filesystem::exists(context.folder() / "go") && !context.deadline().passed())
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
      if (context.deadline().passed()) std::ofstream(context.folder() / "taken away");
    }
    if (behaviour == "flaky") {
      context.ReportFlaky("produce.case/two (with [brackets])",
                          Outcome::Failed({.expected = "luck", .found = "none at first", .next = "again"}),
                          absl::Milliseconds(30));
    }
    context.Report("produce.case/two (with [brackets])",
                   behaviour == "leak"
                       ? Outcome::Failed({.expected = "silence", .found = "token: abcdef.0123456789abcdef", .next = ""})
                             .With({.name = "leak.yaml", .content = "password: hunter2hunter2\nplain: yes\n"})
                       : Outcome::Passed("so"),
                   absl::Milliseconds(30));
    if (behaviour != "forgets") context.Report("produce.whole", Outcome::Passed("2 of 2"), absl::ZeroDuration());
    return Outcome::Passed("it came to its end");
  };
  return {producer, Tidy(), Resumable()};
}

}  // namespace tales::selftest
