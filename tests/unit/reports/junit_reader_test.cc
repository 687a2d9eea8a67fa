// The dialects are excerpts of what the programs write.
#include "reports/junit_reader.h"

#include <fstream>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "harness/base/file.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/reports/events.h"

namespace tales::reports {
namespace {

using ::tales::testing::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

JUnitReport Read(std::string text) {
  absl::StatusOr<JUnitReport> report = ParseJUnit(std::move(text), "test.xml");
  EXPECT_OK(report);
  return report.ok() ? *std::move(report) : JUnitReport();
}

// One case in one suite.
JUnitReport ReadCase(std::string_view testcase) {
  JUnitReport report = Read(absl::StrCat("<testsuite name='s'>", testcase, "</testsuite>"));
  EXPECT_EQ(report.cases().size(), 1u) << testcase;
  return report;
}

JUnitResult ResultOf(std::string_view testcase) { return ReadCase(testcase).cases()[0].result; }

TEST(JUnitReader, ReadsGinkgo) {
  const JUnitReport report = Read(R"xml(<?xml version="1.0" encoding="UTF-8"?>
  <testsuites tests="6626" disabled="6568" errors="0" failures="2" time="461.216028949">
      <testsuite name="Kubernetes e2e suite" package="/path" tests="6626" disabled="0" skipped="6568" errors="0" failures="2" time="461.2" timestamp="2026-11-22T22:01:51">
          <properties>
              <property name="SuiteSucceeded" value="false"></property>
              <property name="FocusStrings" value="(a|b)"></property>
          </properties>
          <testcase name="[ReportBeforeSuite]" classname="Kubernetes e2e suite" status="passed" time="7.9369e-05"></testcase>
          <testcase name="[It] [sig-network] EndpointSlice should have Endpoints [Conformance]" classname="Kubernetes e2e suite" status="failed" time="0.03">
              <failure message="" type="failed">[FAILED] endpoints &#34;kubernetes&#34; not found&#xA;In [It] at: endpointslice.go:78&#xA;</failure>
              <system-err>&gt; Enter [BeforeEach]&#xA;&lt; Exit</system-err>
          </testcase>
          <testcase name="[It] [sig-storage] volumeLimits [Serial]" classname="Kubernetes e2e suite" status="skipped" time="0">
              <skipped message="skipped"></skipped>
          </testcase>
      </testsuite>
  </testsuites>)xml");
  ASSERT_EQ(report.cases().size(), 3u);
  const JUnitCase& failed = report.cases()[1];
  EXPECT_EQ(failed.result, JUnitResult::kFailed);
  EXPECT_EQ(failed.spec(), "[sig-network] EndpointSlice should have Endpoints [Conformance]");
  EXPECT_EQ(failed.type, "failed");
  EXPECT_EQ(failed.message, "");
  EXPECT_EQ(failed.text, "[FAILED] endpoints \"kubernetes\" not found\nIn [It] at: endpointslice.go:78\n");
  EXPECT_EQ(failed.Why(), "[FAILED] endpoints \"kubernetes\" not found");
  EXPECT_EQ(failed.output, "> Enter [BeforeEach]\n< Exit");
  EXPECT_EQ(report.cases()[0].spec(), "[ReportBeforeSuite]");
  EXPECT_DOUBLE_EQ(report.cases()[0].seconds, 7.9369e-05);
  EXPECT_EQ(report.cases()[2].result, JUnitResult::kSkipped);
  EXPECT_EQ(report.suite(failed).path, "Kubernetes e2e suite");
  EXPECT_EQ(report.suite(failed).Property("FocusStrings"), "(a|b)");
  EXPECT_EQ(report.suite(failed).Property("none"), "");
  EXPECT_EQ(report.suite(failed).timestamp, "2026-11-22T22:01:51");
}

TEST(JUnitReader, ReadsCiliumCli) {
  const JUnitReport report = ReadCase(
      R"xml(<testcase name="check-log-errors" classname="connectivity test" status="failed" time="2.1"><failure message="check-log-errors failed" type="failure">check-log-errors/no-errors-in-logs/rn/cilium/cilium-tsrs8 (cilium-agent)</failure></testcase>)xml");
  EXPECT_EQ(report.cases()[0].Why(), "check-log-errors failed");
  EXPECT_THAT(report.cases()[0].text, HasSubstr("cilium-tsrs8"));
}

TEST(JUnitReader, ReadsGoogleTest) {
  const JUnitReport report =
      Read(R"xml(<testsuites tests="4" failures="0" disabled="1" errors="0" time="0.1" name="All">
  <testsuite name="Suite" tests="4" failures="0" disabled="1" skipped="0" errors="0">
    <testcase name="Two" status="run" result="completed" time="0." classname="Suite">
      <failure message="a.cc:3&#x0A;Failure" type=""><![CDATA[a.cc:3
Failure]]></failure>
      <failure message="a.cc:4&#x0A;Failure" type=""><![CDATA[a.cc:4]]></failure>
      <properties><property name="k" value="v"/></properties>
    </testcase>
    <testcase name="DISABLED_A" status="notrun" result="suppressed" time="0." classname="Suite" />
    <testcase name="Skips" status="run" result="skipped" classname="Suite"><skipped message="a.cc:9&#x0A;why"/></testcase>
    <testcase name="SetUpFailed" status="run" result="skipped" time="0." classname="Suite" />
  </testsuite>
  <testsuite name="NonTestSuiteFailure">
    <testcase name="" status="run" result="completed" classname=""><failure message="x" type=""/></testcase>
  </testsuite>
</testsuites>)xml");
  ASSERT_EQ(report.cases().size(), 5u);
  EXPECT_EQ(report.cases()[0].text, "a.cc:3\nFailure\na.cc:4");
  EXPECT_EQ(report.cases()[1].result, JUnitResult::kSkipped);
  EXPECT_EQ(report.cases()[2].result, JUnitResult::kSkipped);
  EXPECT_EQ(report.cases()[3].result, JUnitResult::kSkipped);
  EXPECT_EQ(report.cases()[4].result, JUnitResult::kFailed);
  EXPECT_EQ(report.cases()[4].name, "");
}

TEST(JUnitReader, ReadsSurefiresFlakes) {
  const JUnitReport flaky = ReadCase(R"xml(<testcase name="t" classname="c" time="1,234.5">
    <flakyFailure message="m" type="T"><stackTrace><![CDATA[at x]]></stackTrace><system-out>o</system-out></flakyFailure>
    <flakyError type="E"/></testcase>)xml");
  EXPECT_EQ(flaky.cases()[0].result, JUnitResult::kFlaky);
  EXPECT_EQ(flaky.cases()[0].earlier_failures, 2);
  EXPECT_EQ(flaky.cases()[0].text, "at x");
  EXPECT_DOUBLE_EQ(flaky.cases()[0].seconds, 1234.5);
  const JUnitReport failed =
      ReadCase("<testcase name='t'><failure type='a'>x</failure><rerunFailure type='b'>y</rerunFailure></testcase>");
  EXPECT_EQ(failed.cases()[0].result, JUnitResult::kFailed);
  EXPECT_EQ(failed.cases()[0].earlier_failures, 1);
}

TEST(JUnitReader, ReadsNestedSuitesAndTheirOutput) {
  const JUnitReport report = Read(R"(<testsuites name="all"><testsuite name="outer" hostname="h">
    <properties><property name="text">value
of two lines</property></properties>
    <testsuite name="inner"><testcase name="a" classname="x"><system-out>out</system-out><system-err>err</system-err></testcase></testsuite>
    <testcase name="b"/><testcase name="b"/></testsuite></testsuites>)");
  ASSERT_EQ(report.cases().size(), 3u);
  EXPECT_EQ(report.suite(report.cases()[0]).path, "outer/inner");
  EXPECT_EQ(report.cases()[0].output, "out\nerr");
  EXPECT_EQ(report.suite(report.cases()[1]).path, "outer");
  EXPECT_EQ(report.cases()[2].name, "b") << "duplicates are kept";
  EXPECT_EQ(report.suites()[0].Property("text"), "value\nof two lines");
  EXPECT_EQ(report.suites()[0].hostname, "h");
}

TEST(JUnitReader, TheElementsDecideAndNotTheCounters) {
  EXPECT_EQ(ResultOf("<testcase/>"), JUnitResult::kPassed);
  EXPECT_EQ(ResultOf("<testcase><skipped/></testcase>"), JUnitResult::kSkipped);
  EXPECT_EQ(ResultOf("<testcase><failure/><error/></testcase>"), JUnitResult::kError);
  EXPECT_EQ(ResultOf("<testcase><skipped/><failure/></testcase>"), JUnitResult::kFailed);
  EXPECT_EQ(ResultOf("<testcase><system-out>failure</system-out></testcase>"), JUnitResult::kPassed);
  EXPECT_EQ(ResultOf("<testcase status='failed'/>"), JUnitResult::kFailed) << "no element, but it says so";
  EXPECT_EQ(ResultOf("<testcase status='panicked'/>"), JUnitResult::kError);
  EXPECT_EQ(ResultOf("<testcase status='disabled'/>"), JUnitResult::kSkipped);
  EXPECT_EQ(ResultOf("<testcase status='run'/>"), JUnitResult::kPassed);
  EXPECT_EQ(ResultOf("<testcase status='passed'><failure/></testcase>"), JUnitResult::kFailed);
  EXPECT_EQ(ResultOf("<failure message='set-up'/>"), JUnitResult::kFailed) << "of the suite itself";
}

TEST(JUnitReader, ReadsOurOwn) {
  const RunModel model = ModelOf({RunEvent({{"cluster", {{"talos", "v1.9.4"}}}}),
                                  Finished("h.a/x", "failed", {{"found", "]]> & <"}}),
                                  Finished("h.b", "known"),
                                  Finished("h.c", "passed"),
                                  {{"event", "retry"}, {"check", "i.d"}, {"verdict", "failed"}, {"found", "no"}},
                                  Finished("i.d", "flaky"),
                                  Finished("i.e", "error", {{"kind", "crash"}}),
                                  End(1)});
  const JUnitReport report = Read(ToJUnit(model));
  ASSERT_EQ(report.cases().size(), 5u);
  EXPECT_EQ(report.cases()[0].classname, "tales.h");
  EXPECT_EQ(report.cases()[0].name, "a/x");
  EXPECT_EQ(report.cases()[0].text, "found: ]]> & <\n");
  EXPECT_EQ(report.cases()[1].type, "tales.known");
  EXPECT_EQ(report.cases()[2].result, JUnitResult::kPassed);
  EXPECT_EQ(report.cases()[3].result, JUnitResult::kFlaky);
  EXPECT_EQ(report.cases()[4].result, JUnitResult::kError);
  EXPECT_EQ(report.suites()[0].Property("talos.version"), "v1.9.4");
}

TEST(JUnitReader, CleansText) {
  const JUnitReport report =
      ReadCase("<testcase name='a&#10;b\xFF' time='-1'><failure message='&#27;[31mred'>x&#13;\ny</failure></testcase>");
  EXPECT_EQ(report.cases()[0].name, "a b\uFFFD");
  EXPECT_EQ(report.cases()[0].message, "red");
  EXPECT_EQ(report.cases()[0].text, "x\ny");
  EXPECT_EQ(report.cases()[0].seconds, 0);
}

TEST(JUnitReader, ReadsOtherEncodings) {
  std::string utf16 = "\xFF\xFE";
  for (char c : std::string_view("<testsuite name='s'><testcase name='ab'/></testsuite>")) {
    utf16 += c;
    utf16 += '\0';
  }
  const JUnitReport report = Read(utf16);
  ASSERT_EQ(report.cases().size(), 1u);
  EXPECT_EQ(report.cases()[0].name, "ab");
  EXPECT_EQ(Read("\xEF\xBB\xBF<testsuite><testcase/></testsuite>").cases().size(), 1u);
}

TEST(JUnitReader, StaysValidWhenMoved) {
  JUnitReport first = ReadCase("<testcase name='a'/>");
  const JUnitReport second = std::move(first);
  EXPECT_EQ(second.cases()[0].name, "a");
}

TEST(JUnitReader, ExpandsNoEntities) {
  const JUnitReport report = Read(R"(<!DOCTYPE r [<!ENTITY a "expanded"><!ENTITY b "&a;&a;">
    <!ENTITY c SYSTEM "file:///etc/passwd">]><testsuite><testcase name="&b;&c;&amp;&#65;"/></testsuite>)");
  ASSERT_EQ(report.cases().size(), 1u);
  EXPECT_EQ(report.cases()[0].name, "&b;&c;&A");
}

TEST(JUnitReader, SaysWhatIsNotJUnit) {
  const auto bad = [](std::string text) { return ParseJUnit(std::move(text), "x.xml").status(); };
  EXPECT_THAT(bad(""), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("x.xml: empty")));
  EXPECT_THAT(bad("{\"a\":1}"), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("not XML; it starts with \"{")));
  EXPECT_THAT(bad("<html><body/></html>"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("its root is <html>")));
  EXPECT_THAT(bad("<?xml version='1.0'?>"), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("No document element")));
  EXPECT_THAT(bad("\x1F\x8Bxx"), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("gzip")));
  EXPECT_THAT(bad("<testsuites/><testsuites/>"), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("second root")));
  EXPECT_THAT(bad("<testsuite><testcase name='a'/></testsuites>"),
              StatusIs(absl::StatusCode::kDataLoss, AllOf(HasSubstr("mismatch"), HasSubstr("testcase \"a\""))));
  EXPECT_THAT(bad(std::string("<testsuite/>\0<testsuite/>", 25)),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("zero byte at 12")));
  EXPECT_THAT(ReadJUnit("/no/such/file.xml"), StatusIs(absl::StatusCode::kNotFound, HasSubstr("/no/such/file.xml")));
}

TEST(JUnitReader, NoTruncatedFileIsTakenForAWholeOne) {
  const std::string whole = ToJUnit(
      ModelOf({RunEvent({{"profile", "p"}}), Finished("h.a/x", "failed", {{"found", "ä]]>"}}), Finished("h.b", "known"),
               Finished("i.c", "passed", {{"evidence", {"artifacts/x.log"}}}), End(1)}));
  const size_t end = whole.find_last_of('>');
  for (size_t length = 0; length < end; ++length) {
    EXPECT_FALSE(ParseJUnit(whole.substr(0, length), "x.xml").ok()) << whole.substr(0, length);
  }
  EXPECT_OK(ParseJUnit(whole.substr(0, end + 1), "x.xml"));
  EXPECT_THAT(ParseJUnit(whole.substr(0, end - 30), "x.xml").status(),
              StatusIs(absl::StatusCode::kDataLoss, AllOf(HasSubstr("ends in the middle"), HasSubstr("testcase \"c\""),
                                                          HasSubstr(absl::StrCat("of ", end - 30)))));
}

TEST(JUnitReader, HasLimits) {
  EXPECT_THAT(ParseJUnit("<testsuite></testsuite>", "x.xml", {.bytes = 10}),
              StatusIs(absl::StatusCode::kOutOfRange, HasSubstr("longer than 10 bytes")));
  std::string many = "<testsuite>";
  for (int i = 0; i < 100; ++i) many += "<a/>";
  EXPECT_THAT(ParseJUnit(many + "</testsuite>", "x.xml", {.markup = 50}),
              StatusIs(absl::StatusCode::kOutOfRange, HasSubstr("102 tags and attributes, more than 50")));
  std::string deep, close;
  for (int i = 0; i < 100'000; ++i) {
    deep += "<testsuite name='s'>";
    close += "</testsuite>";
  }
  EXPECT_THAT(ParseJUnit(deep + close, "x.xml"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("nested deeper")));
}

// Each of these would take minutes if any step were quadratic.
TEST(JUnitReader, LargeInputTakesLinearTime) {
  std::string many_failures = "<testsuite><testcase name='a'>", cdata, cases, attributes;
  for (int i = 0; i < 300'000; ++i) {
    many_failures += "<failure>x</failure><system-out>y</system-out>";
    cdata += "<![CDATA[x]]>";
    cases += "<testcase name='n' classname='c' time='0.1'/>";
    attributes += absl::StrCat(" a", i, "=''");
  }
  EXPECT_EQ(Read(many_failures + "</testcase></testsuite>").cases()[0].text.size(), 599'999u);
  EXPECT_EQ(ReadCase(absl::StrCat("<testcase><error>", cdata, "</error></testcase>")).cases()[0].text.size(), 300'000u);
  EXPECT_EQ(Read(absl::StrCat("<testsuite>", cases, "</testsuite>")).cases().size(), 300'000u);
  EXPECT_OK(ParseJUnit(absl::StrCat("<testsuite><testcase", attributes, "/></testsuite>"), "x.xml"));
}

}  // namespace
}  // namespace tales::reports
