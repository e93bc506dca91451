// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string>
#include <vector>

/// Requests that two servers in a row could read differently, or that ask for too much, and what is answered to them.
namespace corpus {

struct attack {
  const char* name;
  std::string bytes;
  unsigned status;     // 0: taken
  const char* source;  // where it is described, or the rule that it breaks
};

inline std::string post(const std::string& lines, const std::string& body = "") {
  return "POST /p HTTP/1.1\r\nHost: h\r\n" + lines + "\r\n" + body;
}

inline std::vector<attack> smuggling() {
  using std::string;
  const string te = "Transfer-Encoding: chunked\r\n";
  const string hidden = "0\r\n\r\nGET /hidden HTTP/1.1\r\nHost: h\r\n\r\n";
  return {
      // two lengths
      {"CL.TE", post("Content-Length: 6\r\n" + te, hidden), 400,
       "RFC 9112 6.1, 6.3; Linhart et al., HTTP Request Smuggling, 2005"},
      {"TE.CL", post(te + "Content-Length: 6\r\n", hidden), 400, "RFC 9112 6.3; Kettle, HTTP Desync Attacks, 2019"},
      {"CL.CL, different", post("Content-Length: 0\r\nContent-Length: 5\r\n", "hello"), 400,
       "RFC 9110 8.6; Linhart et al. 2005"},
      {"CL.CL, equal", post("Content-Length: 5\r\nContent-Length: 5\r\n", "hello"), 400,
       "RFC 9112 6.3: may be refused"},
      {"a list of lengths", post("Content-Length: 5, 5\r\n", "hello"), 400, "RFC 9110 8.6: may be refused"},
      {"TE.TE", post(te + te, hidden), 400, "RFC 9112 6.1: chunked once"},
      {"TE.TE, identity", post("Transfer-Encoding: identity\r\n" + te, hidden), 400, "RFC 9112 7: identity is gone"},
      {"TE in 1.0", "POST / HTTP/1.0\r\n" + te + "\r\n" + hidden, 400, "RFC 9112 6.1: faulty framing"},
      // lengths that some read as numbers
      {"length with a sign", post("Content-Length: +5\r\n", "hello"), 400, "CVE-2022-24801 (Twisted)"},
      {"length below zero", post("Content-Length: -1\r\n"), 400, "CVE-2018-7159 and others"},
      {"length in hex", post("Content-Length: 0x5\r\n", "hello"), 400, "RFC 9110 8.6"},
      {"length with an underscore", post("Content-Length: 1_0\r\n"), 400, "CVE-2023-24580 family (Python int)"},
      {"length with a fraction", post("Content-Length: 5.0\r\n", "hello"), 400, "RFC 9110 8.6"},
      {"length in parts", post("Content-Length: 1 0\r\n"), 400, "CVE-2018-7159 (http-parser)"},
      {"length of nothing", post("Content-Length:\r\n"), 400, "RFC 9110 8.6"},
      {"length of 2^64", post("Content-Length: 18446744073709551616\r\n"), 400, "integer overflow, CWE-190"},
      {"length of 2^64 + 5", post("Content-Length: 18446744073709551621\r\n", "hello"), 400,
       "integer overflow, CWE-190"},
      {"length of 2^63", post("Content-Length: 9223372036854775808\r\n"), 413, "signed overflow, CWE-190"},
      {"length of 2^32", post("Content-Length: 4294967296\r\n"), 413, "truncation, CWE-197"},
      // a coding that one of two sees
      {"xchunked", post("Transfer-Encoding: xchunked\r\n", hidden), 400, "Kettle 2019"},
      {"chunked in quotes", post("Transfer-Encoding: \"chunked\"\r\n", hidden), 400, "Kettle 2019"},
      {"chunked with a tab before", post("Transfer-Encoding:\tchunked\r\n", "0\r\n\r\n"), 0,
       "RFC 9110 5.5: space around is none of it"},
      {"chunked behind VT", post("Transfer-Encoding: \vchunked\r\n", hidden), 400, "Kettle 2019"},
      {"chunked behind a NUL", post(string("Transfer-Encoding: \0chunked\r\n", 30), hidden), 400, "RFC 9110 5.5"},
      {"chunked behind 0xa0",
       post("Transfer-Encoding: \xa0"
            "chunked\r\n",
            hidden),
       400, "CVE-2019-16786 (Waitress)"},
      {"chunked, then identity", post("Transfer-Encoding: chunked, identity\r\n", hidden), 400,
       "RFC 9112 6.3: chunked is last"},
      {"identity, then chunked", post("Transfer-Encoding: identity, chunked\r\n", hidden), 501,
       "RFC 9112 6.1: unknown coding"},
      {"chunked twice", post("Transfer-Encoding: chunked, chunked\r\n", hidden), 501, "RFC 9112 6.1: chunked once"},
      {"chunked with a parameter", post("Transfer-Encoding: chunked;q=1\r\n", hidden), 400,
       "RFC 9112 7.1: it has none"},
      {"space before the colon", post("Transfer-Encoding : chunked\r\n", hidden), 400,
       "RFC 9112 5.1; CVE-2019-16869 (Netty)"},
      {"tab before the colon", post("Transfer-Encoding\t: chunked\r\n", hidden), 400, "RFC 9112 5.1"},
      {"space before the name", "POST / HTTP/1.1\r\n Host: h\r\n" + te + "\r\n" + hidden, 400, "RFC 9112 2.2"},
      {"a folded coding", post("Transfer-Encoding:\r\n chunked\r\n", hidden), 400, "RFC 9112 5.2: obs-fold"},
      {"a folded line", post("X: a\r\n\tTransfer-Encoding: chunked\r\n", hidden), 400, "RFC 9112 5.2: obs-fold"},
      {"a coding behind a bare LF", post("X: a\nTransfer-Encoding: chunked\r\n", hidden), 400,
       "Kettle 2019; RFC 9112 2.2"},
      {"a coding behind a bare CR", post("X: a\rTransfer-Encoding: chunked\r\n", hidden), 400,
       "RFC 9112 2.2; CVE-2020-8287 (Node.js)"},
      {"underscore in the name", post("Content_Length: 5\r\n"), 0,
       "another header; CVE-2015-1855 family when it is taken for it"},
      {"NUL in the name", post(string("Content\0Length: 5\r\n", 19)), 400, "RFC 9110 5.1"},
      {"no name", post(": 5\r\n"), 400, "RFC 9110 5.1; CVE-2020-8287 family"},
      {"no colon", post("Transfer-Encoding\r\n", hidden), 400, "RFC 9112 5"},
      // line ends
      {"LF alone after the request line", "GET / HTTP/1.1\nHost: h\r\n\r\n", 400, "RFC 9112 2.2: may be refused"},
      {"LF alone after the headers", "GET / HTTP/1.1\r\nHost: h\r\n\n", 400, "RFC 9112 2.2: may be refused"},
      {"CR alone at the end", "GET / HTTP/1.1\r\nHost: h\r\n\rX", 400, "RFC 9112 2.2"},
      {"CR CR LF", "GET / HTTP/1.1\r\nHost: h\r\r\n\r\n", 400, "RFC 9112 2.2"},
      {"an empty line before", "\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n", 0, "RFC 9112 2.2: at least one is ignored"},
      {"two of them", "\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n", 400, "RFC 9112 2.2: no more than that"},
      // chunks
      {"chunk size with a sign", post(te, "+5\r\nhello\r\n0\r\n\r\n"), 400, "CVE-2022-24801 (Twisted)"},
      {"chunk size with 0x", post(te, "0x5\r\nhello\r\n0\r\n\r\n"), 400, "CVE-2022-24801 (Twisted)"},
      {"chunk size with a space", post(te, "5 \r\nhello\r\n0\r\n\r\n"), 400, "RFC 9112 7.1; CVE-2019-15605 family"},
      {"chunk size of nothing", post(te, "\r\nhello\r\n0\r\n\r\n"), 400, "RFC 9112 7.1"},
      {"chunk size of 2^64", post(te, "10000000000000000\r\n"), 400, "RFC 9112 7.1: overflow"},
      {"chunk size of 2^64 + 5", post(te, "10000000000000005\r\nhello\r\n0\r\n\r\n"), 400,
       "CVE-2013-2028 family (nginx)"},
      {"chunk size of 2^64 - 1", post(te, "ffffffffffffffff\r\n"), 413, "CVE-2013-2028 (nginx)"},
      {"chunk sizes that add up over", post(te, "1\r\na\r\nffffffffffffffff\r\n"), 413, "overflow of the sum, CWE-190"},
      {"chunk behind LF alone", post(te, "5\nhello\r\n0\r\n\r\n"), 400, "RFC 9112 7.1; Kettle 2025, chunk extensions"},
      {"extension behind LF alone", post(te, "5;a\nhello\r\n0\r\n\r\n"), 400,
       "CVE-2025-22871 family: bare LF in a chunk line"},
      {"extension with CR alone", post(te, "5;a\rb\r\nhello\r\n0\r\n\r\n"), 400, "RFC 9112 7.1.1"},
      {"data longer than its chunk", post(te, "5\r\nhelloX\r\n0\r\n\r\n"), 400, "RFC 9112 7.1"},
      {"data shorter than its chunk", post(te, "5\r\nhi\r\n0\r\n\r\nGET / HTTP/1.1\r\n"), 400, "RFC 9112 7.1"},
      {"last chunk without its line", post(te, "0\r\nGET /hidden HTTP/1.1\r\n\r\n"), 400, "RFC 9112 7.1.2"},
      {"trailer that is folded", post(te, "0\r\nA: b\r\n c\r\n\r\n"), 400, "RFC 9112 5.2"},
      {"a length as a trailer", post(te, "0\r\nContent-Length: 5\r\n\r\n"), 0, "RFC 9110 6.5.1: dropped, not merged"},
      // targets and hosts
      {"no host", "GET / HTTP/1.1\r\n\r\n", 400, "RFC 9112 3.2"},
      {"two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, "RFC 9112 3.2"},
      {"two equal hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400, "RFC 9112 3.2"},
      {"a host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400, "RFC 9110 7.2"},
      {"a host with a user", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 400, "RFC 9110 4.2.4, 7.2"},
      {"an absolute target", "GET http://a/b HTTP/1.1\r\nHost: c\r\n\r\n", 0,
       "RFC 9112 3.2.2: the target's host counts"},
      {"an absolute target with a user", "GET http://u@a/b HTTP/1.1\r\nHost: a\r\n\r\n", 400, "RFC 9110 4.2.4"},
      {"an authority as target", "GET a:80 HTTP/1.1\r\nHost: a\r\n\r\n", 400, "RFC 9112 3.2.3: CONNECT alone"},
      {"CONNECT", "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", 501, "RFC 9110 9.3.6: not a proxy"},
      {"asterisk of GET", "GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400, "RFC 9112 3.2.4: OPTIONS alone"},
      {"asterisk of OPTIONS", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 0, "RFC 9112 3.2.4"},
      {"a fragment", "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", 400, "RFC 9112 3.2"},
      {"a target with a space", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", 400, "RFC 9112 3: may be refused"},
      {"a target with a NUL", string("GET /a\0 HTTP/1.1\r\nHost: a\r\n\r\n", 30), 400, "RFC 9112 3.2"},
      {"a target over ASCII", "GET /\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n", 400, "RFC 3986 2"},
      {"a target with a tab", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", 400, "RFC 9112 3"},
      // versions and methods
      {"no version", "GET /\r\n\r\n", 400, "HTTP/0.9: RFC 9112 appendix C.1"},
      {"version 2", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505, "RFC 9110 15.6.6"},
      {"version 1.2", "GET / HTTP/1.2\r\nHost: a\r\n\r\n", 505, "RFC 9112 2.3"},
      {"version in small letters", "GET / http/1.1\r\nHost: a\r\n\r\n", 400, "RFC 9112 2.3"},
      {"version with zeros", "GET / HTTP/01.1\r\nHost: a\r\n\r\n", 400, "RFC 9112 2.3: one digit each"},
      {"preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 501, "RFC 9113 3.4"},
      {"a method in small letters", "get / HTTP/1.1\r\nHost: a\r\n\r\n", 501, "RFC 9110 9.1: case-sensitive"},
      {"another expectation", post("Expect: 100-continue, x\r\nContent-Length: 1\r\n", "a"), 417, "RFC 9110 10.1.1"},
      // too much
      {"a long method", string(40, 'A') + " / HTTP/1.1\r\nHost: a\r\n\r\n", 501, "RFC 9112 3"},
      {"a long target", "GET /" + string(9000, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n", 414, "RFC 9110 15.5.15"},
      {"a long value", post("A: " + string(20'000, 'a') + "\r\n"), 431, "RFC 6585 5"},
      {"a long name", post(string(20'000, 'a') + ": b\r\n"), 431, "RFC 6585 5"},
      {"many headers", post([] {
         string lines;
         for (int i = 0; i < 200; ++i) lines += "A: b\r\n";
         return lines;
       }()),
       431, "RFC 6585 5"},
      {"a long extension", post(te, "1;" + string(2000, 'a') + "\r\na\r\n0\r\n\r\n"), 400,
       "CVE-2023-39326 (Go): excessive chunk extensions"},
      {"many zeros of a chunk size", post(te, string(40, '0') + "\r\n\r\n"), 400, "RFC 9112 7.1"},
      {"long trailers", post(te, "0\r\nA: " + string(5000, 'a') + "\r\n\r\n"), 431, "RFC 6585 5"},
  };
}

}  // namespace corpus
