/**
 * The Lua scripts of the Redis store. Each works on one key, so that a cluster can hold it.
 *
 * Time is the caller's (`now`, from the clock port): a value that lapsed by that clock counts as absent. The key's own
 * expiry only frees memory. Versions are the server's microseconds, so that a removed value's version never comes back.
 */

/** KEYS value; ARGV value, expiresAt, expected version or "*", now, key lifetime in ms. Returns the version or nil. */
export const PUT = `
  local present = redis.call('HMGET', KEYS[1], 'version', 'expires')
  local version = 0
  if present[1] and tonumber(present[2]) > tonumber(ARGV[4]) then version = tonumber(present[1]) end
  if ARGV[3] ~= '*' and version ~= tonumber(ARGV[3]) then return false end
  local time = redis.call('TIME')
  local following = tonumber(time[1]) * 1000000 + tonumber(time[2])
  if following <= version then following = version + 1 end
  local text = string.format('%.0f', following)
  redis.call('HSET', KEYS[1], 'value', ARGV[1], 'version', text, 'expires', ARGV[2])
  redis.call('PEXPIRE', KEYS[1], ARGV[5])
  return text
`;

/** KEYS counter; ARGV expiresAt, now, key lifetime in ms. Returns the new count. */
export const INCREMENT = `
  local expires = redis.call('HGET', KEYS[1], 'expires')
  if not expires or tonumber(expires) <= tonumber(ARGV[2]) then
    redis.call('HSET', KEYS[1], 'count', 1, 'expires', ARGV[1])
    redis.call('PEXPIRE', KEYS[1], ARGV[3])
    return 1
  end
  return redis.call('HINCRBY', KEYS[1], 'count', 1)
`;
