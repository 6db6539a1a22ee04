import { LONGEST } from '../entry-text.js'

/** Lua: the text that stands for a long element, the same in every process. */
export const SHORTEN = `
local function shorten(text)
  local sum = redis.sha1hex(text:sub(1, 1024) .. text:sub(-1024))
  return 'element of ' .. #text .. ' bytes, ' .. sum
end`

/**
 * A read that is bounded inside Redis, because a list may hold elements of 512 MB that other programs
 * pushed: at most so many elements and bytes (but at least one element), and for each element that is
 * too long, a text that stands for it.
 *
 * KEYS: the list, and the hash of its long elements, which may be left out.
 * ARGV: from, limit, bytes, retention. A negative limit reads the elements right before `from`.
 * Returns the list's length, the texts, and how many long elements were found that the hash lacked.
 *
 * The size of an element is known only once it is copied, and copying 512 MB holds Redis up for a
 * second. So each long element is copied once: which ones there are is kept in a hash, with the
 * SHA-1 of an ordinary element. Where that one has changed the list is another, and the hash is
 * dropped. The script keeps it even where its caller has given up waiting.
 *
 * A list without a time to live is one that only other programs write. It gets the usual one.
 * Writes may be refused (a replica, a full Redis), which must not keep anybody from reading.
 */
export const READ = `
local list, hash = KEYS[1], KEYS[2]
local length = redis.call('LLEN', list)
if length == 0 then return {0, {}} end
if redis.call('PTTL', list) == -1 then redis.pcall('PEXPIRE', list, ARGV[4]) end

local long = {}
local kept = hash and redis.pcall('HGETALL', hash) or {}
if kept.err then redis.pcall('DEL', hash) end
for i = 1, #kept, 2 do long[kept[i]] = kept[i + 1] end
if #kept > 0 then
  local index, sum = (long.guard or ''):match('^(%d+) (%x+)$')
  local same = index and not long[index] and tonumber(index) < length
    and redis.sha1hex(redis.call('LINDEX', list, index)) == sum
  if not same then
    redis.pcall('DEL', hash)
    long = {}
  end
end

local from, limit, most = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local back = limit < 0
local first, last = from, math.min(from + limit, length) - 1
if back then first, last = math.max(0, from + limit), from - 1 end
if first >= length or last >= length or last < first then return {length, {}} end

local texts, count, size, found = {}, 0, 0, {}
local ordinary, ordinaryAt
${SHORTEN}
local step = back and -1 or 1
local at, stop = back and last or first, back and first or last
local more, chunk = true, 16
while more and (stop - at) * step >= 0 do
  local known = long[tostring(at)]
  local low, to, elements = at, at, {known}
  if not known then
    if next(long) then
      for i = 1, chunk - 1 do
        if (stop - to) * step <= 0 or long[tostring(to + step)] then break end
        to = to + step
      end
    else
      to = back and math.max(stop, at - chunk + 1) or math.min(stop, at + chunk - 1)
    end
    low = math.min(at, to)
    elements = redis.call('LRANGE', list, low, math.max(at, to))
  end
  -- Nearly all of the script's time is spent here.
  for index = at, to, step do
    local text = elements[index - low + 1]
    local bytes = #text
    if bytes > ${LONGEST} then
      text = shorten(text)
      bytes = #text
      long[tostring(index)] = text
      found[#found + 1] = tostring(index)
    elseif not known then
      ordinary, ordinaryAt = text, index
    end
    size = size + bytes
    if count > 0 and size > most then
      more = false
      break
    end
    count = count + 1
    texts[count] = text
  end
  at = to + step
  -- By what these took: enough for the rest, or four times as many.
  chunk = math.max(1, math.min(chunk * 4, 512, math.ceil((most - size) * count / (size + 1))))
end

if hash and #found > 0 then
  -- The first element tells lists apart best.
  for _, index in ipairs({0, ordinaryAt}) do
    if long.guard then break end
    local text = index == ordinaryAt and ordinary
    if not text and not long[tostring(index)] then text = redis.call('LINDEX', list, index) end
    if text and #text <= ${LONGEST} then long.guard = index .. ' ' .. redis.sha1hex(text) end
  end
  for _, index in ipairs(found) do redis.pcall('HSET', hash, index, long[index]) end
  if long.guard then redis.pcall('HSET', hash, 'guard', long.guard) end
  redis.pcall('PEXPIRE', hash, ARGV[4])
end
if back then
  for i = 1, math.floor(#texts / 2) do
    texts[i], texts[#texts + 1 - i] = texts[#texts + 1 - i], texts[i]
  end
end
return {length, texts, #found}
`

/** KEYS: lists. Returns their lengths, and -1 for a key of another type. */
export const LENGTHS = `
local lengths = {}
for i, list in ipairs(KEYS) do
  local length = redis.pcall('LLEN', list)
  lengths[i] = type(length) == 'number' and length or -1
end
return lengths
`
