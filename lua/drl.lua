-- Token buckets, decided atomically by Redis's own clock. lua/README.md is the wire contract; in short:
--
-- KEYS      one key for each decision, in the order of the groups
-- ARGV[1]   deadline: the last microsecond since EPOCH at which this call may still charge
-- ARGV[2]   tag: an integer that the reply repeats
-- ARGV[3..] groups of decisions that share limits and cost:
--             count, m, then for each of the m limits: den, cost, cost_rem, burst, burst_rem
--           A time is us + rem/den microseconds with 0 <= rem < den, so that every rate is exact.
--           m = 0 forgets the keys of the group.
-- Reply     integers: tag, now in microseconds since EPOCH, then for each decision and limit its debt: us, and rem too where
--           den > 1. The us of a denied decision are sent as -1 - us. FOREIGN stands in every place of a decision whose
--           key holds what this script did not write. A forgotten key replies 0 or 1, or an error.
--           Past the deadline: tag and -now alone; nothing was read or charged.
--
-- The state of a limit is the instant at which its bucket is full again. One limit with den = 1 is kept as an integer, which
-- Redis stores in 8 bytes; anything else as pairs (us, rem) of big-endian doubles. All numbers stay below 2^53, where
-- doubles are exact, and reach redis.call as numbers: tostring would round them to 14 digits.
-- A state further ahead (the clock stepped back, the limit shrank) is cut to a full debt. That alone a denial writes: else
-- the debt would stand still until the clock came near, and the wait that the reply implies would be false.

local EPOCH = 1735689600 -- 2025-01-01T00:00:00Z
local FOREIGN = -9007199254740992

local call, pcall, keys, argv = redis.call, redis.pcall, KEYS, ARGV
local time = call('TIME')
local now = (time[1] - EPOCH) * 1000000 + time[2]
if now > argv[1] + 0 then
  return {argv[2] + 0, -now}
end

local reply, r = {argv[2] + 0, now}, 2
local a, first = 3, 1
while argv[a] do
  local count, m = argv[a] + 0, argv[a + 1] + 0
  local last = first + count - 1
  if m == 0 then
    for i = first, last do
      r = r + 1
      reply[r] = pcall('DEL', keys[i])
    end
  elseif m == 1 and argv[a + 2] == '1' then -- the usual policy, in plain integers
    local cost, burst = argv[a + 3] + 0, argv[a + 5] + 0
    local most = now + burst
    for i = first, last do
      local value = pcall('GET', keys[i])
      local full = now
      if type(value) == 'table' and not value.err:find('WRONGTYPE') then return value end -- no permission, say
      if value then
        full = type(value) == 'string' and tonumber(value)
        if not full then -- pairs of an earlier policy, or foreign
          local us, rem = -1, 0
          if type(value) == 'string' and #value > 0 and #value % 16 == 0 then us, rem = struct.unpack('>dd', value) end
          full = us < -FOREIGN and (rem > 0 and us + 1 or us) or -1
        end
      end
      local beyond = full > most
      if beyond then full = most elseif full >= 0 and full < now then full = now end
      r = r + 1
      if not (full >= now) then
        reply[r] = FOREIGN
      elseif full + cost > most then
        reply[r] = now - full - 1
        if beyond and cost > 0 then call('SET', keys[i], most, 'PX', (burst + 999 - (burst + 999) % 1000) / 1000) end
      else
        local debt = full + cost - now
        reply[r] = debt
        if cost > 0 then call('SET', keys[i], now + debt, 'PX', (debt + 999 - (debt + 999) % 1000) / 1000) end
      end
    end
  else
    local den, cost, cost_rem, burst, burst_rem, layout = {}, {}, {}, {}, {}, '>' .. string.rep('dd', m)
    for j = 1, m do
      local at = a + 5 * j
      den[j], cost[j], cost_rem[j], burst[j], burst_rem[j] =
        argv[at - 3] + 0, argv[at - 2] + 0, argv[at - 1] + 0, argv[at] + 0, argv[at + 1] + 0
    end
    local before, after = {}, {}
    for i = first, last do
      local value = pcall('GET', keys[i])
      if type(value) == 'table' and not value.err:find('WRONGTYPE') then return value end
      local number = type(value) == 'string' and tonumber(value)
      local stored = value and (number and 1 or type(value) == 'string' and #value / 16) or 0
      local allowed, foreign, beyond = true, value and (stored == 0 or stored % 1 > 0), false
      for j = 1, m do
        local us, rem, most = now, 0, now + burst[j]
        if not foreign and j <= stored then
          if number then us = number else us, rem = struct.unpack('>dd', value, 16 * j - 15) end
          foreign = not (us >= 0 and us < -FOREIGN and rem >= 0)
        end
        if us < now then us, rem = now, 0 end
        if rem >= den[j] then us, rem = us + 1, 0 end -- the policy changed: round up
        if us > most or us == most and rem > burst_rem[j] then us, rem, beyond = most, burst_rem[j], true end
        local us_after, rem_after = us + cost[j], rem + cost_rem[j]
        if rem_after >= den[j] then us_after, rem_after = us_after + 1, rem_after - den[j] end
        if us_after > most or us_after == most and rem_after > burst_rem[j] then allowed = false end
        before[2 * j - 1], before[2 * j] = us, rem
        after[2 * j - 1], after[2 * j] = us_after, rem_after
      end
      local state, longest = allowed and after or before, 0
      for j = 1, m do
        local us, rem = state[2 * j - 1] - now, state[2 * j]
        longest = math.max(longest, us + (rem > 0 and 1 or 0))
        if not allowed then us = -1 - us end
        if foreign then us, rem = FOREIGN, FOREIGN end
        r = r + 1
        reply[r] = us
        if den[j] > 1 then
          r = r + 1
          reply[r] = rem
        end
      end
      if (allowed or beyond) and not foreign and (cost[1] > 0 or cost_rem[1] > 0) then
        call('SET', keys[i], struct.pack(layout, unpack(state, 1, 2 * m)), 'PX', (longest + 999 - (longest + 999) % 1000) / 1000)
      end
    end
  end
  a, first = a + 2 + 5 * m, last + 1
end
return reply
