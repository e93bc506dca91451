// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/http/method.hpp>

#include <cctype>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

using tenon::http::method;

/// What routers are compared with: every route is tried, the best of those that match is kept.
struct linear_routes {
  struct route {
    method which;
    std::vector<std::string> segments;
    int id;
  };
  std::vector<route> routes;

  static std::vector<std::string> split(std::string_view path) {
    std::vector<std::string> out;
    path.remove_prefix(1);
    for (;;) {
      const auto slash = path.find('/');
      out.emplace_back(path.substr(0, slash));
      if (slash == path.npos) return out;
      path.remove_prefix(slash + 1);
    }
  }
  static int rank(const std::string& segment) {
    return segment.empty() || segment[0] != '{' ? 0 : segment[1] == '*' ? 2 : 1;
  }

  static bool fits(const route& r, const std::vector<std::string>& path, std::vector<std::string>& values) {
    values.clear();
    for (std::size_t i = 0; i < r.segments.size(); ++i) {
      const auto& segment = r.segments[i];
      if (i >= path.size()) return false;
      if (rank(segment) == 2) {
        std::string rest = path[i];
        for (std::size_t j = i + 1; j < path.size(); ++j) rest += "/" + path[j];
        values.push_back(rest);
        return true;
      }
      if (rank(segment) == 1) {
        if (path[i].empty()) return false;
        values.push_back(path[i]);
      } else if (segment != path[i]) {
        return false;
      }
    }
    return path.size() == r.segments.size();
  }
  static bool better(const route& a, const route& b, method wanted) {
    for (std::size_t i = 0; i < a.segments.size() && i < b.segments.size(); ++i) {
      if (rank(a.segments[i]) != rank(b.segments[i])) return rank(a.segments[i]) < rank(b.segments[i]);
    }
    return a.which == wanted && b.which != wanted;
  }
  static bool decode(std::string& text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] != '%') {
        out += text[i];
        continue;
      }
      if (i + 2 >= text.size() || !std::isxdigit(static_cast<unsigned char>(text[i + 1])) ||
          !std::isxdigit(static_cast<unsigned char>(text[i + 2]))) {
        return false;
      }
      out += static_cast<char>(std::stoi(text.substr(i + 1, 2), nullptr, 16));
      i += 2;
    }
    text = out;
    return true;
  }
  struct answer {
    int result = -404;
    std::vector<std::string> values;
    std::uint16_t allow = 0;
  };
  answer match(method wanted, std::string_view text) const {
    answer out;
    const auto path = split(text);
    const route* best = nullptr;
    tenon::http::method_set allow;
    std::vector<std::string> values;
    for (const auto& r : routes) {
      if (!fits(r, path, values)) continue;
      if (r.which == wanted || (wanted == method::head && r.which == method::get)) {
        if (best == nullptr || better(r, *best, wanted)) {
          best = &r;
          out.values = values;
        }
      }
      allow.add(r.which);
      if (r.which == method::get) allow.add(method::head);
    }
    if (best == nullptr) {
      out.values.clear();
      out.allow = allow.bits();
      if (!allow.empty()) out.result = -405;
      return out;
    }
    out.result = best->id;
    for (auto& value : out.values) {
      if (!decode(value)) out.result = -400;
    }
    return out;
  }
};
