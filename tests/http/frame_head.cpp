// SPDX-License-Identifier: BSL-1.0
#include <tenon/http/frame_head.hpp>

#include <gtest/gtest.h>

#include <string>

namespace {

using tenon::http::frame_head;
using tenon::http::opcode;

std::string hex(const frame_head& head) {
  std::string out;
  for (const char c : head.bytes()) {
    const auto byte = static_cast<unsigned char>(c);
    out += "0123456789abcdef"[byte >> 4];
    out += "0123456789abcdef"[byte & 15];
  }
  return out;
}

TEST(frame_head, is_as_short_as_it_can_be) {
  EXPECT_EQ(hex(frame_head(opcode::text, true, 5)), "8105");
  EXPECT_EQ(hex(frame_head(opcode::text, false, 3)), "0103");
  EXPECT_EQ(hex(frame_head(opcode::continuation, true, 2)), "8002");
  EXPECT_EQ(hex(frame_head(opcode::binary, true, 125)), "827d");
  EXPECT_EQ(hex(frame_head(opcode::binary, true, 126)), "827e007e");
  EXPECT_EQ(hex(frame_head(opcode::binary, true, 256)), "827e0100");
  EXPECT_EQ(hex(frame_head(opcode::binary, true, 65535)), "827effff");
  EXPECT_EQ(hex(frame_head(opcode::binary, true, 65536)), "827f0000000000010000");
  EXPECT_EQ(hex(frame_head(opcode::ping, true, 5, tenon::http::detail::mask_key{'\x37', '\xfa', '\x21', '\x3d'})),
            "898537fa213d");
}

}  // namespace
