#include "redis/pem_file.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <system_error>

#include "base/fd.h"

namespace drl::redis {
namespace {

using base::Status;

constexpr size_t kFileBytesMax = 16 * 1024 * 1024;  // the bundles of distributions have a quarter of one

Status CannotRead(std::string_view option, int error) {
  return {DRL_ERR_OPTION, std::string(option) + " cannot be read: " + std::system_category().message(error)};
}

bool IsHashed(std::string_view name, Hashed kind) {
  constexpr std::string_view kHexadecimal = "0123456789abcdef";
  if (name.size() < 10 || name[8] != '.' || name.substr(0, 8).find_first_not_of(kHexadecimal) != name.npos) return false;
  std::string_view number = name.substr(9);
  if (kind == Hashed::kRevocationList) {
    if (number.front() != 'r') return false;
    number.remove_prefix(1);
  }
  return !number.empty() && number.find_first_not_of("0123456789") == number.npos;
}

}  // namespace

// Something else than a file, such as a pipe, might keep its reader waiting.
base::Result<std::string> ReadPemFile(const std::string& path, std::string_view option) {
  const base::UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat about {};
  if (!fd.valid() || fstat(fd.get(), &about) != 0) return CannotRead(option, errno);
  if (!S_ISREG(about.st_mode)) return Status(DRL_ERR_OPTION, std::string(option) + " is not a file");
  std::string content;
  std::array<char, 16 * 1024> some;
  while (true) {
    const ssize_t got = read(fd.get(), some.data(), some.size());
    if (got == 0) return content;
    if (got < 0) return CannotRead(option, errno);
    content.append(some.data(), static_cast<size_t>(got));
    if (content.size() > kFileBytesMax) return Status(DRL_ERR_OPTION, std::string(option) + " is larger than 16 MiB");
  }
}

bool IsDirectory(const std::string& path) {
  struct stat about {};
  return stat(path.c_str(), &about) == 0 && S_ISDIR(about.st_mode);
}

bool HoldsHashed(const std::string& directory, Hashed kind) {
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(opendir(directory.c_str()), closedir);
  if (entries == nullptr) return false;
  while (const dirent* entry = readdir(entries.get())) {
    if (IsHashed(entry->d_name, kind)) return true;
  }
  return false;
}

}  // namespace drl::redis
