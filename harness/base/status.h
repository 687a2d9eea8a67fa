// Errors that say doing what, to whom, and why.
//
// Everything that can fail returns absl::Status or absl::StatusOr<T>. A layer that knows more than the one below adds
// its part in front with Annotate(), so that the whole reads as a sentence from the outside in:
//   "reading services of worker (10.0.1.100): calling machine.MachineService/ServiceList via 10.0.1.50: deadline of 10s
//   passed"
#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace tales {

// `status` with "`context`: " in front of its message; the code stays. OK stays OK.
absl::Status Annotate(const absl::Status& status, std::string_view context);

}  // namespace tales

#define TALES_CONCAT_INNER_(a, b) a##b
#define TALES_CONCAT_(a, b) TALES_CONCAT_INNER_(a, b)

// Returns from the calling function when `expression` (an absl::Status) is not OK.
#define TALES_RETURN_IF_ERROR(expression)                                                     \
  do {                                                                                        \
    if (absl::Status tales_status_ = (expression); !tales_status_.ok()) return tales_status_; \
  } while (false)

// Assigns the value of `expression` (an absl::StatusOr<T>) to `lhs`, or returns its status from the calling function.
#define TALES_ASSIGN_OR_RETURN(lhs, expression) \
  TALES_ASSIGN_OR_RETURN_IMPL_(TALES_CONCAT_(tales_or_, __LINE__), lhs, expression)
#define TALES_ASSIGN_OR_RETURN_IMPL_(tmp, lhs, expression) \
  auto tmp = (expression);                                 \
  if (!tmp.ok()) return tmp.status();                      \
  lhs = *std::move(tmp)
