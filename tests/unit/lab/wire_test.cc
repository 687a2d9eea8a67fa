#include "fixtures/lab/wire.h"

#include <gtest/gtest.h>

#include "harness/talos/proto/machine.pb.h"

namespace tales::lab::wire {
namespace {

TEST(Wire, AddsTheHostnameToAUnaryReplyWithoutDecodingIt) {
  machine::HostnameResponse response;
  response.add_messages()->set_hostname("worker");
  const std::optional<std::string> bytes = WithHostname(response.SerializeAsString(), false, "127.20.0.100");
  ASSERT_TRUE(bytes.has_value());
  machine::HostnameResponse read;
  ASSERT_TRUE(read.ParseFromString(*bytes));
  ASSERT_EQ(read.messages_size(), 1);
  EXPECT_EQ(read.messages(0).hostname(), "worker");
  EXPECT_EQ(read.messages(0).metadata().hostname(), "127.20.0.100");
}

TEST(Wire, AddsTheHostnameToAMessageOfAStream) {
  common::Data data;
  data.set_bytes("line");
  common::Data read;
  ASSERT_TRUE(read.ParseFromString(*WithHostname(data.SerializeAsString(), true, "n1")));
  EXPECT_EQ(read.bytes(), "line");
  EXPECT_EQ(read.metadata().hostname(), "n1");
}

TEST(Wire, RefusesAUnaryReplyOfAnotherShape) {
  EXPECT_FALSE(WithHostname("", false, "n1").has_value());
  EXPECT_FALSE(WithHostname("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", false, "n1").has_value());
  EXPECT_FALSE(WithHostname("\x12\x01x", false, "n1").has_value()) << "field 2";
}

TEST(Wire, AnErrorIsAnEntryWithNothingButMetadata) {
  machine::VersionResponse read;
  const grpc::Status status(grpc::StatusCode::UNAVAILABLE, "no route to host");
  ASSERT_TRUE(read.ParseFromString(ErrorReply(status, false, "n2")));
  ASSERT_EQ(read.messages_size(), 1);
  EXPECT_EQ(read.messages(0).metadata().hostname(), "n2");
  EXPECT_EQ(read.messages(0).metadata().error(), "rpc error: code = Unavailable desc = no route to host");
  EXPECT_EQ(read.messages(0).metadata().status().code(), 14);
  EXPECT_FALSE(read.messages(0).has_version());
}

}  // namespace
}  // namespace tales::lab::wire
