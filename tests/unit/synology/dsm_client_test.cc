// DSM's Web API: how a call is made and what each kind of answer becomes. Sessions: dsm_session_test.cc.
#include "fixtures/synology/dsm_client.h"

#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "fixtures/synology/dsm_errors.h"
#include "harness/base/file.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/synology/fake_dsm.h"

namespace tales::synology::testing {
namespace {

using ::tales::testing::IsOk;
using ::tales::testing::StatusIs;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::Not;

const Call kList{"SYNO.Virtualization.API.Guest", "list", 1, {{"additional", true}}};
const Call kPowerOn{"SYNO.Virtualization.API.Guest.Action", "poweron", 1, {{"guest_id", "guest-1"}}};
constexpr char kGuestList[] = "SYNO.Virtualization.API.Guest/list";
constexpr char kGuestOn[] = "SYNO.Virtualization.API.Guest.Action/poweron";

Deadline Soon() { return Deadline::After(absl::Seconds(30)); }

class DsmClientTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(TemporaryFolder folder, TemporaryFolder::Make("synology"));
    folder_.emplace(std::move(folder));
  }
  std::unique_ptr<DsmClient> Open(SynologyDefinition definition) {
    auto client = DsmClient::Make({.synology = std::move(definition),
                                   .state_folder = folder_->path(),
                                   .redactor = &redactor_,
                                   .call_limit = absl::Seconds(2),
                                   .busy_pause = absl::Milliseconds(5)});
    EXPECT_THAT(client, IsOk());
    return *std::move(client);
  }
  std::unique_ptr<DsmClient> Open() { return Open(dsm_.Definition()); }

  FakeDsm dsm_;
  Redactor redactor_;
  std::optional<TemporaryFolder> folder_;
};

TEST_F(DsmClientTest, AsksWhatThereIsLogsInReadsAndLogsOut) {
  {
    const auto client = Open();
    ASSERT_OK_AND_ASSIGN(const Json data, client->Read(kList, Soon()));
    EXPECT_TRUE(data["guests"].is_array());
    EXPECT_EQ(dsm_.sessions(), 1);
  }
  EXPECT_EQ(dsm_.sessions(), 0);
  std::vector<std::string> names;
  for (const SeenCall& call : dsm_.calls()) names.push_back(call.name);
  EXPECT_THAT(names,
              ::testing::ElementsAre("SYNO.API.Info/query", "SYNO.API.Auth/login", kGuestList, "SYNO.API.Auth/logout"));
}

TEST_F(DsmClientTest, SecretsGoIntoBodiesAndAHeaderOnly) {
  const auto client = Open();
  ASSERT_THAT(client->Read(kList, Soon()), IsOk());
  EXPECT_THAT(dsm_.targets(), Each("/webapi/entry.cgi"));
  const std::vector<SeenCall> calls = dsm_.calls();
  const Form& login = calls[1].form;
  EXPECT_EQ(login.at("passwd"), FakeDsm::kPassword);
  EXPECT_EQ(login.at("version"), "7");
  EXPECT_EQ(login.at("format"), "sid");
  EXPECT_EQ(calls[2].form.at("_sid"), dsm_.last_sid());
  EXPECT_EQ(calls[2].form.at("additional"), "true");
  EXPECT_EQ(calls[2].headers.at("x-syno-token"), "tok.EN-" + dsm_.last_sid());
  for (const SeenCall& call : calls) {
    for (const auto& [name, value] : call.headers) EXPECT_THAT(value, Not(HasSubstr(FakeDsm::kPassword)));
  }
  // The run's redactor knows them from here on.
  const std::string shown =
      redactor_.Redact(absl::StrCat("a ", FakeDsm::kPassword, " b ", dsm_.last_sid(), " c tok.EN-", dsm_.last_sid()));
  EXPECT_THAT(shown, AllOf(Not(HasSubstr(FakeDsm::kPassword)), Not(HasSubstr(dsm_.last_sid()))));
}

TEST_F(DsmClientTest, ThePasswordComesFromAFileToo) {
  SynologyDefinition definition = dsm_.Definition();
  definition.password_env.clear();
  definition.password_file = folder_->path() / "password";
  ASSERT_THAT(WriteFileAtomically(definition.password_file, absl::StrCat(FakeDsm::kPassword, "\r\n"), 0600), IsOk());
  EXPECT_THAT(Open(definition)->Read(kList, Soon()), IsOk());
}

TEST_F(DsmClientTest, WithoutAPasswordNothingIsSentToLogIn) {
  SynologyDefinition definition = dsm_.Definition();
  definition.password_env.clear();
  EXPECT_THAT(Open(definition)->Read(kList, Soon()),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("passwordFile")));
  definition.password_env = "TALES_TEST_NOT_SET";
  EXPECT_THAT(Open(definition)->Read(kList, Soon()),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("TALES_TEST_NOT_SET is not set")));
  definition.password_env.clear();
  definition.password_file = folder_->path() / "none";
  EXPECT_THAT(Open(definition)->Read(kList, Soon()), StatusIs(absl::StatusCode::kNotFound, HasSubstr("none")));
  ASSERT_THAT(WriteFileAtomically(definition.password_file, "\n", 0600), IsOk());
  EXPECT_THAT(Open(definition)->Read(kList, Soon()),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("is empty")));
  EXPECT_EQ(dsm_.Count("SYNO.API.Auth/login"), 0);
}

TEST_F(DsmClientTest, ThePinnedCertificateAndNoOther) {
  SynologyDefinition definition = dsm_.Definition();
  definition.fingerprint = "sha256:" + std::string(64, 'a');
  EXPECT_THAT(Open(definition)->Read(kList, Soon()),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       AllOf(HasSubstr("the server shows the certificate " + dsm_.fingerprint()),
                             HasSubstr("`synology.fingerprint`"))));
  EXPECT_TRUE(dsm_.calls().empty());
}

TEST_F(DsmClientTest, TheAuthorityOfAFileAndNoOther) {
  SynologyDefinition definition = dsm_.Definition();
  definition.fingerprint.clear();
  EXPECT_THAT(Open(definition)->Read(kList, Soon()),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       AllOf(HasSubstr("the system's store"), HasSubstr("put the fingerprint"))));
  EXPECT_TRUE(dsm_.calls().empty());
  definition.ca = folder_->path() / "ca.pem";
  ASSERT_THAT(WriteFileAtomically(definition.ca, dsm_.ca_pem()), IsOk());
  EXPECT_THAT(Open(definition)->Read(kList, Soon()), IsOk());
  const FakeDsm other;
  ASSERT_THAT(WriteFileAtomically(definition.ca, other.ca_pem()), IsOk());
  EXPECT_THAT(Open(definition)->Read(kList, Soon()),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("`synology.ca`")));
  definition.ca = folder_->path() / "missing.pem";
  EXPECT_THAT(DsmClient::Make({.synology = definition, .state_folder = folder_->path()}),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("missing.pem")));
}

TEST_F(DsmClientTest, NothingOverPlainHttp) {
  SynologyDefinition definition = dsm_.Definition();
  definition.url = "http://127.0.0.1:5000";
  EXPECT_THAT(DsmClient::Make({.synology = definition, .state_folder = folder_->path()}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("https://")));
}

TEST_F(DsmClientTest, NobodyThereIsUnavailable) {
  SynologyDefinition definition = dsm_.Definition();
  definition.url = "https://127.0.0.1:1";
  EXPECT_THAT(Open(definition)->Read(kList, Soon()),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("https://127.0.0.1:1")));
  // Nothing was sent, so nothing is held against the account.
  EXPECT_FALSE(std::filesystem::exists(folder_->path() / "synology-login.json"));
}

TEST_F(DsmClientTest, RedirectsAreRefusedAndNotQuoted) {
  dsm_.Next("SYNO.API.Info/query", {.kind = Trouble::kRedirect});
  EXPECT_THAT(Open()->Read(kList, Soon()),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       AllOf(HasSubstr("https://elsewhere.example:5001,"), Not(HasSubstr("passwd")))));
}

TEST_F(DsmClientTest, AMissingPackageIsNamed) {
  dsm_.missing_apis = {"SYNO.Virtualization.API.Guest"};
  EXPECT_THAT(Open()->Read(kList, Soon()),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       AllOf(HasSubstr("SYNO.Virtualization.API.Guest"), HasSubstr("Package Center"))));
  EXPECT_EQ(dsm_.Count("SYNO.API.Auth/login"), 0);
}

TEST_F(DsmClientTest, AnotherServerIsNotDsm) {
  dsm_.missing_apis = {"SYNO.API.Auth"};
  EXPECT_THAT(Open()->Read(kList, Soon()), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("is this DSM?")));
}

TEST_F(DsmClientTest, WhereAListTakesNoPrefixAllIsAsked) {
  dsm_.lists_by_prefix = false;
  EXPECT_THAT(Open()->Read(kList, Soon()), IsOk());
  EXPECT_EQ(dsm_.Count("SYNO.API.Info/query"), 2);
}

TEST_F(DsmClientTest, AVersionThatIsNotThereIsNotAskedFor) {
  Call call = kList;
  call.version = 3;
  EXPECT_THAT(Open()->Read(call, Soon()), StatusIs(absl::StatusCode::kUnimplemented, HasSubstr("1 to 1")));
  EXPECT_EQ(dsm_.Count(kGuestList), 0);
  dsm_.login_highest = 2;
  EXPECT_THAT(Open()->Read(kList, Soon()), StatusIs(absl::StatusCode::kUnimplemented, HasSubstr("1 to 2")));
}

TEST_F(DsmClientTest, AnOlderLoginIsTaken) {
  dsm_.login_highest = 6;
  EXPECT_THAT(Open()->Read(kList, Soon()), IsOk());
  EXPECT_EQ(dsm_.calls()[1].form.at("version"), "6");
}

TEST_F(DsmClientTest, ATextThatReadsAsJsonIsQuoted) {
  const auto client = Open();
  ASSERT_THAT(client->Read({"SYNO.Virtualization.API.Guest",
                            "list",
                            1,
                            {{"a", "123"}, {"b", "x-y"}, {"c", 5}, {"d", Json::array({"e"})}}},
                           Soon()),
              IsOk());
  const Form form = dsm_.calls().back().form;
  EXPECT_EQ(form.at("a"), "\"123\"");
  EXPECT_EQ(form.at("b"), "x-y");
  EXPECT_EQ(form.at("c"), "5");
  EXPECT_EQ(form.at("d"), "[\"e\"]");
}

TEST_F(DsmClientTest, WhatMakesNoSenseIsDataLoss) {
  const auto client = Open();
  for (const Trouble::Kind kind : {Trouble::kGarbage, Trouble::kTruncated, Trouble::kNoCode}) {
    dsm_.Next(kGuestList, {.kind = kind});
    const auto data = client->Read(kList, Soon());
    EXPECT_THAT(data,
                StatusIs(absl::StatusCode::kDataLoss, HasSubstr("reading SYNO.Virtualization.API.Guest/list of")));
    EXPECT_FALSE(IsUncertain(data.status()));
  }
}

TEST_F(DsmClientTest, NoAnswerIsDeadlineExceededWithinTheCallsLimit) {
  const auto client = Open();
  ASSERT_THAT(client->Read(kList, Soon()), IsOk());
  dsm_.Next(kGuestList, {.kind = Trouble::kHang});
  const absl::Time start = absl::Now();
  EXPECT_THAT(client->Read(kList, Deadline::Never()),
              StatusIs(absl::StatusCode::kDeadlineExceeded, HasSubstr("no complete answer")));
  EXPECT_LT(absl::Now() - start, absl::Seconds(15));
  dsm_.Next(kGuestList, {.kind = Trouble::kHttp, .code = 502});
  EXPECT_THAT(client->Read(kList, Soon()), StatusIs(absl::StatusCode::kUnavailable, HasSubstr("HTTP 502")));
}

TEST_F(DsmClientTest, ABusySystemIsGivenTimeAndThenNamed) {
  const auto client = Open();
  for (const int code : {109, 110, 111, 117}) dsm_.Next(kGuestList, {.code = code});
  EXPECT_THAT(client->Read(kList, Soon()), IsOk());
  for (int i = 0; i < 5; ++i) dsm_.Next(kGuestList, {.code = 118});
  EXPECT_THAT(client->Read(kList, Soon()),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("busy (DSM's code 118)")));
}

TEST_F(DsmClientTest, AnActionIsSentOnceWhateverComesOfIt) {
  dsm_.Add({.name = "x"});
  const auto client = Open();
  ASSERT_THAT(client->Read(kList, Soon()), IsOk());
  int sent = 0;
  for (const Trouble& trouble : std::vector<Trouble>{{.kind = Trouble::kHang},
                                                     {.kind = Trouble::kDrop},
                                                     {.kind = Trouble::kGarbage},
                                                     {.code = 109},
                                                     {.code = 100},
                                                     {.kind = Trouble::kHttp, .code = 504},
                                                     {.kind = Trouble::kHttp, .code = 429},
                                                     {.kind = Trouble::kNoCode}}) {
    dsm_.Next(kGuestOn, trouble);
    const auto data = client->Act(kPowerOn, Soon());
    ASSERT_FALSE(data.ok());
    EXPECT_TRUE(IsUncertain(data.status())) << data.status();
    EXPECT_EQ(dsm_.Count(kGuestOn), ++sent);
  }
  dsm_.Next(kGuestOn, {.code = 902});
  const auto refused = client->Act(kPowerOn, Soon());
  EXPECT_THAT(refused, StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("too few free CPU threads")));
  EXPECT_FALSE(IsUncertain(refused.status()));
  EXPECT_EQ(ErrorCode(refused.status()), 902);
}

TEST_F(DsmClientTest, WhatDsmSaysOfAParameterIsKept) {
  const auto client = Open();
  dsm_.Next(kGuestList, {.code = 401, .errors = {{"name", "vcpu_num"}, {"sid", "abcdefghijklmnop12345"}}});
  EXPECT_THAT(client->Read(kList, Soon()),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(HasSubstr("vcpu_num"), Not(HasSubstr("abcdefghijklmnop12345")))));
}

TEST(DsmErrors, EveryDocumentedCodeIsASentenceAndAuthHasItsOwn) {
  EXPECT_THAT(FromCode(Scope::kAuth, 400),
              StatusIs(absl::StatusCode::kUnauthenticated, HasSubstr("password is wrong")));
  EXPECT_THAT(FromCode(Scope::kVmm, 401),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("did not take a parameter")));
  EXPECT_THAT(FromCode(Scope::kAuth, 401), StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("disabled")));
  EXPECT_THAT(FromCode(Scope::kAuth, 407),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("Security > Protection")));
  EXPECT_THAT(FromCode(Scope::kVmm, 1001), StatusIs(absl::StatusCode::kUnimplemented, HasSubstr("Pro")));
  const auto described = [](Scope scope, int code) {
    const absl::Status status = FromCode(scope, code);
    EXPECT_THAT(status.message(), Not(HasSubstr("not documented, "))) << code;
    EXPECT_EQ(ErrorCode(status), code);
    EXPECT_NE(status.message().find("; "), absl::string_view::npos) << "no next step: " << status;
  };
  for (const int code : {400, 401, 402, 403, 404, 406, 407, 408, 409, 410, 411}) described(Scope::kAuth, code);
  for (const int code : {401, 402, 403, 404, 500, 501, 600, 601, 700,  900,  901,  902, 903,
                         904, 905, 906, 907, 908, 909, 910, 911, 1000, 1001, 1400, 1600}) {
    described(Scope::kVmm, code);
  }
  for (const int code :
       {100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111, 114, 115, 116, 117, 118, 119, 120, 150, 160}) {
    described(Scope::kVmm, code);
    described(Scope::kAuth, code);
  }
  EXPECT_THAT(FromCode(Scope::kVmm, 4711), StatusIs(absl::StatusCode::kUnknown, HasSubstr("4711")));
}

}  // namespace
}  // namespace tales::synology::testing
