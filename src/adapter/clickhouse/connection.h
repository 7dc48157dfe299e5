// Client::Connection: the one place that talks to libcurl. One request at a time, by the client's thread.
#pragma once

#include <memory>
#include <random>
#include <string>
#include <string_view>

#include "adapter/clickhouse/client.h"

// libcurl's own header stays in the .cpp files.
typedef void CURL;
struct curl_slist;

namespace freshet::clickhouse {

struct Request {
  std::string_view statement = {};
  std::string_view body = {};
  Encoding encoding = Encoding::none;
  bool statement_in_url = false;
  bool changes = false;  // a lost answer leaves us in doubt
  bool ping = false;
};

struct Client::Connection {
 public:
  Connection(Endpoint endpoint, Limits limits);

  Summary run(const Request& request, const With& with, const Sink& sink);

  const Endpoint& endpoint() const { return endpoint_; }
  const Limits& limits() const { return limits_; }

 private:
  struct EasyDelete {
    void operator()(CURL* easy) const;
  };
  struct ListDelete {
    void operator()(curl_slist* list) const;
  };
  using HeaderList = std::unique_ptr<curl_slist, ListDelete>;

  std::string url_for(const Request& request, const With& with, std::string_view query_id) const;
  HeaderList headers_for(const Request& request) const;
  std::string fresh_query_id();

  Endpoint endpoint_;
  Limits limits_;
  std::unique_ptr<CURL, EasyDelete> easy_;
  std::mt19937_64 random_;
};

}  // namespace freshet::clickhouse
