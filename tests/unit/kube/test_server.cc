#include "tests/unit/kube/test_server.h"

#include <sys/socket.h>

#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace tales::kube::testing {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;

Request Translate(const beast::http::request<beast::http::string_body>& from) {
  Request request{
      .method = std::string(from.method_string()), .target = std::string(from.target()), .body = from.body()};
  for (const auto& field : from) {
    request.headers[absl::AsciiStrToLower(std::string(field.name_string()))] = std::string(field.value());
  }
  return request;
}

}  // namespace

Response Answer(int status, std::string body, std::string headers) {
  return {absl::StrCat("HTTP/1.1 ", status, " X\r\nContent-Type: application/json\r\nContent-Length: ", body.size(),
                       "\r\n", headers, "\r\n", body)};
}

struct TestServer::Impl {
  Impl(Options options, Handler h)
      : acceptor(io, tcp::endpoint(asio::ip::make_address("127.0.0.1"), static_cast<unsigned short>(options.port))),
        handler(std::move(h)) {
    tls = options.certificate.has_value();
    if (!tls) return;
    context.use_certificate_chain(asio::buffer(options.certificate->certificate_pem));
    context.use_private_key(asio::buffer(options.certificate->key_pem), asio::ssl::context::pem);
    if (options.client_authority.empty()) return;
    context.set_verify_mode(asio::ssl::verify_peer | asio::ssl::verify_fail_if_no_peer_cert);
    context.add_certificate_authority(asio::buffer(options.client_authority));
  }

  template <typename Stream>
  void Serve(Stream& stream, const std::string& client_name) {
    beast::flat_buffer buffer;
    while (true) {
      beast::http::request<beast::http::string_body> raw;
      boost::system::error_code error;
      beast::http::read(stream, buffer, raw, error);
      if (error) return;
      Request request = Translate(raw);
      request.client_name = client_name;
      const Response response = handler(request);
      if (!response.messages.empty()) return SpeakWebSocket(stream, raw, response.messages);
      asio::write(stream, asio::buffer(response.bytes), error);
      if (error || response.then == Response::kDrop) return;
      if (response.then == Response::kHang) {
        std::unique_lock<std::mutex> lock(mutex);
        stop_changed.wait(lock, [&] { return stop; });
        return;
      }
    }
  }

  template <typename Stream>
  void SpeakWebSocket(Stream& stream, const beast::http::request<beast::http::string_body>& request,
                      const std::vector<std::string>& messages) {
    beast::websocket::stream<Stream&> socket(stream);
    socket.set_option(beast::websocket::stream_base::decorator([](beast::websocket::response_type& response) {
      response.set(beast::http::field::sec_websocket_protocol, "v5.channel.k8s.io");
    }));
    boost::system::error_code error;
    socket.accept(request, error);
    socket.binary(true);
    for (const std::string& message : messages) {
      if (!error) socket.write(asio::buffer(message), error);
    }
    if (!error) socket.close(beast::websocket::close_code::normal, error);
  }

  void Handle(tcp::socket& socket) {
    boost::system::error_code error;
    if (!tls) return Serve(socket, "");
    asio::ssl::stream<tcp::socket&> stream(socket, context);
    stream.handshake(asio::ssl::stream_base::server, error);
    if (error) return;
    std::string name;
    if (X509* certificate = SSL_get_peer_certificate(stream.native_handle()); certificate != nullptr) {
      char text[256] = "";
      X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, text, sizeof(text));
      X509_free(certificate);
      name = text;
    }
    Serve(stream, name);
  }

  asio::io_context io;
  tcp::acceptor acceptor;
  asio::ssl::context context{asio::ssl::context::tls_server};
  bool tls = false;
  Handler handler;
  std::mutex mutex;
  std::condition_variable stop_changed;
  bool stop = false;
  std::set<int> open;
  std::atomic<int> connections = 0;
  std::vector<std::thread> threads;
  std::thread accepting;
};

TestServer::TestServer(Options options, Handler handler)
    : impl_(std::make_shared<Impl>(std::move(options), std::move(handler))) {
  impl_->accepting = std::thread([impl = impl_.get()] {
    while (true) {
      boost::system::error_code error;
      tcp::socket socket = impl->acceptor.accept(error);
      const std::lock_guard<std::mutex> lock(impl->mutex);
      if (error || impl->stop) return;
      ++impl->connections;
      const int descriptor = socket.native_handle();
      impl->open.insert(descriptor);
      impl->threads.emplace_back([impl, descriptor, s = std::move(socket)]() mutable {
        impl->Handle(s);
        const std::lock_guard<std::mutex> inner(impl->mutex);
        impl->open.erase(descriptor);
        boost::system::error_code ignored;
        s.close(ignored);
      });
    }
  });
}

TestServer::~TestServer() {
  {
    const std::lock_guard<std::mutex> lock(impl_->mutex);
    impl_->stop = true;
    for (const int descriptor : impl_->open) shutdown(descriptor, SHUT_RDWR);
  }
  impl_->stop_changed.notify_all();
  shutdown(impl_->acceptor.native_handle(), SHUT_RDWR);
  impl_->accepting.join();
  for (std::thread& thread : impl_->threads) thread.join();
}

int TestServer::port() const { return impl_->acceptor.local_endpoint().port(); }
int TestServer::connections() const { return impl_->connections; }
std::string TestServer::url() const { return absl::StrCat(impl_->tls ? "https" : "http", "://127.0.0.1:", port()); }

}  // namespace tales::kube::testing
