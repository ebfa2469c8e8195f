// Keys against vectors that sh key_vectors.sh computed with sha256sum and openssl.
#include "core/key.h"

#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

namespace drl::core {
namespace {

struct Vector {
  Limits limits;
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

std::vector<int64_t> Numbers(const std::string& list) {
  std::vector<int64_t> numbers;
  std::istringstream text(list);
  for (std::string one; std::getline(text, one, ',');) numbers.push_back(std::stoll(one));
  return numbers;
}

Limits MakeLimits(const std::vector<int64_t>& rates, const std::vector<int64_t>& periods,
                  const std::vector<int64_t>& bursts) {
  Limits limits;
  for (size_t i = 0; i < rates.size(); ++i) {
    limits.push_back(*Limit::Make({rates[i], periods[i], bursts[i], nullptr, {}}, ""));
  }
  return limits;
}

std::vector<Vector> ReadVectors() {
  std::ifstream file(DRL_SOURCE_DIR "/tests/unit/key_vectors.txt");
  std::vector<Vector> vectors;
  Vector vector;
  std::string rates, periods, bursts, secret, identity;
  int times = 0;
  while (file >> rates >> periods >> bursts >> vector.key_namespace >> vector.name >> secret >> identity >> times >>
         vector.key) {
    vector.limits = MakeLimits(Numbers(rates), Numbers(periods), Numbers(bursts));
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
                    const std::string& secret = "", const Limits& limits = MakeLimits({100}, {60'000'000}, {100})) {
  Key key;
  KeyMaker(key_namespace, name, Plan(limits).fingerprint(), Bytes(secret)).Make(Bytes(identity), key);
  EXPECT_EQ(key.text[key.length], '\0');
  return std::string(key.view());
}

TEST(Key, IsThatOfAnIndependentTool) {
  const std::vector<Vector> vectors = ReadVectors();
  ASSERT_GE(vectors.size(), 44u) << "key_vectors.txt is not there";
  for (const Vector& vector : vectors) {
    EXPECT_EQ(MakeKey(vector.key_namespace, vector.name, vector.identity, vector.secret, vector.limits), vector.key);
  }
}

// But where the same limits are given in other terms.
TEST(Key, OfEveryVectorIsAnother) {
  std::set<std::string> keys;
  for (const Vector& vector : ReadVectors()) {
    const bool in_other_terms = vector.limits[0].rate() == 200 || vector.limits[0].rate() == 50;
    EXPECT_NE(keys.insert(vector.key).second, in_other_terms) << vector.key;
  }
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
  const KeyMaker maker("default", "", "abcdef", Bytes(std::string(32, 's')));
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

// What costs no more memory in Redis than 146 bytes.
TEST(Key, OfTheDefaultNamespaceStaysWithin44Bytes) { EXPECT_EQ(MakeKey("default", "", "user").size(), 42u); }

TEST(Key, OfAnotherPlanHasAnotherHash) {
  Key one;
  Key other;
  const std::string user = "user";
  KeyMaker("default", "", "aaaaaa", {}).Make(Bytes(user), one);
  KeyMaker("default", "", "bbbbbb", {}).Make(Bytes(user), other);
  EXPECT_NE(one.hash, other.hash) << "plans of one name are apart in hash tables too";
}

}  // namespace
}  // namespace drl::core
