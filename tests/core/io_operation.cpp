// SPDX-License-Identifier: BSL-1.0
#include <tenon/core/io_operation.hpp>

#include <gtest/gtest.h>

namespace tenon {
namespace {

TEST(io_operation, each_kind_uses_one_side_of_a_descriptor) {
  for (const io_kind kind : {io_kind::readable, io_kind::read, io_kind::accept, io_kind::receive_message}) {
    EXPECT_TRUE(is_inbound(kind));
  }
  for (const io_kind kind : {io_kind::writable, io_kind::write, io_kind::connect, io_kind::send_message}) {
    EXPECT_FALSE(is_inbound(kind));
  }
}

TEST(io_operation, kinds_are_of_files_or_of_what_is_waited_for) {
  for (const io_kind kind : {io_kind::read_at, io_kind::write_at, io_kind::sync, io_kind::sync_data}) {
    EXPECT_TRUE(is_of_file(kind) && !is_transfer(kind));
  }
  for (const io_kind kind :
       {io_kind::read, io_kind::write, io_kind::accept, io_kind::send_message, io_kind::receive_message}) {
    EXPECT_TRUE(is_transfer(kind) && !is_of_file(kind));
  }
  EXPECT_FALSE(is_of_file(io_kind::readable) || is_transfer(io_kind::connect));
}

TEST(io_operation, is_a_work_item_that_lists_link) {
  io_operation first;
  io_operation second;
  work_list list;
  list.push(first);
  list.push(second);
  EXPECT_EQ(list.pop(), &first);
  EXPECT_EQ(list.pop(), &second);
  EXPECT_TRUE(list.empty());
}

TEST(io_operation, is_small_and_begins_with_nothing) {
  EXPECT_LE(sizeof(io_operation), 64U);
  const io_operation op;
  EXPECT_EQ(op.source, nullptr);
  EXPECT_EQ(op.outcome, 0);
  EXPECT_EQ(io_source{}.fd, -1);
}

}  // namespace
}  // namespace tenon
