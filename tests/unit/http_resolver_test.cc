// Who the client is: one table, a claim a line.
#include "http/resolver.h"

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

namespace drl::http {
namespace {

struct Trust {
  int32_t trust = DRL_TRUST_NETWORKS;
  std::vector<const char*> networks = {};
  int32_t hops = 0;
  int32_t header = DRL_FORWARD_X_FORWARDED_FOR;
  int32_t ipv4_prefix_len = 0;
  int32_t ipv6_prefix_len = 0;
};

struct Case {
  const char* claim;
  Trust trust;
  std::string peer;
  std::vector<std::string> lines;
  std::string want;
};

void PrintTo(const Case& test, std::ostream* out) { *out << test.claim; }

drl_resolver_options OptionsOf(const Trust& trust) {
  drl_resolver_options options = DRL_RESOLVER_OPTIONS_INIT;
  options.trust = trust.trust;
  options.header = trust.header;
  options.hops = trust.hops;
  options.networks = trust.networks.data();
  options.networks_count = static_cast<int32_t>(trust.networks.size());
  options.ipv4_prefix_len = trust.ipv4_prefix_len;
  options.ipv6_prefix_len = trust.ipv6_prefix_len;
  return options;
}

std::string Resolve(const Resolver& resolver, const std::string& peer, const std::vector<std::string>& lines) {
  std::vector<drl_header_line> spans;
  for (const std::string& line : lines) spans.push_back({line.data(), line.size()});
  char text[DRL_CLIENT_ADDRESS_SIZE];
  TextWriter out(text);
  resolver.Resolve(peer, spans, out);
  EXPECT_TRUE(out.fits());
  return std::string(out.Since(0));
}

const Trust kNone{DRL_TRUST_NONE};
const Trust kTen{DRL_TRUST_NETWORKS, {"10.0.0.0/8"}};
const Trust kTenV6{DRL_TRUST_NETWORKS, {"10.0.0.0/8", "2001:db8:ffff::/48"}};
const Trust kPrivate{DRL_TRUST_PRIVATE};
const Trust kOneHop{DRL_TRUST_HOPS, {}, 1};
const Trust kTwoHops{DRL_TRUST_HOPS, {}, 2};
const Trust kForwarded{DRL_TRUST_NETWORKS, {"10.0.0.0/8"}, 0, DRL_FORWARD_FORWARDED};

const std::string kNul("10.0.0.9\0", 9);
const std::string k16K(16384, ' ');

const Case kCases[] = {
    // Nobody is trusted.
    {"PeerIsTheClientWhenNobodyIsTrusted", kNone, "203.0.113.7", {"198.51.100.1"}, "203.0.113.7"},
    {"PrivatePeerIsTheClientWhenNobodyIsTrusted", kNone, "10.0.0.1", {"198.51.100.1"}, "10.0.0.1"},
    {"Ipv6PeerIsItsSlash64", kNone, "2001:db8:1:2:3:4:5:6", {}, "2001:db8:1:2::/64"},
    {"MappedPeerIsIpv4", kNone, "::ffff:203.0.113.7", {}, "203.0.113.7"},
    {"MappedPeerInHexIsIpv4", kNone, "::FFFF:CB00:7107", {}, "203.0.113.7"},
    {"MappedPeerWrittenOutIsIpv4", kNone, "0:0:0:0:0:ffff:cb00:7107", {}, "203.0.113.7"},
    {"PortOfThePeerIsDropped", kNone, "203.0.113.7:51234", {}, "203.0.113.7"},
    {"BracketsAndPortOfThePeerAreDropped", kNone, "[2001:db8::1]:443", {}, "2001:db8::/64"},
    {"ZoneOfThePeerIsDropped", kNone, "fe80::1%eth0", {}, "fe80::/64"},
    {"BracketedZoneOfThePeerIsDropped", kNone, "[fe80::1%25]:80", {}, "fe80::/64"},
    {"Ipv4CompatibleStaysIpv6", kNone, "::203.0.113.7", {}, "::/64"},
    {"LoopbackStaysItsOwnNetwork", kNone, "::1", {}, "::/64"},
    // Peers that are no addresses.
    {"EmptyPeerIsUnknown", kNone, "", {}, "unknown"},
    {"HostNameIsUnknown", kNone, "localhost", {}, "unknown"},
    {"GarbagePeerIsUnknown", kNone, "203.0.113.7, 10.0.0.1", {}, "unknown"},
    {"PathOfASocketIsUnix", kNone, "/run/app.sock", {}, "unix"},
    {"UnixPeerIsUnix", kNone, "unix:/run/app.sock", {}, "unix"},
    {"AtSignIsUnix", kNone, "@", {}, "unix"},
    {"UnixPeerIsTrustedAsPrivate", kPrivate, "unix:", {"198.51.100.1"}, "198.51.100.1"},
    {"EmptyPeerIsNotTrustedAsPrivate", kPrivate, "", {"198.51.100.1"}, "unknown"},
    {"HostNameIsNotTrustedAsPrivate", kPrivate, "localhost", {"198.51.100.1"}, "unknown"},
    {"UnixPeerIsNotWithinNetworks", kTen, "unix:", {"198.51.100.1"}, "unix"},
    {"EmptyPeerIsTrustedAsNetworkUnix", {DRL_TRUST_NETWORKS, {"unix:"}}, "", {"198.51.100.1"}, "198.51.100.1"},
    {"UnixPeerIsTrustedAsNetworkUnix", {DRL_TRUST_NETWORKS, {"unix:"}}, "@", {"198.51.100.1"}, "198.51.100.1"},
    {"GarbageIsNotTrustedAsNetworkUnix", {DRL_TRUST_NETWORKS, {"unix:"}}, "x", {"198.51.100.1"}, "unknown"},
    {"AnyPeerIsTrustedByHopCount", kOneHop, "", {"198.51.100.1"}, "198.51.100.1"},
    // Trusted networks.
    {"TrustedPeerVouchesForTheLastHop", kTen, "10.0.0.1", {"198.51.100.1"}, "198.51.100.1"},
    {"UntrustedPeerVouchesForNobody", kTen, "203.0.113.7", {"198.51.100.1"}, "203.0.113.7"},
    {"ForgedLeftPartChangesNothing", kTen, "10.0.0.1", {"1.1.1.1, 198.51.100.1"}, "198.51.100.1"},
    {"ForgedTrustedAddressOnTheLeftChangesNothing", kTen, "10.0.0.1", {"10.0.0.3, 198.51.100.1"}, "198.51.100.1"},
    {"WalkGoesThroughTrustedHops", kTen, "10.0.0.1", {"1.1.1.1, 198.51.100.1, 10.0.0.3, 10.0.0.2"}, "198.51.100.1"},
    {"LeftmostIsTheClientWhenAllAreTrusted", kTen, "10.0.0.1", {"10.0.0.9, 10.0.0.3, 10.0.0.2"}, "10.0.0.9"},
    {"PeerIsTheClientWithoutTheHeader", kTen, "10.0.0.1", {}, "10.0.0.1"},
    {"LinesAreJoined", kTen, "10.0.0.1", {"1.1.1.1", "198.51.100.1", "10.0.0.2"}, "198.51.100.1"},
    {"LaterLineIsNearer", kTen, "10.0.0.1", {"198.51.100.1", "198.51.100.2"}, "198.51.100.2"},
    {"SpacesAndTabsAreIgnored", kTen, "10.0.0.1", {" \t198.51.100.1\t , 10.0.0.2 "}, "198.51.100.1"},
    {"NoSpaceIsNeeded", kTen, "10.0.0.1", {"198.51.100.1,10.0.0.2"}, "198.51.100.1"},
    {"PortOfAHopIsDropped", kTen, "10.0.0.1", {"198.51.100.1:8080, 10.0.0.2:1"}, "198.51.100.1"},
    {"BracketsOfAHopAreDropped", kTen, "10.0.0.1", {"[2001:db8::1]"}, "2001:db8::/64"},
    {"BracketsAndPortOfAHopAreDropped", kTen, "10.0.0.1", {"[2001:db8::1]:8080"}, "2001:db8::/64"},
    {"BareIpv6HopHasNoPort", kTen, "10.0.0.1", {"2001:db8::1:80"}, "2001:db8::/64"},
    {"UpperCaseIpv6IsTheSameClient", kTen, "10.0.0.1", {"2001:DB8:0:A::1"}, "2001:db8:0:a::/64"},
    {"MappedHopIsIpv4", kTen, "10.0.0.1", {"::ffff:198.51.100.1"}, "198.51.100.1"},
    {"MappedTrustedHopIsTrusted", kTen, "10.0.0.1", {"198.51.100.1, ::ffff:10.0.0.2"}, "198.51.100.1"},
    {"MappedPeerIsTrusted", kTen, "::ffff:10.0.0.1", {"198.51.100.1"}, "198.51.100.1"},
    {"Ipv6ProxyIsTrusted", kTenV6, "2001:db8:ffff::2", {"198.51.100.1"}, "198.51.100.1"},
    {"Ipv6OutsideTheNetworkIsNot", kTenV6, "2001:db8:fffe::2", {"198.51.100.1"}, "2001:db8:fffe::/64"},
    {"AllOfIpv6HoldsNoIpv4", {DRL_TRUST_NETWORKS, {"::/0"}}, "203.0.113.7", {"198.51.100.1"}, "203.0.113.7"},
    {"AllOfIpv4HoldsNoIpv6", {DRL_TRUST_NETWORKS, {"0.0.0.0/0"}}, "2001:db8::1", {"1.1.1.1"}, "2001:db8::/64"},
    {"MappedNetworkIsIpv4", {DRL_TRUST_NETWORKS, {"::ffff:10.0.0.0/104"}}, "10.9.9.9", {"1.1.1.1"}, "1.1.1.1"},
    {"SingleAddressIsANetwork", {DRL_TRUST_NETWORKS, {"10.0.0.1"}}, "10.0.0.1", {"10.0.0.2"}, "10.0.0.2"},
    {"OverlappingNetworksAreOne", {DRL_TRUST_NETWORKS, {"10.0.0.0/8", "10.1.0.0/16"}}, "10.200.0.1",
     {"1.1.1.1"}, "1.1.1.1"},
    {"FirstAddressOfANetworkIsInIt", {DRL_TRUST_NETWORKS, {"10.4.0.0/14"}}, "10.4.0.0", {"1.1.1.1"}, "1.1.1.1"},
    {"LastAddressOfANetworkIsInIt", {DRL_TRUST_NETWORKS, {"10.4.0.0/14"}}, "10.7.255.255", {"1.1.1.1"}, "1.1.1.1"},
    {"AddressBehindANetworkIsNotInIt", {DRL_TRUST_NETWORKS, {"10.4.0.0/14"}}, "10.8.0.0", {"1.1.1.1"}, "10.8.0.0"},
    // What cannot be read is not believed, and nothing beyond it either.
    {"UnknownStopsTheWalk", kTen, "10.0.0.1", {"198.51.100.1, unknown, 10.0.0.2"}, "10.0.0.2"},
    {"ObfuscatedStopsTheWalk", kTen, "10.0.0.1", {"198.51.100.1, _hidden, 10.0.0.2"}, "10.0.0.2"},
    {"GarbageStopsTheWalk", kTen, "10.0.0.1", {"198.51.100.1, <script>, 10.0.0.2"}, "10.0.0.2"},
    {"GarbageAtTheEndLeavesThePeer", kTen, "10.0.0.1", {"198.51.100.1, garbage"}, "10.0.0.1"},
    {"EmptyElementStopsTheWalk", kTen, "10.0.0.1", {"198.51.100.1,, 10.0.0.2"}, "10.0.0.2"},
    {"TrailingCommaLeavesThePeer", kTen, "10.0.0.1", {"198.51.100.1,"}, "10.0.0.1"},
    {"EmptyLineStopsTheWalk", kTen, "10.0.0.1", {"198.51.100.1", "", "10.0.0.2"}, "10.0.0.2"},
    {"BlankHeaderLeavesThePeer", kTen, "10.0.0.1", {"  "}, "10.0.0.1"},
    {"LeadingZerosAreGarbage", kTen, "10.0.0.1", {"198.51.100.01"}, "10.0.0.1"},
    {"ShortIpv4IsGarbage", kTen, "10.0.0.1", {"198.51.1"}, "10.0.0.1"},
    {"NumberAboveAByteIsGarbage", kTen, "10.0.0.1", {"198.51.100.256"}, "10.0.0.1"},
    {"DecimalIpv4IsGarbage", kTen, "10.0.0.1", {"3325256705"}, "10.0.0.1"},
    {"HexIpv4IsGarbage", kTen, "10.0.0.1", {"0xc6.0x33.0x64.0x01"}, "10.0.0.1"},
    {"ZoneOnIpv4IsGarbage", kTen, "10.0.0.1", {"198.51.100.1%eth0"}, "10.0.0.1"},
    {"EmptyZoneIsGarbage", kTen, "10.0.0.1", {"fe80::1%"}, "10.0.0.1"},
    {"BracketedIpv4IsGarbage", kTen, "10.0.0.1", {"[198.51.100.1]:80"}, "10.0.0.1"},
    {"OpenBracketIsGarbage", kTen, "10.0.0.1", {"[2001:db8::1"}, "10.0.0.1"},
    {"TextBehindTheBracketIsGarbage", kTen, "10.0.0.1", {"[2001:db8::1]x"}, "10.0.0.1"},
    {"EmptyPortIsGarbage", kTen, "10.0.0.1", {"198.51.100.1:"}, "10.0.0.1"},
    {"LongPortIsGarbage", kTen, "10.0.0.1", {"198.51.100.1:123456"}, "10.0.0.1"},
    {"TwoGapsAreGarbage", kTen, "10.0.0.1", {"2001::db8::1"}, "10.0.0.1"},
    {"NineGroupsAreGarbage", kTen, "10.0.0.1", {"1:2:3:4:5:6:7:8:9"}, "10.0.0.1"},
    {"GapForNoGroupIsGarbage", kTen, "10.0.0.1", {"1:2:3:4::5:6:7:8"}, "10.0.0.1"},
    {"SevenGroupsAreGarbage", kTen, "10.0.0.1", {"1:2:3:4:5:6:7"}, "10.0.0.1"},
    {"LongGroupIsGarbage", kTen, "10.0.0.1", {"2001:0db80::1"}, "10.0.0.1"},
    {"QuotedHopIsGarbageInXForwardedFor", kTen, "10.0.0.1", {"\"198.51.100.1\""}, "10.0.0.1"},
    {"NulIsGarbage", kTen, "10.0.0.1", {kNul}, "10.0.0.1"},
    {"LineFeedIsGarbage", kTen, "10.0.0.1", {"198.51.100.1\n"}, "10.0.0.1"},
    // Hop counts.
    {"OneHopTakesTheLast", kOneHop, "203.0.113.7", {"1.1.1.1, 198.51.100.1"}, "198.51.100.1"},
    {"TwoHopsTakeTheLastButOne", kTwoHops, "203.0.113.7", {"1.1.1.1, 198.51.100.1, 192.0.2.1"}, "198.51.100.1"},
    {"TwoHopsOverTwoLines", kTwoHops, "203.0.113.7", {"198.51.100.1", "192.0.2.1"}, "198.51.100.1"},
    {"TooFewHopsTakeTheFirst", kTwoHops, "203.0.113.7", {"192.0.2.1"}, "192.0.2.1"},
    {"NoHopsTakeThePeer", kTwoHops, "203.0.113.7", {}, "203.0.113.7"},
    {"GarbageStopsTheHopCount", kTwoHops, "203.0.113.7", {"198.51.100.1, unknown"}, "203.0.113.7"},
    // Private networks: the seed's trust_proxy=True.
    {"PrivateTrustsTenSlash8", kPrivate, "10.1.2.3", {"198.51.100.1"}, "198.51.100.1"},
    {"PrivateTrusts172Slash12", kPrivate, "172.31.255.255", {"198.51.100.1"}, "198.51.100.1"},
    {"PrivateDoesNotTrust172Point32", kPrivate, "172.32.0.0", {"198.51.100.1"}, "172.32.0.0"},
    {"PrivateTrusts192Point168", kPrivate, "192.168.0.1", {"198.51.100.1"}, "198.51.100.1"},
    {"PrivateTrustsLoopback", kPrivate, "127.0.0.1", {"198.51.100.1"}, "198.51.100.1"},
    {"PrivateTrustsIpv6Loopback", kPrivate, "::1", {"198.51.100.1"}, "198.51.100.1"},
    {"PrivateTrustsLinkLocal", kPrivate, "fe80::1%eth0", {"198.51.100.1, 169.254.1.1"}, "198.51.100.1"},
    {"PrivateTrustsUniqueLocal", kPrivate, "fd12:3456::1", {"198.51.100.1"}, "198.51.100.1"},
    {"PrivateDoesNotTrustSharedCarrierSpace", kPrivate, "100.64.0.1", {"198.51.100.1"}, "100.64.0.1"},
    {"PrivateDoesNotTrustSiteLocal", kPrivate, "fec0::1", {"198.51.100.1"}, "fec0::/64"},
    {"PrivateDoesNotTrustFb00", kPrivate, "fbff::1", {"198.51.100.1"}, "fbff::/64"},
    {"PrivateDoesNotTrustFe00", kPrivate, "fe00::1", {"198.51.100.1"}, "fe00::/64"},
    {"PrivateDoesNotTrustTheNeighboursOfLoopback", kPrivate, "128.0.0.0", {"198.51.100.1"}, "128.0.0.0"},
    {"PrivateDoesNotTrustTheNeighboursOfTen", kPrivate, "11.0.0.0", {"198.51.100.1"}, "11.0.0.0"},
    {"PrivateDoesNotTrustTheNeighboursOfIpv6Loopback", kPrivate, "::2", {"198.51.100.1"}, "::/64"},
    {"PrivateDoesNotTrustDocumentation", kPrivate, "2001:db8::1", {"198.51.100.1"}, "2001:db8::/64"},
    {"PrivateTakesMoreNetworks", {DRL_TRUST_PRIVATE, {"192.0.2.0/24"}}, "10.0.0.1", {"1.1.1.1, 192.0.2.9"}, "1.1.1.1"},
    // Prefix lengths.
    {"Ipv4PrefixJoinsNeighbours", {DRL_TRUST_NONE, {}, 0, 0, 24, 0}, "203.0.113.7", {}, "203.0.113.0/24"},
    {"Ipv6PrefixOf128KeepsTheAddress", {DRL_TRUST_NONE, {}, 0, 0, 0, 128}, "2001:DB8::0001", {}, "2001:db8::1"},
    {"Ipv6PrefixOf56", {DRL_TRUST_NONE, {}, 0, 0, 0, 56}, "2001:db8:1:2fF::", {}, "2001:db8:1:200::/56"},
    {"Ipv6PrefixOfOne", {DRL_TRUST_NONE, {}, 0, 0, 0, 1}, "ffff::1", {}, "8000::/1"},
    {"MappedIsNotMaskedAsIpv6", {DRL_TRUST_NONE, {}, 0, 0, 0, 64}, "::ffff:1.2.3.4", {}, "1.2.3.4"},
    {"LongestRunOfZerosIsShortened", {DRL_TRUST_NONE, {}, 0, 0, 0, 128}, "1:0:0:2:0:0:0:3", {}, "1:0:0:2::3"},
    {"LeftmostRunOfZerosIsShortened", {DRL_TRUST_NONE, {}, 0, 0, 0, 128}, "1:0:0:2:3:0:0:4", {}, "1::2:3:0:0:4"},
    {"SingleZeroIsNotShortened", {DRL_TRUST_NONE, {}, 0, 0, 0, 128}, "1::2:3:4:5:6:7", {}, "1:0:2:3:4:5:6:7"},
    // Forwarded.
    {"ForwardedForIsRead", kForwarded, "10.0.0.1", {"for=198.51.100.1"}, "198.51.100.1"},
    {"ForwardedNamesAreCaseless", kForwarded, "10.0.0.1", {"Proto=http;FOR=198.51.100.1;By=_x"}, "198.51.100.1"},
    {"ForwardedQuotedPortIsDropped", kForwarded, "10.0.0.1", {"for=\"198.51.100.1:4711\""}, "198.51.100.1"},
    {"ForwardedIpv6IsRead", kForwarded, "10.0.0.1", {"for=\"[2001:db8:cafe::17]:4711\""}, "2001:db8:cafe::/64"},
    {"ForwardedObfuscatedPortIsDropped", kForwarded, "10.0.0.1", {"for=\"[2001:db8::1]:_p-1\""}, "2001:db8::/64"},
    {"ForwardedWalksThroughTrustedHops", kForwarded, "10.0.0.1",
     {"for=1.1.1.1, for=198.51.100.1;by=_a", "for=10.0.0.2"}, "198.51.100.1"},
    {"ForwardedUnknownStopsTheWalk", kForwarded, "10.0.0.1", {"for=198.51.100.1, for=unknown"}, "10.0.0.1"},
    {"ForwardedObfuscatedStopsTheWalk", kForwarded, "10.0.0.1",
     {"for=198.51.100.1, for=_gazonk, for=10.0.0.2"}, "10.0.0.2"},
    {"ForwardedWithoutForStopsTheWalk", kForwarded, "10.0.0.1", {"for=198.51.100.1, proto=https"}, "10.0.0.1"},
    {"ForwardedTwoForsStopTheWalk", kForwarded, "10.0.0.1", {"for=198.51.100.1;for=198.51.100.2"}, "10.0.0.1"},
    {"ForwardedParameterWithoutNameStopsTheWalk", kForwarded, "10.0.0.1", {"=x;for=198.51.100.1"}, "10.0.0.1"},
    {"ForwardedParameterWithoutValueStopsTheWalk", kForwarded, "10.0.0.1", {"by=;for=198.51.100.1"}, "10.0.0.1"},
    {"ForwardedUnquotedPortStopsTheWalk", kForwarded, "10.0.0.1", {"for=198.51.100.1:80"}, "10.0.0.1"},
    {"ForwardedBareAddressStopsTheWalk", kForwarded, "10.0.0.1", {"198.51.100.1"}, "10.0.0.1"},
    {"ForwardedCommaInQuotesDividesNothing", kForwarded, "10.0.0.1",
     {"for=1.1.1.1, for=198.51.100.1;host=\"a, for=9.9.9.9\""}, "198.51.100.1"},
    {"ForwardedEscapedQuoteEndsNothing", kForwarded, "10.0.0.1",
     {"for=1.1.1.1, for=198.51.100.1;host=\"a\\\", for=9.9.9.9\""}, "198.51.100.1"},
    {"ForwardedEscapesAreRemoved", kForwarded, "10.0.0.1", {"for=\"198.51.\\100.1\""}, "198.51.100.1"},
    {"ForwardedOpenQuoteOnTheLeftHidesNothing", kForwarded, "10.0.0.1", {"for=\", for=198.51.100.1"}, "198.51.100.1"},
    {"ForwardedOpenQuoteBeforeAQuotedHopHidesNothing", kForwarded, "10.0.0.1",
     {"for=1.1.1.1;by=\", for=\"[2001:db8::1]\""}, "2001:db8::/64"},
    {"ForwardedBackslashOnTheLeftHidesNothing", kForwarded, "10.0.0.1",
     {"for=\"x\\, for=\"198.51.100.1\""}, "198.51.100.1"},
    {"ForwardedOpenQuoteOfALineStaysInIt", kForwarded, "10.0.0.1", {"for=\"", "for=198.51.100.1"}, "198.51.100.1"},
    {"ForwardedOpenQuoteAtTheEndStopsTheWalk", kForwarded, "10.0.0.1",
     {"for=198.51.100.1, for=\"10.0.0.2"}, "10.0.0.1"},
    {"ForwardedSpaceAroundSemicolonIsFine", kForwarded, "10.0.0.1", {"for=198.51.100.1 ; proto=http;"}, "198.51.100.1"},
    {"ForwardedSpaceAroundEqualsIsNot", kForwarded, "10.0.0.1", {"for = 198.51.100.1"}, "10.0.0.1"},
    {"ForwardedHeaderOnlyIsItsOwn", kForwarded, "10.0.0.1", {"1.1.1.1, for=10.0.0.2"}, "10.0.0.2"},
    // Bounds.
    {"ForgedLengthHidesNothing", kTen, "10.0.0.1", {k16K + k16K + ", 198.51.100.1, 10.0.0.2"}, "198.51.100.1"},
    {"ElementBeyondTheBoundIsNotRead", kTen, "10.0.0.1", {"198.51.100.1" + k16K + ",10.0.0.2"}, "10.0.0.2"},
};

class ResolverTable : public testing::TestWithParam<Case> {};

TEST_P(ResolverTable, Holds) {
  const Case& test = GetParam();
  const base::Result<Resolver> resolver = Resolver::Compile(OptionsOf(test.trust));
  ASSERT_TRUE(resolver.ok()) << resolver.status().message();
  EXPECT_EQ(Resolve(*resolver, test.peer, test.lines), test.want);
}

INSTANTIATE_TEST_SUITE_P(Http, ResolverTable, testing::ValuesIn(kCases),
                         [](const auto& test) { return std::string(test.param.claim); });

TEST(Resolver, WalkEndsAfter64Hops) {
  const base::Result<Resolver> resolver = Resolver::Compile(OptionsOf(kTen));
  ASSERT_TRUE(resolver.ok());
  std::string line = "198.51.100.1";
  for (int i = 64; i > 0; --i) line += ", 10.0.0." + std::to_string(i);
  EXPECT_EQ(Resolve(*resolver, "10.0.0.1", {line}), "10.0.0.64");
}

TEST(Resolver, LengthBoundCountsTheCommasOfTheJoin) {
  const base::Result<Resolver> resolver = Resolver::Compile(OptionsOf(kTen));
  ASSERT_TRUE(resolver.ok());
  const std::string tail = ",10.0.0.2";
  // 12: "198.51.100.1", 1: the comma of the join.
  const std::string pad(DRL_FORWARD_LEN_MAX - 12 - 1 - tail.size(), ' ');
  EXPECT_EQ(Resolve(*resolver, "10.0.0.1", {"198.51.100.1", "10.0.0.3" + pad.substr(8) + tail}), "198.51.100.1");
  EXPECT_EQ(Resolve(*resolver, "10.0.0.1", {"198.51.100.1", "10.0.0.3" + pad.substr(7) + tail}), "10.0.0.3");
  EXPECT_EQ(Resolve(*resolver, "10.0.0.1", {"1.1.1.1", "198.51.100.1", "10.0.0.3" + pad.substr(8) + tail}), "10.0.0.3");
}

TEST(Resolver, HeaderNamesWhatIsWanted) {
  EXPECT_STREQ(Resolver::Compile(OptionsOf(kNone))->header(), "");
  EXPECT_STREQ(Resolver::Compile(OptionsOf(kTen))->header(), "x-forwarded-for");
  EXPECT_STREQ(Resolver::Compile(OptionsOf(kForwarded))->header(), "forwarded");
}

struct BadOptions {
  const char* claim;
  Trust trust;
  drl_status want;
};

void PrintTo(const BadOptions& test, std::ostream* out) { *out << test.claim; }

const BadOptions kBadOptions[] = {
    {"UnknownTrust", {4}, DRL_ERR_OPTION},
    {"NegativeTrust", {-1}, DRL_ERR_OPTION},
    {"UnknownHeader", {DRL_TRUST_PRIVATE, {}, 0, 2}, DRL_ERR_OPTION},
    {"NetworksWithoutAny", {DRL_TRUST_NETWORKS}, DRL_ERR_OPTION},
    {"NetworksWithNone", {DRL_TRUST_NONE, {"10.0.0.0/8"}}, DRL_ERR_OPTION},
    {"NetworksWithHops", {DRL_TRUST_HOPS, {"10.0.0.0/8"}, 1}, DRL_ERR_OPTION},
    {"HopsWithoutCount", {DRL_TRUST_HOPS}, DRL_ERR_OPTION},
    {"HopsBeyondTheBound", {DRL_TRUST_HOPS, {}, 65}, DRL_ERR_OPTION},
    {"HopCountWithNetworks", {DRL_TRUST_NETWORKS, {"10.0.0.0/8"}, 1}, DRL_ERR_OPTION},
    {"Ipv4PrefixAbove32", {DRL_TRUST_NONE, {}, 0, 0, 33, 0}, DRL_ERR_OPTION},
    {"Ipv6PrefixAbove128", {DRL_TRUST_NONE, {}, 0, 0, 0, 129}, DRL_ERR_OPTION},
    {"NegativePrefix", {DRL_TRUST_NONE, {}, 0, 0, -1, 0}, DRL_ERR_OPTION},
    {"NullNetwork", {DRL_TRUST_NETWORKS, {nullptr}}, DRL_ERR_NULL},
    {"EmptyNetwork", {DRL_TRUST_NETWORKS, {""}}, DRL_ERR_ADDRESS},
    {"HostName", {DRL_TRUST_NETWORKS, {"proxy.example"}}, DRL_ERR_ADDRESS},
    {"HostBits", {DRL_TRUST_NETWORKS, {"10.0.0.1/8"}}, DRL_ERR_ADDRESS},
    {"Ipv4PrefixTooLong", {DRL_TRUST_NETWORKS, {"10.0.0.0/33"}}, DRL_ERR_ADDRESS},
    {"Ipv6PrefixTooLong", {DRL_TRUST_NETWORKS, {"2001:db8::/129"}}, DRL_ERR_ADDRESS},
    {"PrefixWithLeadingZero", {DRL_TRUST_NETWORKS, {"10.0.0.0/08"}}, DRL_ERR_ADDRESS},
    {"PrefixMissing", {DRL_TRUST_NETWORKS, {"10.0.0.0/"}}, DRL_ERR_ADDRESS},
    {"NetMask", {DRL_TRUST_NETWORKS, {"10.0.0.0/255.0.0.0"}}, DRL_ERR_ADDRESS},
    {"MappedPrefixBelow96", {DRL_TRUST_NETWORKS, {"::ffff:0:0/95"}}, DRL_ERR_ADDRESS},
    {"Space", {DRL_TRUST_NETWORKS, {" 10.0.0.0/8"}}, DRL_ERR_ADDRESS},
    {"Zone", {DRL_TRUST_NETWORKS, {"fe80::1%eth0"}}, DRL_ERR_ADDRESS},
    {"Port", {DRL_TRUST_NETWORKS, {"10.0.0.1:80"}}, DRL_ERR_ADDRESS},
};

class ResolverRefuses : public testing::TestWithParam<BadOptions> {};

TEST_P(ResolverRefuses, WithASentence) {
  const base::Result<Resolver> resolver = Resolver::Compile(OptionsOf(GetParam().trust));
  ASSERT_FALSE(resolver.ok());
  EXPECT_EQ(resolver.status().code(), GetParam().want);
  EXPECT_FALSE(resolver.status().message().empty());
}

INSTANTIATE_TEST_SUITE_P(Http, ResolverRefuses, testing::ValuesIn(kBadOptions),
                         [](const auto& test) { return std::string(test.param.claim); });

}  // namespace
}  // namespace drl::http
