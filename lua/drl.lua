-- Token buckets, decided atomically by Redis's own clock. lua/README.md is the wire contract; in short:
--
-- KEYS      distinct keys; groups name them by index
-- ARGV      tag, then groups of requests that share all their numbers: operation, deadline, count, first, and, where first is 0, an
--           index for each request; else they have the keys from `first` on. Operation 0 forgets. Operation 1 takes: there follow m,
--           and for each of m limits den, cost, admit, cap, or, with den > 1, den, cost, cost_rem, admit, admit_rem, cap, cap_rem.
--           Operation 2 tries whether this user may run all that this script does.
--           A time is us + rem/den microseconds with 0 <= rem < den, so that every rate is exact. admit is how far this request may
--           push the debt; beyond cap only a stepped clock can have brought it.
-- Reply     tag, now in microseconds since EPOCH, then for each request and limit its debt: us, and rem where den > 1. The us of a
--           denied request are sent as -1 - us. Or, in each of its places, and then nothing was charged: EXPIRED past the deadline
--           of its group, FOREIGN where the key holds what this script did not write, an error where Redis refused to write.
--
-- The state of a limit is the instant at which its bucket is full again. One limit with den = 1 is kept as an integer, which
-- Redis stores in 8 bytes; anything else as a byte 1 and pairs (us, rem) of big-endian doubles. All numbers stay below 2^53,
-- where doubles are exact, and reach redis.call as numbers or "%.0f": tostring would round them to 14 digits.
--
-- All reads come before all decisions, these before all writes: a key is read and written once; a refused write charged nothing.

local EPOCH = 1735689600 -- 2025-01-01T00:00:00Z
local FOREIGN, EXPIRED = -9007199254740992, -9007199254740991
local pcall, find, tonumber, type, keys, argv = redis.pcall, string.find, tonumber, type, KEYS, ARGV

local time = pcall('TIME')
if time.err then return {err = 'DRL TIME ' .. time.err} end
local now = (time[1] - EPOCH) * 1000000 + time[2]
if not (now >= 0 and now < 4503599627370496) then return {err = 'DRL CLOCK the clock of Redis is before 2025 or after 2167'} end
local values = pcall('MGET', unpack(keys))
if values.err then return {err = 'DRL MGET ' .. values.err} end

if argv[2] == '2' then -- commands that fail by their arguments write nothing, but are refused first where they may not be run
  for _, trial in ipairs({{'PTTL', keys[1]}, {'SET', keys[1], 0, 'PX', 0}, {'INCRBY', keys[1], 'x'}}) do
    local done = pcall(unpack(trial))
    if type(done) == 'table' and (find(done.err, 'user executing') or find(done.err, 'ACL failure') or find(done.err, 'READONLY')) then
      return {err = 'DRL ' .. trial[1] .. ' ' .. done.err}
    end
  end
end

local reply, r, a = {argv[1] + 0, now}, 2, 2
local full = {} -- by key: its state, an instant or a table of pairs, once that is not what is stored; false: forgotten
local gone = {} -- by key: where the reply of its first forgetting stands
local main -- where the numbers of the first group begin ...
local by = {} -- ... and by key those of the group that changed the state last, if that is another
while argv[a] do
  local expired, count, first, list = now > argv[a + 1] + 0, argv[a + 2] + 0, argv[a + 3] + 0, a + 3
  local n = a + 4 + (first == 0 and count or 0)
  if argv[a] ~= '1' then
    for i = 1, count do
      local k = first > 0 and first + i - 1 or argv[list + i] + 0
      r = r + 1
      reply[r] = expired and EXPIRED or (full[k] or full[k] == nil and values[k]) and 1 or 0
      if not expired then full[k], gone[k] = false, gone[k] or r end
    end
    a = n
  elseif argv[n] == '1' and argv[n + 1] == '1' then -- the usual plan, in plain integers
    local cost, most, cap = argv[n + 2] + 0, now + argv[n + 3], now + argv[n + 4]
    local trusted = cost > 0 and cap or -1 -- up to here the spelling of a number is looked at when it is to be changed
    main = main or n
    for i = 1, count do
      local k = first > 0 and first + i - 1 or argv[list + i] + 0
      local at, value = full[k], values[k]
      if at == nil and value then
        at = tonumber(value)
        if at and not (at >= now and at <= trusted) and (at >= -FOREIGN or not find(value, '^[1-9]%d*$')) then at = nil end
        if at and at > cap and not expired then at, full[k], by[k] = cap, cap, n ~= main and n or nil end
        if at and at < now then at = now end
      elseif not at then
        at = now
      end
      r = r + 1
      if expired or not at then
        reply[r] = expired and EXPIRED or FOREIGN
      elseif at + cost > most then
        reply[r] = now - at - 1
      else
        reply[r] = at + cost - now
        if cost > 0 then
          full[k] = at + cost
          if n ~= main then by[k] = n end
        end
      end
    end
    a = n + 5
  else
    local m, p, places, asked = argv[n] + 0, n + 1, 0, false
    local den, cost, cost_rem, admit, admit_rem, cap, cap_rem = {}, {}, {}, {}, {}, {}, {}
    for j = 1, m do
      den[j], cost[j], cost_rem[j], admit_rem[j], cap_rem[j] = argv[p] + 0, argv[p + 1] + 0, 0, 0, 0
      if den[j] == 1 then
        admit[j], cap[j], p, places = argv[p + 2] + 0, argv[p + 3] + 0, p + 4, places + 1
      else
        cost_rem[j], admit[j], admit_rem[j] = argv[p + 2] + 0, argv[p + 3] + 0, argv[p + 4] + 0
        cap[j], cap_rem[j], p, places = argv[p + 5] + 0, argv[p + 6] + 0, p + 7, places + 2
      end
      asked = asked or cost[j] > 0 or cost_rem[j] > 0
    end
    for i = 1, count do
      local k = first > 0 and first + i - 1 or argv[list + i] + 0
      local state, foreign = full[k], false
      if not state and not expired then
        local value, read, cut = state == nil and values[k], nil, false
        state = {}
        if value and #value == 1 + 16 * m and string.byte(value) == 1 then
          read = {struct.unpack('>' .. string.rep('d', 2 * m), value, 2)}
        end
        foreign = value and not read
        for j = 1, m do
          local us, rem = read and read[2 * j - 1] or now, read and read[2 * j] or 0
          if not (us >= 0 and us < -FOREIGN and us % 1 == 0 and rem >= 0 and rem < den[j] and rem % 1 == 0) then foreign = true end
          if us < now then us, rem = now, 0 end
          if us > now + cap[j] or us == now + cap[j] and rem > cap_rem[j] then us, rem, cut = now + cap[j], cap_rem[j], true end
          state[2 * j - 1], state[2 * j] = us, rem
        end
        if cut and not foreign then full[k] = state end
      end
      if expired or foreign then
        for _ = 1, places do
          r = r + 1
          reply[r] = expired and EXPIRED or FOREIGN
        end
      else
        local after, allowed = {}, true
        for j = 1, m do
          local us, rem, most = state[2 * j - 1] + cost[j], state[2 * j] + cost_rem[j], now + admit[j]
          if rem >= den[j] then us, rem = us + 1, rem - den[j] end
          if us > most or us == most and rem > admit_rem[j] then allowed = false end
          after[2 * j - 1], after[2 * j] = us, rem
        end
        if allowed then state = after end
        if allowed and asked then full[k] = after end
        for j = 1, m do
          r = r + 1
          reply[r] = allowed and state[2 * j - 1] - now or now - state[2 * j - 1] - 1
          if den[j] > 1 then r, reply[r + 1] = r + 1, state[2 * j] end
        end
      end
    end
    a = p
  end
end

-- A key lives until its bucket is full, rounded up to a millisecond. An integer whose debt has passed half of the cap lives as
-- much longer as the cap, so that INCRBY, which leaves the expiry alone and costs a third of SET, can move it for a while.
local refused, main_cap, main_cost = {}, main and argv[main + 4] + 0, main and argv[main + 2] + 0
local last, last_n, text, ttl -- the last debt of an integer that was SET, under what numbers, and what it is written as
for k, state in pairs(full) do
  local value, name, done = not gone[k] and values[k], 'SET', nil
  if state == false then
    name, done = 'DEL', pcall('DEL', keys[k])
    if done == 1 then reply[gone[k]] = 1 end
  elseif type(state) == 'number' then
    local n, cap, cost, debt = main, main_cap, main_cost, state - now
    if by[k] then n, cap, cost = by[k], argv[by[k] + 4] + 0, argv[by[k] + 2] + 0 end
    local had = value and tonumber(value) or now
    local left = had <= now + cap and 2 * (had - now) > cap and pcall('PTTL', keys[k])
    if type(left) == 'number' and left * 1000 >= debt then -- -1: somebody took the expiry away
      name, done = 'INCRBY', pcall('INCRBY', keys[k], state - had == cost and argv[n + 2] or state - had)
    elseif value and not find(value, '^[1-9]%d*$') then
      done = false
    elseif debt ~= last or n ~= last_n then -- most of a command's new keys owe the same
      last, last_n, text, ttl = debt, n, string.format('%.0f', state), debt + 999 + (2 * debt > cap and cap or 0)
      ttl = string.format('%.0f', (ttl - ttl % 1000) / 1000)
    end
  elseif state then
    local debt = 0
    for j = 1, #state, 2 do debt = math.max(debt, state[j] - now + (state[j + 1] > 0 and 1 or 0)) end
    last, text = nil, '\1' .. struct.pack('>' .. string.rep('d', #state), unpack(state))
    ttl = (debt + 999 - (debt + 999) % 1000) / 1000
  end
  if state and done == nil and (value or gone[k]) then
    done = pcall('SET', keys[k], text, 'PX', ttl)
  elseif state and done == nil then -- MGET hides what is of another type
    done = pcall('SET', keys[k], text, 'PX', ttl, 'NX')
  end
  if not done or type(done) == 'table' and done.err then
    refused[k] = done and not find(done.err, 'not an integer') and {err = 'DRL ' .. name .. ' ' .. done.err} or FOREIGN
  end
end

if next(refused) then -- whoever asked for such a key is told so, whatever the answer was
  r, a = 2, 2
  while argv[a] do
    local op, count, first, list = argv[a], argv[a + 2] + 0, argv[a + 3] + 0, a + 3
    local places, m = 1, 0
    a = a + 4 + (first == 0 and count or 0)
    if op == '1' then places, m, a = 0, argv[a] + 0, a + 1 end
    for _ = 1, m do
      local whole = argv[a] == '1'
      places, a = places + (whole and 1 or 2), a + (whole and 4 or 7)
    end
    for i = 1, count * places do
      local at = math.floor((i - 1) / places)
      local k = first > 0 and first + at or argv[list + at + 1] + 0
      r = r + 1
      if reply[r] ~= EXPIRED then reply[r] = refused[k] or reply[r] end
    end
  end
end
return reply
