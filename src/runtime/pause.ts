/**
 * Waits in real time for something outside the program: a server that is starting, a process that is stopping.
 *
 * Unlike the clock's timers it keeps the process alive, and the demo's shifted clock does not change it. Never for
 * business time.
 */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Asks `probe` every `everyMs` until it answers something; undefined when `timeoutMs` of real time have passed. */
export async function waitUntil<T>(
  probe: () => T | undefined | Promise<T | undefined>,
  { timeoutMs, everyMs = 20 }: { readonly timeoutMs: number; readonly everyMs?: number },
): Promise<T | undefined> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const answer = await probe();
    if (answer !== undefined) return answer;
    if (performance.now() >= deadline) return undefined;
    await pause(everyMs);
  }
}
