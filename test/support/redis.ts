/** The Redis that `npm test` provides, or undefined: then the suite skips itself and the run says so. */
export function redisUrl(): string | undefined {
  const url = process.env['REDIS_URL'];
  return url === undefined || url === '' ? undefined : url;
}
