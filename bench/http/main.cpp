// SPDX-License-Identifier: BSL-1.0
// Suite http: the request parser and the router alone; then what a request costs whole servers, each in a process of
// its own on one CPU, the load on the other.
#include "http/suite.hpp"

#include "http/load.hpp"
#include "http/server.hpp"

#include <cstdlib>
#include <string_view>

int main(int argc, char** argv) {
  if (argc == 4 && std::string_view(argv[1]) == "--serve") return serving::serve(argv[2], std::atoi(argv[3]));
  measure::suite suite("http");
  add_parser_cases(suite);
  add_router_cases(suite);
  add_server_cases(suite);
  return suite.run(argc, argv);
}
