#include <poll.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/websocket.hpp>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "harness/base/status.h"
#include "harness/kube/client_impl.h"
#include "harness/kube/errors.h"
#include "harness/kube/exec_messages.h"

namespace tales::kube {

// A connection that libcurl made (proxy, TLS and its verification included), as a stream that Beast reads and writes.
class CurlStream {
 public:
  using executor_type = boost::asio::io_context::executor_type;

  CurlStream(boost::asio::io_context& io, CURL* handle, Deadline deadline)
      : io_(&io), handle_(handle), deadline_(deadline) {
    curl_easy_getinfo(handle, CURLINFO_ACTIVESOCKET, &socket_);
  }
  executor_type get_executor() { return io_->get_executor(); }
  void set_deadline(Deadline deadline) { deadline_ = deadline; }
  // What was read so far. Beast keeps a refused upgrade's answer to itself.
  const std::string& captured() const { return captured_; }
  void StopCapturing() { capturing_ = false; }

  template <typename Buffers>
  size_t read_some(const Buffers& buffers, boost::system::error_code& error) {
    const boost::asio::mutable_buffer buffer = First<boost::asio::mutable_buffer>(buffers);
    size_t done = 0;
    error = Transfer(POLLIN, buffer.size(), done,
                     [&] { return curl_easy_recv(handle_, buffer.data(), buffer.size(), &done); });
    if (!error && done == 0 && buffer.size() > 0) error = boost::asio::error::eof;
    if (capturing_ && captured_.size() < kCaptured) captured_.append(static_cast<const char*>(buffer.data()), done);
    return done;
  }
  template <typename Buffers>
  size_t write_some(const Buffers& buffers, boost::system::error_code& error) {
    const boost::asio::const_buffer buffer = First<boost::asio::const_buffer>(buffers);
    size_t done = 0;
    error = Transfer(POLLOUT, buffer.size(), done,
                     [&] { return curl_easy_send(handle_, buffer.data(), buffer.size(), &done); });
    return done;
  }
  // Beast asks for these in its requirements of a stream; it calls the ones above.
  template <typename Buffers>
  size_t read_some(const Buffers& buffers) {
    boost::system::error_code error;
    const size_t done = read_some(buffers, error);
    if (error) throw boost::system::system_error(error);
    return done;
  }
  template <typename Buffers>
  size_t write_some(const Buffers& buffers) {
    boost::system::error_code error;
    const size_t done = write_some(buffers, error);
    if (error) throw boost::system::system_error(error);
    return done;
  }

 private:
  template <typename Buffer, typename Buffers>
  static Buffer First(const Buffers& buffers) {
    for (auto it = boost::asio::buffer_sequence_begin(buffers); it != boost::asio::buffer_sequence_end(buffers); ++it) {
      const Buffer buffer(*it);
      if (buffer.size() > 0) return buffer;
    }
    return Buffer();
  }
  template <typename Call>
  boost::system::error_code Transfer(short event, size_t size, size_t& done, const Call& call) {
    while (size > 0) {
      const CURLcode code = call();
      if (code == CURLE_OK) return {};
      if (code != CURLE_AGAIN) return boost::asio::error::connection_reset;
      done = 0;
      if (deadline_.passed()) return boost::asio::error::timed_out;
      pollfd watched{.fd = socket_, .events = event, .revents = 0};
      const absl::Duration wait = std::min(deadline_.remaining(), absl::Seconds(60));
      poll(&watched, 1, static_cast<int>(absl::ToInt64Milliseconds(wait)) + 1);
    }
    return {};
  }

  boost::asio::io_context* io_;
  CURL* handle_;
  Deadline deadline_;
  curl_socket_t socket_ = CURL_SOCKET_BAD;
  static constexpr size_t kCaptured = 64 << 10;
  bool capturing_ = true;
  std::string captured_;
};

// Beast's customization point; the connection is closed with its handle.
void teardown(boost::beast::role_type, CurlStream&, boost::system::error_code& error) { error = {}; }

namespace {

namespace beast = boost::beast;
namespace websocket = beast::websocket;
using Response = websocket::response_type;

// After the command's end was told: for what is still on its way.
constexpr absl::Duration kLeftovers = absl::Milliseconds(500);

std::string ExecPath(std::string_view namespace_, std::string_view pod, std::string_view container,
                     const std::vector<std::string>& command) {
  std::string path = absl::StrCat(ObjectPath(kPods, namespace_, pod), "/exec");
  if (!container.empty()) AddQuery(path, "container", container);
  for (const std::string& word : command) AddQuery(path, "command", word);
  AddQuery(path, "stdout", "true");
  AddQuery(path, "stderr", "true");
  return path;
}

absl::Status FromBoost(const boost::system::error_code& error, std::string_view doing) {
  if (error == boost::asio::error::timed_out) {
    return absl::DeadlineExceededError(absl::StrCat(doing, ": the deadline passed"));
  }
  return absl::UnavailableError(absl::StrCat(doing, ": ", error.message()));
}

// Of an answer as it came over the wire; 0 where there is none.
int StatusOf(std::string_view answer) {
  int status = 0;
  const bool http = absl::StartsWith(answer, "HTTP/1.") && answer.size() >= 12;
  return http && absl::SimpleAtoi(answer.substr(9, 3), &status) ? status : 0;
}

// The JSON in it: whole, also between the lines of a chunked body.
std::string_view BodyOf(std::string_view answer) {
  const size_t end_of_headers = answer.find("\r\n\r\n");
  if (end_of_headers == std::string_view::npos) return "";
  answer.remove_prefix(end_of_headers + 4);
  const size_t begin = answer.find('{'), end = answer.rfind('}');
  return begin == std::string_view::npos || end == std::string_view::npos || end < begin
             ? answer
             : answer.substr(begin, end - begin + 1);
}

// The whole exchange over a connection. `http_status` is that of the answer to the upgrade (0: none came).
absl::StatusOr<ExecResult> Exchange(const Transport::Raw& raw, const std::string& path, Deadline deadline,
                                    int& http_status) {
  boost::asio::io_context io;
  websocket::stream<CurlStream> stream(io, raw.handle(), deadline);
  stream.read_message_max(32 << 20);
  stream.set_option(websocket::stream_base::decorator([&](websocket::request_type& request) {
    request.set(beast::http::field::sec_websocket_protocol, kExecProtocols);
    request.set(beast::http::field::user_agent, "tales");
    if (!raw.authorization.empty()) request.set(beast::http::field::authorization, raw.authorization);
  }));
  boost::system::error_code error;
  Response response;
  stream.handshake(response, raw.host, raw.target_prefix + path, error);
  http_status = StatusOf(stream.next_layer().captured());
  if (error && http_status >= 200) {
    const absl::Status status = FromHttp(http_status, BodyOf(stream.next_layer().captured()));
    return status.ok()
               ? absl::UnavailableError(absl::StrCat("the server does not upgrade to WebSocket: HTTP ", http_status))
               : status;
  }
  if (error) return FromBoost(error, "upgrading to WebSocket");
  if (response[beast::http::field::sec_websocket_protocol].empty()) {
    return absl::UnimplementedError(absl::StrCat("the server chose none of the protocols ", kExecProtocols));
  }
  stream.next_layer().StopCapturing();
  ExecMessages messages;
  while (true) {
    beast::flat_buffer buffer;
    stream.read(buffer, error);
    if (messages.ended() && error) break;
    if (error == websocket::error::closed || error == boost::asio::error::eof) break;
    if (error) return FromBoost(error, "reading what the command writes");
    const auto data = buffer.cdata();
    TALES_RETURN_IF_ERROR(messages.Take(std::string_view(static_cast<const char*>(data.data()), data.size())));
    if (messages.ended()) stream.next_layer().set_deadline(deadline.AtMost(kLeftovers));
  }
  return std::move(messages).Result();
}

}  // namespace

absl::StatusOr<ExecResult> Client::Exec(std::string_view namespace_, std::string_view pod, std::string_view container,
                                        const std::vector<std::string>& command, Deadline deadline) {
  const HttpRequest request{.method = "EXEC", .path = ExecPath(namespace_, pod, container, command)};
  for (int attempt = 0;; ++attempt) {
    absl::StatusOr<std::unique_ptr<Transport::Raw>> raw = impl_->transport->Connect(deadline);
    if (!raw.ok()) return impl_->Describe(raw.status(), request);
    int http_status = 0;
    absl::StatusOr<ExecResult> result = absl::InternalError("not run");
    try {
      result = Exchange(**raw, request.path, deadline, http_status);
    } catch (const std::exception& e) {
      result = absl::InternalError(e.what());
    }
    if (result.ok()) return result;
    if (http_status == 401 && attempt == 0 && impl_->transport->credentials().Refuse((*raw)->credential)) continue;
    return impl_->Describe(result.status(), request);
  }
}

}  // namespace tales::kube
