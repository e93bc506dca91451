// SPDX-License-Identifier: BSL-1.0
// Suite http: the request parser and the router alone.

#include "http/suite.hpp"

int main(int argc, char** argv) {
  measure::suite suite("http");
  add_parser_cases(suite);
  add_router_cases(suite);
  return suite.run(argc, argv);
}
