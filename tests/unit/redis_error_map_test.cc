// Error texts as servers send them: Redis 6.x wraps what a script raised, 7.x puts the code first, Valkey names itself.
#include "redis/error_map.h"

#include <gtest/gtest.h>

namespace drl::redis {
namespace {

struct Text {
  const char* name;
  const char* text;
  drl_status code;
  ErrorKind kind;
};

class ErrorText : public testing::TestWithParam<Text> {};

TEST_P(ErrorText, MapsToItsStatusAndKind) {
  const MappedError mapped = MapError(GetParam().text);
  EXPECT_EQ(mapped.code, GetParam().code);
  EXPECT_EQ(mapped.kind, GetParam().kind);
}

std::string TextName(const testing::TestParamInfo<Text>& info) { return info.param.name; }

INSTANTIATE_TEST_SUITE_P(
    AnyVersion, ErrorText,
    testing::Values(
        Text{"NoScript", "NOSCRIPT No matching script. Please use EVAL.", DRL_ERR_REDIS, ErrorKind::kNoScript},
        Text{"NoAuth", "NOAUTH Authentication required.", DRL_ERR_AUTH, ErrorKind::kUnhealthy},
        Text{"WrongPass", "WRONGPASS invalid username-password pair or user is disabled.", DRL_ERR_AUTH,
             ErrorKind::kUnhealthy},
        Text{"AuthWithoutPassword",
             "ERR AUTH <password> called without any password configured for the default user. Are you sure your "
             "configuration is correct?",
             DRL_ERR_AUTH, ErrorKind::kUnhealthy},
        Text{"InvalidPasswordOfFive", "ERR invalid password", DRL_ERR_AUTH, ErrorKind::kUnhealthy},
        Text{"Loading", "LOADING Redis is loading the dataset in memory", DRL_ERR_LOADING, ErrorKind::kRefused},
        Text{"ReadOnly", "READONLY You can't write against a read only replica.", DRL_ERR_READONLY,
             ErrorKind::kUnhealthy},
        Text{"MasterDown", "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
             DRL_ERR_READONLY, ErrorKind::kUnhealthy},
        Text{"OutOfMemory", "OOM command not allowed when used memory > 'maxmemory'.", DRL_ERR_OOM, ErrorKind::kRefused},
        Text{"Busy", "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.",
             DRL_ERR_BUSY, ErrorKind::kRefused},
        Text{"Misconf",
             "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk. Commands "
             "that may modify the data set are disabled.",
             DRL_ERR_REDIS, ErrorKind::kRefused},
        Text{"NoReplicas", "NOREPLICAS Not enough good replicas to write.", DRL_ERR_REDIS, ErrorKind::kRefused},
        Text{"Moved", "MOVED 3999 127.0.0.1:6381", DRL_ERR_REDIS, ErrorKind::kRefused},
        Text{"ClusterDown", "CLUSTERDOWN The cluster is down", DRL_ERR_REDIS, ErrorKind::kRefused},
        Text{"CrossSlot", "CROSSSLOT Keys in request don't hash to the same slot", DRL_ERR_REDIS, ErrorKind::kRefused},
        Text{"MaxClients", "ERR max number of clients reached", DRL_ERR_REDIS, ErrorKind::kUnknown},
        Text{"UnknownCommand", "ERR unknown command 'EVALSHA', with args beginning with: ", DRL_ERR_REDIS,
             ErrorKind::kUnknown},
        Text{"Empty", "", DRL_ERR_REDIS, ErrorKind::kUnknown}),
    TextName);

INSTANTIATE_TEST_SUITE_P(
    SixWraps, ErrorText,
    testing::Values(
        Text{"OutOfMemory",
             "ERR Error running script (call to f_7d8e2a): @user_script:12: @user_script: 12: -OOM command not allowed "
             "when used memory > 'maxmemory'.",
             DRL_ERR_OOM, ErrorKind::kRefused},
        Text{"ReadOnly",
             "ERR Error running script (call to f_7d8e2a): @user_script:12: @user_script: 12: -READONLY You can't write "
             "against a read only replica.",
             DRL_ERR_READONLY, ErrorKind::kUnhealthy},
        Text{"NoPermission",
             "ERR Error running script (call to f_7d8e2a): @user_script:12: @user_script: 12: The user executing the "
             "script can't run this command or subcommand",
             DRL_ERR_PERMISSION, ErrorKind::kUnknown},
        Text{"NoPermissionOfTheCall", "NOPERM this user has no permissions to run the 'evalsha' command or its subcommand",
             DRL_ERR_PERMISSION, ErrorKind::kRefused}),
    TextName);

INSTANTIATE_TEST_SUITE_P(
    SevenPutsTheCodeFirst, ErrorText,
    testing::Values(
        Text{"OutOfMemory",
             "OOM command not allowed when used memory > 'maxmemory'. script: 5ba8f2, on @user_script:57.", DRL_ERR_OOM,
             ErrorKind::kRefused},
        Text{"NoPermission", "NOPERM User limiter has no permissions to run the 'evalsha' command", DRL_ERR_PERMISSION,
             ErrorKind::kRefused},
        Text{"NoPermissionInside",
             "ERR ACL failure in script: User limiter has no permissions to run the 'set' command script: 5ba8f2, on "
             "@user_script:57.",
             DRL_ERR_PERMISSION, ErrorKind::kUnknown},
        Text{"NoPermissionInsideOfSevenZero",
             "ERR The user executing the script can't access at least one of the keys mentioned in the command arguments "
             "script: 5ba8f2, on @user_script:57.",
             DRL_ERR_PERMISSION, ErrorKind::kUnknown},
        Text{"NoPermissionForTheKey", "NOPERM No permissions to access a key", DRL_ERR_PERMISSION, ErrorKind::kRefused}),
    TextName);

INSTANTIATE_TEST_SUITE_P(
    ValkeyNamesItself, ErrorText,
    testing::Values(Text{"Loading", "LOADING Valkey is loading the dataset in memory", DRL_ERR_LOADING, ErrorKind::kRefused},
                    Text{"Busy", "BUSY Valkey is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.",
                         DRL_ERR_BUSY, ErrorKind::kRefused},
                    Text{"Misconf", "MISCONF Valkey is configured to save RDB snapshots, but it's currently unable",
                         DRL_ERR_REDIS, ErrorKind::kRefused}),
    TextName);

INSTANTIATE_TEST_SUITE_P(
    WordsInsideOthersDoNotCount, ErrorText,
    testing::Values(Text{"Room", "ERR no ROOM for more", DRL_ERR_REDIS, ErrorKind::kUnknown},
                    Text{"BusyKey", "BUSYKEY Target key name already exists.", DRL_ERR_REDIS, ErrorKind::kUnknown},
                    Text{"BusyGroup", "BUSYGROUP Consumer Group name already exists", DRL_ERR_REDIS, ErrorKind::kUnknown},
                    Text{"UserCalledOom", "NOPERM User OOM has no permissions to run the 'evalsha' command",
                         DRL_ERR_PERMISSION, ErrorKind::kRefused}),
    TextName);

}  // namespace
}  // namespace drl::redis
