import { LONGEST } from '../entry-text.js'
import { SHORTEN } from './read-script.js'
import { GONE } from './removal.js'

/**
 * The append, as one script: all of it happens or nothing.
 *
 * KEYS: the list, its offsets, the kept reply (the list again where there is none).
 * ARGV: deadline, retention, expected length (-1: any), SHA-1 of the expected last entry, offset,
 * from, to, reply's digest (empty: none), reply's answer, reply's retention, check of the entry
 * before (empty: not known), fence (empty: none), fencing token, the key of the sign of a removal, whether
 * a removed list may not be made again, then the texts.
 *
 * The sign is no key of the command, because few lists have one: while a slot moves, a Cluster refuses
 * a command of whose keys only some are there. Where it cannot be read there is none.
 *
 * The announcement carries the texts where they are short. Otherwise a subscriber reads them.
 */
export const APPEND = script('PUBLISH')

/** The same for a Cluster, where an announcement stays on the list's own shard. */
export const APPEND_SHARDED = script('SPUBLISH')

function script(publish: 'PUBLISH' | 'SPUBLISH'): string {
  return `
${SHORTEN}
local time = redis.call('TIME')
if time[1] * 1000 + time[2] / 1000 > tonumber(ARGV[1]) then return {'late'} end

local sign = redis.pcall('GET', ARGV[14])
if type(sign) ~= 'string' then sign = nil end
local word, removal = (sign or ''):match('^(%a*) ?(.*)$')
if ARGV[15] == '1' and word == '${GONE}' and redis.call('EXISTS', KEYS[1]) == 0 then
  return {'removed'}
end

if ARGV[8] ~= '' then
  local kept = redis.call('GET', KEYS[3])
  -- Anything of another form was not written by us, and is written over.
  local digest, index, after, answer = (kept or ''):match('^(%S+) (%d+):?(%S*) (.*)$')
  -- No sign outlives the replies of the list that it stands for.
  if digest and (not sign or after == removal) then
    return {'replayed', tonumber(index), digest, answer}
  end
end

if ARGV[12] ~= '' then
  local newest = tonumber(redis.call('HGET', KEYS[2], ARGV[12]) or 0) or 0
  if newest > tonumber(ARGV[13]) then return {'fenced'} end
end

if ARGV[5] ~= '' then
  local at = tonumber(redis.call('HGET', KEYS[2], ARGV[5]) or 0) or 0
  if at ~= tonumber(ARGV[6]) then return {'elsewhere', at} end
end

local length = redis.call('LLEN', KEYS[1])
local expected = tonumber(ARGV[3])
if expected >= 0 then
  if length ~= expected then return {'moved'} end
  if length > 0 then
    local last = redis.call('LINDEX', KEYS[1], -1)
    if #last > ${LONGEST} then last = shorten(last) end
    if redis.sha1hex(last) ~= ARGV[4] then return {'moved'} end
  end
end

local size = 0
-- Lua's unpack takes some 8,000 values at once.
for first = 16, #ARGV, 1000 do
  redis.call('RPUSH', KEYS[1], unpack(ARGV, first, math.min(first + 999, #ARGV)))
end
for i = 16, #ARGV do size = size + #ARGV[i] end
if #ARGV >= 16 then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
if ARGV[5] ~= '' then redis.call('HSET', KEYS[2], ARGV[5], ARGV[7]) end
if ARGV[12] ~= '' then redis.call('HSET', KEYS[2], ARGV[12], ARGV[13]) end
if ARGV[5] ~= '' or ARGV[12] ~= '' then redis.call('PEXPIRE', KEYS[2], ARGV[2]) end
if ARGV[8] ~= '' then
  local reply = ARGV[8] .. ' ' .. length .. ':' .. removal .. ' ' .. ARGV[9]
  redis.call('SET', KEYS[3], reply, 'PX', ARGV[10])
end
if #ARGV >= 16 then
  local head = length .. ' ' .. ARGV[11]
  if size <= 65536 then
    redis.call('${publish}', KEYS[1], head .. '\\n' .. table.concat(ARGV, '\\n', 16))
  else
    redis.call('${publish}', KEYS[1], head)
  end
end
return {'stored', length}
`
}
