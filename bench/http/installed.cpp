// SPDX-License-Identifier: BSL-1.0
// Servers that are programs of their own: nginx and h2o, one process or thread, no log.
#include "subject.hpp"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

#include <sys/stat.h>
#include <unistd.h>

namespace serving {

namespace {

/// A port that was free just now, and a folder for the server's files.
struct place {
  std::string port, folder;
};
place make_place(announcement ready) {
  const listener probe = listen_on_loopback();
  ::close(probe.fd);
  std::array<char, 32> folder{"/tmp/tenon-bench-XXXXXX"};
  if (::mkdtemp(folder.data()) == nullptr || ::chmod(folder.data(), 0755) != 0) std::_Exit(1);  // h2o reads as nobody
  ready(probe.port);
  return {std::to_string(probe.port), folder.data()};
}

constexpr const char* nginx = "/usr/sbin/nginx";
constexpr const char* h2o = "/usr/bin/h2o";

void serve_nginx(announcement ready) {
  const place at = make_place(ready);
  const std::string file = at.folder + "/nginx.conf";
  std::ofstream(file) << "daemon off; master_process off; worker_processes 1; error_log stderr crit;\n"
                      << "pid " << at.folder << "/pid; events { worker_connections 20000; }\n"
                      << "http { access_log off; keepalive_requests 1000000000; tcp_nodelay on;\n"
                      << "  client_body_temp_path " << at.folder << "; proxy_temp_path " << at.folder
                      << "; fastcgi_temp_path " << at.folder << "; uwsgi_temp_path " << at.folder << "; scgi_temp_path "
                      << at.folder << ";\n"
                      << "  server { listen 127.0.0.1:" << at.port << ";\n"
                      << "    location = /plaintext { default_type text/plain; return 200 '" << greeting << "'; }\n"
                      << "    location = /json { default_type application/json; return 200 "
                      << R"('{"message":"Hello, World!"}'; } } })" << '\n';
  ::execl(nginx, nginx, "-c", file.c_str(), static_cast<char*>(nullptr));
}

void serve_h2o(announcement ready) {
  const place at = make_place(ready);
  std::ofstream(at.folder + "/plaintext") << greeting;
  std::ofstream(at.folder + "/json") << R"({"message":"Hello, World!"})";
  const std::string file = at.folder + "/h2o.conf";
  std::ofstream(file) << "user: root\nnum-threads: 1\nmax-connections: 20000\nlisten:\n  host: 127.0.0.1\n  port: "
                      << at.port << "\nhosts:\n  default:\n    paths:\n      /:\n        file.dir: " << at.folder
                      << '\n';
  if (std::freopen("/dev/null", "w", stderr) == nullptr) std::_Exit(1);
  ::execl(h2o, h2o, "-c", file.c_str(), static_cast<char*>(nullptr));
}

}  // namespace

std::vector<subject> installed_servers() {
  std::vector<subject> all;
  if (::access(nginx, X_OK) == 0) all.push_back({.name = "nginx", .serve = serve_nginx});
  if (::access(h2o, X_OK) == 0) all.push_back({.name = "h2o, a file", .serve = serve_h2o});
  return all;
}

}  // namespace serving
