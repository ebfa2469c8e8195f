#include "base/fd.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>

namespace drl::base {
namespace {

bool IsOpen(int fd) { return fcntl(fd, F_GETFD) >= 0; }

bool IsReadable(int fd) {
  pollfd item{fd, POLLIN, 0};
  return poll(&item, 1, 0) == 1;
}

TEST(UniqueFd, ClosesWhatItOwns) {
  const int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
  { const UniqueFd owner(fd); }
  EXPECT_FALSE(IsOpen(fd));
}

TEST(UniqueFd, HandsOverWhenMoved) {
  UniqueFd first(open("/dev/null", O_RDONLY | O_CLOEXEC));
  const int fd = first.get();
  UniqueFd second(std::move(first));
  EXPECT_FALSE(first.valid());  // NOLINT: that is the claim
  EXPECT_EQ(second.get(), fd);
  EXPECT_TRUE(IsOpen(fd));
}

TEST(UniqueFd, ClosesTheOldWhenAssigned) {
  UniqueFd first(open("/dev/null", O_RDONLY | O_CLOEXEC));
  const int old = first.get();
  first = UniqueFd(open("/dev/null", O_RDONLY | O_CLOEXEC));
  EXPECT_FALSE(IsOpen(old));
  EXPECT_TRUE(first.valid());
}

TEST(EventFd, IsReadableFromSignalToClear) {
  const EventFd event;
  EXPECT_FALSE(IsReadable(event.get()));
  event.Signal();
  event.Signal();
  EXPECT_TRUE(IsReadable(event.get()));
  event.Clear();
  EXPECT_FALSE(IsReadable(event.get()));
}

TEST(EventFd, IsNotInheritedByPrograms) {
  const EventFd event;
  EXPECT_NE(fcntl(event.get(), F_GETFD) & FD_CLOEXEC, 0);
}

}  // namespace
}  // namespace drl::base
