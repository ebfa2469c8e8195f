#include "nodes/renewal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scripted_credentials.h"

namespace drl::nodes {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr base::Micros kPatience = 1'000'000;
constexpr base::Micros kLife = 8'000'000;
constexpr base::Micros kGivenAt = 1'000'000;

class RenewalTest : public testing::Test {
 protected:
  std::string Notes_() {
    std::string all;
    notes.TakeAll([&](int32_t, const std::string& text) { all += text + "\n"; });
    return all;
  }
  // Goes to when it asks.
  base::Micros Ask() {
    const base::Micros at = renewal.next_at();
    EXPECT_EQ(renewal.Advance(at), nullptr);
    return at;
  }

  test::ScriptedCredentials credentials;
  Notes notes;
  Renewal renewal{credentials, kPatience, notes, 1};
};

TEST_F(RenewalTest, AsksForNothingWhereNothingExpires) {
  EXPECT_EQ(renewal.next_at(), INT64_MAX);
  renewal.Begin(0, kGivenAt, kGivenAt);
  EXPECT_EQ(renewal.next_at(), INT64_MAX);
  EXPECT_EQ(renewal.Advance(INT64_MAX - 1), nullptr);
  EXPECT_EQ(credentials.asked(), 0);
}

TEST_F(RenewalTest, AsksWhenFiveToSixEighthsOfTheLifeAreOver) {
  base::Micros first = INT64_MAX;
  base::Micros last = 0;
  for (int i = 0; i < 100; ++i) {
    renewal.Begin(kLife, kGivenAt, kGivenAt);
    first = std::min(first, renewal.next_at());
    last = std::max(last, renewal.next_at());
  }
  EXPECT_GE(first, kGivenAt + kLife / 8 * 5);
  EXPECT_LE(last, kGivenAt + kLife / 8 * 6);
  EXPECT_GT(last - first, kLife / 16) << "many clients would ask at once";
  EXPECT_EQ(renewal.Advance(renewal.next_at() - 1), nullptr);
  EXPECT_EQ(credentials.asked(), 0);
  Ask();
  EXPECT_EQ(credentials.asked(), 1);
}

TEST_F(RenewalTest, LivesOfAnyLengthAreNeitherAskedForWithoutEndNorOverflow) {
  renewal.Begin(1, kGivenAt, kGivenAt);
  EXPECT_EQ(renewal.next_at(), kGivenAt + Renewal::kEveryMin);
  renewal.Begin(INT64_MAX, kGivenAt, kGivenAt);
  EXPECT_GT(renewal.next_at(), kGivenAt);
}

TEST_F(RenewalTest, SaysTheLoginOnceItIsThereAndStartsAnewWhenItIsAccepted) {
  renewal.Begin(kLife, kGivenAt, kGivenAt);
  const base::Micros asked_at = Ask();
  EXPECT_EQ(renewal.next_at(), asked_at + kPatience);
  EXPECT_EQ(renewal.Advance(asked_at + 10), nullptr);
  credentials.Give("drl", "new", kLife);
  const redis::Login* login = renewal.Advance(asked_at + 20);
  ASSERT_NE(login, nullptr);
  EXPECT_EQ(login->password(), "new");
  EXPECT_EQ(renewal.next_at(), INT64_MAX);
  EXPECT_EQ(renewal.Advance(asked_at + 30), nullptr) << "it is said once";
  renewal.Accepted(asked_at + 40);
  EXPECT_GE(renewal.next_at(), asked_at + 20 + kLife / 8 * 5);
  EXPECT_LE(renewal.next_at(), asked_at + 20 + kLife / 8 * 6);
  EXPECT_TRUE(notes.empty());
}

TEST_F(RenewalTest, FailureIsComplainedOfAndAskedAgainAfterTheExpiryToo) {
  renewal.Begin(kLife, kGivenAt, kGivenAt);
  credentials.Fail("the vault is sealed");
  base::Micros now = Ask();
  EXPECT_THAT(Notes_(), HasSubstr("before the credentials expire: the vault is sealed"));
  for (int i = 0; i < 40; ++i) {
    EXPECT_GE(renewal.next_at(), now + Renewal::kRetryMin);
    EXPECT_LE(renewal.next_at(), now + Renewal::kRetryMax);
    credentials.Fail("the vault is sealed");
    now = Ask();
  }
  EXPECT_GT(now, kGivenAt + kLife);
  EXPECT_EQ(credentials.asked(), 41);
}

TEST_F(RenewalTest, LateAnswerIsComplainedOfOnceAndTaken) {
  renewal.Begin(kLife, kGivenAt, kGivenAt);
  const base::Micros late = Ask() + kPatience;
  EXPECT_EQ(renewal.Advance(late), nullptr);
  EXPECT_THAT(Notes_(), HasSubstr("has not answered within the connect time-out"));
  EXPECT_EQ(renewal.next_at(), INT64_MAX);
  EXPECT_EQ(renewal.Advance(late + 1), nullptr);
  EXPECT_TRUE(notes.empty());
  credentials.Give("drl", "new", kLife);
  EXPECT_NE(renewal.Advance(late + 2), nullptr);
  EXPECT_EQ(credentials.asked(), 1);
}

TEST_F(RenewalTest, RefusalIsComplainedOfWithoutTheLogin) {
  renewal.Begin(kLife, kGivenAt, kGivenAt);
  credentials.Give("drl", "s3cret-s3cret", kLife);
  const base::Micros now = renewal.next_at();
  ASSERT_NE(renewal.Advance(now), nullptr);
  renewal.Refused("WRONGPASS invalid username-password pair or user is disabled.", now);
  EXPECT_THAT(Notes_(), HasSubstr("WRONGPASS invalid"));
  EXPECT_LE(renewal.next_at(), now + Renewal::kRetryFirst);
  credentials.Give("drl", "s3cret-s3cret", kLife);
  ASSERT_NE(renewal.Advance(renewal.next_at()), nullptr);
  renewal.Refused("ERR unknown command 'AUTH', with args beginning with: 's3cret-s3", now);
  EXPECT_THAT(Notes_(), AllOf(HasSubstr("expire: ERR\n"), Not(HasSubstr("s3cret"))));
}

TEST_F(RenewalTest, ConnectionThatIsLostAsksForNothingMore) {
  renewal.Begin(kLife, kGivenAt, kGivenAt);
  const base::Micros now = Ask();
  renewal.Lost();
  EXPECT_EQ(renewal.next_at(), INT64_MAX);
  credentials.Give("drl", "new", kLife);
  EXPECT_EQ(renewal.Advance(now + kLife), nullptr);
}

}  // namespace
}  // namespace drl::nodes
