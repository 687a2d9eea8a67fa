// Logging in: once, remembered where it is refused, and what becomes of a session that is lost.
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "fixtures/synology/dsm_client.h"
#include "fixtures/synology/dsm_errors.h"
#include "fixtures/synology/login_record.h"
#include "harness/base/file.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/synology/fake_dsm.h"

namespace tales::synology::testing {
namespace {

using ::tales::testing::IsOk;
using ::tales::testing::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

const Call kList{"SYNO.Virtualization.API.Guest", "list"};
const Call kPowerOn{"SYNO.Virtualization.API.Guest.Action", "poweron", 1, {{"guest_id", "guest-1"}}};
constexpr char kLogin[] = "SYNO.API.Auth/login";
constexpr char kGuestList[] = "SYNO.Virtualization.API.Guest/list";
constexpr char kGuestOn[] = "SYNO.Virtualization.API.Guest.Action/poweron";

Deadline Soon() { return Deadline::After(absl::Seconds(30)); }

class DsmSessionTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(TemporaryFolder folder, TemporaryFolder::Make("synology"));
    folder_.emplace(std::move(folder));
    definition_ = dsm_.Definition();
  }
  // What a start of the program has.
  std::unique_ptr<DsmClient> Start() {
    auto client = DsmClient::Make({.synology = definition_,
                                   .state_folder = folder_->path(),
                                   .may_try_again = ask_,
                                   .call_limit = absl::Seconds(2),
                                   .busy_pause = absl::Milliseconds(5)});
    EXPECT_THAT(client, IsOk());
    return *std::move(client);
  }
  std::filesystem::path record() const { return folder_->path() / "synology-login.json"; }
  void WrongPassword() {
    setenv("TALES_TEST_WRONG", "the wrong password 1", 1);
    definition_.password_env = "TALES_TEST_WRONG";
  }

  FakeDsm dsm_;
  SynologyDefinition definition_;
  std::optional<TemporaryFolder> folder_;
  std::function<bool(std::string_view)> ask_;
};

TEST_F(DsmSessionTest, ARefusedLoginIsNotTriedAgain) {
  WrongPassword();
  const auto client = Start();
  EXPECT_THAT(client->Read(kList, Soon()), StatusIs(absl::StatusCode::kUnauthenticated,
                                                    AllOf(HasSubstr("logging in to"), HasSubstr("password is wrong"),
                                                          Not(HasSubstr("wrong password 1")))));
  EXPECT_THAT(client->Read(kList, Soon()),
              StatusIs(absl::StatusCode::kUnauthenticated, HasSubstr("password is wrong")));
  EXPECT_THAT(client->Act(kPowerOn, Soon()),
              StatusIs(absl::StatusCode::kUnauthenticated, HasSubstr("password is wrong")));
  EXPECT_EQ(dsm_.Count(kLogin), 1);
}

TEST_F(DsmSessionTest, NorByTheNextStartUntilAPersonHasSaidSo) {
  WrongPassword();
  EXPECT_FALSE(Start()->Read(kList, Soon()).ok());
  definition_ = dsm_.Definition();  // it has been mended, which nobody can know
  EXPECT_THAT(
      Start()->Read(kList, Soon()),
      StatusIs(absl::StatusCode::kFailedPrecondition,
               AllOf(HasSubstr("was refused at 20"), HasSubstr("password is wrong"), HasSubstr(record().string()))));
  EXPECT_EQ(dsm_.Count(kLogin), 1);
  std::string question;
  ask_ = [&](std::string_view text) {
    question = std::string(text);
    return false;
  };
  EXPECT_FALSE(Start()->Read(kList, Soon()).ok());
  EXPECT_THAT(question, HasSubstr("was refused at"));
  EXPECT_EQ(dsm_.Count(kLogin), 1);
  ask_ = [](std::string_view) { return true; };
  EXPECT_THAT(Start()->Read(kList, Soon()), IsOk());
  EXPECT_EQ(dsm_.Count(kLogin), 2);
  EXPECT_FALSE(std::filesystem::exists(record()));
}

TEST_F(DsmSessionTest, OrHasRemovedTheRecord) {
  WrongPassword();
  EXPECT_FALSE(Start()->Read(kList, Soon()).ok());
  definition_ = dsm_.Definition();
  std::filesystem::remove(record());
  EXPECT_THAT(Start()->Read(kList, Soon()), IsOk());
}

TEST_F(DsmSessionTest, TheRecordHoldsNoSecretAndIsOfOneAccount) {
  WrongPassword();
  EXPECT_FALSE(Start()->Read(kList, Soon()).ok());
  ASSERT_OK_AND_ASSIGN(const std::string text, ReadFile(record()));
  EXPECT_THAT(text, AllOf(Not(HasSubstr("wrong password 1")), HasSubstr("\"refused\""), HasSubstr("tales")));
  EXPECT_THAT(LoginRecord(record(), dsm_.url(), "tales").MayTry(),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("refused")));
  EXPECT_THAT(LoginRecord(record(), dsm_.url(), "somebody").MayTry(), IsOk());
}

TEST_F(DsmSessionTest, ARecordThatCannotBeReadCountsAsARefusal) {
  ASSERT_THAT(WriteFileAtomically(record(), "{\"outcome\": \"ref"), IsOk());
  EXPECT_THAT(Start()->Read(kList, Soon()),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("cannot be read")));
  EXPECT_EQ(dsm_.Count(kLogin), 0);
}

TEST_F(DsmSessionTest, EveryRefusalIsRememberedWithItsReason) {
  for (const int code : {400, 401, 402, 406, 407, 408, 409, 410, 411, 105, 160}) {
    std::filesystem::remove(record());
    dsm_.Next(kLogin, {.code = code});
    const auto first = Start()->Read(kList, Soon());
    EXPECT_EQ(ErrorCode(first.status()), code) << first.status();
    EXPECT_THAT(Start()->Read(kList, Soon()),
                StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr(absl::StrCat("DSM's code ", code))));
  }
  EXPECT_EQ(dsm_.Count(kLogin), 11);
}

TEST_F(DsmSessionTest, ALoginWithoutAnAnswerMayBeTriedByTheNextStartAndThenNoMore) {
  for (int i = 0; i < 2; ++i) {
    dsm_.Next(kLogin, {.kind = i == 0 ? Trouble::kHang : Trouble::kGarbage});
    const auto client = Start();
    EXPECT_FALSE(client->Read(kList, Soon()).ok());
    EXPECT_FALSE(client->Read(kList, Soon()).ok());
    EXPECT_EQ(dsm_.Count(kLogin), i + 1);
  }
  EXPECT_THAT(Start()->Read(kList, Soon()),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("without an answer")));
  EXPECT_EQ(dsm_.Count(kLogin), 2);
}

TEST_F(DsmSessionTest, OneThatIsKilledWhileLoggingInHasBeenCounted) {
  LoginRecord record_before(record(), dsm_.url(), FakeDsm::kAccount);
  ASSERT_THAT(record_before.Trying(), IsOk());
  EXPECT_THAT(record_before.MayTry(), IsOk());
  ASSERT_THAT(record_before.Trying(), IsOk());
  EXPECT_THAT(record_before.MayTry(), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("2 logins")));
  ASSERT_THAT(record_before.NotSent(), IsOk());
  EXPECT_THAT(record_before.MayTry(), IsOk());
}

TEST_F(DsmSessionTest, ATruncatedLoginShowsNothingOfTheSession) {
  dsm_.Next(kLogin, {.kind = Trouble::kTruncated});
  const auto data = Start()->Read(kList, Soon());
  EXPECT_THAT(data,
              StatusIs(absl::StatusCode::kDataLoss, AllOf(Not(HasSubstr(dsm_.last_sid())), Not(HasSubstr("tok.EN")))));
}

TEST_F(DsmSessionTest, ASecondFactorIsAskedForAndItsTokenNotShown) {
  dsm_.otp = "123456";
  EXPECT_THAT(Start()->Read(kList, Soon()), StatusIs(absl::StatusCode::kUnauthenticated,
                                                     AllOf(HasSubstr("`otpEnv`"), Not(HasSubstr("very-secret")))));
  std::filesystem::remove(record());
  definition_.otp_env = "TALES_TEST_CODE";
  unsetenv("TALES_TEST_CODE");
  EXPECT_THAT(Start()->Read(kList, Soon()),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("TALES_TEST_CODE is not set")));
  setenv("TALES_TEST_CODE", "654321", 1);
  EXPECT_THAT(Start()->Read(kList, Soon()),
              StatusIs(absl::StatusCode::kUnauthenticated, HasSubstr("code of the second factor is wrong")));
  std::filesystem::remove(record());
  setenv("TALES_TEST_CODE", "123456", 1);
  const auto client = Start();
  EXPECT_THAT(client->Read(kList, Soon()), IsOk());
  // It is good for one login.
  const int logins = dsm_.Count(kLogin);
  dsm_.ForgetSessions();
  EXPECT_THAT(client->Read(kList, Soon()), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("fresh code")));
  EXPECT_EQ(dsm_.Count(kLogin), logins);
}

TEST_F(DsmSessionTest, ALostSessionIsOpenedAnewOnceForARead) {
  const auto client = Start();
  ASSERT_THAT(client->Read(kList, Soon()), IsOk());
  dsm_.ForgetSessions();
  EXPECT_THAT(client->Read(kList, Soon()), IsOk());
  EXPECT_EQ(dsm_.Count(kLogin), 2);
  for (const int code : {106, 107, 119, 150}) {
    const auto client = Start();
    dsm_.Next(kGuestList, {.code = code});
    dsm_.Next(kGuestList, {.code = code});
    EXPECT_THAT(client->Read(kList, Soon()),
                StatusIs(absl::StatusCode::kUnavailable, HasSubstr(absl::StrCat("code ", code))));
  }
}

TEST_F(DsmSessionTest, ButNotWithoutEnd) {
  const auto client = Start();
  ASSERT_THAT(client->Read(kList, Soon()), IsOk());
  for (int i = 0; i < 12; ++i) {
    dsm_.ForgetSessions();
    (void)client->Read(kList, Soon());
  }
  EXPECT_EQ(dsm_.Count(kLogin), 6);
  EXPECT_THAT(client->Read(kList, Soon()), StatusIs(absl::StatusCode::kUnavailable, HasSubstr("another program")));
}

TEST_F(DsmSessionTest, ALoginThatIsRefusedInTheMiddleIsRememberedToo) {
  const auto client = Start();
  ASSERT_THAT(client->Read(kList, Soon()), IsOk());
  dsm_.ForgetSessions();
  dsm_.Next(kLogin, {.code = 407});
  EXPECT_THAT(client->Read(kList, Soon()), StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("blocked")));
  EXPECT_FALSE(client->Read(kList, Soon()).ok());
  EXPECT_FALSE(Start()->Read(kList, Soon()).ok());
  EXPECT_EQ(dsm_.Count(kLogin), 2);
}

TEST_F(DsmSessionTest, AnActionIsNotRepeatedAndWasNotCarriedOut) {
  dsm_.Add({.name = "x"});
  const auto client = Start();
  ASSERT_THAT(client->Read(kList, Soon()), IsOk());
  dsm_.ForgetSessions();
  const auto lost = client->Act(kPowerOn, Soon());
  EXPECT_THAT(lost, StatusIs(absl::StatusCode::kUnavailable, HasSubstr("was not carried out")));
  EXPECT_FALSE(IsUncertain(lost.status()));
  EXPECT_EQ(dsm_.Count(kGuestOn), 1);
  EXPECT_EQ(dsm_.Find("x")->status, "shutdown");
  EXPECT_THAT(client->Act(kPowerOn, Soon()), IsOk());
}

TEST_F(DsmSessionTest, NoPermissionIsASessionOfBeforeTheRestartOnlyWhereOneWorked) {
  const auto client = Start();
  dsm_.Next(kGuestList, {.code = 105});
  EXPECT_THAT(client->Read(kList, Soon()),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("right for Virtual Machine Manager")));
  EXPECT_EQ(dsm_.Count(kLogin), 1);
  ASSERT_THAT(client->Read(kList, Soon()), IsOk());
  dsm_.Next(kGuestList, {.code = 105});
  EXPECT_THAT(client->Read(kList, Soon()), IsOk());
  EXPECT_EQ(dsm_.Count(kLogin), 2);
}

TEST_F(DsmSessionTest, TheTokenIsTakenByEitherNameAndMayBeMissing) {
  dsm_.token_key = "SynoToken";
  EXPECT_THAT(Start()->Read(kList, Soon()), IsOk());
  dsm_.gives_token = false;
  EXPECT_THAT(Start()->Read(kList, Soon()), IsOk());
  EXPECT_EQ(dsm_.calls().back().headers.count("x-syno-token"), 0u);
}

TEST_F(DsmSessionTest, ItLogsOutAlsoAfterAFailure) {
  {
    const auto client = Start();
    ASSERT_THAT(client->Read(kList, Soon()), IsOk());
    dsm_.Next(kGuestList, {.kind = Trouble::kGarbage});
    EXPECT_FALSE(client->Read(kList, Soon()).ok());
  }
  EXPECT_EQ(dsm_.sessions(), 0);
  EXPECT_EQ(dsm_.Count("SYNO.API.Auth/logout"), 1);
}

}  // namespace
}  // namespace tales::synology::testing
