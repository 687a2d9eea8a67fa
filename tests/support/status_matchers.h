// Assertions about absl::Status and absl::StatusOr that read as sentences.
#pragma once

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tales::testing {

inline const absl::Status& AsStatus(const absl::Status& status) { return status; }
template <typename T>
const absl::Status& AsStatus(const absl::StatusOr<T>& status) {
  return status.status();
}

MATCHER(IsOk, negation ? "is not OK" : "is OK") {
  const absl::Status& status = AsStatus(arg);
  if (!status.ok()) *result_listener << status.ToString();
  return status.ok();
}

MATCHER_P2(StatusIs, code, message_matcher,
           "has code " + absl::StatusCodeToString(code) + " and a message that " +
               ::testing::DescribeMatcher<std::string>(message_matcher)) {
  const absl::Status& status = AsStatus(arg);
  *result_listener << "which is " << status.ToString();
  return status.code() == code &&
         ::testing::ExplainMatchResult(message_matcher, std::string(status.message()), result_listener);
}

MATCHER_P(IsOkAndHolds, value_matcher, "is OK and holds a value that " + ::testing::PrintToString(value_matcher)) {
  if (!arg.ok()) {
    *result_listener << "which is " << arg.status().ToString();
    return false;
  }
  return ::testing::ExplainMatchResult(value_matcher, *arg, result_listener);
}

}  // namespace tales::testing

#define EXPECT_OK(expression) EXPECT_THAT(expression, ::tales::testing::IsOk())
#define ASSERT_OK(expression) ASSERT_THAT(expression, ::tales::testing::IsOk())
#define TALES_TEST_CONCAT_INNER_(a, b) a##b
#define TALES_TEST_CONCAT_(a, b) TALES_TEST_CONCAT_INNER_(a, b)
#define ASSERT_OK_AND_ASSIGN(lhs, expression) \
  ASSERT_OK_AND_ASSIGN_IMPL_(TALES_TEST_CONCAT_(tales_or_, __LINE__), lhs, expression)
#define ASSERT_OK_AND_ASSIGN_IMPL_(tmp, lhs, expression) \
  auto tmp = (expression);                               \
  ASSERT_OK(tmp);                                        \
  lhs = *std::move(tmp)
