// Keys against vectors that sh key_vectors.sh computed with sha256sum and openssl.
#include "core/key.h"

#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

namespace drl::core {
namespace {

struct Vector {
  std::string key_namespace;
  std::string name;
  std::string secret;
  std::string identity;
  std::string key;
};

std::string FromHex(const std::string& hex) {
  std::string bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  return bytes;
}

std::vector<Vector> ReadVectors() {
  std::ifstream file(DRL_SOURCE_DIR "/tests/unit/key_vectors.txt");
  std::vector<Vector> vectors;
  Vector vector;
  std::string secret;
  std::string identity;
  int times = 0;
  while (file >> vector.key_namespace >> vector.name >> secret >> identity >> times >> vector.key) {
    if (vector.name == "-") vector.name.clear();
    vector.secret = secret == "-" ? "" : FromHex(secret);
    vector.identity.clear();
    for (int i = 0; i < times; ++i) vector.identity += FromHex(identity);
    vectors.push_back(vector);
  }
  return vectors;
}

std::span<const uint8_t> Bytes(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

std::string MakeKey(const std::string& key_namespace, const std::string& name, const std::string& identity,
                    const std::string& secret = "") {
  Key key;
  KeyMaker(key_namespace, name, Bytes(secret)).Make(Bytes(identity), key);
  EXPECT_EQ(key.text[key.length], '\0');
  return std::string(key.view());
}

TEST(Key, IsThatOfAnIndependentTool) {
  const std::vector<Vector> vectors = ReadVectors();
  ASSERT_GE(vectors.size(), 28u) << "key_vectors.txt is not there";
  for (const Vector& vector : vectors) {
    EXPECT_EQ(MakeKey(vector.key_namespace, vector.name, vector.identity, vector.secret), vector.key);
  }
}

TEST(Key, OfEveryVectorIsAnother) {
  std::set<std::string> keys;
  for (const Vector& vector : ReadVectors()) EXPECT_TRUE(keys.insert(vector.key).second) << vector.key;
}

// Digests alone, so that the difference is in what is hashed and not only in the visible prefix.
std::string Digest(const std::string& key) { return key.substr(key.find('{') + 1, kDigestLen); }

TEST(Key, DoesNotMixUpNamespaceAndIdentity) {
  EXPECT_NE(Digest(MakeKey("a:b", "", "c")), Digest(MakeKey("a", "", "b:c")));
  EXPECT_NE(Digest(MakeKey("ab", "", "c")), Digest(MakeKey("a", "", "bc")));
  EXPECT_NE(MakeKey("a:b", "", "c"), MakeKey("a", "", "b:c"));
  EXPECT_NE(MakeKey("a", "b", "c"), MakeKey("a:b", "", "c"));
}

TEST(Key, OfLimitersOfOneIdentityShareTheirHashTag) {
  EXPECT_EQ(Digest(MakeKey("default", "minute", "user")), Digest(MakeKey("default", "day", "user")));
  EXPECT_NE(MakeKey("default", "minute", "user"), MakeKey("default", "day", "user"));
}

TEST(Key, TellsIdentitiesWithNulApart) {
  EXPECT_NE(MakeKey("default", "", std::string("a")), MakeKey("default", "", std::string("a\0", 2)));
  EXPECT_NE(MakeKey("default", "", std::string("\0", 1)), MakeKey("default", "", std::string("\0\0", 2)));
}

TEST(Key, IsPrintableWhateverTheIdentity) {
  for (const Vector& vector : ReadVectors()) {
    for (const char c : MakeKey("default", "", vector.identity)) EXPECT_TRUE(c > ' ' && c <= '~');
  }
}

TEST(Key, OfASecretDiffersFromThatOfNone) {
  EXPECT_NE(MakeKey("default", "", "user", std::string(16, 's')), MakeKey("default", "", "user"));
  EXPECT_NE(MakeKey("default", "", "user", std::string(16, 's')), MakeKey("default", "", "user", std::string(16, 't')));
}

TEST(Key, IsTheSameEachTimeItsMakerIsAsked) {
  const KeyMaker maker("default", "", Bytes(std::string(32, 's')));
  const std::string user = "user";
  const std::string other = "other";
  Key first;
  Key between;
  Key again;
  maker.Make(Bytes(user), first);
  maker.Make(Bytes(other), between);
  maker.Make(Bytes(user), again);
  EXPECT_EQ(first.view(), again.view());
  EXPECT_NE(first.view(), between.view());
}

TEST(Key, WithTheLongestLabelsFits) {
  const std::string key = MakeKey(std::string(kLabelLenMax, 'n'), std::string(kLabelLenMax, 'm'), "user");
  EXPECT_EQ(key.size(), kKeyLenMax);
}

TEST(Key, OfTheDefaultNamespaceIsThirtySixBytes) { EXPECT_EQ(MakeKey("default", "", "user").size(), 36u); }

}  // namespace
}  // namespace drl::core
